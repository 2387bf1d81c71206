/* See directives.h. Reading of values is in directive_types.c. */
#include "nginx/directives.h"

#include <assert.h>

#include "nginx/attestation_directives.h"
#include "nginx/cross_origin.h"
#include "nginx/listen.h"
#include "nginx/redact.h"
#include "nginx/wallet_directives.h"
#include "store/postgres/pg_store.h"

static char *set_serve(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

#define HTTP     NGX_HTTP_MAIN_CONF
#define SERVER   NGX_HTTP_SRV_CONF
#define LOCATION NGX_HTTP_LOC_CONF
#define ANYWHERE (HTTP | SERVER | LOCATION)

#define MAIN_FIELD(f)                                                        \
    NGX_HTTP_MAIN_CONF_OFFSET, offsetof(struct relay_main, f)
#define SERVER_FIELD(f)                                                      \
    NGX_HTTP_SRV_CONF_OFFSET, offsetof(struct relay_server, f)
#define LOCATION_FIELD(f)                                                    \
    NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct relay_location, f)

#define RULE(...) (&(struct directive_rule){__VA_ARGS__})

enum { MINUTE_MS = 60 * 1000 };

ngx_command_t directives_table[] = {
    {ngx_string("tigress"), SERVER | LOCATION | NGX_CONF_FLAG,
     set_serve, LOCATION_FIELD(serves),
     RULE(.fallback = "off",
          .help = "serve the relay here")},

    {ngx_string("tigress_store"), HTTP | NGX_CONF_TAKE12,
     directive_types_set_store, MAIN_FIELD(store_directory),
     RULE(.fallback = "lmdb:/var/lib/tigress size=16384m",
          .help = "where mailboxes lie: in a directory, with the room that "
                  "they may take, or in a database, postgresql://...")},

    {ngx_string("tigress_store_durability"), HTTP | NGX_CONF_TAKE1,
     directive_types_set_durability, MAIN_FIELD(store_durability),
     RULE(.fallback = "local",
          .help = "of a database: local, or replicated when its standbys "
                  "must have what is acknowledged")},

    {ngx_string("tigress_commit_delay"), HTTP | NGX_CONF_TAKE1,
     directive_types_set, MAIN_FIELD(commit_delay_ms),
     RULE(DIRECTIVE_MILLISECONDS, "8ms", 0, 100,
          .help = "how long a commit may wait for others to share it")},

    {ngx_string("tigress_sweep_interval"), HTTP | NGX_CONF_TAKE1,
     directive_types_set, MAIN_FIELD(sweep_interval_ms),
     RULE(DIRECTIVE_MILLISECONDS, "10s", 100, 60 * MINUTE_MS,
          .help = "how often expired mailboxes are removed from the disk")},

    {ngx_string("tigress_queue"), HTTP | NGX_CONF_TAKE1,
     directive_types_set, MAIN_FIELD(queue_most),
     RULE(DIRECTIVE_NUMBER, "4096", 1, 1000000,
          .help = "operations under way in a worker before it answers 503")},

    {ngx_string("tigress_parked"), HTTP | NGX_CONF_TAKE1,
     directive_types_set, MAIN_FIELD(parked_most),
     RULE(DIRECTIVE_NUMBER, "32768", 0, 1000000,
          .help = "reads that wait in a worker before it answers 503")},

    {ngx_string("tigress_push"), HTTP | NGX_CONF_1MORE,
     directive_types_set_push, MAIN_FIELD(push_path),
     RULE(.help = "the socket of tigress-push, and the types of tokens that "
                  "it rings")},

    {ngx_string("tigress_attestation_queue"), HTTP | NGX_CONF_TAKE1,
     directive_types_set, MAIN_FIELD(attestation_queue),
     RULE(DIRECTIVE_NUMBER, "64", 1, 10000,
          .help = "statements of devices that wait in a worker before it "
                  "answers 503")},

    {ngx_string("tigress_insecure_loopback"), SERVER | NGX_CONF_FLAG,
     ngx_conf_set_flag_slot, SERVER_FIELD(insecure_loopback),
     NULL /* the setter of nginx has its own use for it; default off */},

    {ngx_string("tigress_public_host"), ANYWHERE | NGX_CONF_TAKE1,
     directive_types_set_public_host, LOCATION_FIELD(public_host),
     RULE(.help = "HOST[:PORT] of the share URLs; "
                  "default: the server's first name and port")},

    {ngx_string("tigress_lifetime"), ANYWHERE | NGX_CONF_TAKE12,
     directive_types_set_lifetime, LOCATION_FIELD(lifetime_default_s),
     RULE(DIRECTIVE_SECONDS, "48h", 1, LIMIT_LIFETIME_MOST_S,
          .help = "of mailboxes: default=TIME when none is asked for, "
                  "max=TIME that can be had")},

    {ngx_string("tigress_payload_max"), ANYWHERE | NGX_CONF_TAKE1,
     directive_types_set, LOCATION_FIELD(payload_max),
     RULE(DIRECTIVE_BYTES, "64k", 1, LIMIT_PAYLOAD_DATA_MOST,
          .help = "the most bytes of a payload, decoded")},

    {ngx_string("tigress_body_timeout"), ANYWHERE | NGX_CONF_TAKE1,
     directive_types_set, LOCATION_FIELD(body_timeout_ms),
     RULE(DIRECTIVE_MILLISECONDS, "10s", 100, 10 * MINUTE_MS,
          .help = "in which the whole body of a request must arrive")},

    {ngx_string("tigress_wait_max"), ANYWHERE | NGX_CONF_TAKE1,
     directive_types_set, LOCATION_FIELD(wait_most_s),
     RULE(DIRECTIVE_SECONDS, "60s", 0, LIMIT_WAIT_MOST_S,
          .help = "how long a read may wait for the other side; 0: it "
                  "never waits")},

    {ngx_string("tigress_image_hosts"), ANYWHERE | NGX_CONF_1MORE,
     directive_types_set_image_hosts, LOCATION_FIELD(image_hosts),
     RULE(.help = "hosts from which the preview page may show an image; "
                  "default: any")},

    {ngx_string("tigress_cors_origin"), ANYWHERE | NGX_CONF_1MORE,
     cross_origin_set, LOCATION_FIELD(cors_origins),
     RULE(.help = "origins whose pages are browser wallets; default: none")},

    {ngx_string("tigress_wallet_app"), ANYWHERE | NGX_CONF_2MORE,
     wallet_directives_set, LOCATION_FIELD(apple_apps),
     RULE(.help = "apps that share URLs open: apple TEAMID.BUNDLE..., or "
                  "android PACKAGE FINGERPRINT...")},

    {ngx_string("tigress_wallet_store"), ANYWHERE | NGX_CONF_TAKE2,
     wallet_directives_set_store, LOCATION_FIELD(apple_store),
     RULE(.help = "where an app is to be had: apple URL, or android URL")},

    {ngx_string("tigress_attestation"), ANYWHERE | NGX_CONF_1MORE,
     attestation_directives_set, LOCATION_FIELD(attestation.rule),
     RULE(.fallback = "none",
          .help = "which devices may create mailboxes: none, optional or "
                  "required, and the formats of statements")},

    {ngx_string("tigress_attestation_origin"), ANYWHERE | NGX_CONF_1MORE,
     attestation_directives_set_origins,
     LOCATION_FIELD(attestation.origins),
     RULE(.help = "origins of statements; default: the relay's own")},

    {ngx_string("tigress_attestation_rp_id"), ANYWHERE | NGX_CONF_1MORE,
     attestation_directives_set_rp_ids, LOCATION_FIELD(attestation.rp_ids),
     RULE(.help = "RP IDs, or App IDs, of statements; default: the relay's "
                  "host")},

    {ngx_string("tigress_attestation_root"), ANYWHERE | NGX_CONF_1MORE,
     attestation_directives_set_files, LOCATION_FIELD(attestation.roots),
     RULE(.help = "files of certificates to which statements must lead")},

    {ngx_string("tigress_attestation_revoked"), ANYWHERE | NGX_CONF_1MORE,
     attestation_directives_set_files, LOCATION_FIELD(attestation.revoked),
     RULE(.help = "files of serial numbers that are revoked")},

    ngx_null_command
};

/* `tigress on` makes the location ours, and its server one that serves. */
static char *
set_serve(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    struct relay_server *server =
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_tigress_module);
    struct relay_main *main =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_tigress_module);
    ngx_http_core_loc_conf_t *core =
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    ngx_flag_t on = NGX_CONF_UNSET;
    ngx_command_t flag = {.name = cmd->name};
    char *verdict = ngx_conf_set_flag_slot(cf, &flag, &on);

    if (verdict != NGX_CONF_OK || on == 0)
        return verdict;
    if (location->serves)
        return "is duplicate";
    if (core->handler != NULL)
        return "contradicts another handler of this location: "
               "give the relay a location of its own";
    core->handler = handler_content;
    location->serves = 1;
    main->in_use = 1;
    server->serves = 1;
    if (core->named)
        server->is_named = 1;
    server->file = cf->conf_file->file.name;
    server->line = cf->conf_file->line;
    return NGX_CONF_OK;
}

/* ---- levels ------------------------------------------------------------ */

void *
directives_create_main(ngx_conf_t *cf)
{
    struct relay_main *main = ngx_pcalloc(cf->pool, sizeof(*main));

    if (main == NULL)
        return NULL;
    main->directory = -1;
    main->store_size = NGX_CONF_UNSET_UINT;
    main->store_durability = NGX_CONF_UNSET_UINT;
    main->commit_delay_ms = NGX_CONF_UNSET_UINT;
    main->sweep_interval_ms = NGX_CONF_UNSET_UINT;
    main->queue_most = NGX_CONF_UNSET_UINT;
    main->parked_most = NGX_CONF_UNSET_UINT;
    main->attestation_queue = NGX_CONF_UNSET_UINT;
    if (ngx_array_init(&main->locations, cf->pool, 1,
                       sizeof(struct relay_location *)) != NGX_OK ||
        ngx_array_init(&main->push_types, cf->pool, 1,
                       sizeof(struct tg_span)) != NGX_OK ||
        ngx_array_init(&main->logs, cf->pool, 1, sizeof(ngx_log_t *)) !=
            NGX_OK)
        return NULL;
    return main;
}

void *
directives_create_server(ngx_conf_t *cf)
{
    struct relay_server *server = ngx_pcalloc(cf->pool, sizeof(*server));

    if (server != NULL)
        server->insecure_loopback = NGX_CONF_UNSET;
    return server;
}

void *
directives_create_location(ngx_conf_t *cf)
{
    struct relay_location *location = ngx_pcalloc(cf->pool, sizeof(*location));

    if (location == NULL)
        return NULL;
    location->lifetime_default_s = NGX_CONF_UNSET_UINT;
    location->lifetime_max_s = NGX_CONF_UNSET_UINT;
    location->payload_max = NGX_CONF_UNSET_UINT;
    location->body_timeout_ms = NGX_CONF_UNSET_UINT;
    location->wait_most_s = NGX_CONF_UNSET_UINT;
    location->apple_apps = NGX_CONF_UNSET_PTR;
    location->android_apps = NGX_CONF_UNSET_PTR;
    location->image_hosts = NGX_CONF_UNSET_PTR;
    location->cors_origins = NGX_CONF_UNSET_PTR;
    attestation_directives_create(&location->attestation);
    return location;
}

/* Give every number of `level` that is still unset the default of its rule. */
static void
set_defaults(ngx_uint_t level, void *conf)
{
    for (ngx_command_t *cmd = directives_table; cmd->name.len > 0; cmd++) {
        const struct directive_rule *rule = cmd->post;
        ngx_uint_t *field = (ngx_uint_t *)((char *)conf + cmd->offset);
        ngx_str_t text;
        ngx_int_t rc;

        if (cmd->conf != level || rule == NULL ||
            rule->kind == DIRECTIVE_OTHER || *field != NGX_CONF_UNSET_UINT)
            continue;
        text.data = (u_char *)rule->fallback;
        text.len = strlen(rule->fallback);
        rc = directive_types_read(rule, text, field);
        assert(rc == NGX_OK);
    }
}

char *
directives_finish_main(ngx_conf_t *cf, void *conf)
{
    static const ngx_str_t path = ngx_string(DIRECTIVES_STORE_PATH);
    struct relay_main *main = conf;

    (void)cf;
    if (main->store_directory.len == 0 && main->store_uri.len == 0)
        main->store_directory = path;
    if (main->store_durability == NGX_CONF_UNSET_UINT)
        main->store_durability = PG_LOCAL;
    else if (main->store_uri.len == 0)
        return "\"tigress_store_durability\" is about a database, and "
               "\"tigress_store\" names none";
    if (main->store_size == NGX_CONF_UNSET_UINT)
        main->store_size = (ngx_uint_t)DIRECTIVES_STORE_GIB << 30;
    set_defaults(NGX_HTTP_MAIN_CONF_OFFSET, main);
    return NGX_CONF_OK;
}

char *
directives_merge_server(ngx_conf_t *cf, void *parent, void *child)
{
    struct relay_server *outer = parent;
    struct relay_server *inner = child;

    (void)cf;
    ngx_conf_merge_value(inner->insecure_loopback, outer->insecure_loopback,
                         0);
    return NGX_CONF_OK;
}

static void
inherit(ngx_uint_t *inner, ngx_uint_t outer)
{
    if (*inner == NGX_CONF_UNSET_UINT)
        *inner = outer;
}

/* Both ends are inherited together, so that a level that names one of them is
 * not contradicted by the other from outside. */
static char *
merge_lifetime(ngx_conf_t *cf, const struct relay_location *outer,
               struct relay_location *inner)
{
    if (inner->lifetime_default_s == NGX_CONF_UNSET_UINT &&
        inner->lifetime_max_s == NGX_CONF_UNSET_UINT) {
        inner->lifetime_default_s = outer->lifetime_default_s;
        inner->lifetime_max_s = outer->lifetime_max_s;
    }
    if (inner->lifetime_max_s == NGX_CONF_UNSET_UINT)
        inner->lifetime_max_s = inner->lifetime_default_s ==
                                        NGX_CONF_UNSET_UINT
                                    ? LIMIT_LIFETIME_DEFAULT_S
                                    : ngx_max(inner->lifetime_default_s,
                                              LIMIT_LIFETIME_DEFAULT_S);
    if (inner->lifetime_default_s == NGX_CONF_UNSET_UINT)
        inner->lifetime_default_s =
            ngx_min(inner->lifetime_max_s, LIMIT_LIFETIME_DEFAULT_S);
    if (inner->lifetime_default_s > inner->lifetime_max_s) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"tigress_lifetime\": default is more than max; "
                           "lower default or raise max");
        return NGX_CONF_ERROR;
    }
    return NGX_CONF_OK;
}

ngx_int_t
directives_keep(ngx_conf_t *cf, const struct tg_buf *text,
                struct tg_span *out)
{
    u_char *copy = ngx_pnalloc(cf->pool, text->len);

    if (copy == NULL)
        return NGX_ERROR;
    ngx_memcpy(copy, text->ptr, text->len);
    *out = (struct tg_span){copy, text->len};
    return NGX_OK;
}

/* What the relay says of itself here, made once (§7). */
static ngx_int_t
describe(ngx_conf_t *cf, struct relay_location *location)
{
    const struct relay_policy *policy = &location->exchange_site.policy;
    struct wire_terms terms = {
        .payload_most = location->payload_max,
        .lifetime_default = policy->lifetime_default,
        .lifetime_max = policy->lifetime_max,
        .wait_most_s = (unsigned)location->wait_most_s,
        .push_types = policy->push_types,
        .push_type_count = policy->push_type_count,
    };
    struct tg_buf text = TG_BUF_EMPTY;
    ngx_int_t rc = NGX_ERROR;

    if (attestation_directives_describe(cf, location, &terms) == NGX_OK &&
        wire_format_discovery(&terms, &text) == TG_OK)
        rc = directives_keep(cf, &text, &location->wire_site.discovery);
    tg_buf_free(&text);
    return rc;
}

/* What wire/ and store/ want to know, and what nginx is not to do here by
 * itself: the limit and the deadline of bodies are ours (request_body.c). */
static char *
finish_location(ngx_conf_t *cf, struct relay_location *location)
{
    struct relay_main *main =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_tigress_module);
    ngx_http_core_loc_conf_t *core =
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    struct relay_location **entry = ngx_array_push(&main->locations);

    if (entry == NULL)
        return NGX_CONF_ERROR;
    *entry = location;
    if (main->parked_most == 0)
        location->wait_most_s = 0;
    location->limits.payload_data = location->payload_max;
    location->body_max = wire_body_limit(&location->limits);
    if (location->image_hosts != NULL) {
        location->wire_site.image_hosts = location->image_hosts->elts;
        location->wire_site.image_host_count = location->image_hosts->nelts;
    }
    location->exchange_site.policy.lifetime_default =
        (tg_time_s)location->lifetime_default_s;
    location->exchange_site.policy.lifetime_max =
        (tg_time_s)location->lifetime_max_s;
    location->exchange_site.policy.push_types = main->push_types.elts;
    location->exchange_site.policy.push_type_count = main->push_types.nelts;
    core->client_max_body_size = 0;
    core->client_body_timeout = location->body_timeout_ms;
    if (redact_error_log(cf, core) != NGX_OK ||
        describe(cf, location) != NGX_OK ||
        wallet_directives_finish(cf, location) != NGX_OK ||
        listen_public_origin(cf, location) != NGX_CONF_OK ||
        attestation_directives_finish(cf, location) != NGX_OK)
        return NGX_CONF_ERROR;
    return NGX_CONF_OK;
}

char *
directives_merge_location(ngx_conf_t *cf, void *parent, void *child)
{
    const struct relay_location *outer = parent;
    struct relay_location *inner = child;
    char *verdict;

    inherit(&inner->payload_max, outer->payload_max);
    inherit(&inner->body_timeout_ms, outer->body_timeout_ms);
    inherit(&inner->wait_most_s, outer->wait_most_s);
    ngx_conf_merge_ptr_value(inner->image_hosts, outer->image_hosts, NULL);
    ngx_conf_merge_str_value(inner->public_host, outer->public_host, "");
    wallet_directives_inherit(inner, outer);
    cross_origin_inherit(inner, outer);
    attestation_directives_inherit(&inner->attestation, &outer->attestation);
    if ((verdict = merge_lifetime(cf, outer, inner)) != NGX_CONF_OK)
        return verdict;
    set_defaults(NGX_HTTP_LOC_CONF_OFFSET, inner);
    return inner->serves ? finish_location(cf, inner) : NGX_CONF_OK;
}

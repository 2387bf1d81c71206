/* How the values of directives are read; see directives.h. A function here
 * says what is wrong and what would be right; nginx adds file and line. */
#include "nginx/directives.h"

#include <sys/un.h>

#include "doorbell/doorbell.h"
#include "store/postgres/pg_store.h"
#include "wire/image_url.h"

enum { PORT_MOST = 65535, HOST_LONGEST = 253 };

/* ---- numbers ----------------------------------------------------------- */

/* `text` in the unit of `kind`, or NGX_ERROR. */
static ngx_int_t
read_number(enum directive_kind kind, ngx_str_t text)
{
    switch (kind) {
    case DIRECTIVE_MILLISECONDS:
        return ngx_parse_time(&text, 0);
    case DIRECTIVE_SECONDS:
        return ngx_parse_time(&text, 1);
    case DIRECTIVE_BYTES:
        return (ngx_int_t)ngx_parse_size(&text);
    case DIRECTIVE_NUMBER:
        return ngx_atoi(text.data, text.len);
    case DIRECTIVE_OTHER:
        break;
    }
    return NGX_ERROR;
}

ngx_int_t
directive_types_read(const struct directive_rule *rule, ngx_str_t text,
                     ngx_uint_t *out)
{
    ngx_int_t value = read_number(rule->kind, text);

    if (value < 0 || (ngx_uint_t)value < rule->min ||
        (ngx_uint_t)value > rule->max)
        return NGX_ERROR;
    *out = (ngx_uint_t)value;
    return NGX_OK;
}

static const char *
unit_name(enum directive_kind kind)
{
    switch (kind) {
    case DIRECTIVE_MILLISECONDS:
        return "milliseconds, or a time such as 500ms or 10s";
    case DIRECTIVE_SECONDS:
        return "seconds, or a time such as 90s, 30m or 48h";
    case DIRECTIVE_BYTES:
        return "bytes, or a size such as 64k";
    case DIRECTIVE_NUMBER:
    case DIRECTIVE_OTHER:
        break;
    }
    return "as a plain number";
}

static char *
refuse_number(ngx_conf_t *cf, const ngx_command_t *cmd, ngx_str_t text)
{
    const struct directive_rule *rule = cmd->post;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\": it must lie between "
                       "%ui and %ui %s",
                       &text, &cmd->name, rule->min, rule->max,
                       unit_name(rule->kind));
    return NGX_CONF_ERROR;
}

char *
directive_types_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    const ngx_str_t *words = cf->args->elts;
    ngx_uint_t *field = (ngx_uint_t *)((char *)conf + cmd->offset);

    if (*field != NGX_CONF_UNSET_UINT)
        return "is duplicate";
    if (directive_types_read(cmd->post, words[1], field) != NGX_OK)
        return refuse_number(cf, cmd, words[1]);
    return NGX_CONF_OK;
}

/* ---- words ------------------------------------------------------------- */

/* Whether `word` starts with `start`; *rest is then what follows. */
static bool
starts_with(ngx_str_t word, const char *start, ngx_str_t *rest)
{
    size_t len = strlen(start);

    if (word.len < len || ngx_strncmp(word.data, start, len) != 0)
        return false;
    rest->data = word.data + len;
    rest->len = word.len - len;
    return true;
}

static char *
set_database(ngx_conf_t *cf, struct relay_main *main)
{
    const ngx_str_t *words = cf->args->elts;
    const char *problem = pg_store_check_uri((const char *)words[1].data);

    if (problem != NULL) {
        /* Not what is wrong itself, which may be a password. */
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"tigress_store\": %s",
                           problem);
        return NGX_CONF_ERROR;
    }
    if (cf->args->nelts > 2)
        return "takes no second value with a database";
    main->store_uri = words[1];
    return NGX_CONF_OK;
}

char *
directive_types_set_durability(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_main *main = conf;
    const ngx_str_t *words = cf->args->elts;

    (void)cmd;
    if (main->store_durability != NGX_CONF_UNSET_UINT)
        return "is duplicate";
    if (ngx_strcmp(words[1].data, "local") == 0)
        main->store_durability = PG_LOCAL;
    else if (ngx_strcmp(words[1].data, "replicated") == 0)
        main->store_durability = PG_REPLICATED;
    else
        return "takes local or replicated";
    return NGX_CONF_OK;
}

char *
directive_types_set_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    static const struct directive_rule size_rule = {
        DIRECTIVE_BYTES, NULL, 1 << 20, (ngx_uint_t)1 << 44, NULL};
    struct relay_main *main = conf;
    const ngx_str_t *words = cf->args->elts;
    ngx_str_t text;

    (void)cmd;
    if (main->store_directory.len > 0 || main->store_uri.len > 0)
        return "is duplicate";
    if (starts_with(words[1], "postgres", &text))
        return set_database(cf, main);
    if (!starts_with(words[1], "lmdb:", &main->store_directory) ||
        main->store_directory.len == 0)
        return "names no store that is known here: write lmdb:DIRECTORY or "
               "postgresql://HOST/DATABASE";
    if (ngx_conf_full_name(cf->cycle, &main->store_directory, 0) != NGX_OK)
        return NGX_CONF_ERROR;
    if (cf->args->nelts == 2)
        return NGX_CONF_OK;
    if (!starts_with(words[2], "size=", &text) ||
        directive_types_read(&size_rule, text, &main->store_size) != NGX_OK)
        return "has a bad second value: write size=SIZE, of 1m or more, "
               "such as size=16384m";
    return NGX_CONF_OK;
}

/* A device whose token is of another type would be told that it will be rung,
 * and tigress-push could not. */
static bool
is_token_type(struct tg_span text)
{
    static const char *const known[] = {DOORBELL_APNS, DOORBELL_FCM,
                                        DOORBELL_WEBPUSH};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (tg_span_is(text, known[i]))
            return true;
    return false;
}

static bool
is_among(const ngx_array_t *types, struct tg_span type)
{
    const struct tg_span *list = types->elts;

    for (ngx_uint_t i = 0; i < types->nelts; i++)
        if (tg_span_equal(list[i], type))
            return true;
    return false;
}

static char *
add_push_type(ngx_conf_t *cf, ngx_array_t *types, ngx_str_t word)
{
    struct tg_span type = {word.data, word.len};
    struct tg_span *entry;

    if (!is_token_type(type)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"tigress_push\" is no type of token "
                           "that tigress-push knows: it knows "
                           DOORBELL_APNS ", " DOORBELL_FCM " and "
                           DOORBELL_WEBPUSH, &word);
        return NGX_CONF_ERROR;
    }
    if (is_among(types, type)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"tigress_push\" names the type \"%V\" twice",
                           &word);
        return NGX_CONF_ERROR;
    }
    if ((entry = ngx_array_push(types)) == NULL)
        return NGX_CONF_ERROR;
    *entry = type;
    return NGX_CONF_OK;
}

char *
directive_types_set_push(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_main *main = conf;
    const ngx_str_t *words = cf->args->elts;

    (void)cmd;
    if (main->push_path.len > 0)
        return "is duplicate";
    if (!starts_with(words[1], "unix:", &main->push_path) ||
        main->push_path.len == 0)
        return "names no socket: write unix:PATH first, as in "
               "tigress_push unix:/run/tigress/push.sock org.w3.webpush";
    if (ngx_conf_full_name(cf->cycle, &main->push_path, 0) != NGX_OK)
        return NGX_CONF_ERROR;
    if (main->push_path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return "has a path that is too long for a socket: "
               "it may have 107 bytes";
    if (cf->args->nelts == 2)
        return "names no type of token: write those that tigress-push is "
               "configured for, such as org.w3.webpush";
    for (ngx_uint_t i = 2; i < cf->args->nelts; i++)
        if (add_push_type(cf, &main->push_types, words[i]) != NGX_CONF_OK)
            return NGX_CONF_ERROR;
    return NGX_CONF_OK;
}

char *
directive_types_set_lifetime(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    const ngx_str_t *words = cf->args->elts;

    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        ngx_uint_t *field;
        ngx_str_t text;

        if (starts_with(words[i], "default=", &text))
            field = &location->lifetime_default_s;
        else if (starts_with(words[i], "max=", &text))
            field = &location->lifetime_max_s;
        else
            return "takes default=TIME and max=TIME, nothing else";
        if (*field != NGX_CONF_UNSET_UINT)
            return "is duplicate";
        if (directive_types_read(cmd->post, text, field) != NGX_OK)
            return refuse_number(cf, cmd, words[i]);
    }
    return NGX_CONF_OK;
}

static bool
is_host_character(u_char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* Length of the host name, or bracketed IPv6 address, that `text` starts with;
 * 0 when it starts with neither. */
static size_t
host_length(ngx_str_t text)
{
    size_t len = 0;

    if (text.len > 0 && text.data[0] == '[') {
        struct in6_addr address;
        char inner[INET6_ADDRSTRLEN];
        u_char *end = ngx_strlchr(text.data, text.data + text.len, ']');

        if (end == NULL || (size_t)(end - text.data) > sizeof(inner))
            return 0;
        (void)ngx_cpystrn((u_char *)inner, text.data + 1,
                          (size_t)(end - text.data));
        return inet_pton(AF_INET6, inner, &address) == 1
                   ? (size_t)(end - text.data) + 1
                   : 0;
    }
    while (len < text.len && is_host_character(text.data[len]))
        len++;
    return len <= HOST_LONGEST ? len : 0;
}

bool
directive_types_is_host(ngx_str_t text)
{
    return text.len > 0 && host_length(text) == text.len;
}

char *
directive_types_set_public_host(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    static char wrong[] =
        "takes HOST or HOST:PORT, as in tigress_public_host relay.example";
    struct relay_location *location = conf;
    const ngx_str_t *words = cf->args->elts;
    size_t len = host_length(words[1]);

    (void)cmd;
    if (location->public_host.data != NULL)
        return "is duplicate";
    if (len == 0)
        return wrong;
    if (len < words[1].len) {
        ngx_int_t port = ngx_atoi(words[1].data + len + 1,
                                  words[1].len - len - 1);

        if (words[1].data[len] != ':' || port < 1 || port > PORT_MOST)
            return wrong;
    }
    location->public_host = words[1];
    return NGX_CONF_OK;
}

char *
directive_types_set_image_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    const ngx_str_t *words = cf->args->elts;

    (void)cmd;
    if (location->image_hosts != NGX_CONF_UNSET_PTR)
        return "is duplicate";
    location->image_hosts = ngx_array_create(cf->pool, cf->args->nelts,
                                             sizeof(struct tg_span));
    if (location->image_hosts == NULL)
        return NGX_CONF_ERROR;
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        struct tg_span *host = ngx_array_push(location->image_hosts);
        const char *fault = image_url_host_fault(module_span(words[i]));

        if (host == NULL)
            return NGX_CONF_ERROR;
        if (fault != NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"tigress_image_hosts\" is no host "
                               "of images: %s", &words[i], fault);
            return NGX_CONF_ERROR;
        }
        ngx_strlow(words[i].data, words[i].data, words[i].len);
        *host = (struct tg_span){words[i].data, words[i].len};
    }
    return NGX_CONF_OK;
}

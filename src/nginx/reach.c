/* See reach.h. The locations of a server are searched as nginx searches them
 * for a request (nginx.org, "location"): the longest name that begins the
 * path, in it those that are nested, then regular expressions in their
 * order. */
#include "nginx/reach.h"

/* ---- which location it is ---------------------------------------------- */

struct found {
    ngx_http_core_loc_conf_t *location; /* NULL: none */
    size_t len;                         /* of the name */
    bool is_exact;
};

/* Nodes hold what their names add to that of the one above; `taken` is how
 * much of the path that one has. */
static void
search_tree(ngx_http_location_tree_node_t *node, struct tg_span path,
            size_t taken, struct found *out)
{
    for (; node != NULL; node = node->right) {
        size_t len = taken + node->len;

        search_tree(node->left, path, taken, out);
        if (len > path.len ||
            ngx_memcmp(path.ptr + taken, node->name, node->len) != 0)
            continue;
        if (node->exact != NULL && len == path.len)
            *out = (struct found){node->exact, len, true};
        else if (node->inclusive != NULL && !out->is_exact && len > out->len)
            *out = (struct found){node->inclusive, len, false};
        search_tree(node->tree, path, len, out);
    }
}

static ngx_http_core_loc_conf_t *
match_expression(const ngx_http_core_loc_conf_t *outer, struct tg_span path)
{
#if (NGX_PCRE)
    ngx_http_core_loc_conf_t **each = outer->regex_locations;
    ngx_str_t text = {path.len, (u_char *)path.ptr};

    for (; each != NULL && *each != NULL; each++)
        if (ngx_regex_exec((*each)->regex->regex, &text, NULL, 0) >= 0)
            return *each;
#else
    (void)outer;
    (void)path;
#endif
    return NULL;
}

/* From *location, that of the server, to the one for `path`. True: it is
 * settled, and no expression further out is asked. */
static bool
find_location(struct tg_span path, ngx_http_core_loc_conf_t **location)
{
    const ngx_http_core_loc_conf_t *outer = *location;
    ngx_http_core_loc_conf_t *matched;
    struct found found = {NULL, 0, false};

    search_tree(outer->static_locations, path, 0, &found);
    if (found.location != NULL)
        *location = found.location;
    if (found.is_exact)
        return true;
    if (found.location != NULL &&
        (find_location(path, location) || found.location->noregex))
        return true;
    if ((matched = match_expression(outer, path)) == NULL)
        return false;
    *location = matched;
    (void)find_location(path, location);
    return true;
}

/* ---- what is said about it --------------------------------------------- */

/* What a location lacks that serves a path. */
enum need { NEED_NOTHING, NEED_APPLE_APPS, NEED_ANDROID_APPS };

static const struct way {
    const char *path;
    const char *below; /* a location that is named after this is meant */
    const char *lost;  /* what does not work without */
    enum need need;
} ways[] = {
    {"/v1/m", "/v1/m", "nobody can share anything", NEED_NOTHING},
    {"/v1/m/00000000-0000-4000-8000-000000000000", "/v1/m/",
     "nobody can receive anything", NEED_NOTHING},
    {"/v1/picture/general.png", "/v1/picture",
     "invitations come without a picture", NEED_NOTHING},
    {"/.well-known/apple-app-site-association", "/.well-known",
     "phones of Apple do not open the app of \"tigress_wallet_app\"",
     NEED_APPLE_APPS},
    {"/.well-known/assetlinks.json", "/.well-known",
     "phones with Android do not open the app of \"tigress_wallet_app\"",
     NEED_ANDROID_APPS},
};

static bool
is_wanted(const struct relay_server *server, enum need need)
{
    switch (need) {
    case NEED_NOTHING: break;
    case NEED_APPLE_APPS: return server->has_apple_apps;
    case NEED_ANDROID_APPS: return server->has_android_apps;
    }
    return true;
}

static bool
has(const struct relay_location *location, enum need need)
{
    switch (need) {
    case NEED_NOTHING: break;
    case NEED_APPLE_APPS: return location->apple_apps != NULL;
    case NEED_ANDROID_APPS: return location->android_apps != NULL;
    }
    return true;
}

static bool
is_expression(const ngx_http_core_loc_conf_t *location)
{
#if (NGX_PCRE)
    return location->regex != NULL;
#else
    (void)location;
    return false;
#endif
}

/* Whether somebody wrote this location for just this: then it is no slip. */
static bool
is_meant(const ngx_http_core_loc_conf_t *location, const char *below)
{
    size_t len = strlen(below);

    return !is_expression(location) && location->name.len >= len &&
           ngx_memcmp(location->name.data, below, len) == 0;
}

static void
check_way(ngx_conf_t *cf, const ngx_http_core_srv_conf_t *core,
          const struct relay_server *server, const struct way *way)
{
    ngx_http_core_loc_conf_t *outer =
        core->ctx->loc_conf[ngx_http_core_module.ctx_index];
    ngx_http_core_loc_conf_t *location = outer;
    const char *place = way->path[1] == '.' ? "/.well-known/" : "/v1/";
    const struct relay_location *relay;
    void **conf = core->ctx->loc_conf; /* the server's own has no pointer */

    (void)find_location(tg_span_text(way->path), &location);
    if (location != outer)
        conf = location->loc_conf;
    relay = conf[ngx_http_tigress_module.ctx_index];
    if (relay->serves && !has(relay, way->need)) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"tigress_wallet_app\" is not in force where %s is "
                      "served, so %s: move it from its location to the server "
                      "around it",
                      way->path, way->lost);
    } else if (!relay->serves && !is_meant(location, way->below)) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"tigress on\" in %V:%ui is in a server that leads %s "
                      "elsewhere, so %s: add \"location %s%s "
                      "{ tigress on; }\" to it",
                      &server->file, server->line, way->path, way->lost,
                      is_expression(location) ? "^~ " : "", place);
    }
}

void
reach_check(ngx_conf_t *cf)
{
    const ngx_http_core_main_conf_t *core =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    ngx_http_core_srv_conf_t **servers = core->servers.elts;

    for (ngx_uint_t i = 0; i < core->servers.nelts; i++) {
        const struct relay_server *server =
            servers[i]->ctx->srv_conf[ngx_http_tigress_module.ctx_index];

        /* To a named location other directives lead, who knows from where. */
        if (!server->serves || server->is_named)
            continue;
        for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++)
            if (is_wanted(server, ways[k].need))
                check_way(cf, servers[i], server, &ways[k]);
    }
}

/* See wallet_directives.h. */
#include "nginx/wallet_directives.h"

#include "nginx/directives.h"
#include "wire/image_url.h"
#include "wire/wallet_apps.h"

static bool
is_word(ngx_str_t word, const char *wanted)
{
    return tg_span_is(module_span(word), wanted);
}

/* ---- tigress_wallet_app ------------------------------------------------ */

static void *
add(ngx_conf_t *cf, ngx_array_t **list, size_t size)
{
    if (*list == NGX_CONF_UNSET_PTR)
        *list = ngx_array_create(cf->pool, 1, size);
    return *list != NULL ? ngx_array_push(*list) : NULL;
}

static char *
add_apple(ngx_conf_t *cf, struct relay_location *location, ngx_str_t word)
{
    struct tg_span *id;

    if (!wallet_apps_is_apple(module_span(word)))
        return "wants TEAMID.BUNDLE after apple, TEAMID in capitals, as in "
               "tigress_wallet_app apple ABCDE12345.com.example.wallet";
    if ((id = add(cf, &location->apple_apps, sizeof(*id))) == NULL)
        return NGX_CONF_ERROR;
    *id = module_span(word);
    return NGX_CONF_OK;
}

static char *
add_android(ngx_conf_t *cf, struct relay_location *location,
            ngx_str_t package, ngx_str_t fingerprint)
{
    struct wallet_apps_android *app;

    if (!wallet_apps_is_package(module_span(package)) ||
        !wallet_apps_is_fingerprint(module_span(fingerprint)))
        return "wants a package and the SHA-256 of a certificate that signs "
               "it after android, as in tigress_wallet_app android "
               "com.example.wallet 01:23:…:EF (32 pairs of digits)";
    if ((app = add(cf, &location->android_apps, sizeof(*app))) == NULL)
        return NGX_CONF_ERROR;
    *app = (struct wallet_apps_android){module_span(package),
                                        module_span(fingerprint)};
    return NGX_CONF_OK;
}

char *
wallet_directives_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    const ngx_str_t *words = cf->args->elts;
    char *verdict = "takes apple or android first";

    (void)cmd;
    if (is_word(words[1], "apple")) {
        verdict = NGX_CONF_OK;
        for (ngx_uint_t i = 2; i < cf->args->nelts; i++)
            if (verdict == NGX_CONF_OK)
                verdict = add_apple(cf, location, words[i]);
    } else if (is_word(words[1], "android")) {
        verdict = "wants fingerprints after the package";
        for (ngx_uint_t i = 3; i < cf->args->nelts; i++)
            if (i == 3 || verdict == NGX_CONF_OK)
                verdict = add_android(cf, location, words[2], words[i]);
    }
    return verdict;
}

/* ---- tigress_wallet_store ---------------------------------------------- */

char *
wallet_directives_set_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    const ngx_str_t *words = cf->args->elts;
    struct image_url url;
    ngx_str_t *store;

    (void)cmd;
    if (is_word(words[1], "apple"))
        store = &location->apple_store;
    else if (is_word(words[1], "android"))
        store = &location->android_store;
    else
        return "takes apple or android first";
    if (store->data != NULL)
        return "is duplicate";
    if (image_url_parse(module_span(words[2]), &url) != TG_OK)
        return "wants an https URL second, of the page where the app is to "
               "be had";
    *store = words[2];
    return NGX_CONF_OK;
}

/* ---- for the location -------------------------------------------------- */

void
wallet_directives_inherit(struct relay_location *inner,
                          const struct relay_location *outer)
{
    ngx_conf_merge_ptr_value(inner->apple_apps, outer->apple_apps, NULL);
    ngx_conf_merge_ptr_value(inner->android_apps, outer->android_apps, NULL);
    ngx_conf_merge_str_value(inner->apple_store, outer->apple_store, "");
    ngx_conf_merge_str_value(inner->android_store, outer->android_store, "");
}

ngx_int_t
wallet_directives_finish(ngx_conf_t *cf, struct relay_location *location)
{
    const ngx_array_t *apple = location->apple_apps;
    const ngx_array_t *android = location->android_apps;
    struct wire_site *site = &location->wire_site;
    struct relay_server *server =
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_tigress_module);
    struct tg_buf text = TG_BUF_EMPTY;
    ngx_int_t rc = NGX_OK;

    if (apple != NULL &&
        (wallet_apps_format_apple(apple->elts, apple->nelts, &text) != TG_OK ||
         directives_keep(cf, &text, &site->apple_apps) != NGX_OK))
        rc = NGX_ERROR;
    tg_buf_free(&text);
    if (android != NULL &&
        (wallet_apps_format_android(android->elts, android->nelts, &text) !=
             TG_OK ||
         directives_keep(cf, &text, &site->android_apps) != NGX_OK))
        rc = NGX_ERROR;
    tg_buf_free(&text);
    if (apple != NULL)
        server->has_apple_apps = 1;
    if (android != NULL)
        server->has_android_apps = 1;
    site->apple_store = module_span(location->apple_store);
    site->android_store = module_span(location->android_store);
    return rc;
}

/* See attestation_directives.h. */
#include "nginx/attestation_directives.h"

#include "attest/trust.h"
#include "base/ascii.h"
#include "crypto/hash.h"
#include "nginx/attestor.h"
#include "nginx/directives.h"
#include "wire/cors.h"
#include "wire/wallet_apps.h"

/* What an app of Android has as its origin, with the SHA-256 of the
 * certificate that signs it behind, in base64url without padding (Android,
 * "Credential Manager"). */
#define APP_ORIGIN "android:apk-key-hash:"
#define WEB_ORIGIN "https://"
enum { APP_HASH_LEN = 43, HOST_MOST = 253 };

/* Without a list: all that need a root (R-ATT-2). */
#define FORMATS_USUAL (((1u << ATTEST_FORMATS) - 1) & ~(1u << ATTEST_NONE))

static const char *const rule_names[] = {
    [ATTEST_IGNORED] = "none",
    [ATTEST_OPTIONAL] = "optional",
    [ATTEST_REQUIRED] = "required",
};
enum { RULES = sizeof(rule_names) / sizeof(rule_names[0]) };

/* ---- reading ----------------------------------------------------------- */

static bool
find_rule(ngx_str_t word, ngx_uint_t *out)
{
    for (size_t i = 0; i < RULES; i++) {
        if (tg_span_is(module_span(word), rule_names[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* One word after the rule: a format, or what widens one. */
static bool
add_format(struct relay_attestation *attestation, ngx_str_t word)
{
    enum attest_format format;

    if (attest_format_find(module_span(word), &format)) {
        attestation->formats |= 1u << format;
    } else if (tg_span_is(module_span(word), "packed-self")) {
        attestation->formats |= 1u << ATTEST_PACKED;
        attestation->packed_self = 1;
    } else if (tg_span_is(module_span(word), "android-key-software")) {
        attestation->formats |= 1u << ATTEST_ANDROID_KEY;
        attestation->android_software = 1;
    } else if (tg_span_is(module_span(word), "apple-appattest-development")) {
        attestation->formats |= 1u << ATTEST_APPLE_APPATTEST;
        attestation->apple_development = 1;
    } else if (tg_span_is(module_span(word), "tpm-sha1")) {
        attestation->formats |= 1u << ATTEST_TPM;
        attestation->tpm_sha1 = 1;
    } else {
        return false;
    }
    return true;
}

char *
attestation_directives_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    struct relay_attestation *attestation = &location->attestation;
    const ngx_str_t *words = cf->args->elts;

    (void)cmd;
    if (attestation->rule != NGX_CONF_UNSET_UINT)
        return "is duplicate";
    if (!find_rule(words[1], &attestation->rule))
        return "takes none, optional or required first";
    if (attestation->rule == ATTEST_IGNORED && cf->args->nelts > 2)
        return "takes no formats after none: statements are not looked at";
    for (ngx_uint_t i = 2; i < cf->args->nelts; i++)
        if (!add_format(attestation, words[i]))
            return "knows the formats apple, apple-appattest, "
                   "apple-appattest-development, packed, packed-self, "
                   "android-key, android-key-software, tpm, "
                   "tpm-sha1, fido-u2f and none";
    if (attestation->formats == 0)
        attestation->formats = FORMATS_USUAL;
    return NGX_CONF_OK;
}

/* Append the words of the directive to an array that is made for them. */
static char *
add_words(ngx_conf_t *cf, ngx_array_t **list, size_t size,
          void (*put)(void *place, ngx_str_t word))
{
    const ngx_str_t *words = cf->args->elts;

    if (*list == NGX_CONF_UNSET_PTR &&
        (*list = ngx_array_create(cf->pool, 2, size)) == NULL)
        return NGX_CONF_ERROR;
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        void *place = ngx_array_push(*list);

        if (place == NULL)
            return NGX_CONF_ERROR;
        put(place, words[i]);
    }
    return NGX_CONF_OK;
}

static void
put_text(void *place, ngx_str_t word)
{
    *(struct tg_span *)place = module_span(word);
}

/* Add texts, unless fault_of() says what is wrong with one: a literal. */
static char *
add_texts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf,
          const char *(*fault_of)(struct tg_span text))
{
    const ngx_str_t *words = cf->args->elts;

    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        const char *fault = fault_of(module_span(words[i]));

        if (fault != NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no statement can be for \"%V\" in \"%V\": "
                               "%s",
                               &words[i], &cmd->name, fault);
            return NGX_CONF_ERROR;
        }
    }
    return add_words(cf, (ngx_array_t **)((char *)conf + cmd->offset),
                     sizeof(struct tg_span), put_text);
}

/* What follows `start`; false when that is not there. */
static bool
read_behind(struct tg_span text, const char *start, struct tg_span *rest)
{
    size_t len = ngx_strlen(start);

    if (text.len < len || ngx_strncmp(text.ptr, start, len) != 0)
        return false;
    *rest = (struct tg_span){text.ptr + len, text.len - len};
    return true;
}

static const char *
fault_of_origin(struct tg_span text)
{
    struct tg_span rest;

    if (read_behind(text, APP_ORIGIN, &rest)) {
        size_t i = 0;

        while (i < rest.len &&
               (ascii_is_letter(rest.ptr[i]) || ascii_is_digit(rest.ptr[i]) ||
                rest.ptr[i] == '-' || rest.ptr[i] == '_'))
            i++;
        if (i == rest.len && rest.len == APP_HASH_LEN)
            return NULL;
        return "behind " APP_ORIGIN " there have to be 43 characters: the "
               "SHA-256 of the certificate that signs the app, in base64url "
               "without padding";
    }
    if (!read_behind(text, WEB_ORIGIN, &rest))
        return "an origin begins with https://, as in https://wallet.example, "
               "or with " APP_ORIGIN;
    return cors_fault(text);
}

/* A host of an origin, or an App ID. */
static const char *
fault_of_rp_id(struct tg_span text)
{
    u_char origin[sizeof(WEB_ORIGIN) - 1 + HOST_MOST] = WEB_ORIGIN;
    const size_t start = sizeof(WEB_ORIGIN) - 1;

    if (wallet_apps_is_apple(text))
        return NULL;
    if (text.len > 0 && text.len <= HOST_MOST &&
        memchr(text.ptr, ':', text.len) == NULL) {
        ngx_memcpy(origin + start, text.ptr, text.len);
        if (cors_fault((struct tg_span){origin, start + text.len}) == NULL)
            return NULL;
    }
    return "an RP ID is the name of a host in small letters, as in "
           "wallet.example, without https:// and without a port; or an App "
           "ID, as in ABCDE12345.com.example.wallet";
}

char *
attestation_directives_set_origins(ngx_conf_t *cf, ngx_command_t *cmd,
                                   void *conf)
{
    return add_texts(cf, cmd, conf, fault_of_origin);
}

char *
attestation_directives_set_rp_ids(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    return add_texts(cf, cmd, conf, fault_of_rp_id);
}

static void
put_path(void *place, ngx_str_t word)
{
    *(ngx_str_t *)place = word;
}

char *
attestation_directives_set_files(ngx_conf_t *cf, ngx_command_t *cmd,
                                 void *conf)
{
    ngx_str_t *words = cf->args->elts;

    for (ngx_uint_t i = 1; i < cf->args->nelts; i++)
        if (ngx_conf_full_name(cf->cycle, &words[i], 1) != NGX_OK)
            return NGX_CONF_ERROR;
    return add_words(cf, (ngx_array_t **)((char *)conf + cmd->offset),
                     sizeof(ngx_str_t), put_path);
}

/* ---- levels ------------------------------------------------------------ */

void
attestation_directives_create(struct relay_attestation *attestation)
{
    attestation->rule = NGX_CONF_UNSET_UINT;
    attestation->origins = NGX_CONF_UNSET_PTR;
    attestation->rp_ids = NGX_CONF_UNSET_PTR;
    attestation->roots = NGX_CONF_UNSET_PTR;
    attestation->revoked = NGX_CONF_UNSET_PTR;
}

void
attestation_directives_inherit(struct relay_attestation *inner,
                               const struct relay_attestation *outer)
{
    if (inner->rule == NGX_CONF_UNSET_UINT) {
        inner->rule = outer->rule;
        inner->formats = outer->formats;
        inner->packed_self = outer->packed_self;
        inner->android_software = outer->android_software;
        inner->apple_development = outer->apple_development;
        inner->tpm_sha1 = outer->tpm_sha1;
    }
    ngx_conf_merge_uint_value(inner->rule, inner->rule, ATTEST_IGNORED);
    ngx_conf_merge_ptr_value(inner->origins, outer->origins, NULL);
    ngx_conf_merge_ptr_value(inner->rp_ids, outer->rp_ids, NULL);
    ngx_conf_merge_ptr_value(inner->roots, outer->roots, NULL);
    ngx_conf_merge_ptr_value(inner->revoked, outer->revoked, NULL);
}

/* ---- the files --------------------------------------------------------- */

static void
release_trust(void *data)
{
    attest_trust_free(data);
}

/* Gone with the configuration that names its files. */
static struct attest_trust *
new_trust(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);

    if (cleanup == NULL)
        return NULL;
    cleanup->handler = release_trust;
    cleanup->data = attest_trust_new();
    return cleanup->data;
}

static ngx_int_t
refuse_file(ngx_conf_t *cf, const char *directive, const ngx_str_t *path,
            const struct attest_trust_error *why)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s\" of \"%V\": %s", directive,
                       path, why->text);
    return NGX_ERROR;
}

static ngx_int_t
read_files(ngx_conf_t *cf, const struct relay_attestation *attestation,
           struct attest_trust *trust)
{
    const ngx_array_t *roots = attestation->roots;
    const ngx_array_t *revoked = attestation->revoked;
    struct attest_trust_error why = {""};
    const ngx_str_t *path;

    for (ngx_uint_t i = 0; roots != NULL && i < roots->nelts; i++) {
        path = (const ngx_str_t *)roots->elts + i;
        if (attest_trust_add_roots(trust, (const char *)path->data,
                                   tg_time_now(), &why) != TG_OK)
            return refuse_file(cf, "tigress_attestation_root", path, &why);
    }
    for (ngx_uint_t i = 0; revoked != NULL && i < revoked->nelts; i++) {
        path = (const ngx_str_t *)revoked->elts + i;
        if (attest_trust_add_revoked(trust, (const char *)path->data, &why) !=
            TG_OK)
            return refuse_file(cf, "tigress_attestation_revoked", path, &why);
    }
    return NGX_OK;
}

/* Whether some format that is accepted leads to a root. */
static bool
needs_roots(const struct relay_attestation *attestation)
{
    unsigned rootless = 1u << ATTEST_NONE;

    if (attestation->packed_self)
        rootless |= 1u << ATTEST_PACKED;
    return (attestation->formats & ~rootless) != 0;
}

/* ---- the policy -------------------------------------------------------- */

/* "https://host:port" to "host": the RP ID that a browser takes there. */
static struct tg_span
host_of(struct tg_span origin)
{
    static const size_t scheme = sizeof("https://") - 1;
    struct tg_span host = {origin.ptr + scheme, origin.len - scheme};
    const u_char *end = host.ptr + host.len;
    const u_char *at = host.ptr;

    if (*at == '[')
        while (at < end && *at != ']')
            at++;
    while (at < end && *at != ':')
        at++;
    host.len = (size_t)(at - host.ptr);
    return host;
}

static ngx_int_t
hash_rp_ids(ngx_conf_t *cf, const struct tg_span *ids, size_t count,
            struct attest_policy *policy)
{
    uint8_t(*hashes)[ATTEST_HASH_LEN] =
        ngx_palloc(cf->pool, count * sizeof(*hashes));

    if (hashes == NULL)
        return NGX_ERROR;
    for (size_t i = 0; i < count; i++)
        if (hash_sha256(&ids[i], 1, hashes[i]) != TG_OK)
            return NGX_ERROR;
    policy->rp_id_hashes = (const uint8_t(*)[ATTEST_HASH_LEN])hashes;
    policy->rp_id_count = count;
    return NGX_OK;
}

static ngx_int_t
name_parties(ngx_conf_t *cf, struct relay_location *location)
{
    const struct relay_attestation *attestation = &location->attestation;
    struct attest_policy *policy = &location->attest_policy;
    struct tg_span host;

    policy->origins = &location->wire_site.public_origin;
    policy->origin_count = 1;
    if (attestation->origins != NULL) {
        policy->origins = attestation->origins->elts;
        policy->origin_count = attestation->origins->nelts;
    }
    if (attestation->rp_ids != NULL)
        return hash_rp_ids(cf, attestation->rp_ids->elts,
                           attestation->rp_ids->nelts, policy);
    host = host_of(location->wire_site.public_origin);
    return hash_rp_ids(cf, &host, 1, policy);
}

ngx_int_t
attestation_directives_finish(ngx_conf_t *cf, struct relay_location *location)
{
    struct relay_main *main =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_tigress_module);
    const struct relay_attestation *attestation = &location->attestation;
    struct attest_trust *trust;

    location->attest_policy = (struct attest_policy){
        .rule = (enum attest_rule)attestation->rule,
        .formats = (unsigned)attestation->formats,
        .packed_self = attestation->packed_self,
        .android_software = attestation->android_software,
        .apple_development = attestation->apple_development,
        .tpm_sha1 = attestation->tpm_sha1,
    };
    if (attestation->rule == ATTEST_IGNORED)
        return NGX_OK;
    if ((trust = new_trust(cf)) == NULL ||
        read_files(cf, attestation, trust) != NGX_OK ||
        name_parties(cf, location) != NGX_OK)
        return NGX_ERROR;
    if (needs_roots(attestation) && attest_trust_root_count(trust) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"tigress_attestation\" accepts formats that lead "
                           "to a root, and there is none: name a file of "
                           "roots in \"tigress_attestation_root\"");
        return NGX_ERROR;
    }
    location->attest_policy.trust = trust;
    return attestor_reserve(cf, main);
}

ngx_int_t
attestation_directives_describe(ngx_conf_t *cf,
                                const struct relay_location *location,
                                struct wire_terms *terms)
{
    const struct relay_attestation *attestation = &location->attestation;
    struct tg_span *formats =
        ngx_palloc(cf->pool, ATTEST_FORMATS * sizeof(*formats));
    size_t count = 0;

    if (formats == NULL)
        return NGX_ERROR;
    if (attestation->rule != ATTEST_IGNORED)
        for (unsigned i = 0; i < ATTEST_FORMATS; i++)
            if (attestation->formats & (1u << i))
                formats[count++] =
                    tg_span_text(attest_format_name((enum attest_format)i));
    terms->attestation = rule_names[attestation->rule];
    terms->attestation_formats = formats;
    terms->attestation_format_count = count;
    return NGX_OK;
}

/* library.h: a provider that passes on what the default one has.
 *
 * The functions that it passes on are called with the default provider's own
 * context, which is why this one claims to have the same.
 */
#include "attest/library.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/provider.h>

static const char *const kinds[] = {"RSA", "EC", "ED25519", "ED448"};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *context;   /* owned; NULL: there is none */
static OSSL_PROVIDER *original; /* the default one */

/* Keys without a point. */
static struct curve {
    const char *group;
    EVP_PKEY *key; /* owned */
} curves[] = {
    {SN_X9_62_prime256v1, NULL}, {SN_secp384r1, NULL}, {SN_secp521r1, NULL}};
enum { CURVES = sizeof(curves) / sizeof(curves[0]) };

/* What it passes on of these, with an empty one behind. */
static OSSL_ALGORITHM managers[KINDS + 1];
static OSSL_ALGORITHM decoders[KINDS + 1];

/* Of names with colons between them the first counts. */
static bool
is_our_kind(const char *names)
{
    size_t len = strcspn(names, ":");

    for (size_t i = 0; i < KINDS; i++)
        if (strlen(kinds[i]) == len && memcmp(kinds[i], names, len) == 0)
            return true;
    return false;
}

/* All but one way of reading a key are for other places than certificates. */
static bool
reads_certificates(const char *properties)
{
    return strstr(properties, "input=der") != NULL &&
           strstr(properties, "structure=SubjectPublicKeyInfo") != NULL;
}

/* False: not one for each kind, in an OpenSSL that is unlike those we know. */
static bool
choose(int operation, OSSL_ALGORITHM out[KINDS + 1])
{
    const OSSL_ALGORITHM *all;
    size_t count = 0;
    int no_cache = 0;

    all = OSSL_PROVIDER_query_operation(original, operation, &no_cache);
    for (; all != NULL && all->algorithm_names != NULL; all++) {
        if (!is_our_kind(all->algorithm_names) ||
            (operation == OSSL_OP_DECODER &&
             !reads_certificates(all->property_definition)))
            continue;
        if (count == KINDS)
            return false;
        out[count++] = *all;
    }
    return count == KINDS && no_cache == 0;
}

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    if (operation == OSSL_OP_KEYMGMT)
        return managers;
    if (operation == OSSL_OP_DECODER)
        return decoders;
    return OSSL_PROVIDER_query_operation(original, operation, no_cache);
}

static int
init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
     const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
        {0, NULL},
    };

    (void)handle;
    (void)in;
    *out = functions;
    *provider = OSSL_PROVIDER_get0_provider_ctx(original);
    return 1;
}

static EVP_PKEY *
make_curve(const char *group)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(context, "EC", NULL);
    char name[32];
    OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_end()};
    EVP_PKEY *key = NULL;

    assert(strlen(group) < sizeof(name));
    memcpy(name, group, strlen(group) + 1);
    if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEY_PARAMETERS, params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* The default provider is loaded once more, in a context of its own, so that
 * nothing changes for whoever else uses OpenSSL in this process. */
static void
make_context(void)
{
    OSSL_LIB_CTX *whole = OSSL_LIB_CTX_new();
    OSSL_LIB_CTX *few = OSSL_LIB_CTX_new();

    if (whole != NULL && few != NULL &&
        (original = OSSL_PROVIDER_load(whole, "default")) != NULL &&
        choose(OSSL_OP_KEYMGMT, managers) &&
        choose(OSSL_OP_DECODER, decoders) &&
        OSSL_PROVIDER_add_builtin(few, "statements", init) == 1 &&
        OSSL_PROVIDER_load(few, "statements") != NULL) {
        context = few;
        return;
    }
    OSSL_LIB_CTX_free(few);
    OSSL_LIB_CTX_free(whole);
}

static void
make(void)
{
    make_context();
    for (size_t i = 0; i < CURVES; i++)
        curves[i].key = make_curve(curves[i].group);
    ERR_clear_error();
}

OSSL_LIB_CTX *
library_context(void)
{
    (void)pthread_once(&once, make);
    return context;
}

EVP_PKEY *
library_curve(const char *group)
{
    (void)pthread_once(&once, make);
    for (size_t i = 0; i < CURVES; i++) {
        if (strcmp(curves[i].group, group) == 0)
            return curves[i].key != NULL ? EVP_PKEY_dup(curves[i].key) : NULL;
    }
    return NULL;
}

X509 *
library_certificate(struct tg_span der)
{
    OSSL_LIB_CTX *library = library_context();
    const unsigned char *at = der.ptr;
    ASN1_VALUE *certificate;

    if (der.len > LONG_MAX)
        return NULL;
    /* Not d2i_X509(): it would look for the key before it knows the context,
     * or judge extensions already. What cannot be read is freed and NULL. */
    certificate = (ASN1_VALUE *)X509_new_ex(library, NULL);
    if (certificate != NULL)
        (void)ASN1_item_d2i_ex(&certificate, &at, (long)der.len,
                               ASN1_ITEM_rptr(X509), library, NULL);
    if (certificate != NULL && at != der.ptr + der.len) {
        X509_free((X509 *)certificate);
        certificate = NULL;
    }
    return (X509 *)certificate;
}

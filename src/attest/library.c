/* library.h: a provider that passes on what the default one has.
 *
 * The functions that it passes on are called with the default provider's own
 * context, which is why this one claims to have the same.
 */
#include "attest/library.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/provider.h>

static const char *const kinds[] = {"RSA", "EC", "ED25519", "ED448"};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *context;   /* owned; NULL: there is none */
static OSSL_PROVIDER *original; /* the default one */

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

/* The default provider is loaded once more, in a context of its own, so that
 * nothing changes for whoever else uses OpenSSL in this process. */
static void
make(void)
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
    ERR_clear_error();
}

OSSL_LIB_CTX *
library_context(void)
{
    (void)pthread_once(&once, make);
    return context;
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

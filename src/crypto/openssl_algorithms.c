/* See openssl_algorithms.h. Written once, before the first use, and read-only
 * afterwards; kept until the process ends, so nothing releases it. */
#include "crypto/openssl_algorithms.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct openssl_algorithms algorithms;

static EVP_MAC_CTX *
hmac_template(char *digest)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac); /* the context holds it */
    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

static void
look_up(void)
{
    char sha256[] = "SHA256"; /* a parameter of OpenSSL's is not const */
    char sha512[] = "SHA512";

    algorithms.sha256 = EVP_MD_fetch(NULL, sha256, NULL);
    algorithms.sha512 = EVP_MD_fetch(NULL, sha512, NULL);
    algorithms.aes_128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    algorithms.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    algorithms.hmac_sha256 = hmac_template(sha256);
    algorithms.hmac_sha512 = hmac_template(sha512);
}

const struct openssl_algorithms *
openssl_algorithms_get(void)
{
    pthread_once(&once, look_up);
    if (algorithms.sha256 == NULL || algorithms.sha512 == NULL ||
        algorithms.aes_128_gcm == NULL || algorithms.aes_256_gcm == NULL ||
        algorithms.hmac_sha256 == NULL || algorithms.hmac_sha512 == NULL)
        return NULL;
    return &algorithms;
}

/* An OpenSSL that cannot begin to verify a signature, as for want of memory:
 * put in front of the real one (LD_PRELOAD). */
#include <openssl/evp.h>

__attribute__((visibility("default"))) int
EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **key_ctx,
                        const char *digest, OSSL_LIB_CTX *library,
                        const char *properties, EVP_PKEY *key,
                        const OSSL_PARAM params[])
{
    (void)ctx;
    (void)key_ctx;
    (void)digest;
    (void)library;
    (void)properties;
    (void)key;
    (void)params;
    return 0;
}

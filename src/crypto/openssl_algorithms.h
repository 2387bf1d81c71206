/* The algorithms of OpenSSL that are used here, looked up once.
 *
 * OpenSSL 3 finds an algorithm by its name in a locked table, each time that
 * one is used by its old name; that is most of the price of hashing a few
 * bytes. What is found here is constant from then on and shared by threads.
 */
#ifndef CRYPTO_OPENSSL_ALGORITHMS_H
#define CRYPTO_OPENSSL_ALGORITHMS_H

#include <openssl/evp.h>

struct openssl_algorithms {
    EVP_MD *sha256;
    EVP_MD *sha512;
    EVP_CIPHER *aes_128_gcm;
    EVP_CIPHER *aes_256_gcm;
    EVP_MAC_CTX *hmac_sha256; /* without a key: to be duplicated */
    EVP_MAC_CTX *hmac_sha512; /* likewise */
};

/* NULL when OpenSSL lacks one of them, or memory. */
const struct openssl_algorithms *openssl_algorithms_get(void);

#endif

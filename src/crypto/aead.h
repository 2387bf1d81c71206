/* AES-GCM (RFC 5116 §5.1, §5.2) with a random nonce in front. */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/bytes.h"

enum { AEAD_IV_LEN = 12, AEAD_TAG_LEN = 16, AEAD_KEY_MAX = 32 };

/* A key of 16 bytes (AEAD_AES_128_GCM) or 32 (AEAD_AES_256_GCM); the length
 * chooses the algorithm. */
struct aead_key {
    uint8_t bytes[AEAD_KEY_MAX];
    size_t len;
};

/* Append IV ‖ ciphertext ‖ tag to *out, under a fresh random IV.
 *
 *   associated  authenticated, not encrypted; may be empty
 *
 * Errors: TG_E_NOMEM, TG_E_RANDOM, TG_E_CRYPTO; *out keeps its length.
 * Source: RFC 5116 §2.1; PROTOCOL §11.
 */
TG_MUST_USE enum tg_err aead_seal(const struct aead_key *key,
                                  struct tg_span associated,
                                  struct tg_span plain, struct tg_buf *out);

/* Append the plaintext of IV ‖ ciphertext ‖ tag to *out.
 *
 * Errors: TG_E_AUTH when key, associated data or bytes do not fit together
 * (or `sealed` is too short), TG_E_NOMEM, TG_E_CRYPTO. On error *out keeps its
 * length and nothing of the plaintext stays in it.
 */
TG_MUST_USE enum tg_err aead_open(const struct aead_key *key,
                                  struct tg_span associated,
                                  struct tg_span sealed, struct tg_buf *out);

#endif

/* A key from a passphrase: Argon2id (RFC 9106), version 1.3, one lane. */
#ifndef CRYPTO_PASSPHRASE_H
#define CRYPTO_PASSPHRASE_H

#include "base/bytes.h"

enum { PASSPHRASE_SALT_LEN = 16, PASSPHRASE_KEY_LEN = 32 };

/* What one try costs. */
struct passphrase_cost {
    int64_t memory_kib;
    int64_t passes;
};

/* What new keys are made with: 64 MiB, 3 passes. */
extern const struct passphrase_cost passphrase_cost_new;

/* Whether we are willing to pay it, since it was read from somewhere: 8 MiB to
 * 1 GiB, 1 to 16 passes. */
bool passphrase_cost_is_allowed(const struct passphrase_cost *cost);

/* Derive the key. The cost must be allowed.
 *
 *   out   key material: the caller wipes it
 *
 * Errors: TG_E_NOMEM (also when memory_kib is not to be had), TG_E_CRYPTO;
 * `out` is then zeros. Thread-safe.
 */
TG_MUST_USE enum tg_err
passphrase_derive(struct tg_span passphrase,
                  const uint8_t salt[PASSPHRASE_SALT_LEN],
                  const struct passphrase_cost *cost,
                  uint8_t out[PASSPHRASE_KEY_LEN]);

#endif

/* passphrase.h on libsodium. */
#include "crypto/passphrase.h"

#include <assert.h>
#include <errno.h>

#include <sodium.h>

enum {
    MEMORY_MIN_KIB = 8 * 1024,
    MEMORY_MAX_KIB = 1024 * 1024,
    PASSES_MAX = 16
};

_Static_assert(PASSPHRASE_SALT_LEN == crypto_pwhash_argon2id_SALTBYTES,
               "the salt is libsodium's");

const struct passphrase_cost passphrase_cost_new = {64 * 1024, 3};

bool
passphrase_cost_is_allowed(const struct passphrase_cost *cost)
{
    return cost->memory_kib >= MEMORY_MIN_KIB &&
           cost->memory_kib <= MEMORY_MAX_KIB && cost->passes >= 1 &&
           cost->passes <= PASSES_MAX;
}

enum tg_err
passphrase_derive(struct tg_span passphrase,
                  const uint8_t salt[PASSPHRASE_SALT_LEN],
                  const struct passphrase_cost *cost,
                  uint8_t out[PASSPHRASE_KEY_LEN])
{
    assert(passphrase_cost_is_allowed(cost));
    tg_wipe(out, PASSPHRASE_KEY_LEN);
    /* More than once does no harm, from several threads neither. */
    if (sodium_init() < 0)
        return TG_E_CRYPTO;
    errno = 0;
    if (crypto_pwhash_argon2id(out, PASSPHRASE_KEY_LEN,
                               (const char *)passphrase.ptr, passphrase.len,
                               salt, (unsigned long long)cost->passes,
                               (size_t)cost->memory_kib * 1024,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0)
        return TG_OK;
    tg_wipe(out, PASSPHRASE_KEY_LEN);
    return errno == ENOMEM ? TG_E_NOMEM : TG_E_CRYPTO;
}

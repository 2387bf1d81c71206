/* The key of a wallet, and the keyring that holds it in the file: sealed under
 * a passphrase, or as it is. See wallet_key.c.
 */
#ifndef CLIENT_WALLET_KEY_H
#define CLIENT_WALLET_KEY_H

#include <sqlite3.h>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/passphrase.h"

/* The keyring, as it is in the file. */
struct wallet_keyring {
    int64_t generation; /* counts the keys that this wallet has had */
    bool has_passphrase;
    struct passphrase_cost cost; /* these two only with a passphrase */
    uint8_t salt[PASSPHRASE_SALT_LEN];
    struct tg_buf key; /* as it is, or IV ‖ ciphertext ‖ tag */
};

/* Accepts an all-zero one. Wipes. */
void wallet_keyring_done(struct wallet_keyring *ring);

/* TG_E_FORMAT when there is none, or with values that we do not write. */
TG_MUST_USE enum tg_err wallet_keyring_read(sqlite3 *db,
                                            struct wallet_keyring *out);

/* Insert into the table `new_keyring`: see wallet_reseal.c. */
TG_MUST_USE enum tg_err wallet_keyring_write(sqlite3 *db,
                                             const struct wallet_keyring *ring);

/* Draw a key, and make the keyring that holds it. Slow with a passphrase; an
 * empty one is none. TG_E_NOMEM, TG_E_RANDOM, TG_E_CRYPTO. */
TG_MUST_USE enum tg_err wallet_keyring_make(struct tg_span passphrase,
                                            int64_t generation,
                                            struct wallet_keyring *out,
                                            struct aead_key *key);

/* The key in the keyring. Slow when that has a passphrase; it is not looked
 * at otherwise. TG_E_AUTH when it is wrong, TG_E_NOMEM, TG_E_CRYPTO. */
TG_MUST_USE enum tg_err wallet_keyring_open(const struct wallet_keyring *ring,
                                            struct tg_span passphrase,
                                            struct aead_key *key);

#endif

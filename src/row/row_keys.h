/* The two keys of a row: where it lies, and what it is sealed with (D-C).
 *
 * Both come from the mailbox identifier by HKDF-SHA-256 with the deployment's
 * salt and different labels. The store sees the first and never the second.
 */
#ifndef ROW_ROW_KEYS_H
#define ROW_ROW_KEYS_H

#include "base/uuid.h"
#include "relay/mailbox.h"
#include "relay/store.h"

enum { ROW_SALT_LEN = 32, ROW_KEY_LEN = 32 };

struct row_salt {
    uint8_t bytes[ROW_SALT_LEN];
};

struct row_keys {
    struct store_key lookup;
    uint8_t sealing[ROW_KEY_LEN]; /* secret: wipe with tg_wipe() */
};

/* The keys of a mailbox's row. TG_E_CRYPTO. */
TG_MUST_USE enum tg_err row_keys_mailbox(const struct row_salt *salt,
                                         const struct mailbox_id *id,
                                         struct row_keys *out);

/* The keys of the row that remembers a create (D4), from claim and request id
 * in place of an identifier. TG_E_CRYPTO. */
TG_MUST_USE enum tg_err row_keys_create(const struct row_salt *salt,
                                        const struct tg_uuid *claim,
                                        const struct request_id *id,
                                        struct row_keys *out);

/* SHA-256(claim ‖ mailbox identifier), what is kept of a claim. TG_E_CRYPTO. */
TG_MUST_USE enum tg_err row_claim_mark(const struct tg_uuid *claim,
                                       const struct mailbox_id *id,
                                       struct claim_mark *out);

#endif

/* A mailbox, or the memory of a create, as a sealed row and back (D-C).
 *
 * blob = IV ‖ AES-256-GCM(padded encoding) ‖ tag, with lookup key and expiry
 * second as associated data, under HMAC-SHA-256(hour key, sealing key).
 * The encoding is padded to size classes, so that a blob's length tells the
 * class alone.
 */
#ifndef ROW_ROW_H
#define ROW_ROW_H

#include "relay/mailbox.h"
#include "relay/store.h"
#include "row/hour_keys.h"
#include "row/row_keys.h"

/* Encode and seal; appends to *blob. `mb->exists` must be true.
 * Errors: TG_E_NOMEM, TG_E_RANDOM, TG_E_CRYPTO, those of hour_keys.get. */
TG_MUST_USE enum tg_err row_seal_mailbox(const struct row_keys *keys,
                                         const struct hour_keys *hours,
                                         const struct mailbox *mb,
                                         struct tg_buf *blob);

/* Open and decode. The spans of *mb borrow from *plain, which must outlive
 * them; release it with tg_buf_free().
 * Errors: TG_E_NOT_FOUND when the hour's key is gone: so is the mailbox.
 * TG_E_AUTH, TG_E_FORMAT: not a row of ours, or damaged. TG_E_NOMEM.
 * On error *mb and *plain are untouched. */
TG_MUST_USE enum tg_err row_open_mailbox(const struct row_keys *keys,
                                         const struct hour_keys *hours,
                                         const struct store_row *row,
                                         struct tg_buf *plain,
                                         struct mailbox *mb);

/* The same for the memory of a create (D4). */
TG_MUST_USE enum tg_err row_seal_create(const struct row_keys *keys,
                                        const struct hour_keys *hours,
                                        const struct create_memory *memory,
                                        struct tg_buf *blob);
TG_MUST_USE enum tg_err row_open_create(const struct row_keys *keys,
                                        const struct hour_keys *hours,
                                        const struct store_row *row,
                                        struct create_memory *memory);

/* The plain encodings, apart from the sealing: what the fuzzer feeds.
 * Decoding: TG_E_FORMAT; spans borrow from `bytes`. */
TG_MUST_USE enum tg_err row_encode_mailbox(const struct mailbox *mb,
                                           struct tg_buf *out);
TG_MUST_USE enum tg_err row_decode_mailbox(struct tg_span bytes,
                                           struct mailbox *mb);

#endif

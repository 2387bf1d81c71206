/* The order of the messages in one mailbox, as one side sees it (R-PAY-1).
 *
 * A relay can replay, reflect and reorder what it holds, though it cannot
 * read or forge it. So each plaintext carries
 *
 *   "tigress": {"direction": "initiator" | "recipient",
 *               "sequence": n, "previous": base64(SHA-256) | ""}
 *
 * `direction` is the writer's role; `sequence` is one more than the highest
 * that the writer has written or accepted; `previous` is the hash of the
 * plaintext of the last message that the writer has accepted from the other
 * side, empty when there was none.
 *
 * A message is accepted only if its direction is the other side's, its
 * sequence is above all that this side has written or accepted, and
 * `previous` names a message that this side has written, none older than the
 * one named before (empty: only if this side has never written).
 * Source: R-PAY-1; docs/decisions/01-message-order.md.
 */
#ifndef TIGRESS_ORDER_H
#define TIGRESS_ORDER_H

#include <stdbool.h>

#include <tigress/bytes.h>
#include <tigress/error.h>
#include <tigress/provisioning.h>
#include <tigress/role.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `previous` may name one of the last so many messages of this side. */
enum { TG_ORDER_WRITTEN_MAX = 8 };

struct tg_order;

/* The beginning of a conversation. Released with tg_order_free().
 * TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_order_new(enum tg_role role,
                                            struct tg_order **out);

/* Accepts NULL. */
TG_API void tg_order_free(struct tg_order *order);

/* Append a form that tg_order_load() understands, for keeping. It holds
 * hashes, no content. TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_order_save(const struct tg_order *order,
                                             struct tg_buf *out);

/* TG_E_FORMAT, TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_order_load(struct tg_span saved,
                                             struct tg_order **out);

/* Append the plaintext of this side's next message, and remember it as
 * written. Keep the order (tg_order_save) before the message leaves.
 *
 *   format    1 to TG_FORMAT_MAX bytes of UTF-8
 *   content   the text of a JSON object
 *
 * Errors: TG_E_FORMAT, TG_E_LIMIT (also: this conversation has used up its
 * sequence numbers), TG_E_NOMEM, TG_E_CRYPTO; `order` and *out are then
 * unchanged.
 */
TG_API TG_MUST_USE enum tg_err tg_order_write(struct tg_order *order,
                                              const char *format,
                                              struct tg_span content,
                                              struct tg_buf *out);

/* Judge a message of the other side, and remember it as accepted.
 *
 *   accept_plain   also take a message without the member `tigress`, as
 *                  foreign implementations write it; it is then protected
 *                  against nothing but forgery
 *
 * Errors: TG_E_REPLAY when it does not belong here, TG_E_NOMEM, TG_E_CRYPTO;
 * `order` is then unchanged.
 */
TG_API TG_MUST_USE enum tg_err
tg_order_accept(struct tg_order *order,
                const struct tg_provisioning *message, bool accept_plain);

#ifdef __cplusplus
}
#endif
#endif

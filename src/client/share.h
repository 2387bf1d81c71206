/* The inside of a share, for share*.c.
 *
 *   share.c          opening, accessors, the caller's data
 *   share_begin.c    create and accept
 *   share_step.c     steps that the relay must be told: resume, send, end
 *   share_receive.c  receive, handled
 *   share_wait.c     wait, for one or for any of several
 *
 * The rule that all of them keep: first the wallet, then the relay, then the
 * wallet again; and what the relay is told is what the wallet holds.
 */
#ifndef CLIENT_SHARE_H
#define CLIENT_SHARE_H

#include <tigress/share.h>

#include "client/relay_client.h"
#include "client/wallet.h"

struct tg_share {
    struct tg_wallet *wallet;       /* borrowed */
    struct tg_relay_client *client; /* borrowed; may be NULL */
    struct wallet_row row;
    bool has_push; /* as the relay has said last */
};

/* A handle for this row, which it takes, also on error. */
TG_MUST_USE enum tg_err share_new(struct tg_wallet *wallet,
                                  struct tg_relay_client *client,
                                  struct wallet_row *row,
                                  struct tg_share **out);

/* Read the row again: another process may have changed it. */
TG_MUST_USE enum tg_err share_refresh(struct tg_share *share);

/* Store the row. On error it is read again, so that the handle never shows
 * what is not on disk. */
TG_MUST_USE enum tg_err share_save(struct tg_share *share);

/* TG_OK while the share lives; what to answer when it has ended. */
TG_MUST_USE enum tg_err share_check_alive(const struct tg_share *share);

/* Set the state to one that ends the share, and wipe what is of no use any
 * more. Not stored yet. */
void share_set_ended(struct tg_share *share, enum tg_share_state state);

/* A row's text, "" when there is none. */
const char *share_text(const struct tg_buf *text);

/* Replace the content of a row's field. TG_E_NOMEM: it is then empty. */
TG_MUST_USE enum tg_err share_set(struct tg_buf *field, struct tg_span value);
TG_MUST_USE enum tg_err share_set_text(struct tg_buf *field,
                                       const char *value);

/* Draw a UUID as text: a claim or a request id. */
TG_MUST_USE enum tg_err share_draw_uuid(struct tg_buf *field);

/* Replace the field by the SHA-256 of the bytes. */
TG_MUST_USE enum tg_err share_set_hash(struct tg_buf *field,
                                       struct tg_span bytes);

/* The call for this share's mailbox, without request id and condition. */
struct tg_relay_call share_call(const struct tg_share *share);

/* Write the next message of the order that is saved in *order: its sealed
 * form is appended to *sealed, the new order replaces *order. On error *order
 * is as it was. */
TG_MUST_USE enum tg_err share_seal(struct tg_buf *order,
                                   struct tg_span secret, const char *format,
                                   struct tg_span content,
                                   struct tg_buf *sealed);

/* "AEAD_AES_128_GCM" or the other, by the length of the secret. */
const char *share_payload_type(const struct tg_share *share);

/* Take over what a read has given: an answer with TG_OK, or an error. TG_OK:
 * there is a message in the inbox, stored; otherwise as tg_share_receive(). */
TG_MUST_USE enum tg_err share_take_read(struct tg_share *share,
                                        enum tg_err told,
                                        const struct tg_relay_answer *answer);

/* Complete the step that was begun, if there is one: tg_share_resume()
 * without reading the row again. */
TG_MUST_USE enum tg_err share_complete(struct tg_share *share);

#endif

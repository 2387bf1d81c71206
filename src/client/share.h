/* The inside of a share, for share*.c.
 *
 *   share.c          opening, accessors, the caller's data
 *   share_begin.c    create and accept
 *   share_step.c     steps that the relay must be told: resume, send, end
 *   share_terms.c    what the relay says of itself, before it is told
 *   share_attest.c   making the mailbox, with a statement of this device
 *   share_receive.c  receive, handled
 *   share_wait.c     wait, for one or for any of several
 *
 * The rule that all of them keep: first the wallet, then the relay, then the
 * wallet again; and what the relay is told is what the wallet holds.
 */
#ifndef CLIENT_SHARE_H
#define CLIENT_SHARE_H

#include <tigress/share.h>

#include "client/discovery.h"
#include "client/relay_client.h"
#include "client/wallet.h"

/* What the relay says of attestation, if it was asked for this share. */
struct share_wants {
    bool is_known;
    enum tg_attestation_policy policy;
    struct discovery_list formats;
};

struct tg_share {
    struct tg_wallet *wallet;       /* borrowed */
    struct tg_relay_client *client; /* borrowed; may be NULL */
    struct wallet_row row;
    bool has_push; /* as the relay has said last */
    struct share_wants wants;
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

/* What pending_state says of a create: whether the relay has not been told of
 * it, so that it may still be changed or refused here, and whether the caller
 * chose the lifetime. */
enum share_draft { SHARE_DRAFT = 1, SHARE_DRAFT_LIFETIME = 2 };

/* Whether the pending step is a create of which the relay has not been told. */
bool share_is_draft(const struct wallet_row *row);

/* Forget the step that was begun. Not stored yet. */
void share_clear_pending(struct wallet_row *row);

/* Before a create is told to the relay: compare it with what the relay says of
 * itself, choose the notification token, and store that it is no draft any
 * more. TG_OK also when there is nothing to settle; the step may be gone then,
 * when another process has completed it.
 *
 * Errors: TG_E_ATTESTATION: nobody can vouch for the device; it stays a draft.
 * TG_E_VERSION, TG_E_LIMIT, TG_E_LIFETIME: the relay would not do it
 * as it was asked for, and has not been told; the state is TG_SHARE_FAILED, and
 * the client's reason says why. TG_E_UNTRUSTED, TG_E_NOMEM, the wallet's.
 */
TG_MUST_USE enum tg_err share_settle_draft(struct tg_share *share);

/* Find out what the relay wants, if it was not asked yet: share->wants. */
void share_learn_wants(struct tg_share *share);

/* Tell the relay of the pending create, with a statement of the device if there
 * is a provider and the relay does not ignore it.
 *
 *   first      the relay has not been told of it before
 *   *vouched   set always: it was told with a statement
 *
 * As relay_client_create(). After TG_E_ATTESTATION there is no such mailbox; if
 * this was the first time, the relay may not have been told. TG_E_NETWORK and
 * TG_E_BUSY may be the provider's.
 */
TG_MUST_USE enum tg_err share_make_mailbox(struct tg_share *share,
                                           const struct tg_relay_call *call,
                                           bool first, bool *vouched,
                                           struct tg_relay_answer **out);

/* Before a read: a recipient's first one is compared with what the relay says
 * of itself, and gives the token that it rings, if there is one, in a body
 * which is appended; for the others nothing is done. TG_E_VERSION as above, the
 * share stays as it is; TG_E_UNTRUSTED, TG_E_NOMEM. */
TG_MUST_USE enum tg_err share_prepare_read(struct tg_share *share,
                                           struct tg_buf *body);

/* For how many seconds the relay holds a read, as far as is known without
 * asking it; at most `most_s`; 0: it does not. */
int64_t share_hold_most_s(struct tg_share *share, int64_t most_s);

/* Take over what a read has given: an answer with TG_OK, or an error. TG_OK:
 * there is a message in the inbox, stored; otherwise as tg_share_receive(). */
TG_MUST_USE enum tg_err share_take_read(struct tg_share *share,
                                        enum tg_err told,
                                        const struct tg_relay_answer *answer);

/* Complete the step that was begun, if there is one: tg_share_resume()
 * without reading the row again. */
TG_MUST_USE enum tg_err share_complete(struct tg_share *share);

#endif

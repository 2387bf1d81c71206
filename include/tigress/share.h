/* A share: one mailbox as this device sees it, for as long as it lives.
 *
 * Flows (car, hotel, yours) are built on this: create or accept, then receive
 * and send in turn, then finish. A device may be switched off between any two
 * steps, or in the middle of one. Each step is in the wallet before the relay
 * is told of it, with the request id and the exact bytes, so that repeating it
 * after a crash has no second effect. To go on after a restart: open the
 * share and call tg_share_resume(); a received message that has not been
 * answered by then is still there (tg_share_has_message()).
 *
 * Calls that use the network fail as described in relay_client.h and leave
 * the share as it was: after TG_E_NETWORK, TG_E_TLS, TG_E_BUSY, TG_E_PROTOCOL
 * and TG_E_NOMEM a step that was begun stays begun and is repeated later. The
 * wallet's errors (TG_E_LOCKED, TG_E_IO, TG_E_FULL) are possible wherever
 * something is stored.
 *
 * The usual course:
 *
 *   initiator                          recipient
 *   tg_share_create                    tg_share_accept
 *   tg_share_resume   (mailbox made)
 *   tg_share_invitation ──────URL────> tg_share_receive  (message 1)
 *   tg_share_wait     (message 2) <─── tg_share_send
 *   tg_share_send ───────────────────> tg_share_wait     (message 3)
 *                                      tg_share_finish
 */
#ifndef TIGRESS_SHARE_H
#define TIGRESS_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>
#include <tigress/payload.h>
#include <tigress/provisioning.h>
#include <tigress/relay_client.h>
#include <tigress/role.h>
#include <tigress/share_url.h>
#include <tigress/wallet.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_share;

/* The numbers are stored and never change. */
enum tg_share_state {
    TG_SHARE_NEW = 1,          /* the relay has not been told, or has not
                                  answered yet */
    TG_SHARE_OPEN = 2,         /* the mailbox exists, as far as is known */
    TG_SHARE_FINISHED = 3,     /* deleted by this device: done */
    TG_SHARE_CANCELLED = 4,    /* deleted by this device: called off */
    TG_SHARE_RELINQUISHED = 5, /* given back for another device */
    TG_SHARE_GONE = 6,         /* 404: the other side has ended it, or it has
                                  expired */
    TG_SHARE_FAILED = 7        /* the relay refused to make the mailbox */
};

/* A short stable name such as "open"; constant. */
TG_API const char *tg_share_state_name(enum tg_share_state state);

/* What is offered. Members that are zero or NULL take the default; everything
 * is borrowed for the call. */
struct tg_share_offer {
    const char *relay;           /* "host" or "host:port"; required */
    const char *title;           /* 1 to 128 characters; required, public */
    const char *description;     /* 1 to 512 characters; required, public */
    const char *image_url;       /* absolute https URL; required, public */
    enum tg_vertical vertical;   /* `v` of the share URL */
    const char *access_rights;   /* of R, W, D; default: the relay's, RD.
                                    "RWD" for flows that answer */
    int64_t lifetime_s;          /* seconds; default: the relay's, usually
                                    48 hours. Not more than the relay's most */
    enum tg_algorithm algorithm; /* default TG_AEAD_AES_128_GCM */
    const char *format;          /* of message 1; required */
    struct tg_span content;      /* of message 1: the text of a JSON object */
    const char *token_type;      /* notification token, wanted more than those
                                    of tg_wallet_set_token(); NULL: none */
    const char *token_data;
};

/* Begin a share as its initiator: draw a claim and a secret, seal message 1
 * and store all of it. No network: tg_share_resume() then makes the mailbox.
 *
 *   wallet, client   borrowed; must outlive the share
 *   *out             set on TG_OK; released with tg_share_close()
 *
 * Errors: TG_E_UNTRUSTED, TG_E_FORMAT (a required member is missing, text not
 * UTF-8, content no JSON object), TG_E_LIMIT, TG_E_RANDOM, TG_E_CRYPTO,
 * TG_E_NOMEM; nothing is then stored.
 */
TG_API TG_MUST_USE enum tg_err
tg_share_create(struct tg_wallet *wallet, struct tg_relay_client *client,
                const struct tg_share_offer *offer, struct tg_share **out);

/* Begin a share as its recipient: draw a claim and store it with the URL. No
 * network: tg_share_receive() then reads, which binds this device to the
 * mailbox. Accepting a URL again gives the share that is there already,
 * unless that one was relinquished.
 *
 *   wallet, client   borrowed; must outlive the share
 *   *out             set on TG_OK; released with tg_share_close()
 *
 * Errors: TG_E_UNTRUSTED when the relay is not on the allow-list (R-URL-2);
 * TG_E_EXISTS when this wallet is the initiator of it; TG_E_RANDOM,
 * TG_E_NOMEM. Nothing is then stored.
 */
TG_API TG_MUST_USE enum tg_err
tg_share_accept(struct tg_wallet *wallet, struct tg_relay_client *client,
                const struct tg_share_url *url, struct tg_share **out);

/* Open a share that is in the wallet.
 *
 *   client   borrowed; may be NULL when only the accessors, the data and
 *            tg_share_handled() are going to be used
 *
 * TG_E_NOT_FOUND, TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err
tg_share_open(struct tg_wallet *wallet, struct tg_relay_client *client,
              int64_t id, struct tg_share **out);

/* Accepts NULL; wipes. The share stays in the wallet. */
TG_API void tg_share_close(struct tg_share *share);

/* Complete the step that was begun and is not known to have been done; TG_OK
 * also when there is none.
 *
 * Before a relay is told to make a mailbox, it is asked for what it says of
 * itself (relay_info.h), for at most three seconds. Where it says nothing
 * usable, the mailbox is made without knowing.
 *
 * Errors: those of the step, see there. For the making of the mailbox:
 *   TG_E_LIMIT     the sealed message is larger than the relay takes
 *   TG_E_LIFETIME  the offer's lifetime is longer than the relay's most. It is
 *                  not shortened: a share that ends sooner than was agreed
 *                  would surprise both sides
 *   TG_E_VERSION   the relay does not speak version v1 of the protocol
 *   TG_E_ATTESTATION  the relay is not convinced by what this device says of
 *                  itself: tg_relay_client_detail() has its words
 *   TG_E_REFUSED, TG_E_FORMAT
 * These make the state TG_SHARE_FAILED, and tg_relay_client_reason() names the
 * limit. The first three come from what the relay has said just now, and it
 * has not been told of the share.
 *   TG_E_ATTESTATION  also when the relay demands a statement and there is no
 *                  provider (attestation.h), or it can make none. The step then
 *                  stays begun: no mailbox was made, and the relay has been
 *                  told only if it was told before, or has not said beforehand
 *                  that it demands one
 */
TG_API TG_MUST_USE enum tg_err tg_share_resume(struct tg_share *share);

/* The other side's message, if there is one that has not been handled.
 *
 * A step that is still begun is completed first. A new message is opened,
 * judged (order.h) and stored before this returns; from then on the same one
 * is returned, also after a restart, until tg_share_handled(), or a
 * tg_share_send() that has succeeded.
 *
 *   *out   set on TG_OK; released with tg_provisioning_free()
 *
 * Errors:
 *   TG_E_NO_NEWS   the other side has not written (again)
 *   TG_E_GONE      no such mailbox (any longer): the state is TG_SHARE_GONE
 *   TG_E_REFUSED   this mailbox belongs to another device, or to a later
 *                  claim of this one
 *   TG_E_REPLAY    the relay served a message that does not belong here
 *   TG_E_AUTH      it was not sealed with this share's secret
 *   TG_E_UNKNOWN   its format, or its algorithm, is not known here
 *   TG_E_FORMAT    it is not provisioning information
 *   TG_E_VERSION   the relay does not speak version v1 of the protocol; found
 *                  out before a recipient's first read, as by tg_share_resume()
 *   TG_E_STATE     the share has ended
 * After TG_E_REPLAY, TG_E_AUTH, TG_E_UNKNOWN and TG_E_FORMAT nothing of the
 * message is kept, and the share goes on when the relay serves a proper one.
 * Source: R-READ-2, R-PAY-1, §11.
 */
TG_API TG_MUST_USE enum tg_err tg_share_receive(struct tg_share *share,
                                                struct tg_provisioning **out);

/* As tg_share_receive(), waiting until there is news or `timeout_s` seconds
 * have passed. For a device that the relay does not ring: one without a
 * notification token, or where tg_share_has_push() is false.
 *
 * The relay holds the question back until the mailbox changes or ends, so the
 * answer comes when the other side has acted, and nothing is sent meanwhile.
 * When the connection breaks, or the relay is busy, it is asked again after a
 * random pause, up to 250 ms, 500 ms … 10 s, and what Retry-After says; nothing
 * that happens in between is missed. A relay that does not hold questions is
 * asked at such intervals, too.
 *
 * Ends early when the client's stop descriptor can be read, when a signal
 * handler has run, or when its pause gives up.
 *
 *   timeout_s   0: ask once
 *
 * Errors: as tg_share_receive(). TG_E_NO_NEWS when the time is up, or it ended
 * early; TG_E_NETWORK, TG_E_BUSY and TG_E_LOCKED when the time is up and the
 * last attempt failed so. The wallet is not locked meanwhile, and other
 * processes may act on the share: what they did is taken over.
 * Source: R-WAIT-1.
 */
TG_API TG_MUST_USE enum tg_err tg_share_wait(struct tg_share *share,
                                             int64_t timeout_s,
                                             struct tg_provisioning **out);

/* The same for several shares at once, each with a connection of its own.
 *
 *   shares   of one client; borrowed
 *   *which   set on TG_OK: the place in `shares` of one for which
 *            tg_share_receive() gives something else than TG_E_NO_NEWS. A
 *            message, or the end of the mailbox, is in the wallet by then
 *
 * Errors: TG_E_NO_NEWS, TG_E_NETWORK, TG_E_BUSY and TG_E_LOCKED as above, the
 * first also when there are none to wait for; TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err
tg_share_wait_any(struct tg_share *const *shares, size_t count,
                  int64_t timeout_s, size_t *which);

/* The message that tg_share_receive() gave has been dealt with: do not give
 * it again. TG_OK also when there is none. */
TG_API TG_MUST_USE enum tg_err tg_share_handled(struct tg_share *share);

/* Seal a message, store it, and write it into the mailbox.
 *
 * When an earlier step is still begun it is completed first. After an error
 * that leaves this one begun (see above) do not send again: tg_share_resume().
 *
 *   format, content   as tg_order_write(); borrowed
 *
 * Errors:
 *   TG_E_CONFLICT  the other side has written meanwhile: receive first. The
 *                  message is discarded, it was never in the mailbox
 *   TG_E_REFUSED   this device has no right to write; discarded
 *   TG_E_GONE      the state is TG_SHARE_GONE; discarded
 *   TG_E_STATE     the share has ended, or nothing has been received yet
 *                  (recipient)
 *   TG_E_FORMAT, TG_E_LIMIT (discarded), TG_E_RANDOM, TG_E_CRYPTO
 * Source: R-UPD-3, R-PAY-1.
 */
TG_API TG_MUST_USE enum tg_err tg_share_send(struct tg_share *share,
                                             const char *format,
                                             struct tg_span content);

/* End the share by deleting the mailbox: because all is done, or to call it
 * off. A mailbox that is gone already counts as deleted. A message that is
 * waiting to be sent is discarded. In a state that is an end already: TG_OK
 * and nothing changes.
 *
 * TG_E_REFUSED: this device has no right to; the state stays. Source:
 * R-DEL-1.
 */
TG_API TG_MUST_USE enum tg_err tg_share_finish(struct tg_share *share);
TG_API TG_MUST_USE enum tg_err tg_share_cancel(struct tg_share *share);

/* Give the mailbox back, so that another device can take it: recipient only
 * (else TG_E_STATE). Otherwise as tg_share_cancel(). Source: R-REL-1. */
TG_API TG_MUST_USE enum tg_err tg_share_relinquish(struct tg_share *share);

/* What is known of the share, as of the last call that could fail; text is
 * borrowed until the next such call, "" when not known (yet).
 * Title, description and image come from the initiator: show them as text. */
TG_API int64_t tg_share_id(const struct tg_share *share);
TG_API enum tg_role tg_share_role(const struct tg_share *share);
TG_API enum tg_share_state tg_share_state(const struct tg_share *share);
TG_API enum tg_vertical tg_share_vertical(const struct tg_share *share);
TG_API const char *tg_share_relay(const struct tg_share *share);
TG_API const char *tg_share_title(const struct tg_share *share);
TG_API const char *tg_share_description(const struct tg_share *share);
TG_API const char *tg_share_image_url(const struct tg_share *share);

/* UTC seconds since 1970: when it was begun here; when the mailbox ends, 0
 * when not known. */
TG_API int64_t tg_share_created_s(const struct tg_share *share);
TG_API int64_t tg_share_expires_s(const struct tg_share *share);

/* Whether a step was begun and is not known to have been done. */
TG_API bool tg_share_is_pending(const struct tg_share *share);

/* Whether the relay has said, in its last answer to this handle, that it rings
 * this device's notification token. False when it has not answered yet. */
TG_API bool tg_share_has_push(const struct tg_share *share);

/* Whether a received message waits to be handled. */
TG_API bool tg_share_has_message(const struct tg_share *share);

/* Append the address of the mailbox: the URL without its secret. Whoever has
 * it can see the preview, and take the recipient's place if that is free: not
 * for logs. TG_E_STATE while the mailbox is not made, TG_E_NOMEM. The text is
 * followed by a NUL that out->len does not count. */
TG_API TG_MUST_USE enum tg_err
tg_share_address(const struct tg_share *share, struct tg_buf *out);

/* The same with the secret: what the other device needs, and nobody else may
 * see (R-URL-1). */
TG_API TG_MUST_USE enum tg_err
tg_share_invitation(const struct tg_share *share, struct tg_buf *out);

/* Data of the caller, kept with the share: names of 1 to 64 bytes, values of
 * up to 1 MiB. Durable on return.
 *
 * tg_share_put() replaces; tg_share_get() appends to *out, followed by a NUL
 * that out->len does not count, TG_E_NOT_FOUND when there is none;
 * tg_share_remove() is TG_OK also then. TG_E_LIMIT, TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err tg_share_put(struct tg_share *share,
                                            const char *name,
                                            struct tg_span value);
TG_API TG_MUST_USE enum tg_err tg_share_get(struct tg_share *share,
                                            const char *name,
                                            struct tg_buf *out);
TG_API TG_MUST_USE enum tg_err tg_share_remove(struct tg_share *share,
                                               const char *name);

#ifdef __cplusplus
}
#endif
#endif

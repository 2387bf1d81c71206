/* Talking to a relay: the five device calls and the preview page.
 *
 * Only relays on the allow-list are talked to, checked before any network
 * traffic (R-URL-2). TLS 1.2 or newer with a checked certificate, HTTP/2 where
 * the relay offers it; no redirects, cookies, proxies or session resumption.
 * A call that met a broken connection, 429, 502, 503 or 504 is repeated with
 * the same request id, so that it happens once (R-IDEM). Answers are read
 * strictly and within limits: the relay may be hostile.
 *
 * share.h does all of this and keeps its state on disk; use this header
 * directly only where a wallet keeps its own.
 */
#ifndef TIGRESS_RELAY_CLIENT_H
#define TIGRESS_RELAY_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <tigress/allow_list.h>
#include <tigress/attestation.h>
#include <tigress/bytes.h>
#include <tigress/error.h>
#include <tigress/payload.h>
#include <tigress/share_url.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_relay_client;

/* A client for the relays of `allowed`, which is borrowed and must outlive
 * it; it is asked anew at each call, so that relays may be added meanwhile.
 * Released with tg_relay_client_free(). TG_E_NOMEM, TG_E_NETWORK (the HTTP
 * library cannot be used). */
TG_API TG_MUST_USE enum tg_err
tg_relay_client_new(const struct tg_allow_list *allowed,
                    struct tg_relay_client **out);

/* Accepts NULL. */
TG_API void tg_relay_client_free(struct tg_relay_client *client);

/* Trust the certificates in this PEM file in place of the system's; NULL goes
 * back to those. The file is read with each connection. TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err
tg_relay_client_set_ca_file(struct tg_relay_client *client, const char *path);

/* The longest time for one attempt, connection included; where the relay is
 * asked to hold its answer, that time comes on top. Default 15000. */
TG_API void tg_relay_client_set_timeout_ms(struct tg_relay_client *client,
                                           int64_t timeout_ms);

/* Attempts for one call, at least 1. Default 4. Between them is a random
 * pause, up to 250 ms, 500 ms, 1 s … 8 s, or what Retry-After asks for if
 * that is at most 30 s; if it is more the call fails with TG_E_BUSY. */
TG_API void tg_relay_client_set_attempts(struct tg_relay_client *client,
                                         unsigned attempts);

/* A descriptor that stops the client as soon as, and as long as, it can be
 * read: a pause, and waiting for the other side, give up; a call that is under
 * way is left with TG_E_NETWORK, and is to be repeated as after any other. An
 * eventfd, a pipe, a signalfd or a pidfd will do; it may be written to by a
 * signal handler or by another thread, from which nothing else of the library
 * may be called on this client. It is polled, never read, written or closed.
 * -1: none, the default. */
TG_API void tg_relay_client_set_stop_fd(struct tg_relay_client *client,
                                        int fd);

/* How to pause, between attempts and while tg_share_wait() has no question at
 * the relay. `pause` returns false to give up. By default (NULL) poll(2) does
 * it, which gives up when a signal handler has run or the stop descriptor can
 * be read. */
TG_API void
tg_relay_client_set_pause(struct tg_relay_client *client,
                          bool (*pause)(void *self, int64_t pause_ms),
                          void *self);

/* Who says of this device what it is, when a mailbox is made (attestation.h).
 * Borrowed: the provider must outlive the client, or be replaced; NULL, the
 * default: nobody. */
TG_API void
tg_relay_client_set_attestation(struct tg_relay_client *client,
                                const struct tg_attestation_provider *provider);

/* Why the last call failed, for a person who asked: our own words, the HTTP
 * status, and the title and detail of a problem document with everything
 * unprintable removed. Never an identifier, claim, token or secret of ours.
 * "" after success. Valid until the next call. */
TG_API const char *
tg_relay_client_reason(const struct tg_relay_client *client);

/* The detail of the problem document with which the relay refused the last
 * call: its words, such as why a device's statement does not convince, of
 * printable ASCII and at most 160 characters; or, where a create failed with
 * TG_E_PROTOCOL because the mailbox is said to be at another relay, the name
 * of that: "host[:port]". "" when there is neither. Likewise
 * without what is secret, and valid until the next call. */
TG_API const char *
tg_relay_client_detail(const struct tg_relay_client *client);

/* What is offered when a mailbox is made. Members that are zero or NULL take
 * the default; everything is borrowed for the call. */
struct tg_relay_offer {
    const char *payload_type;   /* as tg_algorithm_name() */
    struct tg_span payload;     /* sealed; at most TG_PAYLOAD_MAX bytes */
    const char *title;          /* 1 to 128 characters */
    const char *description;    /* 1 to 512 characters */
    const char *image_url;      /* absolute https URL */
    const char *access_rights;  /* of R, W, D; default: the relay's, RD */
    int64_t lifetime_s;         /* default: the relay's, 48 hours */
    const char *token_type;     /* notification token; NULL: none */
    const char *token_data;
};

/* Which call to make. UUIDs as text; everything is borrowed for the call. */
struct tg_relay_call {
    const char *relay;          /* "host" or "host:port" */
    const char *mailbox;        /* UUID; not for create */
    const char *claim;          /* UUID: this device, in this mailbox alone */
    const char *request_id;     /* UUID; the same again for a retry. May be
                                   NULL for read */
    const char *if_match;       /* update only: ETag, or NULL */
};

/* What a relay answered. */
struct tg_relay_answer;

/* Accepts NULL; wipes. */
TG_API void tg_relay_answer_free(struct tg_relay_answer *answer);

/* The parts, borrowed from `answer`. Text is "" and bytes are empty where the
 * call answers no such thing. `repeated`: 201, this request id was already
 * done before. `mailbox` is taken from the `urlLink` of create, which must
 * lie on the relay that was asked. */
TG_API bool tg_relay_answer_repeated(const struct tg_relay_answer *answer);
TG_API const char *
tg_relay_answer_mailbox(const struct tg_relay_answer *answer);
TG_API const char *tg_relay_answer_etag(const struct tg_relay_answer *answer);
TG_API const char *
tg_relay_answer_payload_type(const struct tg_relay_answer *answer);
TG_API struct tg_span
tg_relay_answer_payload(const struct tg_relay_answer *answer);
TG_API const char *tg_relay_answer_title(const struct tg_relay_answer *answer);
TG_API const char *
tg_relay_answer_description(const struct tg_relay_answer *answer);
TG_API const char *
tg_relay_answer_image_url(const struct tg_relay_answer *answer);

/* When the mailbox ends, UTC seconds since 1970; 0 when not answered. */
TG_API int64_t tg_relay_answer_expires_s(const struct tg_relay_answer *answer);

/* Whether the relay will ring this device's notification token. */
TG_API bool tg_relay_answer_has_push(const struct tg_relay_answer *answer);

/* The calls of PROTOCOL §5.
 *
 *   *out   set on TG_OK; released with tg_relay_answer_free()
 *
 * Errors of all of them:
 *   TG_E_UNTRUSTED  not on the allow-list; nothing was sent
 *   TG_E_NETWORK    no connection, or it broke, at each attempt; whether the
 *                   relay has done the call is not known: repeat it with the
 *                   same request id
 *   TG_E_TLS        the certificate does not convince, or no TLS ≥ 1.2
 *   TG_E_GONE       404
 *   TG_E_REFUSED    401
 *   TG_E_ATTESTATION  401 of create: the relay demands a statement, or is not
 *                   convinced by the one it got
 *   TG_E_CONFLICT   412
 *   TG_E_BUSY       429 or 5xx at each attempt; as TG_E_NETWORK
 *   TG_E_LIMIT      413, or a body that would be larger than is allowed
 *   TG_E_FORMAT     400 or another 4xx: the relay did not like the call; or
 *                   text that is not UTF-8; nothing was done
 *   TG_E_PROTOCOL   an answer that the protocol does not allow: a redirect,
 *                   another content type, missing or wrong members, too large
 *   TG_E_NOMEM
 */
TG_API TG_MUST_USE enum tg_err
tg_relay_client_create(struct tg_relay_client *client,
                       const struct tg_relay_call *call,
                       const struct tg_relay_offer *offer,
                       struct tg_relay_answer **out);
TG_API TG_MUST_USE enum tg_err
tg_relay_client_read(struct tg_relay_client *client,
                     const struct tg_relay_call *call,
                     struct tg_relay_answer **out);
TG_API TG_MUST_USE enum tg_err
tg_relay_client_update(struct tg_relay_client *client,
                       const struct tg_relay_call *call,
                       const char *payload_type, struct tg_span payload,
                       struct tg_relay_answer **out);
TG_API TG_MUST_USE enum tg_err
tg_relay_client_delete(struct tg_relay_client *client,
                       const struct tg_relay_call *call);
TG_API TG_MUST_USE enum tg_err
tg_relay_client_relinquish(struct tg_relay_client *client,
                           const struct tg_relay_call *call);

/* Append the preview page (HTML) of a mailbox, as a messenger would see it.
 * No claim and no secret is sent, nothing is bound (R-PRE-1). Show it as
 * text: it comes from outside. At most 256 KiB. */
TG_API TG_MUST_USE enum tg_err
tg_relay_client_display(struct tg_relay_client *client,
                        const struct tg_share_url *url, struct tg_buf *out);

#ifdef __cplusplus
}
#endif
#endif

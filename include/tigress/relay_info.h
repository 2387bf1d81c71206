/* What a relay says of itself: its limits, and what it can do.
 *
 * A relay may say this under one address that is the same for everybody, and
 * libtigress asks for it by itself, before it makes a mailbox and before a
 * recipient reads one for the first time: what the relay would refuse is
 * refused here, a notification token goes to a relay that rings it, and no
 * relay is asked to hold a question for longer than it does. It is kept in the
 * wallet for as long as the relay allows, at most an hour, but nothing is
 * refused for what was kept: the relay is asked again first. Nothing depends on
 * it: a relay that says nothing, or nonsense, or is slow to say it, is used
 * without.
 *
 * Use this header to show it, or to decide by it before there is a share.
 * Source: PROTOCOL §7.
 */
#ifndef TIGRESS_RELAY_INFO_H
#define TIGRESS_RELAY_INFO_H

#include <stddef.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>
#include <tigress/relay_client.h>
#include <tigress/wallet.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_relay_info;

/* Learn what a relay says of itself: from the wallet if it is kept there, else
 * by asking, for at most three seconds and without a second attempt. No claim
 * and no identifier is sent, over a connection of its own.
 *
 *   wallet   where it is kept; NULL: ask in any case, keep nothing
 *   relay    "host" or "host:port"
 *   *out     set on TG_OK; released with tg_relay_info_free()
 *
 * Errors:
 *   TG_E_NOT_FOUND  the relay says nothing of itself, or nothing that can be
 *                   used: another status than 200 (a redirect, too), another
 *                   content type, more than 16 KiB, a member of the wrong kind
 *                   or out of range
 *   TG_E_UNTRUSTED  not on the allow-list; nothing was sent
 *   TG_E_FORMAT     `relay` is no such text
 *   TG_E_NETWORK, TG_E_TLS, TG_E_BUSY (see relay_client.h), TG_E_NOMEM
 * The wallet's errors are none of this: it then asks, or keeps nothing.
 */
TG_API TG_MUST_USE enum tg_err
tg_relay_info_ask(struct tg_wallet *wallet, struct tg_relay_client *client,
                  const char *relay, struct tg_relay_info **out);

/* Accepts NULL. */
TG_API void tg_relay_info_free(struct tg_relay_info *info);

/* Versions of the protocol, such as "v1"; algorithms that it advises for
 * payloads; types of notification token that it rings; formats of device
 * attestation that it checks. The one at `index`, from 0 on, borrowed from
 * `info`; NULL when there are no more, or nothing was said. At most 16 of each
 * and 64 printable ASCII characters. */
TG_API const char *tg_relay_info_version(const struct tg_relay_info *info,
                                         size_t index);
TG_API const char *
tg_relay_info_payload_type(const struct tg_relay_info *info, size_t index);
TG_API const char *
tg_relay_info_notification(const struct tg_relay_info *info, size_t index);
TG_API const char *
tg_relay_info_attestation_format(const struct tg_relay_info *info,
                                 size_t index);

/* The most bytes of a sealed payload (TG_PAYLOAD_OVERHEAD more than what was
 * sealed); -1 when it was not said. */
TG_API int64_t tg_relay_info_payload_max(const struct tg_relay_info *info);

/* How long a mailbox lives when nothing was asked for, and at most, in
 * seconds; -1 when it was not said. */
TG_API int64_t
tg_relay_info_lifetime_default_s(const struct tg_relay_info *info);
TG_API int64_t tg_relay_info_lifetime_max_s(const struct tg_relay_info *info);

/* For how many seconds it holds a question that waits for the other side
 * (R-WAIT-1), at most; 0: it does not; -1 when it was not said. */
TG_API int64_t tg_relay_info_wait_max_s(const struct tg_relay_info *info);

/* Whether it wants a device to attest what it is (PROTOCOL §9). */
enum tg_attestation_policy {
    TG_ATTESTATION_UNSAID = 0,
    TG_ATTESTATION_NONE = 1,     /* it is not looked at */
    TG_ATTESTATION_OPTIONAL = 2, /* checked when it is there */
    TG_ATTESTATION_REQUIRED = 3, /* no mailbox is made without */
    TG_ATTESTATION_OTHER = 4     /* a word that is not known here */
};

TG_API enum tg_attestation_policy
tg_relay_info_attestation(const struct tg_relay_info *info);

#ifdef __cplusplus
}
#endif
#endif

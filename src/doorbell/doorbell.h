/* What a worker of the relay tells tigress-push, and what it hears back
 * (PROTOCOL §8, DESIGN D-F).
 *
 * Each message is one packet of a SOCK_SEQPACKET socket. Numbers are
 * big-endian.
 *
 *   ring  'R' ‖ until (8) ‖ type length (1) ‖ type ‖ data length (2) ‖ data
 *   dead  'D' ‖ mark (16)
 *
 * Nothing of a mailbox is in it but, to the minute, how long it lives: later
 * nobody needs the doorbell.
 */
#ifndef DOORBELL_DOORBELL_H
#define DOORBELL_DOORBELL_H

#include "base/bytes.h"
#include "base/clock.h"

enum {
    DOORBELL_TYPE_MOST = 64,
    DOORBELL_DATA_MOST = 4096,
    DOORBELL_MARK_LEN = 16,
    DOORBELL_PACKET_MOST = 1 + 8 + 1 + DOORBELL_TYPE_MOST + 2 +
                           DOORBELL_DATA_MOST
};

/* The types of tokens that there is a service for (PROTOCOL §8). */
#define DOORBELL_APNS    "com.apple.apns"
#define DOORBELL_FCM     "com.google.fcm"
#define DOORBELL_WEBPUSH "org.w3.webpush"

struct doorbell {
    tg_time_s until;     /* deliver before this second; a whole minute */
    struct tg_span type; /* of the token: 1 … DOORBELL_TYPE_MOST bytes */
    struct tg_span data; /* of the token: 1 … DOORBELL_DATA_MOST bytes */
};

/* A token that is not told: the beginning of a digest of type and data. */
struct doorbell_mark {
    uint8_t bytes[DOORBELL_MARK_LEN];
};

/* TG_E_CRYPTO. */
TG_MUST_USE enum tg_err doorbell_mark(struct tg_span type, struct tg_span data,
                                      struct doorbell_mark *out);

/* Append the packet. `until` is rounded up to a minute here. TG_E_LIMIT,
 * TG_E_NOMEM. */
TG_MUST_USE enum tg_err doorbell_write_ring(const struct doorbell *bell,
                                            struct tg_buf *out);

/* Spans of *out are borrowed from the packet. TG_E_FORMAT, TG_E_LIMIT. */
TG_MUST_USE enum tg_err doorbell_read_ring(struct tg_span packet,
                                           struct doorbell *out);

TG_MUST_USE enum tg_err doorbell_write_dead(const struct doorbell_mark *mark,
                                            struct tg_buf *out);
TG_MUST_USE enum tg_err doorbell_read_dead(struct tg_span packet,
                                           struct doorbell_mark *out);

#endif

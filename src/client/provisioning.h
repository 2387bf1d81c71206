/* What order.c needs of a parsed message besides <tigress/provisioning.h>. */
#ifndef CLIENT_PROVISIONING_H
#define CLIENT_PROVISIONING_H

#include <tigress/provisioning.h>
#include <tigress/role.h>

#include "crypto/hash.h"

/* Sequence numbers end here; a conversation needs a handful. */
#define PROVISIONING_SEQUENCE_MAX INT64_C(1000000000)

/* The member `tigress`, see <tigress/order.h>. */
struct provisioning_place {
    enum tg_role direction;
    int64_t sequence;
    bool has_previous;
    uint8_t previous[SHA256_LEN];
};

/* The message's place, borrowed; NULL when it carries none. */
const struct provisioning_place *
provisioning_place(const struct tg_provisioning *message);

/* Append the plaintext of a message. Errors as tg_order_write(); *out keeps
 * its length. */
TG_MUST_USE enum tg_err
provisioning_format(const char *format, struct tg_span content,
                    const struct provisioning_place *place,
                    struct tg_buf *out);

#endif

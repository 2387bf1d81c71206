/* A guest's device, and what it keeps in its wallet beside the shares.
 *
 *   of the wallet   "plan"     a share that is about to be made: plan.h
 *   of a share      "plan"     the same, when it was
 *                   "called-off"  what the desk said when it was cancelled
 *                   "offer"    the invitation that was accepted
 *                   "key"      the private key made for it, PKCS #8
 *                   "room-key" statement and signature: the key from the desk
 *                   "over"     why there will be none: the name of a check
 */
#ifndef HOTEL_WALLET_DATA_H
#define HOTEL_WALLET_DATA_H

#include "device.h"
#include "device_key.h"
#include "partner.h"

#define DATA_PLAN       "plan"
#define DATA_CALLED_OFF "called-off"
#define DATA_OFFER      "offer"
#define DATA_KEY        "key"
#define DATA_ROOM_KEY   "room-key"
#define DATA_OVER       "over"
#define DATA_OUTCOME    "outcome"   /* what the desk says of the token */
#define DATA_DOOR_SAID  "door-said" /* the last refusal of a door */

struct guest {
    struct device device;
    struct partner desk;
};

/* Whether a share has these data; false also when they cannot be read. */
bool wallet_data_has(struct tg_share *share, const char *name);

/* As text. TG_E_NOT_FOUND; other errors as tg_share_get(). */
TG_MUST_USE enum tg_err wallet_data_get(struct tg_share *share,
                                        const char *name, struct text *out);

/* A private key. Making: it is in the wallet on return, and the same when
 * there was one. */
TG_MUST_USE enum tg_err wallet_data_get_key(struct tg_share *share,
                                            EVP_PKEY **out);
TG_MUST_USE enum tg_err wallet_data_make_key(struct tg_share *share,
                                             EVP_PKEY **out);

#endif

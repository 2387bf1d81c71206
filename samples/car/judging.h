/* Whether a vehicle does what a key asks for. */
#ifndef CAR_JUDGING_H
#define CAR_JUDGING_H

#include <openssl/x509.h>

#include "device_key.h"
#include "entitlements.h"
#include "knowledge.h"
#include "members.h"
#include "moment.h"
#include "refusal.h"
#include "state.h"

/* Who judges; everything is borrowed. */
struct judge {
    const struct state *state;
    const char *vehicle;
    X509 *root;
    struct knowledge *knowledge;
    moment pretend; /* 0: the clock */
};

/* What a key has asked for. */
struct request {
    enum entitlement action;
    struct text nonce;                /* base64 */
    char key[DEVICE_KEY_FINGERPRINT]; /* "" while not known */
};

/* Judge the answer to a challenge. The maker is asked when nothing else is
 * wrong, and uses are counted at the very end.
 *
 *   request   its `key` is set as soon as it is known
 *   *why      set on TG_OK
 *
 * Errors: those of uses_count(); do nothing for the key.
 */
TG_MUST_USE enum tg_err judging_judge(const struct judge *judge,
                                      struct request *request,
                                      const struct members *answer,
                                      enum refusal *why);

#endif

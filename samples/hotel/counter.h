/* The desk as others reach it: the calls of its HTTPS service.
 *
 *   POST /v1/tokens     a guest asks for a token to give away
 *   POST /v1/redeem     a device redeems it for a key: exactly one does
 *   POST /v1/cancel     who booked takes the token, or the key, back
 *   POST /v1/decline    who has the token does not want it
 *   GET  /v1/cancelled  a door asks which keys were cancelled
 *
 * Each decision is one transaction, on the disk before it is answered.
 * Member by member: docs/formats.md.
 */
#ifndef HOTEL_COUNTER_H
#define HOTEL_COUNTER_H

#include "device_key.h"
#include "ledger.h"
#include "service.h"

enum { COUNTER_TOKENS_MAX = 16 }; /* of one booking, not cancelled */

struct counter {
    struct ledger *ledger;
    EVP_PKEY *key;             /* what keys are signed with */
    const char *token_secret;  /* what tokens are derived with */
};

/* A service_handler; `self` is a struct counter. */
unsigned counter_answer(void *self, const struct service_request *request,
                        struct members *answer);

#endif

/* What the first guest's device must remember of a share: the invitation, and
 * what shows the desk that it may ask. Written down before the desk is asked,
 * with an identifier of the request, so that asking again asks for the same. */
#ifndef HOTEL_PLAN_H
#define HOTEL_PLAN_H

#include "invitation.h"
#include "secret.h"

struct plan {
    struct invitation what;             /* its token is empty before */
    char booking[STAY_CODE_LEN + 1];
    char request[SECRET_ID_LEN + 1];
    struct text secret;                 /* of the booking */
};

/* Wipes. */
void plan_done(struct plan *plan);

/* TG_E_NOMEM. */
TG_MUST_USE enum tg_err plan_format(const struct plan *plan,
                                    struct text *out);

/* TG_E_FORMAT, TG_E_NOMEM. Released with plan_done(). */
TG_MUST_USE enum tg_err plan_parse(struct tg_span json, struct plan *out);

/* What `desk book` has written: booking, secret and stay are set. Errors as
 * plan_parse(). */
TG_MUST_USE enum tg_err plan_read_booking(struct tg_span json,
                                          struct plan *out);

#endif

/* Where plans are kept: with their share, or before there is one, in the
 * wallet itself. */
#ifndef HOTEL_PLAN_STORE_H
#define HOTEL_PLAN_STORE_H

#include "plan.h"
#include "wallet_data.h"

/* Plans that are found are released with plan_done(). TG_E_NOT_FOUND, and
 * otherwise the errors of a wallet. */

/* Of a share. */
TG_MUST_USE enum tg_err plan_store_of_share(struct tg_share *share,
                                            struct plan *out);

/* Of the share that is about to be made: one at a time. */
TG_MUST_USE enum tg_err plan_store_get(struct guest *guest, struct plan *out);
TG_MUST_USE enum tg_err plan_store_put(struct guest *guest,
                                       const struct plan *plan);
TG_MUST_USE enum tg_err plan_store_remove(struct guest *guest);

/* The share of that name that this device has made, and its plan. One without
 * a plan is of a run that died before the relay was told: nobody can know it,
 * so it is forgotten. */
TG_MUST_USE enum tg_err plan_store_find(struct guest *guest, const char *name,
                                        struct tg_share **out,
                                        struct plan *plan);

#endif

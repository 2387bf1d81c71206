/* A run whose scalar is known: for the draft's vectors. */
#ifndef CLIENT_PAKE_H
#define CLIENT_PAKE_H

#include <tigress/pin.h>

#include "client/cpace.h"

/* As tg_pake_begin(), for any password and with this scalar, which is used
 * once. Errors but TG_E_FORMAT and TG_E_RANDOM. */
TG_MUST_USE enum tg_err pake_begin(enum tg_role role,
                                   const struct cpace_inputs *in,
                                   struct tg_span associated,
                                   const struct group_scalar *scalar,
                                   struct tg_pake **out);

#endif

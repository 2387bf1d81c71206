/* What was offered, kept with a share on either side. */
#ifndef CAR_OFFER_H
#define CAR_OFFER_H

#include <tigress/tigress.h>

#include "messages.h"

/* The KeyCreationRequest of a share, kept with it on either side: `json` is its
 * content. Reading: TG_E_NOT_FOUND while there is none. */
TG_MUST_USE enum tg_err offer_keep(struct tg_share *share,
                                          struct tg_span json);
TG_MUST_USE enum tg_err offer_read(struct tg_share *share,
                                     struct key_creation_request *out);

#endif

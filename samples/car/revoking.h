/* Taking a key back at the maker's server, and telling it of a new one.
 *
 * What is to be told is on disk first: a device whose network is away tells it
 * later, when it is asked to go on.
 */
#ifndef CAR_REVOKING_H
#define CAR_REVOKING_H

#include "lending.h"

enum revoking { REVOKING_NONE, REVOKING_WANTED, REVOKING_DONE };

enum revoking revoking_state(struct tg_share *share);

/* A sentence about it. */
const char *revoking_text(struct tg_share *share);

/* Steps for a key that was lent: revoke it; do so if that was wanted and could
 * not be done. The latter says nothing and is REPORT_DONE when there is nothing
 * to do. */
lending_step revoking_revoke, revoking_retry;

/* The same for a key that this device was lent: its own. */
int revoking_drop(const struct device *device, struct report *report,
                  struct tg_share *share);

/* A key that this device was lent, and the maker's server: whether it is known
 * there, and telling it. Without a server that was set up there is nothing to
 * tell. */
enum revoking_registered {
    REVOKING_NO_SERVER,
    REVOKING_UNREGISTERED,
    REVOKING_REGISTERED,
    REVOKING_NOT_ACCEPTED
};
enum revoking_registered revoking_registered(const struct device *device,
                                             struct tg_share *share);

/* TG_OK; TG_E_REFUSED; others: it is to be told again later. *sentence is for a
 * person. */
TG_MUST_USE enum tg_err revoking_register(const struct device *device,
                                          struct tg_share *share,
                                          const char **sentence);

#endif

/* Taking a key back at the maker's server, and telling it of a new one.
 *
 * What is to be told is on disk first: a device whose network is away tells it
 * later, when it is asked to go on. A key that was signed for a share which its
 * owner then calls off, or which ends because the other device asks for
 * something else, is to be revoked, too: that device may have fetched it.
 */
#ifndef CAR_REVOKING_H
#define CAR_REVOKING_H

#include "lending.h"

enum revoking { REVOKING_NONE, REVOKING_WANTED, REVOKING_DONE };

/* Of a key that was lent to this device. */
enum revoking revoking_state(struct tg_share *share);

/* Of one that was lent here. */
enum revoking revoking_lent_state(const struct lending *lending,
                                  struct tg_share *share);

/* A sentence about it; with REVOKING_NONE "". */
const char *revoking_text(const struct device *device,
                          enum revoking revoking);

/* A step for a key that was lent: revoke it. */
lending_step revoking_revoke;

/* Revoke it if that is wanted and not done. Says nothing; the exit status that
 * it means: REPORT_DONE also when there is nothing to do, and without a server
 * that was set up.
 *
 *   *trouble   a sentence about what is in the way; "" with REPORT_DONE
 */
int revoking_retry(struct lending *lending, struct tg_share *share,
                   const char **trouble);

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

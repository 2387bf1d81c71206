/* The owner's device answers a friend's: judges the KeySigningRequest, signs
 * the key once, and sends the KeyImportRequest. */
#ifndef CAR_ANSWERING_H
#define CAR_ANSWERING_H

#include "lending.h"

/* A step for lending_each(): whatever comes next in this share. Returns the
 * exit status. A request that is not what was offered ends the share. */
int answering_continue(struct lending *lending, struct report *report,
                       struct tg_share *share);

#endif

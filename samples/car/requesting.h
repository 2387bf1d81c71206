/* The friend's device asks for the key: it reads what is offered, wants the PIN
 * of a person, and sends the KeySigningRequest with the proof that it has it.
 *
 * At most MESSAGES_ATTEMPTS requests a share: who pretends to be the owner gets
 * no more guesses at the PIN than a stranger does. The run of each is on disk
 * before it is sent; a command that is given again asks for no PIN twice.
 */
#ifndef CAR_REQUESTING_H
#define CAR_REQUESTING_H

#include "borrowing.h"
#include "messages.h"

/* What has been asked so far: 0, or the attempt of the last request. */
unsigned requesting_attempt(struct tg_share *share);

/* Answer the offer (attempt 1), or the owner's device that wants the PIN once
 * more. `other` is its CPace share. Returns the exit status: REPORT_PIN when
 * there is no PIN here yet. */
int requesting_answer(struct borrowing *borrowing, struct report *report,
                      struct tg_share *share,
                      const struct key_creation_request *offer,
                      unsigned attempt,
                      const uint8_t other[static TG_PAKE_SHARE_LEN]);

#endif

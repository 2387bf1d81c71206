/* The first reading of a share that was received: it takes the recipient's
 * place (R-READ-2), and what cannot be used is left for another device. */
#ifndef CLI_FIRST_H
#define CLI_FIRST_H

#include "deliver.h"

/* Read the share and deliver what it holds. After a failure
 *
 *   - a share that belongs to another device, or is gone, leaves the wallet;
 *   - one that does not open, is of a kind that is not known here, or is in the
 *     middle of a conversation with another device (R-PAY-1), is given back to
 *     the relay (§11) and leaves the wallet;
 *   - any other stays, to be read again.
 *
 * A share that has delivered something before always stays. */
int first_read(struct session *s, struct deliver *d, struct tg_share *share);

#endif

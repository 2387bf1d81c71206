/* Something for every share of the wallet. */
#ifndef CLI_EACH_H
#define CLI_EACH_H

#include "session.h"

/* Call `visit` with each share, opened for it, oldest first, whatever the
 * earlier calls gave. Gives the first exit status that was not STATUS_DONE. */
int each_share(struct session *s,
               int (*visit)(struct session *s, struct tg_share *share,
                            void *self),
               void *self);

#endif

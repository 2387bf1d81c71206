/* The share URL of a share, printed on purpose: the only place where a secret
 * leaves this program (R-URL-1). */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include "session.h"

/* Print the link as one event named `event`, and for people, if `qr`, its QR
 * code below it. */
int link_print(struct session *s, const struct tg_share *share,
               const char *event, bool qr);

/* The same for a share that was just made: say so, and until when it lasts. */
int link_announce(struct session *s, const struct tg_share *share,
                  const char *event, bool qr);

#endif

/* How a share begins: what is offered, the link, and the PIN. */
#ifndef CAR_INVITING_H
#define CAR_INVITING_H

#include "lending.h"

/* What a person wants to share. The vehicle is that of the key. */
struct inviting_offer {
    const char *name;
    struct grant grant;
    bool from_given;  /* false: a default, and may differ from that of the */
    bool until_given; /* same share, begun earlier */
    const char *url_file; /* where to write the link; NULL: it is reported */
    const char *pin_file; /* the same for the PIN, with mode 0600 */
};

/* Share the key `source` (lending_load), or go on with the share of that name.
 * The PIN and the first run are on disk before the relay is told anything.
 * Returns the exit status. */
int inviting_share(struct device *device, struct report *report,
                   int64_t source, const struct inviting_offer *offer);

#endif

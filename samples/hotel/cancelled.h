/* Which keys were cancelled, as far as a door knows: asked of the desk when it
 * can be reached, and kept on disk for when it cannot. */
#ifndef HOTEL_CANCELLED_H
#define HOTEL_CANCELLED_H

#include <stdbool.h>

#include "state.h"

enum { CANCELLED_PAUSE_SECONDS = 30 }; /* after a desk that did not answer */

struct cancelled;

/* What is on disk.
 *
 *   state   borrowed; must outlive it
 *   url     of the desk, or NULL: it is never asked
 *   ca      file that says who certifies the desk
 *   secret  the door's own, for the desk; borrowed
 *
 * TG_E_FORMAT (no such URL; the file is damaged), TG_E_IO, TG_E_NOMEM.
 * Released with cancelled_free().
 */
TG_MUST_USE enum tg_err cancelled_load(const struct state *state,
                                       const char *url, const char *ca,
                                       const char *secret,
                                       struct cancelled **out);
void cancelled_free(struct cancelled *cancelled);

/* Ask the desk, unless it did not answer a moment ago. What was known stays
 * when it cannot be reached. */
void cancelled_ask(struct cancelled *cancelled);

bool cancelled_has(const struct cancelled *cancelled, const char *serial);

#endif

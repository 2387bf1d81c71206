/* The first guest's steps: ask the desk for a token, and put it into a mailbox.
 * (calling_off.h takes it back.) Each writes down what it is about to do before
 * it tells anybody, so the same command again goes on where the last one ended.
 */
#ifndef HOTEL_GIVING_H
#define HOTEL_GIVING_H

#include "plan.h"
#include "wallet_data.h"

/* What the command line asks for. */
struct giving_wish {
    const char *name;
    const char *doors; /* or NULL: all that were booked */
    const char *from;  /* or NULL: as booked; of the right form otherwise */
    const char *until;
};

/* Share; the URL goes to `url_file`, or with NULL is what is printed. `booking`
 * is what `desk book` has written. Returns the exit status, as all here. */
int giving_share(struct guest *guest, struct report *report,
                 struct tg_span booking, const struct giving_wish *wish,
                 const char *url_file);

/* Complete what was begun and not finished, if there is anything. */
int giving_continue_plan(struct guest *guest, struct report *report);

/* One share that this device has made: go on; say what became of it. */
int giving_continue(struct guest *guest, struct report *report,
                    struct tg_share *share);
int giving_status(struct guest *guest, struct report *report,
                  struct tg_share *share);

#endif

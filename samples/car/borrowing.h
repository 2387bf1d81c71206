/* The keys and invitations of a friend's device.
 *
 * Each step may be interrupted anywhere and started again. What this device
 * asks with (its key, its run for a PIN) is on disk before it asks.
 */
#ifndef CAR_BORROWING_H
#define CAR_BORROWING_H

#include "identity.h"

#define BORROWING_ROOT_FILE "root.pem"

struct borrowing {
    struct device device;
    STACK_OF(X509) *roots; /* the vehicle maker's */
    const char *pin_file;  /* where the PIN is; NULL: asked at a terminal */
    int64_t chosen;        /* the share that a command is for; 0: every one */
};

/* Something to do with one share. Returns the exit status. */
typedef int borrowing_step(struct borrowing *borrowing, struct report *report,
                           struct tg_share *share);

/* TG_E_NOT_FOUND when the device is not set up. The wallet may want its
 * passphrase first. */
TG_MUST_USE enum tg_err borrowing_open(const char *path,
                                       struct borrowing *out);
void borrowing_close(struct borrowing *borrowing);

/* Accept an invitation and go as far as is possible now. This and the next
 * three return the exit status. */
int borrowing_accept(struct borrowing *borrowing, struct report *report,
                     struct tg_span url);

/* Whatever comes next, in every share that is going on: those that were
 * accepted here, and those that were begun here. */
int borrowing_continue(struct borrowing *borrowing, struct report *report);

/* One line for each share. */
int borrowing_status(struct borrowing *borrowing, struct report *report);

/* A share has ended, here or there: say how, and keep that. */
borrowing_step borrowing_conclude;

/* Do `step` on the chosen share, which must have been accepted here. */
int borrowing_one(struct borrowing *borrowing, struct report *report,
                  borrowing_step *step);

#endif

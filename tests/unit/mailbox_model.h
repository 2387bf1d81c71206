/* A model of the relay, which tests compare answers with.
 *
 * It keeps no state of any mailbox: only the history of what was changed, of
 * all of them. Each sentence of PROTOCOL §5 is then a question to the history
 * ("who was the last to read first, and has not relinquished since?"), which
 * is another way to say it than the core's, so that both are unlikely to be
 * wrong in the same way. No code is shared with the core: names alone are.
 *
 * Whatever a device sends is a number here: what bytes stand for it is the
 * test's business. Mailboxes are numbered from 0 as they were created.
 */
#ifndef UNIT_MAILBOX_MODEL_H
#define UNIT_MAILBOX_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "relay/mailbox.h"

enum model_call {
    MODEL_CREATE,
    MODEL_DISPLAY,
    MODEL_READ,
    MODEL_UPDATE,
    MODEL_DELETE,
    MODEL_RELINQUISH
};

/* MODEL_MOST: so many changes are remembered. */
enum { MODEL_MOST = 2048, MODEL_CLAIMS = 5, MODEL_OUTCOMES = 10 };
enum { MODEL_NO_MAILBOX = -1, MODEL_ANY = -1 };

struct model_step {
    enum model_call call;
    int mailbox; /* not for create; MODEL_NO_MAILBOX: one that never was */
    int claim;
    int id;
    int data;         /* the payload; on create also what is displayed */
    int token;        /* 0: none given; odd ones are of a configured type */
    bool body_fine;
    bool device_fine; /* create */
    bool waited;      /* read: it is not for the first time (§13) */
    int etags[2];     /* If-Match, If-None-Match; 0: none, MODEL_ANY: `*` */
    int rights;       /* create */
    enum expiration_choice choice; /* create */
    tg_time_s expiration;          /* create, as the choice says */
    tg_time_s now;
};

/* What is not said of a call is 0. */
struct model_answer {
    enum relay_outcome outcome;
    int mailbox;       /* create: whose link is answered */
    int version;       /* read, update */
    int data;          /* read, unless it is unchanged */
    int displayed;     /* display, read: the data of the create */
    tg_time_s expires; /* create, display, read */
    bool push;         /* create, read, update: isPushNotificationSupported */
    int rung;          /* the token that is rung, if any (R-UPD-2) */
    bool wakes;        /* who waits is to look, … */
    bool ends_waits;   /* … and to wait no more (decision 16) */
    bool changes;      /* something is to be saved */
    bool binds;        /* it is a first read; not compared */
};

struct model {
    tg_time_s lifetime_default;
    tg_time_s lifetime_max;
    int mailboxes; /* that were created so far */
    size_t count;
    struct {
        struct model_step step;
        struct model_answer answer;
    } done[MODEL_MOST]; /* what has changed something, in order */
};

/* What PROTOCOL says that is answered now. */
struct model_answer model_answer(const struct model *m,
                                 const struct model_step *s);

/* It was answered like that. */
void model_remember(struct model *m, const struct model_step *s,
                    const struct model_answer *a);

/* When a mailbox is over; 0: there never was such a one. */
tg_time_s model_expires(const struct model *m, int mailbox);

/* How many rows a store holds when all that is over has been swept: R-DEL-1
 * and D4 leave a live mailbox, and a live memory of a create. */
size_t model_rows(const struct model *m, tg_time_s now);

/* What is not the same in two answers, for a message; NULL: nothing. */
const char *model_difference(const struct model_answer *a,
                             const struct model_answer *b);

/* Step and answer in one line. Valid until the next. */
const char *model_line(const struct model_step *s,
                       const struct model_answer *a);

/* The step's etags as the core takes them. */
struct etag_condition model_condition(const struct model_step *s);

/* ---- what devices may come up with ------------------------------------- */

/* 0 … bound - 1 */
int model_below(unsigned *seed, int bound);

/* Anything, about that mailbox; or what was done a while ago, to whichever it
 * was, once more, perhaps with another body. */
struct model_step model_random_step(const struct model *m, unsigned *seed,
                                    int mailbox, tg_time_s now);

/* $TIGRESS_SEED, else one by the clock; *is_given tells which. */
unsigned model_first_seed(bool *is_given);

#endif

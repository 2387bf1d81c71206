/* How a share has ended, kept with it, and in words. */
#ifndef CAR_ENDING_H
#define CAR_ENDING_H

#include <tigress/tigress.h>

enum ending {
    ENDING_NONE,      /* it goes on */
    ENDING_CLOSED,    /* the key was signed, the other side has ended it */
    ENDING_DECLINED,  /* the friend did not want it */
    ENDING_EXPIRED,   /* its time was over, the key was not signed */
    ENDING_UNCLEAR,   /* its time was over, the key was signed */
    ENDING_CANCELLED, /* the owner has called it off */
    ENDING_REFUSED,   /* the friend's device asked for something else */
    ENDING_PIN,       /* three wrong PINs */
    ENDING_BROKEN,    /* what the owner's device sent was not as agreed */
    ENDING_FAILED     /* the relay would not make the mailbox */
};

/* Durable on return. The first one stays: keeping another changes nothing. */
TG_MUST_USE enum tg_err ending_keep(struct tg_share *share,
                                    enum ending ending);

/* What was kept; ENDING_NONE also when it cannot be read. */
enum ending ending_get(struct tg_share *share);

/* A stable short name such as "declined", for --json. */
const char *ending_name(enum ending ending);

/* A sentence for the device that lends, and for the one that borrows. */
const char *ending_text_lent(enum ending ending);
const char *ending_text_borrowed(enum ending ending);

#endif

/* The friend's device takes the key that the owner's has signed. */
#ifndef CAR_IMPORTING_H
#define CAR_IMPORTING_H

#include "borrowing.h"
#include "refusal.h"

/* Judge a KeyImportRequest and keep its chain. What is not as agreed ends the
 * share. Returns the exit status. */
int importing_take(struct borrowing *borrowing, struct report *report,
                   struct tg_share *share, struct tg_span content);

/* The key is here: delete the mailbox, and tell the maker, each unless done. */
int importing_finish(struct borrowing *borrowing, struct report *report,
                     struct tg_share *share);

/* What the owner's device sent is wrong: the share ends, and it learns that. */
int importing_refuse(struct borrowing *borrowing, struct report *report,
                     struct tg_share *share, enum refusal why);

#endif

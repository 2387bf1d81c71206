/* The other guest's steps: read the invitation, remove the mailbox, redeem the
 * token. What was learned is in the wallet before the next step; any step may
 * be repeated. */
#ifndef HOTEL_TAKING_H
#define HOTEL_TAKING_H

#include "room_key.h"
#include "wallet_data.h"

/* Accept, or decline, the invitation `url`. Return the exit status. */
int taking_accept(struct guest *guest, struct report *report,
                  struct tg_span url);
int taking_decline(struct guest *guest, struct report *report,
                   struct tg_span url);

/* One share that this device has accepted: go on; say what became of it. */
int taking_continue(struct guest *guest, struct report *report,
                    struct tg_share *share);
int taking_status(struct guest *guest, struct report *report,
                  struct tg_share *share);

/* The key of a share: statement and signature, as the desk gave them.
 * TG_E_NOT_FOUND, and the errors of a wallet. Released with members_free(). */
TG_MUST_USE enum tg_err taking_room_key(struct tg_share *share,
                                        struct members **out);

#endif

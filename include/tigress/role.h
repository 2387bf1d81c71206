/* The two devices that a mailbox joins. */
#ifndef TIGRESS_ROLE_H
#define TIGRESS_ROLE_H

/* The numbers are stored in wallets and never change. */
enum tg_role {
    TG_INITIATOR = 1, /* made the mailbox: sender, owner device */
    TG_RECIPIENT = 2  /* got the share URL: receiver, friend device */
};

#endif

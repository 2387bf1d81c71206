/* What one guest sends another through the mailbox: a token, and what it is
 * good for. One message; member by member: docs/formats.md. */
#ifndef HOTEL_INVITATION_H
#define HOTEL_INVITATION_H

#include "partner.h"
#include "stay.h"

enum { INVITATION_NAME_MAX = 64 }; /* bytes */

struct invitation {
    char desk[PARTNER_URL_MAX + 1]; /* where it is redeemed */
    char name[INVITATION_NAME_MAX + 1];
    struct stay stay;
    struct text token;
};

/* Wipes. */
void invitation_done(struct invitation *invitation);

/* Whether a text can be the name of a share: 1 to 64 bytes, no control
 * characters. */
bool invitation_is_name(const char *name);

/* The content of the message. TG_E_NOMEM. */
TG_MUST_USE enum tg_err invitation_format(const struct invitation *invitation,
                                          struct text *out);

/* TG_E_UNKNOWN: another type, or a later version; TG_E_FORMAT, TG_E_NOMEM.
 * Released with invitation_done(). */
TG_MUST_USE enum tg_err invitation_parse(struct tg_span json,
                                         struct invitation *out);

#endif

/* The first guest takes a share back: token, key and mailbox. */
#ifndef HOTEL_CALLING_OFF_H
#define HOTEL_CALLING_OFF_H

#include "report.h"
#include "wallet_data.h"

/* The share of that name, at whatever step it is. Returns the exit status; the
 * same again goes on where this one ended. */
int calling_off(struct guest *guest, struct report *report, const char *name);

#endif

/* A guest's keys, at a door: challenge.h from the key's side. */
#ifndef HOTEL_OPENING_H
#define HOTEL_OPENING_H

#include "report.h"
#include "wallet_data.h"

/* Ask the door at the socket `path` to open. Returns the exit status. */
int opening_ask(struct guest *guest, struct report *report, const char *path);

#endif

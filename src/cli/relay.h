/* Relays, as the command line names them and as people are told of them. */
#ifndef CLI_RELAY_H
#define CLI_RELAY_H

#include "session.h"

enum { RELAY_NAME_SIZE = 300 };

/* "host:port" of that or of an address that was copied. False when it is
 * neither. */
bool relay_name(const char *text, char out[RELAY_NAME_SIZE]);

/* As session_fail(), for a call that may have made the share's mailbox: names
 * the limit of the relay that it failed at. */
int relay_fail(struct session *s, const struct tg_share *share,
               enum messages_about about, enum tg_err err);

#endif

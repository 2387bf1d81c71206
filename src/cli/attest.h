/* --attest: an authenticator in software that vouches for this device. */
#ifndef CLI_ATTEST_H
#define CLI_ATTEST_H

#include "session.h"

/* Open the authenticator of this directory, and make it if there is none. */
int attest_find(struct session *s, const char *directory);

/* Open the one that --attest names, if it does, for the session's client. */
int attest_open(struct session *s);

/* Fine when there is none, and twice; after the client was released. */
void attest_close(struct session *s);

#endif

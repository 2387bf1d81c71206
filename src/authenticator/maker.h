/* The maker of software authenticators: a test authority in a directory. */
#ifndef AUTHENTICATOR_MAKER_H
#define AUTHENTICATOR_MAKER_H

#include "authenticator/certificate.h"

struct maker {
    struct certificate_issuer issuer; /* owned */
    struct tg_buf root_path;          /* terminated */
};

/* As authenticator_open(). maker_done() follows, except after an error. */
TG_MUST_USE enum tg_err maker_open(const char *directory, struct maker *out);
void maker_done(struct maker *maker);

#endif

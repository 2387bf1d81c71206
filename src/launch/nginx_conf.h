/* The configuration of nginx that runs a relay, as text. A pure function of
 * what it is told. */
#ifndef LAUNCH_NGINX_CONF_H
#define LAUNCH_NGINX_CONF_H

#include "base/bytes.h"
#include "launch/options.h"

/* What options alone do not say; all paths absolute. */
struct nginx_conf_site {
    const char *state;
    const char *store;       /* directory */
    const char *tls_cert;    /* NULL with --insecure-loopback */
    const char *tls_key;
    const char *module;
    const char *user;        /* of the workers; NULL: as whoever starts it */
    const char *group;
    unsigned long open_files; /* the most that a process may have */
};

/* Append the text. TG_E_NOMEM. */
TG_MUST_USE enum tg_err nginx_conf_write(const struct options *options,
                                         const struct nginx_conf_site *site,
                                         struct tg_buf *out);

#endif

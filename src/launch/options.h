/* The command line of tigress-relay: one table for parsing, help and manual. */
#ifndef LAUNCH_OPTIONS_H
#define LAUNCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { OPTIONS_CONF_MOST = 64, OPTIONS_WORKERS_MOST = 512 };

/* Texts are borrowed from argv; NULL: not given and without a default. */
struct options {
    const char *listen;
    const char *workers;     /* a number, or "auto" */
    const char *state;
    const char *store;       /* "lmdb:DIR", "postgresql://..."; NULL: inside
                                the state directory */
    const char *tls_cert;
    const char *tls_key;
    const char *public_host;
    const char *push;        /* "unix:PATH TYPE..."; NULL: nobody is notified */
    const char *conf[OPTIONS_CONF_MOST];
    size_t conf_count;
    const char *module;
    const char *nginx;
    const char *user;
    bool insecure_loopback;
    bool migrate;
    bool help;
    bool version;
};

/* What is wrong with a command line. */
struct options_error {
    const char *problem; /* a literal that begins with a verb */
    const char *subject; /* an option or argument, from argv; may be NULL */
};

/* Fill *out with defaults and with what argv says. False: *error tells. */
bool options_parse(int argc, char *const argv[], struct options *out,
                   struct options_error *error);

/* Whether what was given fits together. False: *error tells. */
bool options_check(const struct options *options, struct options_error *error);

/* The same when --migrate is given, which needs no more than --store. */
bool options_check_migrate(const struct options *options,
                           struct options_error *error);

bool options_names_database(const struct options *options);

/* Whether `address` (HOST:PORT) can only be reached from this machine. */
bool options_is_loopback(const char *address);

/* Print each option with its help. */
void options_print_help(FILE *out);

#endif

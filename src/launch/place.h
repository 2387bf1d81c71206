/* What a relay needs of the machine before it starts: directories, files, a
 * user, a free port. Each function says on standard error what is wrong and
 * what to do, and returns false. */
#ifndef LAUNCH_PLACE_H
#define LAUNCH_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "launch/nginx_conf.h"
#include "launch/options.h"

struct place {
    char state[PATH_MAX];
    char store[PATH_MAX];
    char tls_cert[PATH_MAX];
    char tls_key[PATH_MAX];
    char module[PATH_MAX];
    char nginx[PATH_MAX];
    char user[64];
    char group[64];
    struct nginx_conf_site site; /* points into the above */
};

/* Find and make all of it. */
bool place_prepare(const struct options *options, struct place *out);

/* Say on standard error what is wrong, after the program's name. */
void place_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif

/* What stands behind the = in the configuration: one function for each kind of
 * value. *at is what the value becomes.
 *
 * TG_E_FORMAT: it is not what was expected. TG_E_NOMEM. Files also: TG_E_IO,
 * with `why` set to a sentence's end. */
#ifndef PUSH_CONFIG_VALUE_H
#define PUSH_CONFIG_VALUE_H

#include "base/bytes.h"
#include "push/guard.h"

enum { VALUE_HOST_MOST = 2 + 253 + 1 + 5 };

struct value {
    const char *text;
    const char *directory; /* of the configuration; ends with a slash */
    bool is_file;          /* out: it names one, which is `st` */
    enum guard_kind kind;
    struct stat st;
    char why[GUARD_WHY_MOST];
};

typedef enum tg_err value_reader(struct value *value, void *at);

/* char *: a copy. */
value_reader value_socket; /* a path that fits into an address */
value_reader value_group;  /* one that there is */
value_reader value_key;    /* a file that we can read and others cannot */
value_reader value_authorities; /* a file of certificates, PEM */
value_reader value_server; /* https://HOST[:PORT]; another one must be equal */
value_reader value_id;     /* 10 letters and digits */
value_reader value_contact; /* mailto:… or https://… */

value_reader value_queue;     /* size_t */
value_reader value_in_flight; /* size_t */
value_reader value_push_type; /* enum apns_push_type */
value_reader value_yes;       /* bool */

/* A host's name, or *.NAME, with :PORT or without; written in lower case into
 * `out`. */
bool value_host(struct tg_span text, char out[VALUE_HOST_MOST + 1]);
/* An app's bundle id. */
bool value_is_topic(const char *text);

TG_MUST_USE enum tg_err value_copy(struct tg_span text, char **out);

#endif

/* What a program says at its end: a sentence for a person, or with --json one
 * object for a machine, always on standard output; and the exit status.
 *
 *   {"result": "done"|"waiting"|"refused"|…, "message": sentence, …}
 */
#ifndef COMMON_REPORT_H
#define COMMON_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <tigress/error.h>

#include "members.h"

/* Exit statuses of all programs of the samples. */
enum report_exit {
    REPORT_DONE = 0,
    REPORT_FAILED = 1,  /* this machine: a file, memory, the crypto library */
    REPORT_USAGE = 2,   /* the command line, or a step that must come before */
    REPORT_REFUSED = 3, /* a check failed: nothing was done */
    REPORT_WAITING = 4, /* nothing new from the other side: again later */
    REPORT_TAKEN = 5,   /* the relay keeps this for another device */
    REPORT_OVER = 6,    /* the share has ended: used, cancelled or expired */
    REPORT_NETWORK = 7, /* the relay or the vehicle cannot be reached now */
    REPORT_PIN = 8,     /* goes on when a person gives the PIN */
    REPORT_PASSPHRASE = 9 /* not given, or not that of this device */
};

struct report {
    const char *program;
    bool as_json;
    bool verbose;
    struct members *members; /* what --json shows beside result and message */
};

/* "done", "refused", …: the `result` of --json. */
const char *report_exit_name(enum report_exit exit);

/* End with a sentence. Returns `exit`, for `return report_end(…)`. */
int report_end(struct report *report, enum report_exit exit,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

/* End with a refusal: the short name of the check that failed, and what that
 * means. */
int report_refused(struct report *report, const char *check,
                   const char *sentence);

/* End with a failure of the library or of this machine.
 *
 *   doing    what was tried, such as "reading the state directory"
 *   reason   shown with --verbose, as is the error's name; may be NULL
 */
int report_error(struct report *report, enum tg_err err, const char *doing,
                 const char *reason);

/* The status that an error means; what report_error() returns. */
enum report_exit report_exit_of(enum tg_err err);

#endif

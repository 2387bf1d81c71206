/* What tigress-push writes to standard error: sentences, and numbers of each
 * service when they have changed. No token, address, key or answer is in it;
 * only of a host whose certificate is wrong, the name. */
#ifndef PUSH_REPORT_H
#define PUSH_REPORT_H

#include "push/listen.h"
#include "push/sender.h"

/* What came in and did not get as far as a service. */
struct arrivals {
    uint64_t dropped; /* the queue was full, or the memory */
    uint64_t folded;
    uint64_t unknown; /* of a type that is not configured */
};

struct report {
    struct sender_counts services[QUEUE_SERVICES];
    struct arrivals arrivals;
    struct listener_counts listener;
};

/* One line, with our name before it. */
void report_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A configuration that is wrong: FILE:LINE: sentence. */
void report_problem(const char *path, const struct config_problem *problem,
                    enum tg_err err);

/* Say what has changed since *told, which becomes *now. Trouble is forgotten
 * in both. */
void report_counts(struct report *told, struct report *now, size_t waiting);

#endif

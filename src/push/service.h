/* A notification service, seen from the sender: it says what to post for a
 * doorbell, and what the answer means. It opens no connection and has no
 * clock; sender.c does the rest.
 *
 * One file a service: apns.c, fcm.c, webpush.c. All functions run in the one
 * thread of tigress-push.
 */
#ifndef PUSH_SERVICE_H
#define PUSH_SERVICE_H

#include "doorbell/doorbell.h"

enum { PUSH_HEADERS_MOST = 8, PUSH_ANSWER_MOST = 16 * 1024 };

/* One POST. Texts are NUL-terminated. Zeroed before use, released with
 * push_post_free(), which wipes: headers hold credentials. */
struct push_post {
    struct tg_buf url; /* https */
    struct tg_buf headers[PUSH_HEADERS_MOST]; /* "name: value" */
    size_t header_count;
    struct tg_buf body;      /* may be empty: then content-length: 0 */
    bool only_public;        /* R-PUSH-2: the address connected to must be */
    bool wants_connection;   /* a new one, not one that there is */
    const char *authorities; /* a file of CAs; NULL: the system's */
};

/* What came back. status 0: no answer at all, the connection failed, or the
 * time was over. */
struct push_answer {
    int status;
    struct tg_span body; /* its first PUSH_ANSWER_MOST bytes */
    int64_t retry_after; /* seconds; -1: not said */
};

enum push_verdict {
    PUSH_DELIVERED,
    PUSH_TOKEN_DEAD, /* R-PUSH-3: never again */
    PUSH_LATER,      /* after retry_after, or as the backoff says */
    PUSH_RECONNECT,  /* later too, over another connection */
    PUSH_NEXT_ROUTE, /* at once, with route + 1: another topic */
    PUSH_NEW_CREDENTIAL, /* at once, with a fresh one; at most once a bell */
    /* No use to try again: */
    PUSH_CREDENTIAL_REFUSED, /* a fresh one would be no better */
    PUSH_TOPIC_REFUSED, /* its topic is none, or not for this credential */
    PUSH_REFUSED        /* our fault or theirs */
};

struct push_service {
    const char *token_type; /* "com.apple.apns" */
    void *self;

    /* Fill *out for this doorbell. `route` counts from 0 and rises by
     * PUSH_NEXT_ROUTE.
     * TG_E_NOT_FOUND: no such route, the token is dead. TG_E_FORMAT: it is
     * not a token, likewise. TG_E_UNTRUSTED: its host is not on the list,
     * likewise. TG_E_STATE: a credential must be fetched first. */
    enum tg_err (*make)(void *self, const struct doorbell *bell,
                        unsigned route, tg_time_s now, struct push_post *out);
    enum push_verdict (*judge)(void *self, const struct doorbell *bell,
                               unsigned route,
                               const struct push_answer *answer);

    /* The topic of a route, which stands in the configuration; NULL: the
     * service has none. */
    const char *(*topic)(void *self, unsigned route);

    /* NULL for both: credentials are made, not fetched. Else the POST that
     * fetches one, and what its answer brings: TG_OK, TG_E_PROTOCOL (an answer
     * that is none), TG_E_REFUSED (the credential is not accepted). */
    enum tg_err (*ask)(void *self, tg_time_s now, struct push_post *out);
    enum tg_err (*take)(void *self, const struct push_answer *answer,
                        tg_time_s now);

    /* What was made from a credential is stale: make or fetch another. */
    void (*renew)(void *self);
    void (*close)(void *self);
};

/* A status that says: not now. No answer at all, 429, and what is the service's
 * own trouble. */
bool push_is_passing(int status);

void push_post_free(struct push_post *post);
/* printf-formatted "name: value". TG_E_LIMIT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err push_post_header(struct push_post *post,
                                         const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

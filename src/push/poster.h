/* The connections to one service: posts over HTTP/2, many at a time on one
 * connection, with libcurl.
 *
 * https alone, no redirects, no proxies of the environment; time limits; the
 * address connected to is checked where the post wants it (R-PUSH-2).
 */
#ifndef PUSH_POSTER_H
#define PUSH_POSTER_H

#include "push/loop.h"
#include "push/service.h"

struct poster;

/* How a post ended; borrowed for the call. */
struct post_end {
    struct push_answer answer;
    const char *trouble; /* why there is no answer; NULL: there is */
    bool is_forbidden;   /* the address was not public */
};

/* Tells what became of a post; NULL: it was given up by poster_free(). It sends
 * nothing itself. */
typedef void poster_done(void *self, void *about, const struct post_end *end);

/* Before the first and after the last poster. TG_E_NOMEM. */
TG_MUST_USE enum tg_err poster_library_open(void);
void poster_library_close(void);

/* NULL: no memory. `loop` must outlive it. */
struct poster *poster_new(struct loop *loop, size_t most, poster_done *done,
                          void *self);
/* NULL is fine. What is under way is given up. */
void poster_free(struct poster *poster);

/* Send; *post is emptied. TG_E_NOMEM: it was not sent. */
TG_MUST_USE enum tg_err poster_send(struct poster *poster,
                                    struct push_post *post, void *about);

/* When poster_run() is to be called at the latest; -1: not by a clock. */
tg_mono_ms poster_due(const struct poster *poster);
void poster_run(struct poster *poster, tg_mono_ms now);

#endif

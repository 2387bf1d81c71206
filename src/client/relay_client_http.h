/* HTTPS exchanges, one at a time for each `struct http`, several of which can
 * be waited for at once. Only this and relay_client_loop.c know libcurl. */
#ifndef CLIENT_RELAY_CLIENT_HTTP_H
#define CLIENT_RELAY_CLIENT_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    HTTP_BODY_MAX = 256 * 1024, /* of an answer */
    HTTP_HEAD_MAX = 32 * 1024,
    HTTP_ETAG_MAX = 128,
    HTTP_TYPE_MAX = 128,
    HTTP_REASON_MAX = 256
};

struct http;

/* Everything is borrowed for the call. */
struct http_request {
    const char *method;
    const char *url;            /* must not hold a fragment */
    const char *const *headers; /* "Name: value", ended by NULL */
    struct tg_span body;        /* sent as JSON when not empty */
    const char *ca_file;        /* NULL: the system's */
    int64_t timeout_ms;         /* connection included … */
    int64_t held_ms;            /* … and how long the answer may be held */
    size_t body_max;            /* of the answer; 0: HTTP_BODY_MAX */
};

struct http_response {
    int status;
    int64_t retry_after_s;      /* -1: none that is a number of seconds */
    int64_t waited_s;           /* Preference-Applied: wait=…; -1: none */
    int64_t keep_s;             /* Cache-Control: 0 not at all; -1: not said */
    char type[HTTP_TYPE_MAX + 1];
    char etag[HTTP_ETAG_MAX + 1];
    struct tg_buf body;
};

/* TG_E_NETWORK (the library cannot be used), TG_E_NOMEM. */
TG_MUST_USE enum tg_err http_new(struct http **out);
void http_free(struct http *http);

/* Close what is open, so that the next request comes on a new connection. */
void http_forget_connection(struct http *http);

/* Begin to ask. http_end() or http_abandon() follows, except after an error.
 *
 *   request     its body is borrowed until then
 *   *response   the same; the caller frees response->body, also after an
 *               error
 *
 * TG_E_NETWORK (the library cannot be used), TG_E_NOMEM.
 */
TG_MUST_USE enum tg_err http_begin(struct http *http,
                                   const struct http_request *request,
                                   struct http_response *response);

/* Whether http_end() can be called. */
bool http_is_over(const struct http *http);

/* Give what came of it, whatever the status.
 *
 *   reason   written on error: the library's words
 *
 * Errors: TG_E_NETWORK, TG_E_TLS; TG_E_PROTOCOL for what is no HTTP, or
 * larger than the limits; TG_E_NOMEM.
 */
TG_MUST_USE enum tg_err http_end(struct http *http,
                                 char reason[HTTP_REASON_MAX + 1]);

/* Leave it: the connection is closed. */
void http_abandon(struct http *http);

enum http_news {
    HTTP_ON,          /* some have gone on; or the time is up */
    HTTP_STOPPED,     /* stop_fd can be read */
    HTTP_INTERRUPTED, /* by a signal handler */
    HTTP_FAILED       /* no memory */
};

/* Carry these on, all of them begun, and sleep until there is something to do.
 *
 *   stop_fd      polled, never read; -1: none
 *   timeout_ms   the longest time to sleep; negative: no limit
 */
enum http_news http_wait(struct http *const *all, size_t count, int stop_fd,
                         int64_t timeout_ms);

/* Ask and read the whole answer: the three together. TG_E_NETWORK also when
 * stop_fd was readable before it was there. */
TG_MUST_USE enum tg_err http_exchange(struct http *http,
                                      const struct http_request *request,
                                      int stop_fd,
                                      struct http_response *response,
                                      char reason[HTTP_REASON_MAX + 1]);

#endif

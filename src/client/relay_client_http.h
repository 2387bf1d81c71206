/* One HTTPS exchange. The only place that knows libcurl. */
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
    int64_t timeout_ms;
};

struct http_response {
    int status;
    int64_t retry_after_s;      /* -1: none that is a number of seconds */
    char type[HTTP_TYPE_MAX + 1];
    char etag[HTTP_ETAG_MAX + 1];
    struct tg_buf body;
};

/* TG_E_NETWORK (the library cannot be used), TG_E_NOMEM. */
TG_MUST_USE enum tg_err http_new(struct http **out);
void http_free(struct http *http);

/* Close what is open, so that the next request comes on a new connection. */
void http_forget_connection(struct http *http);

/* Ask and read the whole answer, whatever its status.
 *
 *   *response   the caller frees response->body, also after an error
 *   reason      written on error: the library's words
 *
 * Errors: TG_E_NETWORK, TG_E_TLS; TG_E_PROTOCOL for what is no HTTP, or
 * larger than the limits; TG_E_NOMEM.
 */
TG_MUST_USE enum tg_err http_exchange(struct http *http,
                                      const struct http_request *request,
                                      struct http_response *response,
                                      char reason[HTTP_REASON_MAX + 1]);

#endif

/* The HTTPS services that a sample talks to besides the relay: JSON objects out
 * and in, over libcurl. */
#ifndef COMMON_WEB_H
#define COMMON_WEB_H

#include <tigress/error.h>

#include "members.h"

enum {
    WEB_CONNECT_SECONDS = 2,
    WEB_SECONDS = 10,              /* a whole call */
    WEB_SHORT_SECONDS = 3,         /* a whole call while somebody waits */
    WEB_URL_MAX = 255,             /* bytes */
    WEB_ANSWER_MAX = 1024 * 1024   /* bytes */
};

struct web;

/* A server.
 *
 *   url      "https://host[:port]", without a path
 *   ca_file  who certifies it, PEM; NULL: the system's list
 *   *out     set on TG_OK; released with web_free()
 *
 * TG_E_FORMAT (no https URL of that form), TG_E_NOMEM. No network.
 */
TG_MUST_USE enum tg_err web_new(const char *url, const char *ca_file,
                                struct web **out);
void web_free(struct web *web);

/* From now on a call takes WEB_SHORT_SECONDS at most. */
void web_hurry(struct web *web);

/* Call it.
 *
 *   method  "GET" or "POST"
 *   path    from the first slash on
 *   bearer  for `Authorization: Bearer`, or NULL
 *   body    or NULL: none
 *   *status, *answer   set on TG_OK: any status that has a JSON object; the
 *           answer is released with members_free()
 *
 * Errors: TG_E_NETWORK (no connection, or it broke, or time ran out), TG_E_TLS
 * (its certificate does not convince: nothing was sent), TG_E_BUSY (503),
 * TG_E_PROTOCOL (an answer that is no JSON object, or too long), TG_E_NOMEM.
 * Redirects are not followed.
 */
TG_MUST_USE enum tg_err web_call(struct web *web, const char *method,
                                 const char *path, const char *bearer,
                                 const struct members *body, unsigned *status,
                                 struct members **answer);

/* Technical text about the last error, for --verbose; never NULL. */
const char *web_reason(const struct web *web);

#endif

/* A small HTTPS service of a sample, over libmicrohttpd: JSON objects in and
 * out, one call at a time, so that a handler needs no locks. Neither calls nor
 * addresses are logged. */
#ifndef COMMON_SERVICE_H
#define COMMON_SERVICE_H

#include <tigress/error.h>

#include "members.h"
#include "report.h"
#include "state.h"

enum {
    SERVICE_BODY_MAX = 64 * 1024,  /* more: 413 */
    SERVICE_CONNECTIONS_MAX = 256,
    SERVICE_SECONDS = 10,          /* for a connection, which is one call */
    SERVICE_STOP_SECONDS = 3       /* for what is under way at the end */
};

#define SERVICE_CERTIFICATE_FILE "tls.pem"
#define SERVICE_KEY_FILE         "tls.key"

struct service_request {
    const char *method;           /* "GET", "POST" */
    const char *path;             /* as it was sent, without a query */
    const char *bearer;           /* of `Authorization: Bearer`, or NULL */
    const struct members *body;   /* of a POST; NULL: it has none */
};

/* Answer a call: set members of `answer` and return the status. What is wrong
 * is told by the members `check` and `message`: service_refuse(). */
typedef unsigned service_handler(void *self,
                                 const struct service_request *request,
                                 struct members *answer);

/* Returns `status`. */
unsigned service_refuse(struct members *answer, unsigned status,
                        const char *check, const char *message);

/* Make a key and a certificate for the names 127.0.0.1, ::1 and localhost, and
 * for `host` (or NULL), unless they are there: SERVICE_KEY_FILE (0600) and
 * SERVICE_CERTIFICATE_FILE. The certificate is its own authority: give it to
 * whoever is to trust the service.
 * TG_E_FORMAT when `host` is no name and no address; TG_E_CRYPTO, TG_E_IO,
 * TG_E_FULL. */
TG_MUST_USE enum tg_err service_make_certificate(const struct state *state,
                                                 const char *host);

/* Serve at `listen` ("127.0.0.1:8444", "[::1]:8444"; port 0: any free) until
 * SIGTERM or SIGINT; TLS 1.2 and 1.3 alone. Prints
 * `ready https://HOST:PORT ca=PATH` when it serves. Returns the exit status;
 * calls that are under way are answered first. A body that is no JSON object
 * is answered 400 without asking the handler, a method other than GET and POST
 * 405. */
int service_run(const struct state *state, struct report *report,
                const char *listen, service_handler *handler, void *self);

#endif

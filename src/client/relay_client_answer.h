/* Reading what a relay answered. The relay may be hostile: whatever is not
 * exactly what PROTOCOL §5 says is TG_E_PROTOCOL. */
#ifndef CLIENT_RELAY_CLIENT_ANSWER_H
#define CLIENT_RELAY_CLIENT_ANSWER_H

#include <tigress/relay_client.h>

#include "client/relay_client_http.h"

/* The calls. The numbers are stored in wallets and never change. */
enum relay_verb {
    RELAY_CREATE = 1,
    RELAY_READ = 2,
    RELAY_UPDATE = 3,
    RELAY_DELETE = 4,
    RELAY_RELINQUISH = 5
};

/* What a status means for this call: TG_OK when it was done. TG_E_BUSY is
 * also used for the other statuses that are worth another attempt. */
TG_MUST_USE enum tg_err relay_client_answer_verdict(enum relay_verb verb,
                                                    int status);

/* Whether an answer is of this media type, whatever its parameters. */
bool relay_client_answer_is(const struct http_response *response,
                            const char *type);

/* Read the answer of a call that was done.
 *
 *   relay   "host[:port]" that was asked: `urlLink` must lie there
 *   *what   set on TG_E_PROTOCOL: a constant that names what is wrong
 *
 * Errors: TG_E_PROTOCOL, TG_E_NOMEM.
 */
TG_MUST_USE enum tg_err
relay_client_answer_read(enum relay_verb verb, const char *relay,
                         const struct http_response *response,
                         struct tg_relay_answer **out, const char **what);

/* Where the answer of a create says that its mailbox is, when that is another
 * relay than `relay`: append "host[:port]", else nothing. TG_E_NOMEM. */
TG_MUST_USE enum tg_err
relay_client_answer_elsewhere(const struct http_response *response,
                              const char *relay, struct tg_buf *out);

/* The longest text of a problem document that is shown. */
enum { PROBLEM_TEXT_MAX = 160 };

/* Whether an answer is a problem document of this type (RFC 9457). */
bool relay_client_answer_is_problem(const struct http_response *response,
                                    const char *type);

/* Append the detail of a problem document, printable ASCII only; nothing when
 * it is none. TG_E_NOMEM. */
TG_MUST_USE enum tg_err
relay_client_answer_detail(const struct http_response *response,
                           struct tg_buf *out);

/* Append title and detail of a problem document (RFC 9457), printable ASCII
 * only; nothing when it is none. TG_E_NOMEM. */
TG_MUST_USE enum tg_err
relay_client_answer_problem(const struct http_response *response,
                            struct tg_buf *out);

#endif

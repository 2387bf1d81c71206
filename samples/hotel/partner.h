/* The hotel's desk, as a guest's device reaches it: counter.h from the other
 * side. What it refuses is told in our own words.
 *
 *   desk         its URL
 *   desk-ca.pem  who certifies it; absent: the system's list
 */
#ifndef HOTEL_PARTNER_H
#define HOTEL_PARTNER_H

#include "refusal.h"
#include "report.h"
#include "state.h"

enum { PARTNER_URL_MAX = 255 };

struct partner {
    char url[PARTNER_URL_MAX + 1];
    struct web *web;
};

/* Store which desk to trust. TG_E_FORMAT for what is no URL of one. */
TG_MUST_USE enum tg_err partner_set_up(const struct state *state,
                                       const char *url, const char *ca_file);

/* TG_E_NOT_FOUND when it was not. No network. */
TG_MUST_USE enum tg_err partner_open(const struct state *state,
                                     struct partner *out);
void partner_close(struct partner *partner);

/* Ask it.
 *
 *   bearer   of the booking, or NULL
 *   *why     set on TG_OK: REFUSAL_NONE, or what it refused for
 *   *answer  set on TG_OK; released with members_free()
 *
 * Errors: those of web_call(); TG_E_PROTOCOL also for another status.
 */
TG_MUST_USE enum tg_err partner_ask(struct partner *partner, const char *path,
                                    const char *bearer,
                                    const struct members *question,
                                    enum refusal *why,
                                    struct members **answer);

/* End with an error of partner_ask(), or with a refusal. */
int partner_error(const struct partner *partner, struct report *report,
                  enum tg_err err, const char *doing);
int partner_refused(struct report *report, enum refusal why);

#endif

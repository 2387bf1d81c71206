/* Where a browser's subscription wants to be rung: the one URL that comes from
 * clients (R-PUSH-2). */
#ifndef PUSH_SUBSCRIPTION_H
#define PUSH_SUBSCRIPTION_H

#include "base/bytes.h"

enum { SUBSCRIPTION_HOST_MOST = 253, SUBSCRIPTION_PORT_HTTPS = 443 };

/* An endpoint: https, no user information, no fragment, no address. */
struct subscription {
    char host[SUBSCRIPTION_HOST_MOST + 1]; /* in lower case; LDH labels */
    uint16_t port;
    struct tg_buf url;    /* written anew from its parts; terminated */
    struct tg_buf origin; /* https://host, :port unless 443; terminated */
};

/* Read tokenData: the base64 of the JSON of a PushSubscription, of which the
 * endpoint alone counts. TG_E_FORMAT, TG_E_NOMEM; *out is set on TG_OK alone
 * and then released with subscription_free(). Source: PROTOCOL §8. */
TG_MUST_USE enum tg_err subscription_parse(struct tg_span token_data,
                                           struct subscription *out);
void subscription_free(struct subscription *subscription);

/* Whether a word of the list of hosts is one: HOST or *.SUFFIX, each with
 * :PORT or without, which means 443. */
bool subscription_is_entry(const char *entry);

/* Whether this entry allows the subscription. *.SUFFIX stands for one label
 * or more before it. */
bool subscription_is_allowed(const struct subscription *subscription,
                             const char *entry);

#endif

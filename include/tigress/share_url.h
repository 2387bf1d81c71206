/* The share URL: where the mailbox is, and the secret that opens it.
 *
 *   https://{host}[:port]/v1/m/{mailbox}[?v={vertical}]#{secret}
 *
 * Whoever has all of it can take the credential. It is never sent to a relay,
 * logged, or put on a command line (R-URL-1). Source: PROTOCOL §10.
 */
#ifndef TIGRESS_SHARE_URL_H
#define TIGRESS_SHARE_URL_H

#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TG_SHARE_URL_MAX = 239,    /* characters: "under 240" */
    TG_SHARE_URL_PORT = 443    /* when the URL names none */
};

/* What the credential is for. A `v` that is not known counts as general and
 * is kept as it was written. The numbers are stored and never change. */
enum tg_vertical {
    TG_VERTICAL_GENERAL = 0, /* `v=a`, or none */
    TG_VERTICAL_HOME = 1,    /* `v=h` */
    TG_VERTICAL_CAR = 2      /* `v=c` */
};

enum tg_share_url_form {
    TG_WITHOUT_SECRET = 0, /* what a relay may see */
    TG_WITH_SECRET = 1     /* the invitation: for the other device alone */
};

struct tg_share_url;

/* Parse a whole share URL.
 *
 *   text   the URL and nothing else: no white space around it; the secret is
 *          base64 of 16 or 32 bytes, standard or URL-safe alphabet, padding
 *          optional
 *   *out   set on TG_OK; released with tg_share_url_free()
 *
 * Errors: TG_E_LIMIT when it is longer than TG_SHARE_URL_MAX, TG_E_FORMAT for
 * anything that §10 does not describe (another scheme or path, user
 * information, another query, no or another length of secret), TG_E_NOMEM.
 * Source: §10.
 */
TG_API TG_MUST_USE enum tg_err tg_share_url_parse(struct tg_span text,
                                                  struct tg_share_url **out);

/* Make one from its parts.
 *
 *   relay     "host" or "host:port"
 *   mailbox   the UUID as text, in either letter case
 *   secret    16 or 32 bytes; copied
 *
 * Errors: TG_E_FORMAT, TG_E_LIMIT, TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err
tg_share_url_make(const char *relay, const char *mailbox,
                  enum tg_vertical vertical, struct tg_span secret,
                  struct tg_share_url **out);

/* Wipes what it held. Accepts NULL. */
TG_API void tg_share_url_free(struct tg_share_url *url);

/* The parts, borrowed from `url`. The host is in lower case; an IPv6 address
 * has its brackets. `relay` is "host", or "host:port" for another port than
 * 443. The mailbox identifier is a capability: not for logs. */
TG_API const char *tg_share_url_relay(const struct tg_share_url *url);
TG_API const char *tg_share_url_host(const struct tg_share_url *url);
TG_API uint16_t tg_share_url_port(const struct tg_share_url *url);
TG_API const char *tg_share_url_mailbox(const struct tg_share_url *url);
TG_API enum tg_vertical tg_share_url_vertical(const struct tg_share_url *url);
TG_API struct tg_span tg_share_url_secret(const struct tg_share_url *url);

/* Append the URL, followed by a NUL that out->len does not count; the secret
 * in the standard alphabet with padding.
 *
 * Errors: TG_E_NOMEM; *out keeps its length. Source: §10.
 */
TG_API TG_MUST_USE enum tg_err
tg_share_url_format(const struct tg_share_url *url,
                    enum tg_share_url_form form, struct tg_buf *out);

#ifdef __cplusplus
}
#endif
#endif

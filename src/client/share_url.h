/* What share.c needs of a share URL besides <tigress/share_url.h>: the
 * vertical as it was written, known or not. */
#ifndef CLIENT_SHARE_URL_H
#define CLIENT_SHARE_URL_H

#include <tigress/share_url.h>

enum { SHARE_URL_VERTICAL_MAX = 32 };

/* The value of `v`, borrowed; "" when there was none. */
const char *share_url_vertical_text(const struct tg_share_url *url);

/* The same for a vertical; constant. "" for general. */
const char *share_url_vertical_value(enum tg_vertical vertical);
enum tg_vertical share_url_vertical_of(const char *value);

/* As tg_share_url_make(), with the value of `v`. */
TG_MUST_USE enum tg_err share_url_make(const char *relay, const char *mailbox,
                                       const char *vertical,
                                       struct tg_span secret,
                                       struct tg_share_url **out);

/* Parse `https://{host}[:port]/v1/m/{id}` and nothing behind it: the
 * `urlLink` that a relay answers. `relay` and `mailbox` take the two parts.
 * TG_E_FORMAT leaves them untouched. */
TG_MUST_USE enum tg_err share_url_parse_link(struct tg_span text,
                                             char *relay, char *mailbox);

#endif

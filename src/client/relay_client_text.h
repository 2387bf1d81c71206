/* What text in display information may be (R-CREATE-2, §13), for our own
 * offers and for what a relay answers. */
#ifndef CLIENT_RELAY_CLIENT_TEXT_H
#define CLIENT_RELAY_CLIENT_TEXT_H

#include "base/bytes.h"

enum {
    TEXT_TITLE_MAX = 128,       /* characters */
    TEXT_DESCRIPTION_MAX = 512,
    TEXT_IMAGE_URL_MAX = 2048
};

/* 1 to `max` characters of UTF-8, no control character, line separator or
 * bidirectional control. TG_E_FORMAT, TG_E_LIMIT. */
TG_MUST_USE enum tg_err relay_client_check_text(struct tg_span text,
                                                size_t max);

/* An absolute https URL of printable ASCII, without user information.
 * TG_E_FORMAT, TG_E_LIMIT. */
TG_MUST_USE enum tg_err relay_client_check_image_url(struct tg_span text);

#endif

/* Base64 (RFC 4648). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"

/* Characters that `len` bytes take with padding. */
#define TG_BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Decode the canonical standard form: alphabet of §4, padded, no white space,
 * unused bits zero. Appends to *out. TG_E_FORMAT, TG_E_NOMEM: *out unchanged.
 * Source: R-CREATE-1. */
TG_MUST_USE enum tg_err tg_base64_decode(struct tg_span text,
                                         struct tg_buf *out);

/* Decode what a share URL's fragment may hold: standard or URL-safe alphabet
 * (not both in one text), padding optional, unused bits zero.
 * Appends to *out. TG_E_FORMAT, TG_E_NOMEM: *out unchanged. Source: §10. */
TG_MUST_USE enum tg_err tg_base64_decode_any(struct tg_span text,
                                             struct tg_buf *out);

/* Append the standard form with padding. TG_E_NOMEM: *out unchanged. */
TG_MUST_USE enum tg_err tg_base64_encode(struct tg_span bytes,
                                         struct tg_buf *out);

/* Append base64url without padding (§5; RFC 7515 §2). TG_E_NOMEM: *out
 * unchanged. */
TG_MUST_USE enum tg_err tg_base64url_encode(struct tg_span bytes,
                                            struct tg_buf *out);

#endif

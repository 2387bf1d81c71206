/* Base64url and JSON, as statements have them. */
#ifndef ATTEST_ENCODING_H
#define ATTEST_ENCODING_H

#include "attest/attest.h"
#include "base/json.h"

/* Values, arrays and objects of one text, at most: what a small text costs when
 * it is a tree is bounded by it. Client data has seven, and may grow. */
enum { ENCODING_VALUES_MOST = 64 };

/* Append what base64url (RFC 4648 §5) without padding says; each byte string
 * has one form. ATTEST_MALFORMED, ATTEST_UNAVAILABLE: *out unchanged. */
TG_MUST_USE enum attest_reason encoding_base64url(struct tg_span text,
                                                  struct tg_buf *out);

/* Parse a JSON object (base/json.h is strict); a byte order mark in front is
 * skipped (WebAuthn Level 3 §7.1 step 5). *out is released with tg_json_free().
 * ATTEST_MALFORMED, ATTEST_UNAVAILABLE. */
TG_MUST_USE enum attest_reason encoding_object(struct tg_span text,
                                               struct tg_json **out);

#endif

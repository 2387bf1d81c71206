/* CBOR (RFC 8949) in its shortest form, appended. TG_E_NOMEM. */
#ifndef AUTHENTICATOR_ENCODE_H
#define AUTHENTICATOR_ENCODE_H

#include "base/bytes.h"

TG_MUST_USE enum tg_err encode_integer(struct tg_buf *out, int64_t value);
TG_MUST_USE enum tg_err encode_bytes(struct tg_buf *out, struct tg_span bytes);
TG_MUST_USE enum tg_err encode_text(struct tg_buf *out, const char *text);

/* What follows are its elements, or its pairs in the order of their keys. */
TG_MUST_USE enum tg_err encode_array(struct tg_buf *out, size_t count);
TG_MUST_USE enum tg_err encode_map(struct tg_buf *out, size_t pairs);

#endif

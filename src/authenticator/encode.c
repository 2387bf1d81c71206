/* See encode.h. */
#include "authenticator/encode.h"

/* Major types, RFC 8949 §3.1. */
enum { UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5 };

/* §3: the argument in the head itself, or in 1, 2, 4 or 8 bytes behind it. */
static enum tg_err
put_head(struct tg_buf *out, unsigned major, uint64_t value)
{
    unsigned width = value < 24          ? 0
                     : value <= UINT8_MAX  ? 1
                     : value <= UINT16_MAX ? 2
                     : value <= UINT32_MAX ? 4
                                           : 8;
    unsigned info = width == 0   ? (unsigned)value
                    : width == 1 ? 24
                    : width == 2 ? 25
                    : width == 4 ? 26
                                 : 27;
    enum tg_err err = tg_buf_byte(out, (uint8_t)(major << 5 | info));

    for (unsigned i = width; i > 0 && err == TG_OK; i--)
        err = tg_buf_byte(out, (uint8_t)(value >> 8 * (i - 1)));
    return err;
}

enum tg_err
encode_integer(struct tg_buf *out, int64_t value)
{
    if (value < 0)
        return put_head(out, NEGATIVE, (uint64_t)(-1 - value));
    return put_head(out, UNSIGNED, (uint64_t)value);
}

enum tg_err
encode_bytes(struct tg_buf *out, struct tg_span bytes)
{
    enum tg_err err = put_head(out, BYTES, bytes.len);

    return err != TG_OK ? err : tg_buf_append(out, bytes);
}

enum tg_err
encode_text(struct tg_buf *out, const char *text)
{
    struct tg_span bytes = tg_span_text(text);
    enum tg_err err = put_head(out, TEXT, bytes.len);

    return err != TG_OK ? err : tg_buf_append(out, bytes);
}

enum tg_err
encode_array(struct tg_buf *out, size_t count)
{
    return put_head(out, ARRAY, count);
}

enum tg_err
encode_map(struct tg_buf *out, size_t pairs)
{
    return put_head(out, MAP, pairs);
}

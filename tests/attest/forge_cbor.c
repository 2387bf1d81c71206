/* Encodings that tests write: CBOR, DER, base64url; see forge.h. */
#include "forge.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

void
forge_append(struct tg_buf *out, struct tg_span bytes)
{
    if (tg_buf_append(out, bytes) != TG_OK)
        abort();
}

static void
append_byte(struct tg_buf *out, unsigned byte)
{
    if (tg_buf_byte(out, (uint8_t)byte) != TG_OK)
        abort();
}

void
forge_cbor_wide(struct tg_buf *out, unsigned major, uint64_t value,
                unsigned width)
{
    unsigned low = width == 0   ? (unsigned)value
                   : width == 1 ? 24
                   : width == 2 ? 25
                   : width == 4 ? 26
                                : 27;

    append_byte(out, major << 5 | low);
    for (unsigned i = width; i > 0; i--)
        append_byte(out, value >> (8 * (i - 1)) & 0xff);
}

void
forge_cbor_head(struct tg_buf *out, unsigned major, uint64_t value)
{
    forge_cbor_wide(out, major, value,
                    value < 24            ? 0
                    : value <= UINT8_MAX  ? 1
                    : value <= UINT16_MAX ? 2
                    : value <= UINT32_MAX ? 4
                                          : 8);
}

void
forge_cbor_integer(struct tg_buf *out, int64_t value)
{
    if (value >= 0)
        forge_cbor_head(out, 0, (uint64_t)value);
    else
        forge_cbor_head(out, 1, (uint64_t)(-1 - value));
}

void
forge_cbor_bytes(struct tg_buf *out, struct tg_span bytes)
{
    forge_cbor_head(out, FORGE_CBOR_BYTES, bytes.len);
    forge_append(out, bytes);
}

void
forge_cbor_text(struct tg_buf *out, const char *text)
{
    forge_cbor_head(out, FORGE_CBOR_TEXT, strlen(text));
    forge_append(out, tg_span_text(text));
}

void
forge_cbor_array(struct tg_buf *out, size_t count)
{
    forge_cbor_head(out, FORGE_CBOR_ARRAY, count);
}

void
forge_cbor_map(struct tg_buf *out, size_t pairs)
{
    forge_cbor_head(out, FORGE_CBOR_MAP, pairs);
}

void
forge_hex(struct tg_buf *out, const char *hex)
{
    while (*hex != '\0') {
        char digits[3] = {0};
        char *end;

        if (isspace((unsigned char)*hex)) {
            hex++;
            continue;
        }
        digits[0] = hex[0];
        digits[1] = hex[1];
        append_byte(out, (unsigned)strtoul(digits, &end, 16));
        if (end != digits + 2)
            abort();
        hex += 2;
    }
}

void
forge_base64url(struct tg_buf *out, struct tg_span bytes)
{
    if (tg_base64url_encode(bytes, out) != TG_OK)
        abort();
}

void
forge_der(struct tg_buf *out, uint8_t identifier, struct tg_span content)
{
    append_byte(out, identifier);
    if (content.len > 0xff) {
        append_byte(out, 0x82);
        append_byte(out, content.len >> 8 & 0xff);
    } else if (content.len > 0x7f) {
        append_byte(out, 0x81);
    }
    append_byte(out, content.len & 0xff);
    forge_append(out, content);
}

/* See uuid.h. */
#include "base/uuid.h"

#include <string.h>

#include "base/ascii.h"

static bool
is_dash_position(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

enum tg_err
tg_uuid_parse(struct tg_span text, struct tg_uuid *out)
{
    struct tg_uuid id = {{0}};
    uint8_t any = 0;
    size_t nibble = 0;

    if (text.len != TG_UUID_TEXT_LEN)
        return TG_E_FORMAT;
    for (size_t i = 0; i < text.len; i++) {
        int value;

        if (is_dash_position(i)) {
            if (text.ptr[i] != '-')
                return TG_E_FORMAT;
            continue;
        }
        if ((value = ascii_hex_value(text.ptr[i])) < 0)
            return TG_E_FORMAT;
        id.bytes[nibble / 2] = (uint8_t)(id.bytes[nibble / 2] << 4 | value);
        any = (uint8_t)(any | value);
        nibble++;
    }
    if (any == 0)
        return TG_E_FORMAT; /* D1: the nil UUID */
    *out = id;
    return TG_OK;
}

void
tg_uuid_format(const struct tg_uuid *id, char out[TG_UUID_TEXT_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t nibble = 0;

    for (size_t i = 0; i < TG_UUID_TEXT_LEN; i++) {
        uint8_t byte;

        if (is_dash_position(i)) {
            out[i] = '-';
            continue;
        }
        byte = id->bytes[nibble / 2];
        out[i] = digits[nibble % 2 == 0 ? byte >> 4 : byte & 0x0f];
        nibble++;
    }
    out[TG_UUID_TEXT_LEN] = '\0';
}

void
tg_uuid_v4(const uint8_t random[TG_UUID_LEN], struct tg_uuid *out)
{
    memcpy(out->bytes, random, TG_UUID_LEN);
    out->bytes[6] = (uint8_t)((out->bytes[6] & 0x0f) | 0x40);
    out->bytes[8] = (uint8_t)((out->bytes[8] & 0x3f) | 0x80);
}

bool
tg_uuid_equal(const struct tg_uuid *a, const struct tg_uuid *b)
{
    return tg_equal_secret(a->bytes, b->bytes, TG_UUID_LEN);
}

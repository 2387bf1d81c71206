/* See base64.h. */
#include "base/base64.h"

#include <string.h>

enum { NOT_A_DIGIT = 0xff };

enum alphabet { ALPHABET_UNDECIDED, ALPHABET_STANDARD, ALPHABET_URL };

/* 0–63, or NOT_A_DIGIT; *alphabet is fixed by the first character that only
 * one of the two has. */
static uint8_t
digit_value(uint8_t c, enum alphabet *alphabet)
{
    enum alphabet wanted;

    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    if (c == '+' || c == '/')
        wanted = ALPHABET_STANDARD;
    else if (c == '-' || c == '_')
        wanted = ALPHABET_URL;
    else
        return NOT_A_DIGIT;
    if (*alphabet != ALPHABET_UNDECIDED && *alphabet != wanted)
        return NOT_A_DIGIT;
    *alphabet = wanted;
    return c == '+' || c == '-' ? 62 : 63;
}

/* Decode digits without their padding. */
static enum tg_err
decode_digits(struct tg_span digits, enum alphabet alphabet,
              struct tg_buf *out)
{
    enum tg_err err;
    uint32_t bits = 0;
    unsigned count = 0;
    size_t before = out->len;

    if (digits.len % 4 == 1)
        return TG_E_FORMAT;
    if ((err = tg_buf_reserve(out, digits.len / 4 * 3 + 2)) != TG_OK)
        return err;
    for (size_t i = 0; i < digits.len; i++) {
        uint8_t value = digit_value(digits.ptr[i], &alphabet);

        if (value == NOT_A_DIGIT) {
            out->len = before;
            return TG_E_FORMAT;
        }
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out->ptr[out->len++] = (uint8_t)(bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    /* Two texts must never mean the same bytes. */
    if (bits != 0) {
        out->len = before;
        return TG_E_FORMAT;
    }
    return TG_OK;
}

static struct tg_span
without_padding(struct tg_span text)
{
    for (int i = 0; i < 2 && text.len > 0; i++)
        if (text.ptr[text.len - 1] == '=')
            text.len--;
    return text;
}

enum tg_err
tg_base64_decode(struct tg_span text, struct tg_buf *out)
{
    if (text.len % 4 != 0)
        return TG_E_FORMAT;
    return decode_digits(without_padding(text), ALPHABET_STANDARD, out);
}

enum tg_err
tg_base64_decode_any(struct tg_span text, struct tg_buf *out)
{
    struct tg_span digits = without_padding(text);

    if (digits.len != text.len && text.len % 4 != 0)
        return TG_E_FORMAT;
    return decode_digits(digits, ALPHABET_UNDECIDED, out);
}

enum tg_err
tg_base64_encode(struct tg_span bytes, struct tg_buf *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz"
                                   "0123456789+/";
    enum tg_err err;

    if ((err = tg_buf_reserve(out, TG_BASE64_LEN(bytes.len))) != TG_OK)
        return err;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)bytes.ptr[i] << 16;

        if (left > 1)
            bits |= (uint32_t)bytes.ptr[i + 1] << 8;
        if (left > 2)
            bits |= bytes.ptr[i + 2];
        out->ptr[out->len++] = (uint8_t)alphabet[bits >> 18 & 63];
        out->ptr[out->len++] = (uint8_t)alphabet[bits >> 12 & 63];
        out->ptr[out->len++] =
            (uint8_t)(left > 1 ? alphabet[bits >> 6 & 63] : '=');
        out->ptr[out->len++] =
            (uint8_t)(left > 2 ? alphabet[bits & 63] : '=');
    }
    return TG_OK;
}

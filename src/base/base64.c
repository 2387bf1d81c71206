/* See base64.h. */
#include "base/base64.h"

#include <string.h>

/* What a character is, in one byte: its value, and whether only one of the two
 * alphabets has it. Both at once is what no character is, and what the bytes of
 * a text in both alphabets are when they are put together with |. */
enum { VALUE = 0x3f, STANDARD = 0x40, URL = 0x80, NEITHER = STANDARD | URL };

enum { NO = NEITHER, S62 = STANDARD | 62, S63 = STANDARD | 63, U62 = URL | 62,
       U63 = URL | 63, ASCII = 128 };

static const uint8_t kinds[ASCII] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, S62, NO, U62, NO, S63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, U63,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
};

static uint8_t
kind_of(uint8_t c)
{
    return c < ASCII ? kinds[c] : NEITHER;
}

/* Decode digits without their padding. `seen`: the alphabet that it must be,
 * or 0. */
static enum tg_err
decode_digits(struct tg_span digits, uint8_t seen, struct tg_buf *out)
{
    const uint8_t *in = digits.ptr;
    size_t left = digits.len;
    uint32_t bits = 0;
    enum tg_err err;
    uint8_t *to;

    if (left % 4 == 1)
        return TG_E_FORMAT;
    if ((err = tg_buf_reserve(out, left / 4 * 3 + 2)) != TG_OK)
        return err;
    to = out->ptr + out->len;
    for (; left >= 4; left -= 4, in += 4) {
        uint8_t a = kind_of(in[0]), b = kind_of(in[1]);
        uint8_t c = kind_of(in[2]), d = kind_of(in[3]);

        seen |= a | b | c | d;
        bits = (uint32_t)(a & VALUE) << 18 | (uint32_t)(b & VALUE) << 12 |
               (uint32_t)(c & VALUE) << 6 | (d & VALUE);
        *to++ = (uint8_t)(bits >> 16);
        *to++ = (uint8_t)(bits >> 8);
        *to++ = (uint8_t)bits;
    }
    bits = 0;
    for (size_t i = 0; i < left; i++) {
        seen |= kind_of(in[i]);
        bits |= (uint32_t)(kind_of(in[i]) & VALUE) << (18 - 6 * i);
    }
    if (left > 0)
        *to++ = (uint8_t)(bits >> 16);
    if (left > 2)
        *to++ = (uint8_t)(bits >> 8);
    /* Two texts must never mean the same bytes: bits that are left are 0. */
    if ((seen & NEITHER) == NEITHER ||
        (bits & (left == 3 ? 0xffu : 0xffffu)) != 0)
        return TG_E_FORMAT;
    out->len = (size_t)(to - out->ptr);
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
    return decode_digits(without_padding(text), STANDARD, out);
}

enum tg_err
tg_base64_decode_any(struct tg_span text, struct tg_buf *out)
{
    struct tg_span digits = without_padding(text);

    if (digits.len != text.len && text.len % 4 != 0)
        return TG_E_FORMAT;
    return decode_digits(digits, 0, out);
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

enum tg_err
tg_base64url_encode(struct tg_span bytes, struct tg_buf *out)
{
    size_t from = out->len;
    enum tg_err err = tg_base64_encode(bytes, out);

    if (err != TG_OK)
        return err;
    while (out->len > from && out->ptr[out->len - 1] == '=')
        out->len--;
    for (size_t i = from; i < out->len; i++) {
        if (out->ptr[i] == '+')
            out->ptr[i] = '-';
        else if (out->ptr[i] == '/')
            out->ptr[i] = '_';
    }
    return TG_OK;
}

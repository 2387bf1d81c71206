/* See text.h. */
#include "wire/text.h"

#include <stdint.h>

static bool
is_continuation(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

size_t
text_length(struct tg_span text)
{
    size_t length = 0;

    for (size_t i = 0; i < text.len; i++)
        if (!is_continuation(text.ptr[i]))
            length++;
    return length;
}

/* The code point at the front, which is taken. Asks for valid UTF-8, but
 * never reads beyond the span whatever it is given. */
static uint32_t
take_code_point(struct tg_span *rest)
{
    uint8_t first = rest->ptr[0];
    uint32_t code = first;
    size_t len = 1;

    if (first >= 0xf0)
        code = first & 0x07;
    else if (first >= 0xe0)
        code = first & 0x0f;
    else if (first >= 0xc0)
        code = first & 0x1f;
    while (len < rest->len && is_continuation(rest->ptr[len]))
        code = code << 6 | (rest->ptr[len++] & 0x3f);
    rest->ptr += len;
    rest->len -= len;
    return code;
}

static bool
is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

static bool
is_line_separator(uint32_t c)
{
    return c == 0x2028 || c == 0x2029;
}

/* Marks, embeddings, overrides and isolates. */
static bool
is_bidirectional(uint32_t c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool
text_has_controls(struct tg_span text)
{
    while (text.len > 0) {
        uint32_t c = take_code_point(&text);

        if (is_control(c) || is_line_separator(c) || is_bidirectional(c))
            return true;
    }
    return false;
}

/* In order; of PropList.txt and DerivedCoreProperties.txt. */
static const struct {
    uint32_t first, last;
} invisible[] = {
    {0x0009, 0x000d},   {0x0020, 0x0020},   {0x0085, 0x0085},
    {0x00a0, 0x00a0},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x061c, 0x061c},   {0x115f, 0x1160},   {0x1680, 0x1680},
    {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},
    {0x3000, 0x3000},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfff8},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool
is_invisible(uint32_t c)
{
    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
        if (c <= invisible[i].last)
            return c >= invisible[i].first;
    return false;
}

bool
text_is_blank(struct tg_span text)
{
    while (text.len > 0)
        if (!is_invisible(take_code_point(&text)))
            return false;
    return true;
}

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

/* Kinds of ASCII characters. <ctype.h> asks the locale; formats do not. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

static inline bool
ascii_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool
ascii_is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_hex(uint8_t c)
{
    return ascii_is_digit(c) || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

#endif

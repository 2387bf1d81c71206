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

/* 0…15, or -1: c is no hexadecimal digit. */
static inline int
ascii_hex_value(uint8_t c)
{
    if (ascii_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static inline bool
ascii_is_hex(uint8_t c)
{
    return ascii_hex_value(c) >= 0;
}

#endif

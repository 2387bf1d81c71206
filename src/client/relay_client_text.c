/* See relay_client_text.h. */
#include "client/relay_client_text.h"

#include <stdbool.h>
#include <string.h>

#define HTTPS "https://"

/* Take one character off *rest. False when it is not UTF-8 (RFC 3629 §3). */
static bool
take_character(struct tg_span *rest, uint32_t *out)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = rest->ptr[0];
    size_t more = first < 0x80   ? 0
                  : first < 0xc0 ? 4
                  : first < 0xe0 ? 1
                  : first < 0xf0 ? 2
                  : first < 0xf8 ? 3
                                 : 4;
    uint32_t c;

    if (more > 3 || rest->len <= more)
        return false;
    c = more == 0 ? first : first & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((rest->ptr[i] & 0xc0) != 0x80)
            return false;
        c = c << 6 | (rest->ptr[i] & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return false;
    rest->ptr += more + 1;
    rest->len -= more + 1;
    *out = c;
    return true;
}

/* Characters that a line of text for people must not hold: they could forge
 * lines on a terminal or turn the order of letters round. */
static bool
is_unwanted(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
           c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

enum tg_err
relay_client_check_text(struct tg_span text, size_t max)
{
    size_t count = 0;

    if (text.len == 0)
        return TG_E_FORMAT;
    while (text.len > 0) {
        uint32_t c;

        if (!take_character(&text, &c) || is_unwanted(c))
            return TG_E_FORMAT;
        if (++count > max)
            return TG_E_LIMIT;
    }
    return TG_OK;
}

enum tg_err
relay_client_check_image_url(struct tg_span text)
{
    bool in_authority = true;

    if (text.len > TEXT_IMAGE_URL_MAX)
        return TG_E_LIMIT;
    if (text.len <= strlen(HTTPS) ||
        memcmp(text.ptr, HTTPS, strlen(HTTPS)) != 0 ||
        text.ptr[strlen(HTTPS)] == '/')
        return TG_E_FORMAT;
    for (size_t i = strlen(HTTPS); i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c == '/' || c == '?' || c == '#')
            in_authority = false;
        if (c <= ' ' || c >= 0x7f || (in_authority && c == '@'))
            return TG_E_FORMAT;
    }
    return TG_OK;
}

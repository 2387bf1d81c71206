/* See text.h. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Nothing that is read or written here comes near this. */
enum { BASE64_MAX = 1024 * 1024 };

void
text_free(struct text *text)
{
    if (text->at != NULL)
        OPENSSL_cleanse(text->at, text->len);
    free(text->at);
    *text = TEXT_EMPTY;
}

struct tg_span
text_span(const struct text *text)
{
    return (struct tg_span){(const uint8_t *)text->at, text->len};
}

struct tg_span
text_span_of(const char *string)
{
    return (struct tg_span){(const uint8_t *)string, strlen(string)};
}

enum tg_err
text_copy(struct tg_span bytes, struct text *out)
{
    char *room = calloc(bytes.len + 1, 1);

    if (room == NULL)
        return TG_E_NOMEM;
    if (bytes.len > 0)
        memcpy(room, bytes.ptr, bytes.len);
    *out = (struct text){room, bytes.len};
    return TG_OK;
}

enum tg_err
text_print(struct text *out, const char *format, ...)
{
    va_list args;
    char *room;
    int len;

    va_start(args, format);
    len = vasprintf(&room, format, args);
    va_end(args);
    if (len < 0)
        return TG_E_NOMEM;
    *out = (struct text){room, (size_t)len};
    return TG_OK;
}

enum tg_err
text_to_base64(struct tg_span bytes, struct text *out)
{
    char *room;
    int len;

    if (bytes.len > BASE64_MAX)
        return TG_E_NOMEM;
    if ((room = calloc((bytes.len + 2) / 3 * 4 + 1, 1)) == NULL)
        return TG_E_NOMEM;
    len = EVP_EncodeBlock((unsigned char *)room, bytes.ptr, (int)bytes.len);
    *out = (struct text){room, (size_t)len};
    return TG_OK;
}

/* EVP_DecodeBlock() takes more than the canonical form and counts the padding
 * as bytes: what does not encode to the same text again is refused. */
static bool
is_canonical(const struct text *decoded, const char *base64)
{
    struct text again = TEXT_EMPTY;
    bool same = text_to_base64(text_span(decoded), &again) == TG_OK &&
                strcmp(again.at, base64) == 0;

    text_free(&again);
    return same;
}

enum tg_err
text_from_base64(const char *base64, struct text *out)
{
    size_t len = strlen(base64);
    struct text decoded = TEXT_EMPTY;
    int got;

    if (len % 4 != 0 || len > BASE64_MAX)
        return TG_E_FORMAT;
    if ((decoded.at = calloc(len / 4 * 3 + 1, 1)) == NULL)
        return TG_E_NOMEM;
    got = EVP_DecodeBlock((unsigned char *)decoded.at,
                          (const unsigned char *)base64, (int)len);
    decoded.len = got < 0 ? 0 : (size_t)got;
    for (size_t i = len; i > 0 && len - i < 2 && base64[i - 1] == '='; i--)
        decoded.len -= decoded.len > 0;
    if (got < 0 || !is_canonical(&decoded, base64)) {
        text_free(&decoded);
        return TG_E_FORMAT;
    }
    *out = decoded;
    return TG_OK;
}

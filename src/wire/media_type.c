/* See media_type.h. */
#include "wire/media_type.h"

#include <string.h>

static void
skip(struct tg_span *rest, size_t count)
{
    rest->ptr += count;
    rest->len -= count;
}

static void
skip_space(struct tg_span *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        skip(rest, 1);
}

/* tchar of RFC 9110 §5.6.2 */
static bool
is_token_character(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
take_token(struct tg_span *rest, struct tg_span *token)
{
    size_t len = 0;

    while (len < rest->len && is_token_character(rest->ptr[len]))
        len++;
    *token = (struct tg_span){rest->ptr, len};
    skip(rest, len);
    return len > 0;
}

/* A quoted string (RFC 9110 §5.6.4), left as it is between its quotes: an
 * escape in it is no part of anything that we compare with. */
static bool
take_quoted(struct tg_span *rest, struct tg_span *text)
{
    size_t len = 1;

    while (len < rest->len && rest->ptr[len] != '"')
        len += rest->ptr[len] == '\\' ? 2 : 1;
    if (len >= rest->len)
        return false;
    *text = (struct tg_span){rest->ptr + 1, len - 1};
    skip(rest, len + 1);
    return true;
}

static bool
take_value(struct tg_span *rest, struct tg_span *value)
{
    if (rest->len > 0 && rest->ptr[0] == '"')
        return take_quoted(rest, value);
    return take_token(rest, value);
}

/* One `; name=value`, or the empty parameter that RFC 9110 §5.6.6 allows. */
static bool
take_parameter(struct tg_span *rest, bool *is_fine)
{
    struct tg_span name;
    struct tg_span value;

    if (rest->ptr[0] != ';')
        return false;
    skip(rest, 1);
    skip_space(rest);
    if (rest->len == 0 || rest->ptr[0] == ';')
        return true;
    if (!take_token(rest, &name) || rest->len == 0 || rest->ptr[0] != '=')
        return false;
    skip(rest, 1);
    if (!take_value(rest, &value))
        return false;
    if (tg_span_is_nocase(name, "charset") &&
        !tg_span_is_nocase(value, "utf-8"))
        *is_fine = false;
    return true;
}

bool
media_type_is_json(struct tg_span value)
{
    struct tg_span rest = value;
    struct tg_span type;
    struct tg_span subtype;
    bool is_fine = true;

    skip_space(&rest);
    if (!take_token(&rest, &type) || rest.len == 0 || rest.ptr[0] != '/')
        return false;
    skip(&rest, 1);
    if (!take_token(&rest, &subtype))
        return false;
    if (!tg_span_is_nocase(type, "application") ||
        !tg_span_is_nocase(subtype, "json"))
        return false;
    for (skip_space(&rest); rest.len > 0; skip_space(&rest))
        if (!take_parameter(&rest, &is_fine))
            return false;
    return is_fine;
}

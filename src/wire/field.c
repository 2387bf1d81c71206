/* See field.h. */
#include "wire/field.h"

#include <string.h>

void
field_skip(struct tg_span *rest, size_t count)
{
    rest->ptr += count;
    rest->len -= count;
}

void
field_skip_space(struct tg_span *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        field_skip(rest, 1);
}

/* tchar of RFC 9110 §5.6.2 */
static bool
is_token_character(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool
field_take_token(struct tg_span *rest, struct tg_span *token)
{
    size_t len = 0;

    while (len < rest->len && is_token_character(rest->ptr[len]))
        len++;
    *token = (struct tg_span){rest->ptr, len};
    field_skip(rest, len);
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
    field_skip(rest, len + 1);
    return true;
}

bool
field_take_word(struct tg_span *rest, struct tg_span *word)
{
    if (rest->len > 0 && rest->ptr[0] == '"')
        return take_quoted(rest, word);
    return field_take_token(rest, word);
}

bool
field_skip_one(struct tg_span *rest, uint8_t wanted)
{
    field_skip_space(rest);
    if (rest->len == 0 || rest->ptr[0] != wanted)
        return false;
    field_skip(rest, 1);
    return true;
}

bool
field_is_left_out(struct tg_span *rest)
{
    field_skip_space(rest);
    return rest->len == 0 || rest->ptr[0] == ',' || rest->ptr[0] == ';';
}

bool
field_take_pair(struct tg_span *rest, struct tg_span *name,
                struct tg_span *word)
{
    *word = (struct tg_span){NULL, 0};
    if (!field_take_token(rest, name))
        return false;
    if (!field_skip_one(rest, '='))
        return true;
    field_skip_space(rest);
    return field_take_word(rest, word);
}

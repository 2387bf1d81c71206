/* See media_type.h. */
#include "wire/media_type.h"

#include "wire/field.h"

/* One `; name=value`, or the empty parameter that RFC 9110 §5.6.6 allows. */
static bool
take_parameter(struct tg_span *rest, bool *is_fine)
{
    struct tg_span name;
    struct tg_span value;

    if (rest->ptr[0] != ';')
        return false;
    field_skip(rest, 1);
    field_skip_space(rest);
    if (rest->len == 0 || rest->ptr[0] == ';')
        return true;
    if (!field_take_token(rest, &name) || rest->len == 0 || rest->ptr[0] != '=')
        return false;
    field_skip(rest, 1);
    if (!field_take_word(rest, &value))
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

    field_skip_space(&rest);
    if (!field_take_token(&rest, &type) || rest.len == 0 || rest.ptr[0] != '/')
        return false;
    field_skip(&rest, 1);
    if (!field_take_token(&rest, &subtype))
        return false;
    if (!tg_span_is_nocase(type, "application") ||
        !tg_span_is_nocase(subtype, "json"))
        return false;
    for (field_skip_space(&rest); rest.len > 0; field_skip_space(&rest))
        if (!take_parameter(&rest, &is_fine))
            return false;
    return is_fine;
}

/* Members of bodies: see body.h. */
#include "wire/body.h"

#include <assert.h>
#include <string.h>

struct wire_problem
body_fine(void)
{
    return (struct wire_problem){WIRE_FINE, NULL, NULL};
}

struct wire_problem
body_bad(const char *member, const char *reason)
{
    return (struct wire_problem){WIRE_BODY_BAD, member, reason};
}

struct wire_problem
body_text(const struct tg_json *object, const char *name, const char *member,
          struct tg_span *out)
{
    const struct tg_json *value = tg_json_member(object, name);

    if (value == NULL)
        return body_bad(member, "is missing");
    if (!tg_json_text(value, out))
        return body_bad(member, "must be a text");
    if (out->len == 0)
        return body_bad(member, "must not be empty");
    return body_fine();
}

struct wire_problem
body_object(const struct tg_json *object, const char *name,
            const struct tg_json **out)
{
    const struct tg_json *value = tg_json_member(object, name);

    if (value != NULL && tg_json_kind(value) != TG_JSON_OBJECT)
        return body_bad(name, "must be an object");
    *out = value;
    return body_fine();
}

struct tg_span
body_keep(struct body_draft *draft, struct tg_span text)
{
    struct tg_buf *bytes = draft->bytes;
    struct tg_span kept = {bytes->ptr + bytes->len, text.len};

    assert(text.len <= bytes->cap - bytes->len);
    memcpy(bytes->ptr + bytes->len, text.ptr, text.len);
    bytes->len += text.len;
    return kept;
}

/* See json.h. */
#include "base/json.h"

#include <string.h>

#include <jansson.h>

#include "base/alloc.h"

/* struct tg_json is jansson's json_t under our own name. */
static const json_t *
native(const struct tg_json *json)
{
    return (const json_t *)(const void *)json;
}

static json_t *
native_mutable(struct tg_json *json)
{
    return (json_t *)(void *)json;
}

static struct tg_json *
ours(json_t *json)
{
    return (struct tg_json *)(void *)json;
}

/* jansson recurses as deep as the text says, up to its own limit of 2048; a
 * look at the brackets bounds it first. Strings are skipped; whether they are
 * well-formed is jansson's business. */
static bool
depth_is_fine(struct tg_span text)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (c == '"')
            in_string = true;
        else if ((c == '{' || c == '[') && ++depth > TG_JSON_DEPTH)
            return false;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return true;
}

enum tg_err
tg_json_parse(struct tg_span text, struct tg_json **out)
{
    json_error_t error;
    json_t *json;

    /* jansson swallows a NUL behind a number or a word. */
    if (text.len == 0 || memchr(text.ptr, 0, text.len) != NULL)
        return TG_E_FORMAT;
    if (!depth_is_fine(text))
        return TG_E_LIMIT;
    json = json_loadb((const char *)text.ptr, text.len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL)
        return json_error_code(&error) == json_error_out_of_memory
                   ? TG_E_NOMEM
                   : TG_E_FORMAT;
    *out = ours(json);
    return TG_OK;
}

void
tg_json_free(struct tg_json *json)
{
    json_decref(native_mutable(json));
}

enum tg_json_kind
tg_json_kind(const struct tg_json *json)
{
    switch (json_typeof(native(json))) {
    case JSON_OBJECT: return TG_JSON_OBJECT;
    case JSON_ARRAY: return TG_JSON_ARRAY;
    case JSON_STRING: return TG_JSON_TEXT;
    case JSON_INTEGER: return TG_JSON_INTEGER;
    case JSON_REAL: return TG_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return TG_JSON_BOOL;
    case JSON_NULL: break;
    }
    return TG_JSON_NULL;
}

const struct tg_json *
tg_json_member(const struct tg_json *object, const char *name)
{
    json_t *value = json_object_get(native(object), name);

    return json_is_null(value) ? NULL : ours(value);
}

const struct tg_json *
tg_json_element(const struct tg_json *array, size_t index)
{
    return ours(json_array_get(native(array), index));
}

bool
tg_json_text(const struct tg_json *json, struct tg_span *out)
{
    if (!json_is_string(native(json)))
        return false;
    out->ptr = (const uint8_t *)json_string_value(native(json));
    out->len = json_string_length(native(json));
    return true;
}

bool
tg_json_integer(const struct tg_json *json, int64_t *out)
{
    if (!json_is_integer(native(json)))
        return false;
    *out = json_integer_value(native(json));
    return true;
}

bool
tg_json_bool(const struct tg_json *json, bool *out)
{
    if (!json_is_boolean(native(json)))
        return false;
    *out = json_is_true(native(json));
    return true;
}

struct tg_json *
tg_json_object(void)
{
    return ours(json_object());
}

/* jansson says only "failed"; with valid UTF-8 that is memory. */
static enum tg_err
text_value(struct tg_span text, struct tg_json **out)
{
    json_t *value =
        json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len);

    if (value == NULL)
        return TG_E_FORMAT;
    *out = ours(value);
    return TG_OK;
}

enum tg_err
tg_json_set(struct tg_json *object, const char *name, struct tg_json **value)
{
    json_t *given = native_mutable(*value);

    *value = NULL;
    if (json_object_set_new(native_mutable(object), name, given) != 0)
        return TG_E_NOMEM;
    return TG_OK;
}

enum tg_err
tg_json_set_text(struct tg_json *object, const char *name,
                 struct tg_span text)
{
    struct tg_json *value = NULL;
    enum tg_err err;

    if ((err = text_value(text, &value)) != TG_OK)
        return err;
    return tg_json_set(object, name, &value);
}

enum tg_err
tg_json_set_integer(struct tg_json *object, const char *name, int64_t value)
{
    struct tg_json *number = ours(json_integer(value));

    return tg_json_set(object, name, &number);
}

static int
append_piece(const char *piece, size_t len, void *out)
{
    struct tg_span bytes = {(const uint8_t *)piece, len};

    return tg_buf_append(out, bytes) == TG_OK ? 0 : -1;
}

enum tg_err
tg_json_format(const struct tg_json *json, struct tg_buf *out)
{
    size_t before = out->len;

    if (json_dump_callback(native(json), append_piece, out,
                           JSON_COMPACT | JSON_ENCODE_ANY) != 0) {
        out->len = before;
        return TG_E_NOMEM;
    }
    return TG_OK;
}

enum tg_err
tg_json_quote(struct tg_span text, struct tg_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t worst;
    enum tg_err err;

    if (!tg_mul(text.len, 6, &worst) || !tg_add(worst, 2, &worst))
        return TG_E_NOMEM;
    if ((err = tg_buf_reserve(out, worst)) != TG_OK)
        return err;
    out->ptr[out->len++] = '"';
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c == '"' || c == '\\') {
            out->ptr[out->len++] = '\\';
            out->ptr[out->len++] = c;
        } else if (c < 0x20 || c == 0x7f) {
            const uint8_t escape[] = {'\\', 'u', '0', '0',
                                      (uint8_t)digits[c >> 4],
                                      (uint8_t)digits[c & 15]};

            for (size_t j = 0; j < sizeof(escape); j++)
                out->ptr[out->len++] = escape[j];
        } else {
            out->ptr[out->len++] = c;
        }
    }
    out->ptr[out->len++] = '"';
    return TG_OK;
}

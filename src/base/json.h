/* JSON (RFC 8259), read strictly. The only place that knows jansson.
 *
 * Duplicate member names, invalid UTF-8, lone surrogates, NUL, trailing bytes
 * and nesting deeper than TG_JSON_DEPTH are errors (PROTOCOL §2, §13).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { TG_JSON_DEPTH = 32 };

enum tg_json_kind {
    TG_JSON_NULL,
    TG_JSON_BOOL,
    TG_JSON_INTEGER,
    TG_JSON_REAL,
    TG_JSON_TEXT,
    TG_JSON_ARRAY,
    TG_JSON_OBJECT
};

struct tg_json;

/* Parse one whole text. TG_E_FORMAT, TG_E_LIMIT (depth), TG_E_NOMEM.
 * *out is released with tg_json_free(). */
TG_MUST_USE enum tg_err tg_json_parse(struct tg_span text,
                                      struct tg_json **out);
void tg_json_free(struct tg_json *json);

enum tg_json_kind tg_json_kind(const struct tg_json *json);

/* A member of an object, borrowed from it. NULL when it is absent, null
 * (§13: null means absent), or `object` is no object. */
const struct tg_json *tg_json_member(const struct tg_json *object,
                                     const char *name);

/* An element of an array, borrowed from it. NULL when there are no more, or
 * `array` is no array. */
const struct tg_json *tg_json_element(const struct tg_json *array,
                                      size_t index);

/* The value, borrowed. False, *out untouched, when it is of another kind or
 * `json` is NULL. */
bool tg_json_text(const struct tg_json *json, struct tg_span *out);
bool tg_json_integer(const struct tg_json *json, int64_t *out);
bool tg_json_bool(const struct tg_json *json, bool *out);

/* Building. tg_json_object() is released with tg_json_free() unless it was
 * given away. The setters replace a member of the same name; `text` must be
 * UTF-8 (TG_E_FORMAT). tg_json_set() takes *value, also on error, and leaves
 * it NULL; a NULL value is TG_E_NOMEM, so that makers can be nested. */
struct tg_json *tg_json_object(void);
TG_MUST_USE enum tg_err tg_json_set_text(struct tg_json *object,
                                         const char *name,
                                         struct tg_span text);
TG_MUST_USE enum tg_err tg_json_set_integer(struct tg_json *object,
                                            const char *name, int64_t value);
TG_MUST_USE enum tg_err tg_json_set(struct tg_json *object, const char *name,
                                    struct tg_json **value);

/* Append the compact text of `json`; members in the order they were set. */
TG_MUST_USE enum tg_err tg_json_format(const struct tg_json *json,
                                       struct tg_buf *out);

/* Append `text` as a JSON string with its quotes, escaped. For answers that
 * are written without building a tree. `text` must be UTF-8. */
TG_MUST_USE enum tg_err tg_json_quote(struct tg_span text,
                                      struct tg_buf *out);

#endif

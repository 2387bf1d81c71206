/* What the tests of wire/ share. */
#ifndef WIRE_KIT_H
#define WIRE_KIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Identifiers that the tests use, in the letters that a client may use … */
#define ID_SENT "F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6"
/* … and as the relay writes them. */
#define ID_WRITTEN "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
#define CLAIM_SENT "2bba630e-519b-11ec-bf63-0242ac130002"

static inline struct wire_header
kit_header(const char *value)
{
    if (value == NULL)
        return (struct wire_header){TG_SPAN_EMPTY, 0};
    return (struct wire_header){tg_span_text(value), 1};
}

static inline struct tg_uuid
kit_uuid(const char *text)
{
    struct tg_uuid id;

    if (tg_uuid_parse(tg_span_text(text), &id) != TG_OK)
        fail_msg("a test's own UUID is wrong: %s", text);
    return id;
}

/* Equal as text; NULL equals NULL. */
static inline void
kit_same_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got != NULL ? got : "(none)", want);
}

static inline void
kit_span_is(struct tg_span got, const char *want)
{
    if (!tg_span_is(got, want))
        fail_msg("got “%.*s”, not “%s”", (int)got.len, (const char *)got.ptr,
                 want);
}

/* The one header of this name; NULL value when there is none. */
static inline struct tg_span
kit_find(const struct wire_answer *answer, const char *name)
{
    struct tg_span found = TG_SPAN_EMPTY;
    unsigned times = 0;

    for (size_t i = 0; i < answer->header_count; i++) {
        if (tg_span_is_nocase(tg_span_text(answer->headers[i].name), name)) {
            found = answer->headers[i].value;
            times++;
        }
    }
    assert_true(times <= 1);
    return found;
}

static inline void
kit_header_is(const struct wire_answer *answer, const char *name,
              const char *want)
{
    struct tg_span got = kit_find(answer, name);

    if (want == NULL)
        assert_null(got.ptr);
    else if (!tg_span_is(got, want))
        fail_msg("%s: “%.*s”, not “%s”", name, (int)got.len,
                 (const char *)got.ptr, want);
}

/* How often `part` occurs. */
static inline unsigned
kit_occurrences(struct tg_span whole, const char *part)
{
    size_t len = strlen(part);
    unsigned times = 0;

    for (size_t i = 0; i + len <= whole.len; i++)
        if (memcmp(whole.ptr + i, part, len) == 0)
            times++;
    return times;
}

static inline bool
kit_has(struct tg_span whole, const char *part)
{
    return kit_occurrences(whole, part) > 0;
}

#endif

/* See etag.h. A tag of ours is the decimal version in quotes, without leading
 * zeros; anything else is some other server's and matches nothing. */
#include "wire/etag.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

struct etag {
    bool weak;
    struct tg_span opaque; /* between the quotes */
};

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static void
skip(struct tg_span *rest, size_t count)
{
    rest->ptr += count;
    rest->len -= count;
}

static void
skip_space(struct tg_span *rest)
{
    while (rest->len > 0 && is_space(rest->ptr[0]))
        skip(rest, 1);
}

/* etagc: any visible character but the quote, and obs-text. */
static bool
is_tag_character(uint8_t c)
{
    return c == 0x21 || (c >= 0x23 && c <= 0x7e) || c >= 0x80;
}

/* Take one entity-tag from the front. */
static bool
take_tag(struct tg_span *rest, struct etag *out)
{
    size_t len = 0;

    out->weak = rest->len >= 2 && rest->ptr[0] == 'W' && rest->ptr[1] == '/';
    if (out->weak)
        skip(rest, 2);
    if (rest->len == 0 || rest->ptr[0] != '"')
        return false;
    skip(rest, 1);
    while (len < rest->len && is_tag_character(rest->ptr[len]))
        len++;
    if (len == rest->len || rest->ptr[len] != '"')
        return false;
    out->opaque = (struct tg_span){rest->ptr, len};
    skip(rest, len + 1);
    return true;
}

/* False when the tag is not one that this relay has ever given. */
static bool
tag_version(const struct etag *tag, uint64_t *version)
{
    uint64_t value = 0;

    if (tag->opaque.len == 0 || tag->opaque.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < tag->opaque.len; i++) {
        uint8_t c = tag->opaque.ptr[i];

        if (c < '0' || c > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
            return false;
    }
    *version = value;
    return true;
}

static enum tg_err
keep_tag(const struct etag *tag, enum etag_comparison comparison,
         struct etag_condition *list)
{
    uint64_t version;

    if (tag->weak && comparison == ETAG_STRONG)
        return TG_OK;
    if (!tag_version(tag, &version))
        return TG_OK;
    if (list->count == LIMIT_ETAGS)
        return TG_E_LIMIT;
    list->versions[list->count++] = version;
    return TG_OK;
}

/* After an element there is a comma or the end. */
static bool
take_separator(struct tg_span *rest)
{
    skip_space(rest);
    if (rest->len == 0)
        return true;
    if (rest->ptr[0] != ',')
        return false;
    skip(rest, 1);
    return true;
}

/* Empty elements are skipped, as RFC 9110 §5.6.1.2 asks of recipients. */
static void
skip_empty(struct tg_span *rest)
{
    while (rest->len > 0 && (is_space(rest->ptr[0]) || rest->ptr[0] == ','))
        skip(rest, 1);
}

static enum tg_err
parse_list(struct tg_span rest, enum etag_comparison comparison,
           struct etag_condition *list)
{
    for (skip_empty(&rest); rest.len > 0; skip_empty(&rest)) {
        enum tg_err err;
        struct etag tag;

        if (!take_tag(&rest, &tag) || !take_separator(&rest))
            return TG_E_FORMAT;
        if ((err = keep_tag(&tag, comparison, list)) != TG_OK)
            return err;
    }
    return TG_OK;
}

static struct tg_span
trimmed(struct tg_span value)
{
    skip_space(&value);
    while (value.len > 0 && is_space(value.ptr[value.len - 1]))
        value.len--;
    return value;
}

enum tg_err
etag_parse_condition(struct tg_span value, enum etag_comparison comparison,
                     struct etag_condition *out)
{
    struct etag_condition list = {.kind = CONDITION_LIST};
    enum tg_err err;

    value = trimmed(value);
    if (tg_span_is(value, "*")) {
        *out = (struct etag_condition){.kind = CONDITION_ANY};
        return TG_OK;
    }
    if ((err = parse_list(value, comparison, &list)) != TG_OK)
        return err;
    *out = list;
    return TG_OK;
}

size_t
etag_format(uint64_t version, char out[ETAG_TEXT_MOST + 1])
{
    int len = snprintf(out, ETAG_TEXT_MOST + 1, "\"%" PRIu64 "\"", version);

    assert(len > 0 && len <= ETAG_TEXT_MOST);
    return (size_t)len;
}

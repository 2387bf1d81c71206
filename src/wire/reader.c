/* Who reads a page: wire_read_language() and wire_read_vertical(). */
#include "wire/field.h"
#include "wire/wire.h"
#include "wire/words.h"

/* ---- language ---------------------------------------------------------- */

enum { WEIGHT_MOST = 1000, WEIGHT_DIGITS = 3 };

/* A weight in thousandths (RFC 9110 §12.4.2): 0, 1, and up to three digits
 * behind the point. */
static bool
parse_weight(struct tg_span text, unsigned *out)
{
    unsigned weight = 0;
    unsigned digit = 100;

    if (text.len == 0 || text.ptr[0] < '0' || text.ptr[0] > '1' ||
        text.len > 2 + WEIGHT_DIGITS || (text.len > 1 && text.ptr[1] != '.'))
        return false;
    for (size_t i = 2; i < text.len; i++, digit /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        weight += (unsigned)(text.ptr[i] - '0') * digit;
    }
    weight += text.ptr[0] == '1' ? WEIGHT_MOST : 0;
    *out = weight;
    return weight <= WEIGHT_MOST;
}

/* A range means us when its primary subtag is that of a language of ours
 * (RFC 4647 §3.4 with ranges of any length); `*` means English. */
static bool
find_language(struct tg_span range, enum wire_language *out)
{
    struct tg_span primary = {range.ptr, 0};

    while (primary.len < range.len && range.ptr[primary.len] != '-')
        primary.len++;
    for (unsigned i = 0; i < WIRE_LANGUAGES; i++) {
        enum wire_language language = (enum wire_language)i;

        if (tg_span_is_nocase(primary, words_in(language)->language)) {
            *out = language;
            return true;
        }
    }
    *out = LANGUAGE_ENGLISH;
    return tg_span_is(range, "*");
}

/* range [ ";" "q" "=" weight ] */
static bool
take_range(struct tg_span *rest, struct tg_span *range, unsigned *weight)
{
    struct tg_span name;
    struct tg_span value;

    *weight = WEIGHT_MOST;
    if (!field_take_token(rest, range))
        return false;
    if (!field_skip_one(rest, ';'))
        return true;
    field_skip_space(rest);
    return field_take_pair(rest, &name, &value) &&
           tg_span_is_nocase(name, "q") && parse_weight(value, weight);
}

enum wire_language
wire_read_language(struct tg_span value)
{
    enum wire_language best = LANGUAGE_ENGLISH;
    unsigned best_weight = 0;
    struct tg_span rest = value;

    do {
        enum wire_language language;
        struct tg_span range;
        unsigned weight;

        if (field_is_left_out(&rest))
            continue;
        if (!take_range(&rest, &range, &weight))
            return LANGUAGE_ENGLISH;
        if (weight > best_weight && find_language(range, &language)) {
            best = language;
            best_weight = weight;
        }
    } while (field_skip_one(&rest, ','));
    return rest.len == 0 ? best : LANGUAGE_ENGLISH;
}

/* ---- vertical ---------------------------------------------------------- */

enum wire_vertical
wire_read_vertical(struct tg_span query)
{
    size_t start = 0;

    if (query.len == 0)
        return VERTICAL_GENERAL;
    for (size_t i = 0; i <= query.len; i++) {
        struct tg_span part = {query.ptr + start, i - start};

        if (i < query.len && query.ptr[i] != '&')
            continue;
        if (tg_span_is(part, "v=h"))
            return VERTICAL_HOME;
        if (tg_span_is(part, "v=c"))
            return VERTICAL_CAR;
        start = i + 1;
    }
    return VERTICAL_GENERAL;
}

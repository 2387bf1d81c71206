/* See encoding.h. */
#include "attest/encoding.h"

#include <string.h>

#include "base/base64.h"

static enum attest_reason
reason_of(enum tg_err err)
{
    if (err == TG_OK)
        return ATTEST_FINE;
    return err == TG_E_NOMEM ? ATTEST_UNAVAILABLE : ATTEST_MALFORMED;
}

enum attest_reason
encoding_base64url(struct tg_span text, struct tg_buf *out)
{
    if (text.len > 0 && (memchr(text.ptr, '+', text.len) != NULL ||
                         memchr(text.ptr, '/', text.len) != NULL ||
                         memchr(text.ptr, '=', text.len) != NULL))
        return ATTEST_MALFORMED;
    return reason_of(tg_base64_decode_any(text, out));
}

/* A tree takes a hundred bytes for each two of "[[],[],…]". A value is followed
 * by a comma or is the last in its brackets; what stands in strings does not
 * count. */
static bool
has_few_values(struct tg_span text)
{
    bool in_string = false;
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == ',' || c == '[' || c == '{'))
            count++;
    }
    return count <= ENCODING_VALUES_MOST;
}

static struct tg_span
without_mark(struct tg_span text)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

    if (text.len >= sizeof(mark) &&
        memcmp(text.ptr, mark, sizeof(mark)) == 0) {
        text.ptr += sizeof(mark);
        text.len -= sizeof(mark);
    }
    return text;
}

enum attest_reason
encoding_object(struct tg_span text, struct tg_json **out)
{
    struct tg_json *json = NULL;
    enum attest_reason reason;

    text = without_mark(text);
    if (!has_few_values(text))
        return ATTEST_MALFORMED;
    reason = reason_of(tg_json_parse(text, &json));
    if (reason != ATTEST_FINE)
        return reason;
    if (tg_json_kind(json) != TG_JSON_OBJECT) {
        tg_json_free(json);
        return ATTEST_MALFORMED;
    }
    *out = json;
    return ATTEST_FINE;
}

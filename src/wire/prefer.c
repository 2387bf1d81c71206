/* wire_read_prefer(): the header Prefer (RFC 7240 §2), of which `wait` counts.
 *
 *   Prefer     = 1#preference
 *   preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] )
 */
#include "wire/field.h"
#include "wire/wire.h"

/* Decimal seconds; more than anybody grants is as good as the most. */
static bool
parse_seconds(struct tg_span digits, unsigned *out)
{
    unsigned seconds = 0;

    if (digits.len == 0)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        seconds = seconds * 10 + (unsigned)(digits.ptr[i] - '0');
        if (seconds > LIMIT_WAIT_MOST_S)
            seconds = LIMIT_WAIT_MOST_S;
    }
    *out = seconds;
    return true;
}

/* Of several `wait` the first counts (RFC 7240 §2). */
static bool
take_preference(struct tg_span *rest, struct wire_preferences *found)
{
    struct tg_span name;
    struct tg_span word;

    if (!field_take_pair(rest, &name, &word))
        return false;
    if (tg_span_is_nocase(name, "wait") && !found->has_wait)
        found->has_wait = parse_seconds(word, &found->wait_s);
    while (field_skip_one(rest, ';'))
        if (!field_is_left_out(rest) &&
            !field_take_pair(rest, &name, &word))
            return false;
    return true;
}

void
wire_read_prefer(struct tg_span value, struct wire_preferences *out)
{
    struct tg_span rest = value;
    struct wire_preferences found = *out;

    do {
        if (!field_is_left_out(&rest) && !take_preference(&rest, &found))
            return;
    } while (field_skip_one(&rest, ','));
    if (rest.len == 0)
        *out = found;
}

/* Title, description and image URL, a line each → the preview page. Whatever
 * they are, the page has the markup and the policy that it has for harmless
 * ones (R-PRE-3). */
#include "fuzz.h"

#include "wire/text.h"
#include "wire/wire.h"

static struct wire_answer
preview(struct tg_span title, struct tg_span description, struct tg_span url)
{
    static const struct wire_site site = {
        .public_origin = TG_SPAN_LITERAL("https://relay.example")};
    struct mailbox mailbox = {.exists = true,
                              .display = {title, description, url}};
    struct mailbox_id id = {{{1}}};
    struct wire_ids ids = {0};
    static const struct wire_reader reader = {LANGUAGE_GERMAN, VERTICAL_CAR};
    struct wire_outcome outcome = {.call = CALL_DISPLAY,
                                   .outcome = RELAY_DONE,
                                   .mailbox = &mailbox,
                                   .mailbox_id = &id,
                                   .ids = &ids,
                                   .reader = &reader};
    struct wire_answer answer;

    FUZZ_CHECK(wire_answer(&outcome, &site, &answer) == TG_OK);
    return answer;
}

static size_t
count_byte(struct tg_span text, uint8_t byte)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == byte;
    return count;
}

static struct tg_span
policy_of(const struct wire_answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (strcmp(answer->headers[i].name, "Content-Security-Policy") == 0)
            return answer->headers[i].value;
    FUZZ_CHECK(!"the page has a policy");
    return TG_SPAN_EMPTY;
}

/* And not the relay's own, of which the size is told. */
static bool
shows_image(const struct wire_answer *answer)
{
    static const char told[] = "og:image:width\" content=";

    return memmem(answer->body.ptr, answer->body.len, told,
                  sizeof(told) - 1) == NULL;
}

static void
check_like(const struct wire_answer *answer, const struct wire_answer *plain)
{
    static const uint8_t markup[] = {'<', '>', '"', '\''};
    struct tg_span policy = policy_of(answer);

    for (size_t i = 0; i < sizeof(markup); i++)
        FUZZ_CHECK(count_byte(tg_span_buf(&answer->body), markup[i]) ==
                   count_byte(tg_span_buf(&plain->body), markup[i]));
    for (size_t i = 0; i < policy.len; i++)
        FUZZ_CHECK(policy.ptr[i] >= 0x20 && policy.ptr[i] < 0x7f);
    FUZZ_CHECK(count_byte(policy, ';') == count_byte(policy_of(plain), ';'));
    FUZZ_CHECK(count_byte(policy, ' ') == count_byte(policy_of(plain), ' '));
    FUZZ_CHECK(count_byte(policy, ',') == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span rest = {data, size};
    struct tg_span title = fuzz_take_line(&rest);
    struct tg_span description = fuzz_take_line(&rest);
    struct wire_answer answer = preview(title, description, rest);
    /* Instead of a title with nothing to see there is a word of ours. */
    struct wire_answer plain =
        preview(text_is_blank(title) ? TG_SPAN_EMPTY : TG_SPAN_LITERAL("t"),
                TG_SPAN_LITERAL("d"),
                shows_image(&answer) ? TG_SPAN_LITERAL("https://i.example")
                                     : TG_SPAN_EMPTY);

    check_like(&answer, &plain);
    wire_answer_done(&answer);
    wire_answer_done(&plain);
    return 0;
}

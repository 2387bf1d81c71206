/* JSON in, JSON out: what is accepted can be written, and what was written is
 * read as the same. */
#include "fuzz.h"

#include "base/json.h"

static struct tg_buf
format(const struct tg_json *json)
{
    struct tg_buf text = TG_BUF_EMPTY;

    FUZZ_CHECK(tg_json_format(json, &text) == TG_OK);
    return text;
}

/* A text that is quoted for an answer is read back as itself. */
static void
check_quote(struct tg_span text)
{
    struct tg_buf quoted = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    struct tg_span back;

    FUZZ_CHECK(tg_json_quote(text, &quoted) == TG_OK);
    FUZZ_CHECK(tg_json_parse(tg_span_buf(&quoted), &json) == TG_OK);
    FUZZ_CHECK(tg_json_text(json, &back));
    FUZZ_CHECK(tg_span_equal(text, back));
    tg_json_free(json);
    tg_buf_free(&quoted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span text = {data, size};
    struct tg_json *first = NULL;
    struct tg_json *second = NULL;
    struct tg_buf once;
    struct tg_buf twice;

    if (tg_json_parse(text, &first) != TG_OK)
        return 0;
    FUZZ_CHECK(memchr(data, 0, size) == NULL);
    if (tg_json_text(first, &text))
        check_quote(text);
    once = format(first);
    FUZZ_CHECK(tg_json_parse(tg_span_buf(&once), &second) == TG_OK);
    twice = format(second);
    FUZZ_CHECK(tg_span_equal(tg_span_buf(&once), tg_span_buf(&twice)));
    tg_buf_free(&once);
    tg_buf_free(&twice);
    tg_json_free(first);
    tg_json_free(second);
    return 0;
}

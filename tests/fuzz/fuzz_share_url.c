/* Share URLs: what is accepted is written in one form only, short enough, and
 * is read as the same; without its secret it holds none. */
#include "fuzz.h"

#include <tigress/allow_list.h>
#include <tigress/share_url.h>

static struct tg_buf
format(const struct tg_share_url *url, enum tg_share_url_form form)
{
    struct tg_buf text = TG_BUF_EMPTY;

    FUZZ_CHECK(tg_share_url_format(url, form, &text) == TG_OK);
    FUZZ_CHECK(text.ptr[text.len] == '\0');
    FUZZ_CHECK(strlen((const char *)text.ptr) == text.len);
    return text;
}

static void
check_url(const struct tg_share_url *url)
{
    struct tg_buf once = format(url, TG_WITH_SECRET);
    struct tg_buf without = format(url, TG_WITHOUT_SECRET);
    struct tg_share_url *again = NULL;
    struct tg_buf twice;

    FUZZ_CHECK(memchr(without.ptr, '#', without.len) == NULL);
    FUZZ_CHECK(once.len <= TG_SHARE_URL_MAX);
    FUZZ_CHECK(tg_share_url_parse(tg_span_buf(&once), &again) == TG_OK);
    twice = format(again, TG_WITH_SECRET);
    FUZZ_CHECK(tg_span_equal(tg_span_buf(&once), tg_span_buf(&twice)));
    tg_buf_free(&twice);
    tg_share_url_free(again);
    tg_buf_free(&without);
    tg_buf_free(&once);
}

/* What a file of allowed relays allows is a relay's name. */
static void
check_allow_list(struct tg_span text)
{
    struct tg_allow_list *list;
    size_t bad_line = 0;
    enum tg_err err;

    FUZZ_CHECK(tg_allow_list_new(&list) == TG_OK);
    err = tg_allow_list_read(list, text, &bad_line);
    FUZZ_CHECK(err == TG_OK || err == TG_E_FORMAT);
    FUZZ_CHECK((err == TG_E_FORMAT) == (bad_line > 0));
    tg_allow_list_free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span text = {data, size};
    struct tg_share_url *url = NULL;

    if (tg_share_url_parse(text, &url) == TG_OK)
        check_url(url);
    tg_share_url_free(url);
    check_allow_list(text);
    return 0;
}

/* A run of CPace that was saved, and what the other side sends: what is loaded
 * is saved the same and stays usable, and nobody is convinced by chance. */
#include "fuzz.h"

#include <tigress/pin.h>

static void
check_saved(const struct tg_pake *pake, struct tg_span saved)
{
    struct tg_buf again = TG_BUF_EMPTY;

    FUZZ_CHECK(tg_pake_save(pake, &again) == TG_OK);
    FUZZ_CHECK(tg_span_equal(tg_span_buf(&again), saved));
    FUZZ_CHECK(tg_pake_share(pake).len == TG_PAKE_SHARE_LEN);
    tg_buf_free(&again);
}

/* The input once more, as a share and what belongs to it. */
static void
check_finish(struct tg_pake *pake, struct tg_span input)
{
    const size_t len =
        input.len < TG_PAKE_SHARE_LEN ? input.len : TG_PAKE_SHARE_LEN;
    const struct tg_span share = {input.ptr, len};
    const struct tg_span rest = {input.ptr + len, input.len - len};
    struct tg_buf tag = TG_BUF_EMPTY;
    enum tg_err err = tg_pake_finish(pake, share, rest);

    FUZZ_CHECK(err == TG_OK || err == TG_E_AUTH || err == TG_E_LIMIT);
    if (err == TG_OK) {
        FUZZ_CHECK(tg_pake_tag(pake, &tag) == TG_OK);
        FUZZ_CHECK(tag.len == TG_PAKE_TAG_LEN);
        FUZZ_CHECK(tg_pake_check(pake, tg_span_buf(&tag)) == TG_E_AUTH);
        FUZZ_CHECK(tg_pake_check(pake, share) == TG_E_AUTH);
        FUZZ_CHECK(tg_pake_finish(pake, share, rest) == TG_E_STATE);
    } else {
        FUZZ_CHECK(tg_pake_tag(pake, &tag) == TG_E_STATE);
    }
    tg_buf_free(&tag);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tg_span session = TG_SPAN_LITERAL("session");
    const struct tg_span input = {data, size};
    struct tg_pake *pake = NULL;
    struct tg_buf tag = TG_BUF_EMPTY;

    if (tg_pake_load(input, &pake) == TG_OK) {
        check_saved(pake, input);
        if (tg_pake_tag(pake, &tag) == TG_E_STATE)
            check_finish(pake, input);
        tg_buf_free(&tag);
        tg_pake_free(pake);
    }
    FUZZ_CHECK(tg_pake_begin(TG_RECIPIENT, "123456", TG_SPAN_EMPTY, session,
                             TG_SPAN_EMPTY, &pake) == TG_OK);
    check_finish(pake, input);
    tg_pake_free(pake);
    return 0;
}

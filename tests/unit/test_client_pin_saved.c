/* <tigress/pin.h>: a side that is switched off in between, and no memory. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "pin_kit.h"

enum {
    HEAD_LEN = 3,
    SCALAR_AT = HEAD_LEN + TG_PAKE_SHARE_LEN, /* of a run that has begun */
    SCALAR_LEN = 32,
    BEGUN_LEN = SCALAR_AT + SCALAR_LEN + 4 + sizeof("a session") - 1 + 4 +
                sizeof("the offer") - 1,
    FINISHED_LEN = SCALAR_AT + 2 * TG_PAKE_TAG_LEN
};

static struct tg_buf
save(const struct tg_pake *pake)
{
    struct tg_buf saved = TG_BUF_EMPTY;

    assert_int_equal(tg_pake_save(pake, &saved), TG_OK);
    return saved;
}

/* Switch a side off and on again. */
static struct tg_pake *
restart(struct tg_pake *pake)
{
    struct tg_buf before = save(pake);
    struct tg_pake *again = NULL;
    struct tg_buf after;

    assert_int_equal(tg_pake_load(tg_span_buf(&before), &again), TG_OK);
    assert_true(tg_span_equal(tg_pake_share(pake), tg_pake_share(again)));
    after = save(again);
    assert_true(tg_span_equal(tg_span_buf(&before), tg_span_buf(&after)));
    tg_pake_free(pake);
    tg_buf_free(&before);
    tg_buf_free(&after);
    return again;
}

static void
a_side_goes_on_after_a_restart_at_any_stage(void **state)
{
    (void)state;
    for (int stages = 0; stages < 4; stages++) {
        struct tg_pake *a = begin(owner_side());
        struct tg_pake *b = begin(friend_side());

        if (stages & 1)
            a = restart(a);
        assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
        assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
        if (stages & 2)
            a = restart(a);
        assert_int_equal(judge(a, b), TG_OK);
        assert_int_equal(judge(b, a), TG_OK);
        assert_int_equal(judge(a, a), TG_E_AUTH);
        assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST),
                         TG_E_STATE);
        tg_pake_free(a);
        tg_pake_free(b);
    }
}

static void
a_restart_does_not_make_another_pin_right(void **state)
{
    struct side wrong = *friend_side();
    struct tg_pake *a = restart(begin(owner_side()));
    struct tg_pake *b;

    (void)state;
    wrong.pin = "042916";
    b = restart(begin(&wrong));
    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
    a = restart(a);
    b = restart(b);
    assert_int_equal(judge(a, b), TG_E_AUTH);
    assert_int_equal(judge(b, a), TG_E_AUTH);
    tg_pake_free(a);
    tg_pake_free(b);
}

static bool
holds(const struct tg_buf *buf, const void *part, size_t len)
{
    return memmem(buf->ptr, buf->len, part, len) != NULL;
}

/* In memory it is no longer, either. */
static bool
remembers(const struct tg_pake *pake, const void *part, size_t len)
{
    return memmem(pake, malloc_usable_size((void *)(uintptr_t)pake), part,
                  len) != NULL;
}

static void
what_is_saved_holds_no_pin_and_in_the_end_no_scalar(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(friend_side());
    struct tg_buf begun = save(a);
    struct tg_buf finished;
    uint8_t number[4];

    (void)state;
    assert_int_equal(begun.len, BEGUN_LEN);
    assert_false(holds(&begun, PIN, TG_PIN_DIGITS));
    assert_false(holds(&begun, "a car key's PIN", 15));
    for (int i = 0; i < 4; i++) /* nor as a number */
        number[i] = (uint8_t)(42917 >> 8 * i);
    assert_false(holds(&begun, number, sizeof(number)));
    assert_false(remembers(a, PIN, TG_PIN_DIGITS));
    assert_true(remembers(a, begun.ptr + SCALAR_AT, SCALAR_LEN));

    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
    finished = save(a);
    assert_int_equal(finished.len, FINISHED_LEN);
    assert_false(holds(&finished, PIN, TG_PIN_DIGITS));
    assert_false(holds(&finished, begun.ptr + SCALAR_AT, SCALAR_LEN));
    assert_false(remembers(a, begun.ptr + SCALAR_AT, SCALAR_LEN));
    tg_buf_free(&begun);
    tg_buf_free(&finished);
    tg_pake_free(a);
    tg_pake_free(b);
}

/* Go on with what was loaded: does anybody still believe anybody? */
static bool
convinces(struct tg_span saved, const struct tg_pake *friend)
{
    struct tg_pake *a = NULL;
    struct tg_pake *b = NULL;
    struct tg_buf tag = TG_BUF_EMPTY;
    bool result;

    if (tg_pake_load(saved, &a) != TG_OK) {
        assert_null(a);
        return false;
    }
    if (tg_pake_tag(a, &tag) == TG_E_STATE) {
        /* not finished: with a friend of its own */
        b = begin(friend_side());
        assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
        assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
        friend = b;
    }
    result = judge(a, friend) == TG_OK && judge(friend, a) == TG_OK;
    tg_buf_free(&tag);
    tg_pake_free(a);
    tg_pake_free(b);
    return result;
}

static void
check_damage(const struct tg_buf *saved, const struct tg_pake *friend)
{
    struct tg_pake *pake = NULL;
    struct tg_buf longer = TG_BUF_EMPTY;

    assert_true(convinces(tg_span_buf(saved), friend));
    for (size_t len = 0; len < saved->len; len++)
        assert_int_equal(tg_pake_load((struct tg_span){saved->ptr, len}, &pake),
                         TG_E_FORMAT);
    assert_int_equal(tg_buf_append(&longer, tg_span_buf(saved)), TG_OK);
    assert_int_equal(tg_buf_byte(&longer, 0), TG_OK);
    assert_int_equal(tg_pake_load(tg_span_buf(&longer), &pake), TG_E_FORMAT);
    tg_buf_free(&longer);
    assert_null(pake);

    for (size_t bit = 0; bit < 8 * saved->len; bit++) {
        bool told = saved->len == FINISHED_LEN && bit / 8 >= HEAD_LEN &&
                    bit / 8 < SCALAR_AT; /* the share is in the tags by now */

        saved->ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(told || !convinces(tg_span_buf(saved), friend));
        saved->ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Of the head every byte is judged; what is wrong elsewhere proves nothing. */
static void
a_damaged_saved_form_is_refused_or_convinces_nobody(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(friend_side());
    struct tg_buf saved = save(a);

    (void)state;
    check_damage(&saved, b);
    tg_buf_free(&saved);
    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
    saved = save(a);
    check_damage(&saved, b);
    tg_buf_free(&saved);
    tg_pake_free(a);
    tg_pake_free(b);
}

static void
every_other_head_is_refused(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_buf saved = save(a);
    struct tg_pake *pake = NULL;

    (void)state;
    for (size_t at = 0; at < HEAD_LEN; at++) {
        const uint8_t right = saved.ptr[at];

        for (int value = 0; value < 256; value++) {
            saved.ptr[at] = (uint8_t)value;
            if (value == right || (at == 1 && value == TG_RECIPIENT))
                continue;
            assert_int_equal(tg_pake_load(tg_span_buf(&saved), &pake),
                             TG_E_FORMAT);
        }
        saved.ptr[at] = right;
    }
    assert_null(pake);
    tg_buf_free(&saved);
    tg_pake_free(a);
}

/* What no side could have saved: it would not have begun. */
static void
a_saved_input_of_more_than_64_KiB_is_refused(void **state)
{
    static const uint8_t zeros[65537 + 4];
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *pake = NULL;

    (void)state;
    for (unsigned len = 65536; len <= 65537; len++) {
        struct tg_buf saved = save(a);
        const uint8_t len_bytes[] = {0, (uint8_t)(len >> 16),
                                     (uint8_t)(len >> 8), (uint8_t)len};

        saved.len = SCALAR_AT + SCALAR_LEN;
        assert_int_equal(tg_buf_append(&saved, TG_SPAN_ARRAY(len_bytes)),
                         TG_OK);
        assert_int_equal(tg_buf_append(&saved,
                                       (struct tg_span){zeros, len + 4}),
                         TG_OK);
        assert_int_equal(tg_pake_load(tg_span_buf(&saved), &pake),
                         len == 65536 ? TG_OK : TG_E_FORMAT);
        tg_buf_free(&saved);
    }
    tg_pake_free(pake);
    tg_pake_free(a);
}

/* A whole way, the owner's side restarted twice. */
static enum tg_err
whole_way(struct tg_buf *kept)
{
    struct tg_pake *a = NULL;
    struct tg_pake *b = NULL;
    struct tg_pake *again = NULL;
    struct tg_buf saved = TG_BUF_EMPTY;
    const size_t before = kept->len;
    enum tg_err err;

    if ((err = tg_pake_begin(TG_INITIATOR, PIN, CONTEXT, SESSION, OFFER, &a)) !=
            TG_OK ||
        (err = tg_pake_begin(TG_RECIPIENT, PIN, CONTEXT, SESSION, REQUEST,
                             &b)) != TG_OK ||
        (err = tg_pake_save(a, &saved)) != TG_OK ||
        (err = tg_pake_load(tg_span_buf(&saved), &again)) != TG_OK ||
        (err = tg_pake_finish(again, tg_pake_share(b), REQUEST)) != TG_OK ||
        (err = tg_pake_finish(b, tg_pake_share(a), OFFER)) != TG_OK)
        goto out;
    tg_buf_free(&saved);
    tg_pake_free(a);
    a = NULL;
    if ((err = tg_pake_save(again, &saved)) != TG_OK ||
        (err = tg_pake_load(tg_span_buf(&saved), &a)) != TG_OK)
        goto out;
    if ((err = tg_pake_tag(a, kept)) == TG_OK)
        err = tg_pake_check(b, (struct tg_span){kept->ptr + before,
                                                kept->len - before});
out:
    assert_true(err == TG_OK || kept->len == before);
    tg_buf_free(&saved);
    tg_pake_free(again);
    tg_pake_free(a);
    tg_pake_free(b);
    return err;
}

static void
no_memory_is_survived(void **state)
{
    enum tg_err err = TG_E_NOMEM;
    long n;

    (void)state;
    for (n = 0; err != TG_OK; n++) {
        struct tg_buf kept = TG_BUF_EMPTY;

        assert_true(n < 200);
        tg_alloc_fail_after(n);
        err = whole_way(&kept);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        tg_buf_free(&kept);
    }
    assert_true(n > 20);
}

/* What failed for want of memory can be done again. */
static void
after_a_failed_step_the_side_is_as_it_was(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(friend_side());
    struct tg_buf out = TG_BUF_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    (void)state;
    for (long n = 0; err != TG_OK; n++) {
        assert_true(n < 200);
        tg_alloc_fail_after(n);
        err = tg_pake_finish(a, tg_pake_share(b), REQUEST);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        if (err != TG_OK)
            assert_int_equal(tg_pake_tag(a, &out), TG_E_STATE);
    }
    err = TG_E_NOMEM;
    for (long n = 0; err != TG_OK; n++) {
        assert_true(n < 200);
        tg_alloc_fail_after(n);
        err = tg_pake_save(a, &out);
        tg_alloc_fail_after(-1);
        assert_int_equal(out.len, err == TG_OK ? FINISHED_LEN : 0);
    }
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
    assert_int_equal(judge(a, b), TG_OK);
    assert_int_equal(judge(b, a), TG_OK);
    tg_buf_free(&out);
    tg_pake_free(a);
    tg_pake_free(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_side_goes_on_after_a_restart_at_any_stage),
        cmocka_unit_test(a_restart_does_not_make_another_pin_right),
        cmocka_unit_test(what_is_saved_holds_no_pin_and_in_the_end_no_scalar),
        cmocka_unit_test(a_damaged_saved_form_is_refused_or_convinces_nobody),
        cmocka_unit_test(every_other_head_is_refused),
        cmocka_unit_test(a_saved_input_of_more_than_64_KiB_is_refused),
        cmocka_unit_test(no_memory_is_survived),
        cmocka_unit_test(after_a_failed_step_the_side_is_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The order of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tigress/order.h>
#include <tigress/payload.h>
#include <tigress/provisioning.h>

#include "base/alloc.h"
#include "base/bytes.h"

/* Two sides of one conversation, and what the relay could have kept. */
struct talk {
    struct tg_order *side[2]; /* initiator, recipient */
    struct tg_buf kept[8];
    size_t count;
};

static void
talk_begin(struct talk *t)
{
    *t = (struct talk){.count = 0};
    assert_int_equal(tg_order_new(TG_INITIATOR, &t->side[0]), TG_OK);
    assert_int_equal(tg_order_new(TG_RECIPIENT, &t->side[1]), TG_OK);
}

static void
talk_end(struct talk *t)
{
    for (size_t i = 0; i < t->count; i++)
        tg_buf_free(&t->kept[i]);
    tg_order_free(t->side[0]);
    tg_order_free(t->side[1]);
}

/* Returns the number of the message. */
static size_t
talk_write(struct talk *t, int side)
{
    char content[20];

    snprintf(content, sizeof(content), "{\"n\":%zu}", t->count);
    assert_int_equal(tg_order_write(t->side[side], TG_FORMAT_CAR_KEY,
                                    tg_span_text(content), &t->kept[t->count]),
                     TG_OK);
    return t->count++;
}

static enum tg_err
talk_accept(struct talk *t, int side, size_t number)
{
    struct tg_provisioning *message;
    enum tg_err err;

    assert_int_equal(
        tg_provisioning_parse(tg_span_buf(&t->kept[number]), &message), TG_OK);
    err = tg_order_accept(t->side[side], message, false);
    tg_provisioning_free(message);
    return err;
}

/* R-PAY-1 */
static void
each_message_is_accepted_once_and_in_its_place(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t);
    for (size_t i = 0; i < 6; i++) {
        int writer = (int)(i % 2);

        talk_write(&t, writer);
        for (size_t old = 0; old < i; old++) {
            assert_int_equal(talk_accept(&t, 1 - writer, old), TG_E_REPLAY);
            assert_int_equal(talk_accept(&t, writer, old), TG_E_REPLAY);
        }
        assert_int_equal(talk_accept(&t, writer, i), TG_E_REPLAY);
        assert_int_equal(talk_accept(&t, 1 - writer, i), TG_OK);
        assert_int_equal(talk_accept(&t, 1 - writer, i), TG_E_REPLAY);
    }
    talk_end(&t);
}

/* R-PAY-1: a message that was never read leaves a gap, and no more */
static void
an_overwritten_message_is_missed_but_not_missing(void **state)
{
    struct talk t;
    size_t first;
    size_t second;

    (void)state;
    talk_begin(&t);
    first = talk_write(&t, 0);
    second = talk_write(&t, 0);
    assert_int_equal(talk_accept(&t, 1, second), TG_OK);
    assert_int_equal(talk_accept(&t, 1, first), TG_E_REPLAY);
    assert_int_equal(talk_accept(&t, 0, talk_write(&t, 1)), TG_OK);
    talk_end(&t);
}

/* R-PAY-1 */
static void
a_second_message_after_one_that_was_read_is_accepted(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t);
    assert_int_equal(talk_accept(&t, 1, talk_write(&t, 0)), TG_OK);
    assert_int_equal(talk_accept(&t, 0, talk_write(&t, 1)), TG_OK);
    assert_int_equal(talk_accept(&t, 0, talk_write(&t, 1)), TG_OK);
    assert_int_equal(talk_accept(&t, 1, talk_write(&t, 0)), TG_OK);
    talk_end(&t);
}

/* R-PAY-1: written before ours was read: an answer to something else */
static void
a_message_that_crossed_ours_is_refused(void **state)
{
    struct talk t;
    size_t theirs;

    (void)state;
    talk_begin(&t);
    assert_int_equal(talk_accept(&t, 1, talk_write(&t, 0)), TG_OK);
    theirs = talk_write(&t, 1);
    talk_write(&t, 0);
    assert_int_equal(talk_accept(&t, 0, theirs), TG_E_REPLAY);
    talk_end(&t);
}

/* R-PAY-1: who has seen our second message cannot un-see it */
static void
previous_never_goes_back(void **state)
{
    struct talk t;
    struct tg_order *before;
    struct tg_buf saved = TG_BUF_EMPTY;
    size_t late = 0;

    (void)state;
    talk_begin(&t);
    assert_int_equal(talk_accept(&t, 1, talk_write(&t, 0)), TG_OK);
    assert_int_equal(tg_order_save(t.side[1], &saved), TG_OK);
    assert_int_equal(tg_order_load(tg_span_buf(&saved), &before), TG_OK);
    tg_buf_free(&saved);
    assert_int_equal(talk_accept(&t, 1, talk_write(&t, 0)), TG_OK);
    assert_int_equal(talk_accept(&t, 0, talk_write(&t, 1)), TG_OK);
    /* A recipient that knows our first message only, ever so far ahead. */
    tg_order_free(t.side[1]);
    t.side[1] = before;
    for (int i = 0; i < 4; i++)
        late = talk_write(&t, 1);
    assert_int_equal(talk_accept(&t, 0, late), TG_E_REPLAY);
    talk_end(&t);
}

static enum tg_err
accept_text(struct tg_order *order, const char *text, bool accept_plain)
{
    struct tg_provisioning *message;
    enum tg_err err;

    assert_int_equal(tg_provisioning_parse(tg_span_text(text), &message),
                     TG_OK);
    err = tg_order_accept(order, message, accept_plain);
    tg_provisioning_free(message);
    return err;
}

/* R-PAY-1: every member alone decides */
static void
wrong_previous_alone_is_refused(void **state)
{
    struct tg_order *order;
    struct tg_buf text = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_order_new(TG_INITIATOR, &order), TG_OK);
    assert_int_equal(tg_order_write(order, "f", tg_span_text("{}"), &text),
                     TG_OK);
    /* Nothing named, though there was something to name. */
    assert_int_equal(
        accept_text(order,
                    "{\"format\":\"f\",\"content\":{},\"tigress\":{"
                    "\"direction\":\"recipient\",\"sequence\":2,"
                    "\"previous\":\"\"}}", false),
        TG_E_REPLAY);
    assert_int_equal(
        accept_text(order,
                    "{\"format\":\"f\",\"content\":{},\"tigress\":{"
                    "\"direction\":\"recipient\",\"sequence\":2,\"previous\":"
                    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}}",
                    false),
        TG_E_REPLAY);
    tg_buf_free(&text);
    tg_order_free(order);
}

/* R-PAY-1 */
static void
wrong_direction_alone_is_refused(void **state)
{
    struct tg_order *order;

    (void)state;
    assert_int_equal(tg_order_new(TG_RECIPIENT, &order), TG_OK);
    assert_int_equal(
        accept_text(order,
                    "{\"format\":\"f\",\"content\":{},\"tigress\":{"
                    "\"direction\":\"recipient\",\"sequence\":1,"
                    "\"previous\":\"\"}}", false),
        TG_E_REPLAY);
    assert_int_equal(
        accept_text(order,
                    "{\"format\":\"f\",\"content\":{},\"tigress\":{"
                    "\"direction\":\"initiator\",\"sequence\":1,"
                    "\"previous\":\"\"}}", false),
        TG_OK);
    tg_order_free(order);
}

/* R-PAY-1 */
static void
a_message_without_its_place_needs_the_option(void **state)
{
    static const char plain[] = "{\"format\":\"f\",\"content\":{}}";
    struct tg_order *order;

    (void)state;
    assert_int_equal(tg_order_new(TG_RECIPIENT, &order), TG_OK);
    assert_int_equal(accept_text(order, plain, false), TG_E_REPLAY);
    assert_int_equal(accept_text(order, plain, true), TG_OK);
    tg_order_free(order);
}

/* R-PAY-1: a restart between any two messages */
static void
an_order_that_was_saved_goes_on_the_same(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t);
    for (size_t i = 0; i < 6; i++) {
        for (int side = 0; side < 2; side++) {
            struct tg_buf saved = TG_BUF_EMPTY;

            assert_int_equal(tg_order_save(t.side[side], &saved), TG_OK);
            tg_order_free(t.side[side]);
            assert_int_equal(
                tg_order_load(tg_span_buf(&saved), &t.side[side]), TG_OK);
            tg_buf_free(&saved);
        }
        talk_write(&t, (int)(i % 2));
        assert_int_equal(talk_accept(&t, 1 - (int)(i % 2), i), TG_OK);
        if (i > 0)
            assert_int_equal(talk_accept(&t, (int)(i % 2), i - 1),
                             TG_E_REPLAY);
    }
    talk_end(&t);
}

static void
a_damaged_saved_order_is_refused(void **state)
{
    struct tg_order *order;
    struct tg_buf saved = TG_BUF_EMPTY;
    static const uint8_t at[] = {0, 1, 2, 3, 4};

    (void)state;
    assert_int_equal(tg_order_new(TG_INITIATOR, &order), TG_OK);
    assert_int_equal(tg_order_save(order, &saved), TG_OK);
    tg_order_free(order);
    for (size_t i = 0; i < sizeof(at); i++) {
        uint8_t before = saved.ptr[at[i]];

        saved.ptr[at[i]] = 0x7f;
        assert_int_equal(tg_order_load(tg_span_buf(&saved), &order),
                         TG_E_FORMAT);
        saved.ptr[at[i]] = before;
    }
    saved.len--;
    assert_int_equal(tg_order_load(tg_span_buf(&saved), &order), TG_E_FORMAT);
    tg_buf_free(&saved);
}

static void
content_that_is_no_object_is_not_written(void **state)
{
    static const char *const bad[] = {"", "[]", "1", "{", "{}{}"};
    struct tg_order *order;
    struct tg_buf text = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_order_new(TG_INITIATOR, &order), TG_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(
            tg_order_write(order, "f", tg_span_text(bad[i]), &text),
            TG_E_FORMAT);
    assert_int_equal(tg_order_write(order, "", tg_span_text("{}"), &text),
                     TG_E_FORMAT);
    assert_int_equal(tg_order_write(order, "\xff", tg_span_text("{}"), &text),
                     TG_E_FORMAT);
    assert_int_equal(text.len, 0);
    /* Nothing of it counts: the next message is the first. */
    assert_int_equal(tg_order_write(order, "f", tg_span_text("{}"), &text),
                     TG_OK);
    assert_non_null(
        memmem(text.ptr, text.len, "\"sequence\":1,", 13));
    tg_buf_free(&text);
    tg_order_free(order);
}

/* One message there and back, with the n-th allocation failing. */
static enum tg_err
whole_way(struct tg_order *writer, struct tg_order *reader)
{
    static const uint8_t zeros[16];
    const struct tg_span secret = TG_SPAN_ARRAY(zeros);
    struct tg_provisioning *message = NULL;
    struct tg_buf plain = TG_BUF_EMPTY;
    struct tg_buf sealed = TG_BUF_EMPTY;
    struct tg_buf opened = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_order_write(writer, TG_FORMAT_TOKEN,
                              tg_span_text("{\"a\":1}"), &plain)) != TG_OK)
        goto out;
    if ((err = tg_payload_seal(secret, tg_span_buf(&plain), &sealed)) != TG_OK)
        goto out;
    if ((err = tg_payload_open(secret, "AEAD_AES_128_GCM",
                               tg_span_buf(&sealed), &opened)) != TG_OK)
        goto out;
    if ((err = tg_provisioning_parse(tg_span_buf(&opened), &message)) != TG_OK)
        goto out;
    err = tg_order_accept(reader, message, false);
out:
    tg_provisioning_free(message);
    tg_buf_free(&opened);
    tg_buf_free(&sealed);
    tg_buf_free(&plain);
    return err;
}

static void
no_memory_is_survived(void **state)
{
    struct talk t;
    enum tg_err err = TG_E_NOMEM;
    long n;

    (void)state;
    talk_begin(&t);
    for (n = 0; err != TG_OK; n++) {
        assert_true(n < 200);
        tg_alloc_fail_after(n);
        err = whole_way(t.side[0], t.side[1]);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
    }
    assert_true(n > 5);
    talk_end(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_accepted_once_and_in_its_place),
        cmocka_unit_test(an_overwritten_message_is_missed_but_not_missing),
        cmocka_unit_test(a_second_message_after_one_that_was_read_is_accepted),
        cmocka_unit_test(a_message_that_crossed_ours_is_refused),
        cmocka_unit_test(previous_never_goes_back),
        cmocka_unit_test(wrong_previous_alone_is_refused),
        cmocka_unit_test(wrong_direction_alone_is_refused),
        cmocka_unit_test(a_message_without_its_place_needs_the_option),
        cmocka_unit_test(an_order_that_was_saved_goes_on_the_same),
        cmocka_unit_test(a_damaged_saved_order_is_refused),
        cmocka_unit_test(content_that_is_no_object_is_not_written),
        cmocka_unit_test(no_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

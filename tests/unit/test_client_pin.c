/* <tigress/pin.h>: PINs, and who is convinced by whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/pin.h"
#include "pin_kit.h"

enum {
    DRAWS = 60000,
    INPUT_MOST = 65536
};

/* Chi-square with 9 degrees of freedom is larger than this once in 6e10
 * times, so that one of six is once in 1e10. */
#define CHI_SQUARE_MOST 70.0

static void
drawn_pins_favour_no_digit_at_any_place(void **state)
{
    unsigned long seen[TG_PIN_DIGITS][10] = {{0}};
    const double expected = DRAWS / 10.0;

    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        char pin[TG_PIN_TEXT];

        memset(pin, 'x', sizeof(pin));
        assert_int_equal(tg_pin_draw(pin), TG_OK);
        assert_true(tg_pin_is(pin));
        for (int place = 0; place < TG_PIN_DIGITS; place++)
            seen[place][pin[place] - '0']++;
    }
    for (int place = 0; place < TG_PIN_DIGITS; place++) {
        double chi_square = 0;

        for (int digit = 0; digit < 10; digit++) {
            double off = (double)seen[place][digit] - expected;

            chi_square += off * off / expected;
        }
        assert_true(chi_square < CHI_SQUARE_MOST);
    }
    assert_true(seen[0][0] > 0); /* leading zeros occur */
}

static void
each_pin_belongs_to_as_many_numbers(void **state)
{
    static const struct {
        uint32_t number;
        const char *pin; /* NULL: drawn again */
    } cases[] = {
        {0, "000000"},          {7, "000007"},          {999999, "999999"},
        {1000000, "000000"},    {4293999999, "999999"}, {4294000000, NULL},
        {4294967295, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char pin[TG_PIN_TEXT] = "xxxxxx";

        assert_int_equal(pin_from_number(cases[i].number, pin),
                         cases[i].pin != NULL);
        assert_string_equal(pin, cases[i].pin != NULL ? cases[i].pin
                                                      : "xxxxxx");
    }
}

static void
only_six_digits_are_a_pin(void **state)
{
    static const char *const others[] = {
        "",        "12345",   "1234567", "12345a", " 12345", "12345 ",
        "+12345",  "-1",      "12 345",  "12345\n", "\xd9\xa1\xd9\xa2\xd9\xa3",
        "/12345",  "12345:",
    };
    struct tg_pake *pake = NULL;

    (void)state;
    assert_true(tg_pin_is("000000"));
    assert_true(tg_pin_is("999999"));
    assert_true(tg_pin_is("012345"));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(tg_pin_is(others[i]));
        assert_int_equal(tg_pake_begin(TG_INITIATOR, others[i], CONTEXT,
                                       SESSION, OFFER, &pake),
                         TG_E_FORMAT);
    }
    assert_null(pake);
}

/* A whole run; each side's verdict. */
static void
run(const struct side *first, const struct side *second, enum tg_err expected)
{
    struct tg_pake *a = begin(first);
    struct tg_pake *b = begin(second);

    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), first->other), TG_OK);
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), second->other),
                     TG_OK);
    assert_int_equal(judge(a, b), expected);
    assert_int_equal(judge(b, a), expected);
    tg_pake_free(a);
    tg_pake_free(b);
}

static void
who_knows_the_pin_is_believed(void **state)
{
    struct side a = *owner_side();
    struct side b = *friend_side();

    (void)state;
    run(&a, &b, TG_OK);
    a.pin = b.pin = "000000";
    run(&a, &b, TG_OK);
    a.context = b.context = TG_SPAN_EMPTY;
    a.session = b.session = TG_SPAN_EMPTY;
    a.own = b.other = a.other = b.own = TG_SPAN_EMPTY;
    run(&a, &b, TG_OK);
}

/* Threats 9 to 13 */
static void
any_difference_between_the_sides_convinces_nobody(void **state)
{
    const struct side *a = owner_side();
    struct side b = *friend_side();

    (void)state;
    b.pin = "042918";
    run(a, &b, TG_E_AUTH);
    b = *friend_side();
    b.context = TG_SPAN_LITERAL("a car key's pin");
    run(a, &b, TG_E_AUTH);
    b = *friend_side();
    b.session = TG_SPAN_LITERAL("a sessiom");
    run(a, &b, TG_E_AUTH);
    b = *friend_side();
    b.own = TG_SPAN_LITERAL("the Request");
    run(a, &b, TG_E_AUTH);
    b = *friend_side();
    b.other = TG_SPAN_LITERAL("the offers");
    run(a, &b, TG_E_AUTH);
    b = *friend_side();
    b.role = TG_INITIATOR;
    run(a, &b, TG_E_AUTH);
}

/* One byte that moves from one input to its neighbour is a difference. */
static void
inputs_do_not_run_into_each_other(void **state)
{
    struct side a = *owner_side();
    struct side b = *friend_side();

    (void)state;
    a.context = TG_SPAN_LITERAL("ab");
    a.session = TG_SPAN_LITERAL("c");
    b.context = TG_SPAN_LITERAL("a");
    b.session = TG_SPAN_LITERAL("bc");
    run(&a, &b, TG_E_AUTH);
}

/* Who knows nothing sends back what he gets. */
static void
our_own_share_and_tag_come_back_are_refused(void **state)
{
    const struct side *sides[] = {owner_side(), friend_side()};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tg_pake *own = begin(sides[i]);
        struct tg_pake *other = begin(sides[1 - i]);
        struct tg_buf tag = TG_BUF_EMPTY;

        assert_int_equal(tg_pake_finish(own, tg_pake_share(own),
                                        sides[i]->own),
                         TG_E_AUTH);
        assert_int_equal(tg_pake_finish(own, tg_pake_share(own),
                                        sides[i]->other),
                         TG_E_AUTH);
        assert_int_equal(tg_pake_tag(own, &tag), TG_E_STATE);
        assert_int_equal(tg_pake_finish(own, tg_pake_share(other),
                                        sides[i]->other),
                         TG_OK);
        assert_int_equal(judge(own, own), TG_E_AUTH);
        tg_buf_free(&tag);
        tg_pake_free(own);
        tg_pake_free(other);
    }
}

static void
a_share_that_is_none_is_refused_and_changes_nothing(void **state)
{
    static const uint8_t zeros[TG_PAKE_SHARE_LEN + 1];
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(friend_side());
    const struct tg_span honest = tg_pake_share(b);
    uint8_t share[TG_PAKE_SHARE_LEN + 1] = {0};

    (void)state;
    /* the identity */
    assert_int_equal(tg_pake_finish(a, (struct tg_span){zeros, 32}, REQUEST),
                     TG_E_AUTH);
    /* negative; not canonical, in two ways */
    memcpy(share, honest.ptr, honest.len);
    share[0] |= 1;
    assert_int_equal(tg_pake_finish(a, (struct tg_span){share, 32}, REQUEST),
                     TG_E_AUTH);
    memcpy(share, honest.ptr, honest.len);
    share[31] |= 0x80;
    assert_int_equal(tg_pake_finish(a, (struct tg_span){share, 32}, REQUEST),
                     TG_E_AUTH);
    memset(share, 0xff, sizeof(share));
    share[0] = 0xee;
    share[31] = 0x7f;
    assert_int_equal(tg_pake_finish(a, (struct tg_span){share, 32}, REQUEST),
                     TG_E_AUTH);
    /* of another length, the right bytes first */
    memcpy(share, honest.ptr, honest.len);
    for (size_t len = 0; len <= sizeof(share); len++)
        if (len != TG_PAKE_SHARE_LEN)
            assert_int_equal(tg_pake_finish(a, (struct tg_span){share, len},
                                            REQUEST),
                             TG_E_AUTH);

    assert_int_equal(tg_pake_finish(a, honest, REQUEST), TG_OK);
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
    assert_int_equal(judge(a, b), TG_OK);
    tg_pake_free(a);
    tg_pake_free(b);
}

static void
any_change_of_a_tag_is_noticed(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(friend_side());
    struct tg_buf tag = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
    assert_int_equal(tg_pake_tag(b, &tag), TG_OK);
    for (size_t bit = 0; bit < 8 * tag.len; bit++) {
        tag.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(tg_pake_check(a, tg_span_buf(&tag)), TG_E_AUTH);
        tag.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < tag.len; len++)
        assert_int_equal(tg_pake_check(a, (struct tg_span){tag.ptr, len}),
                         TG_E_AUTH);
    assert_int_equal(tg_pake_check(a, tg_span_buf(&tag)), TG_OK);
    assert_int_equal(tg_pake_tag(b, &tag), TG_OK); /* now twice as long */
    assert_int_equal(tg_pake_check(a, tg_span_buf(&tag)), TG_E_AUTH);
    tg_buf_free(&tag);
    tg_pake_free(a);
    tg_pake_free(b);
}

static void
each_step_has_its_time(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(friend_side());
    uint8_t tag[TG_PAKE_TAG_LEN] = {0};
    struct tg_buf out = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_pake_tag(a, &out), TG_E_STATE);
    assert_int_equal(out.len, 0);
    assert_int_equal(tg_pake_check(a, TG_SPAN_ARRAY(tag)), TG_E_STATE);
    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_OK);
    assert_int_equal(tg_pake_finish(a, tg_pake_share(b), REQUEST), TG_E_STATE);
    assert_int_equal(tg_pake_finish(b, tg_pake_share(a), OFFER), TG_OK);
    assert_int_equal(judge(a, b), TG_OK);
    assert_int_equal(judge(a, b), TG_OK); /* judging changes nothing */
    tg_pake_free(a);
    tg_pake_free(b);
    tg_pake_free(NULL);
}

static void
inputs_have_64_KiB_at_most(void **state)
{
    static const uint8_t bytes[INPUT_MOST + 1];
    const struct tg_span most = {bytes, INPUT_MOST};
    const struct tg_span more = {bytes, INPUT_MOST + 1};
    struct side a = *owner_side();
    struct side b = *friend_side();
    struct tg_pake *pake = NULL;

    (void)state;
    a.context = b.context = a.session = b.session = most;
    a.own = b.other = b.own = a.other = most;
    run(&a, &b, TG_OK);
    assert_int_equal(tg_pake_begin(TG_INITIATOR, PIN, more, SESSION, OFFER,
                                   &pake),
                     TG_E_LIMIT);
    assert_int_equal(tg_pake_begin(TG_INITIATOR, PIN, CONTEXT, more, OFFER,
                                   &pake),
                     TG_E_LIMIT);
    assert_int_equal(tg_pake_begin(TG_INITIATOR, PIN, CONTEXT, SESSION, more,
                                   &pake),
                     TG_E_LIMIT);
    assert_null(pake);
    pake = begin(&a);
    assert_int_equal(tg_pake_finish(pake, tg_pake_share(pake), more),
                     TG_E_LIMIT);
    tg_pake_free(pake);
}

/* Two runs with everything alike share no secret. */
static void
each_run_has_a_share_of_its_own(void **state)
{
    struct tg_pake *a = begin(owner_side());
    struct tg_pake *b = begin(owner_side());

    (void)state;
    assert_false(tg_span_equal(tg_pake_share(a), tg_pake_share(b)));
    tg_pake_free(a);
    tg_pake_free(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_pins_favour_no_digit_at_any_place),
        cmocka_unit_test(each_pin_belongs_to_as_many_numbers),
        cmocka_unit_test(only_six_digits_are_a_pin),
        cmocka_unit_test(who_knows_the_pin_is_believed),
        cmocka_unit_test(any_difference_between_the_sides_convinces_nobody),
        cmocka_unit_test(inputs_do_not_run_into_each_other),
        cmocka_unit_test(our_own_share_and_tag_come_back_are_refused),
        cmocka_unit_test(a_share_that_is_none_is_refused_and_changes_nothing),
        cmocka_unit_test(any_change_of_a_tag_is_noticed),
        cmocka_unit_test(each_step_has_its_time),
        cmocka_unit_test(inputs_have_64_KiB_at_most),
        cmocka_unit_test(each_run_has_a_share_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

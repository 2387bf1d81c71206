/* The strict reader of DER: each form that BER would allow is refused, and a
 * refusal moves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/der.h"

/* A case: bytes of a literal, which may hold zeros. */
#define BYTES(literal) TG_SPAN_LITERAL(literal)

static void
check_refused(struct tg_span bytes)
{
    struct tg_span rest = bytes;
    struct der_item item = {.tag = 77};

    assert_int_equal(der_take(&rest, &item), TG_E_FORMAT);
    assert_ptr_equal(rest.ptr, bytes.ptr);
    assert_int_equal(rest.len, bytes.len);
    assert_int_equal(item.tag, 77);
}

static void
check_taken(struct tg_span bytes, enum der_class class_, uint32_t tag,
            bool is_constructed, size_t len)
{
    struct tg_span rest = bytes;
    struct der_item item;

    assert_int_equal(der_take(&rest, &item), TG_OK);
    assert_int_equal(item.class_, class_);
    assert_int_equal(item.tag, tag);
    assert_int_equal(item.is_constructed, is_constructed);
    assert_int_equal(item.content.len, len);
    assert_ptr_equal(item.content.ptr + len, rest.ptr);
    assert_int_equal(rest.ptr - bytes.ptr + (ptrdiff_t)rest.len, bytes.len);
}

static void
an_item_is_taken_and_what_follows_is_left(void **state)
{
    (void)state;
    check_taken(BYTES("\x02\x01\x05"), DER_UNIVERSAL, DER_INTEGER, false, 1);
    check_taken(BYTES("\x05\x00\xff"), DER_UNIVERSAL, DER_NULL, false, 0);
    check_taken(BYTES("\x30\x03\x02\x01\x05\x00"), DER_UNIVERSAL, DER_SEQUENCE,
                true, 3);
    check_taken(BYTES("\x80\x01x"), DER_CONTEXT, 0, false, 1);
    check_taken(BYTES("\xbe\x00"), DER_CONTEXT, 30, true, 0);
}

static void
a_high_tag_is_taken_in_its_shortest_form_only(void **state)
{
    (void)state;
    check_taken(BYTES("\xbf\x1f\x00"), DER_CONTEXT, 31, true, 0);
    check_taken(BYTES("\xbf\x7f\x00"), DER_CONTEXT, 127, true, 0);
    check_taken(BYTES("\xbf\x81\x00\x00"), DER_CONTEXT, 128, true, 0);
    check_taken(BYTES("\xbf\x85\x3e\x03\x02\x01\x00"), DER_CONTEXT, 702, true,
                3);
    check_taken(BYTES("\xbf\xff\xff\xff\x7f\x00"), DER_CONTEXT, 0xfffffff, true,
                0);
    check_refused(BYTES("\xbf\x1e\x00"));     /* fits into one byte */
    check_refused(BYTES("\xbf\x80\x1f\x00")); /* a zero in front */
    check_refused(BYTES("\xbf\xff\xff\xff\xff\x7f\x00"));
    check_refused(BYTES("\xbf\x85"));
    check_refused(BYTES("\xbf"));
}

static void
a_length_is_taken_in_its_shortest_form_only(void **state)
{
    uint8_t bytes[5 + 0x10000] = {DER_OCTETS};

    (void)state;
    memcpy(bytes + 1, "\x7f", 1);
    check_taken(TG_SPAN_ARRAY(bytes), DER_UNIVERSAL, DER_OCTETS, false, 0x7f);
    memcpy(bytes + 1, "\x81\x80", 2);
    check_taken(TG_SPAN_ARRAY(bytes), DER_UNIVERSAL, DER_OCTETS, false, 0x80);
    memcpy(bytes + 1, "\x82\x01\x00", 3);
    check_taken(TG_SPAN_ARRAY(bytes), DER_UNIVERSAL, DER_OCTETS, false, 0x100);
    memcpy(bytes + 1, "\x83\x01\x00\x00", 4);
    check_taken(TG_SPAN_ARRAY(bytes), DER_UNIVERSAL, DER_OCTETS, false,
                0x10000);
    memcpy(bytes + 1, "\x81\x7f", 2);
    check_refused(TG_SPAN_ARRAY(bytes));
    memcpy(bytes + 1, "\x82\x00\x80", 3);
    check_refused(TG_SPAN_ARRAY(bytes));
    memcpy(bytes + 1, "\x83\x00\x01\x00", 4);
    check_refused(TG_SPAN_ARRAY(bytes));
    /* 2^64 + 0x80 */
    memcpy(bytes + 1, "\x89\x01\x00\x00\x00\x00\x00\x00\x00\x80", 10);
    check_refused(TG_SPAN_ARRAY(bytes));
}

static void
an_indefinite_length_is_refused(void **state)
{
    (void)state;
    check_refused(BYTES("\x30\x80\x05\x00\x00\x00"));
    check_refused(BYTES("\x00\x00")); /* what would end it */
}

static void
a_length_beyond_the_bytes_is_refused(void **state)
{
    (void)state;
    check_refused(BYTES(""));
    check_refused(BYTES("\x04"));
    check_refused(BYTES("\x04\x02x"));
    check_refused(BYTES("\x04\x82\x01"));
    check_refused(BYTES("\x04\x84\xff\xff\xff\xff"));
    check_refused(BYTES("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"));
    check_refused(BYTES("\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x00"));
    check_refused(BYTES("\x04\xff"));
}

static void
classes_application_and_private_are_refused(void **state)
{
    (void)state;
    check_refused(BYTES("\x41\x01x"));
    check_refused(BYTES("\xc1\x01x"));
}

static void
an_item_of_another_tag_or_form_is_not_taken(void **state)
{
    static const struct {
        uint32_t tag;
        struct tg_span bytes;
    } cases[] = {
        {DER_SEQUENCE, BYTES("\x31\x00")},
        {DER_SEQUENCE, BYTES("\x10\x00")},        /* primitive */
        {DER_SEQUENCE, BYTES("\xb0\x00")},        /* context */
        {DER_OCTETS, BYTES("\x24\x03\x04\x01x")}, /* in pieces */
        {DER_OCTETS, BYTES("\x84\x01x")},
        {DER_OCTETS, BYTES("\x04\x02x")},
    };
    struct tg_span content = {NULL, 77};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_span rest = cases[i].bytes;

        assert_int_equal(der_take_universal(&rest, cases[i].tag, &content),
                         TG_E_FORMAT);
        assert_ptr_equal(rest.ptr, cases[i].bytes.ptr);
        assert_int_equal(content.len, 77);
    }
}

static void
an_item_of_the_wanted_tag_is_taken(void **state)
{
    struct tg_span rest = BYTES("\x30\x02\x05\x00\x04\x01x");
    struct tg_span content;

    (void)state;
    assert_int_equal(der_take_universal(&rest, DER_SEQUENCE, &content), TG_OK);
    assert_int_equal(content.len, 2);
    assert_int_equal(der_take_universal(&rest, DER_OCTETS, &content), TG_OK);
    assert_true(tg_span_is(content, "x"));
    assert_int_equal(rest.len, 0);
}

static void
numbers_up_to_64_bits_are_taken(void **state)
{
    static const struct {
        struct tg_span bytes;
        uint64_t number;
    } cases[] = {
        {BYTES("\x02\x01\x00"), 0},
        {BYTES("\x02\x01\x7f"), 0x7f},
        {BYTES("\x02\x02\x00\x80"), 0x80},
        {BYTES("\x02\x02\x01\x2c"), 300},
        {BYTES("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_span rest = cases[i].bytes;
        uint64_t number = 77;

        assert_int_equal(der_take_number(&rest, DER_INTEGER, &number), TG_OK);
        assert_true(number == cases[i].number);
        assert_int_equal(rest.len, 0);
    }
}

static void
a_number_is_refused_that_is_negative_or_too_big_or_long_winded(void **state)
{
    static const struct tg_span cases[] = {
        BYTES("\x02\x00"),         /* no number */
        BYTES("\x02\x01\x80"),     /* -128 */
        BYTES("\x02\x02\x00\x7f"), /* a zero in front */
        BYTES("\x02\x02\x00\x00"),
        BYTES("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
        BYTES("\x02\x0a\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        BYTES("\x0a\x01\x00"),         /* another type */
        BYTES("\x22\x03\x02\x01\x01"), /* constructed */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_span rest = cases[i];
        uint64_t number = 77;

        assert_int_equal(der_take_number(&rest, DER_INTEGER, &number),
                         TG_E_FORMAT);
        assert_ptr_equal(rest.ptr, cases[i].ptr);
        assert_true(number == 77);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_is_taken_and_what_follows_is_left),
        cmocka_unit_test(a_high_tag_is_taken_in_its_shortest_form_only),
        cmocka_unit_test(a_length_is_taken_in_its_shortest_form_only),
        cmocka_unit_test(an_indefinite_length_is_refused),
        cmocka_unit_test(a_length_beyond_the_bytes_is_refused),
        cmocka_unit_test(classes_application_and_private_are_refused),
        cmocka_unit_test(an_item_of_another_tag_or_form_is_not_taken),
        cmocka_unit_test(an_item_of_the_wanted_tag_is_taken),
        cmocka_unit_test(numbers_up_to_64_bits_are_taken),
        cmocka_unit_test(
            a_number_is_refused_that_is_negative_or_too_big_or_long_winded),
    };

    return cmocka_run_group_tests_name("attest der", tests, NULL, NULL);
}

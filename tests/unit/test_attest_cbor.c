/* CBOR: what RFC 8949 allows is read, as far as WebAuthn needs it, and each
 * other form of it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/cbor.h"

#define BYTES(...)                                                           \
    ((struct tg_span){(const uint8_t[]){__VA_ARGS__},                        \
                      sizeof((const uint8_t[]){__VA_ARGS__})})

static enum tg_err
parse(struct tg_span bytes)
{
    struct cbor_item item = {.kind = CBOR_NULL, .integer = 77};
    enum tg_err err = cbor_parse(bytes, CBOR_ANY_ORDER, &item);

    if (err != TG_OK)
        assert_int_equal(item.integer, 77); /* untouched */
    return err;
}

#define assert_refused(...)                                                  \
    assert_int_equal(parse(BYTES(__VA_ARGS__)), TG_E_FORMAT)

static void
check_integer(struct tg_span bytes, int64_t expected)
{
    struct cbor_item item;

    assert_int_equal(cbor_parse(bytes, CBOR_CANONICAL, &item), TG_OK);
    assert_int_equal(item.kind, CBOR_INTEGER);
    assert_int_equal(item.integer, expected);
}

/* RFC 8949, Appendix A */
static void
integers_are_read(void **state)
{
    (void)state;
    check_integer(BYTES(0x00), 0);
    check_integer(BYTES(0x17), 23);
    check_integer(BYTES(0x18, 0x18), 24);
    check_integer(BYTES(0x19, 0x03, 0xe8), 1000);
    check_integer(BYTES(0x1a, 0x00, 0x0f, 0x42, 0x40), 1000000);
    check_integer(BYTES(0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0),
                  INT64_C(1000000000000));
    check_integer(BYTES(0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255),
                  INT64_MAX);
    check_integer(BYTES(0x20), -1);
    check_integer(BYTES(0x38, 0x63), -100);
    check_integer(BYTES(0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255),
                  INT64_MIN);
}

static void
integers_beyond_64_bits_are_refused(void **state)
{
    (void)state;
    assert_refused(0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0);
    assert_refused(0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0);
    assert_refused(0x3b, 255, 255, 255, 255, 255, 255, 255, 255);
}

static void
longer_forms_than_needed_are_refused(void **state)
{
    (void)state;
    assert_refused(0x18, 0x17);
    assert_refused(0x19, 0x00, 0xff);
    assert_refused(0x1a, 0x00, 0x00, 0xff, 0xff);
    assert_refused(0x1b, 0, 0, 0, 0, 255, 255, 255, 255);
    assert_refused(0x38, 0x00);
    assert_refused(0x58, 0x01, 'a');
    assert_refused(0x78, 0x01, 'a');
    assert_refused(0x98, 0x01, 0x00);
    assert_refused(0xb8, 0x01, 0x00, 0x00);
    /* and the least of each that is in its shortest form */
    assert_int_equal(parse(BYTES(0x19, 0x01, 0x00)), TG_OK);
    assert_int_equal(parse(BYTES(0x1a, 0, 1, 0, 0)), TG_OK);
    assert_int_equal(parse(BYTES(0x1b, 0, 0, 0, 1, 0, 0, 0, 0)), TG_OK);
}

static void
strings_borrow_their_bytes(void **state)
{
    const struct tg_span bytes = BYTES(0x43, 1, 2, 3);
    const struct tg_span text = BYTES(0x62, 'h', 'i');
    struct cbor_item item;

    (void)state;
    assert_int_equal(cbor_parse(bytes, CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.kind, CBOR_BYTES);
    assert_ptr_equal(item.content.ptr, bytes.ptr + 1);
    assert_int_equal(item.content.len, 3);
    assert_int_equal(cbor_parse(text, CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.kind, CBOR_TEXT);
    assert_true(tg_span_is(item.content, "hi"));
    assert_int_equal(cbor_parse(BYTES(0x40), CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.content.len, 0);
}

static void
text_must_be_utf8(void **state)
{
    (void)state;
    assert_int_equal(parse(BYTES(0x62, 0xc3, 0xbc)), TG_OK);
    assert_int_equal(parse(BYTES(0x63, 0xed, 0x9f, 0xbf)), TG_OK);
    assert_int_equal(parse(BYTES(0x64, 0xf0, 0x90, 0x85, 0x91)), TG_OK);
    assert_int_equal(parse(BYTES(0x64, 0xf4, 0x8f, 0xbf, 0xbf)), TG_OK);
    assert_refused(0x61, 0x80);
    assert_refused(0x61, 0xc3);
    assert_refused(0x62, 0xc3, 0x28);
    assert_refused(0x62, 0xc0, 0x80);             /* overlong */
    assert_refused(0x63, 0xe0, 0x9f, 0xbf);       /* overlong */
    assert_refused(0x64, 0xf0, 0x8f, 0xbf, 0xbf); /* overlong */
    assert_refused(0x63, 0xed, 0xa0, 0x80);       /* surrogate */
    assert_refused(0x64, 0xf4, 0x90, 0x80, 0x80); /* beyond U+10FFFF */
    assert_refused(0x64, 0xf5, 0x80, 0x80, 0x80);
    assert_refused(0x63, 0xe2, 0x82, 0x28);
    assert_refused(0x62, 0xe2, 0x82);
}

static void
false_true_and_null_are_read_and_other_simple_values_are_refused(void **state)
{
    struct cbor_item item;

    (void)state;
    assert_int_equal(cbor_parse(BYTES(0xf4), CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.kind, CBOR_FALSE);
    assert_int_equal(cbor_parse(BYTES(0xf5), CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.kind, CBOR_TRUE);
    assert_int_equal(cbor_parse(BYTES(0xf6), CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.kind, CBOR_NULL);
    assert_refused(0xe0);
    assert_refused(0xf3);
    assert_refused(0xf7); /* undefined */
    assert_refused(0xf8, 0x14);
    assert_refused(0xf8, 0xff);
}

static void
floats_and_tags_are_refused(void **state)
{
    (void)state;
    assert_refused(0xf9, 0x3c, 0x00);
    assert_refused(0xfa, 0x47, 0xc3, 0x50, 0x00);
    assert_refused(0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a);
    assert_refused(0xc0, 0x61, 'a');
    assert_refused(0xd8, 0x20, 0x61, 'a');
}

static void
indefinite_and_reserved_lengths_are_refused(void **state)
{
    (void)state;
    assert_refused(0x5f, 0x41, 1, 0xff);
    assert_refused(0x7f, 0x61, 'a', 0xff);
    assert_refused(0x9f, 0x01, 0xff);
    assert_refused(0xbf, 0x01, 0x02, 0xff);
    assert_refused(0xff);
    assert_refused(0x1c);
    assert_refused(0x1c, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    assert_refused(0x5d);
    assert_refused(0x9e);
}

static void
what_is_cut_off_is_refused(void **state)
{
    static const uint8_t whole[] = {0xa2, 0x61, 'a', 0x82, 0x19, 0x01,
                                    0x00, 0x42, 1,   2,    0x38, 0x20,
                                    0x63, 'x',  'y', 'z'};

    (void)state;
    assert_int_equal(parse((struct tg_span){whole, sizeof(whole)}), TG_OK);
    for (size_t len = 0; len < sizeof(whole); len++) {
        /* In a block of its size: a sanitizer sees what is read behind it. */
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, whole, len);
        assert_int_equal(parse((struct tg_span){cut, len}), TG_E_FORMAT);
        free(cut);
    }
}

static void
counts_that_the_bytes_left_cannot_hold_are_refused_at_once(void **state)
{
    (void)state;
    assert_refused(0x9a, 0xff, 0xff, 0xff, 0xff);
    assert_refused(0x9b, 255, 255, 255, 255, 255, 255, 255, 255);
    assert_refused(0x5b, 255, 255, 255, 255, 255, 255, 255, 255);
    assert_refused(0x7b, 0x7f, 255, 255, 255, 255, 255, 255, 255, 'a');
    assert_refused(0xbb, 255, 255, 255, 255, 255, 255, 255, 255);
    assert_refused(0x82, 0x00);
    assert_refused(0xa1, 0x00);
}

static void
bytes_behind_the_item_are_refused_by_parse_and_left_by_take(void **state)
{
    const struct tg_span bytes = BYTES(0x01, 0x02);
    struct tg_span in = bytes;
    struct cbor_item item;

    (void)state;
    assert_int_equal(parse(bytes), TG_E_FORMAT);
    assert_int_equal(cbor_take(&in, CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(item.integer, 1);
    assert_ptr_equal(in.ptr, bytes.ptr + 1);
    assert_int_equal(in.len, 1);
}

static void
an_error_leaves_the_input_where_it_was(void **state)
{
    const struct tg_span bytes = BYTES(0x82, 0x01, 0xff);
    struct tg_span in = bytes;
    struct cbor_item item;

    (void)state;
    assert_int_equal(cbor_take(&in, CBOR_ANY_ORDER, &item), TG_E_FORMAT);
    assert_ptr_equal(in.ptr, bytes.ptr);
    assert_int_equal(in.len, bytes.len);
    in = BYTES(0x42, 0x01);
    assert_int_equal(cbor_take(&in, CBOR_ANY_ORDER, &item), TG_E_FORMAT);
    assert_int_equal(in.len, 2);
}

static void
four_levels_are_read_and_five_refused(void **state)
{
    (void)state;
    assert_int_equal(parse(BYTES(0x81, 0x81, 0x81, 0x81, 0x00)), TG_OK);
    assert_int_equal(parse(BYTES(0x81, 0xa1, 0x00, 0x81, 0xa0)), TG_OK);
    assert_int_equal(parse(BYTES(0x81, 0x81, 0x81, 0x81, 0x80)), TG_E_LIMIT);
    assert_int_equal(parse(BYTES(0xa1, 0, 0xa1, 0, 0xa1, 0, 0xa1, 0, 0xa0)),
                     TG_E_LIMIT);
}

static void
deep_nesting_costs_no_stack(void **state)
{
    static uint8_t deep[1 << 20];

    (void)state;
    memset(deep, 0x81, sizeof(deep));
    assert_int_equal(parse((struct tg_span){deep, sizeof(deep)}), TG_E_LIMIT);
}

/* A map from 0 to `pairs` - 1. */
static size_t
make_map(uint8_t *out, unsigned pairs)
{
    size_t len = 0;

    out[len++] = 0xb8;
    out[len++] = (uint8_t)pairs;
    for (unsigned i = 0; i < pairs; i++) {
        if (i >= 24)
            out[len++] = 0x18;
        out[len++] = (uint8_t)i;
        out[len++] = 0xf6;
    }
    return len;
}

static void
maps_have_a_bounded_number_of_pairs(void **state)
{
    uint8_t bytes[3 * CBOR_PAIRS_MOST + 8];
    struct tg_span map = {bytes, 0};

    (void)state;
    map.len = make_map(bytes, CBOR_PAIRS_MOST);
    assert_int_equal(parse(map), TG_OK);
    map.len = make_map(bytes, CBOR_PAIRS_MOST + 1);
    assert_int_equal(parse(map), TG_E_LIMIT);
}

static void
keys_are_integers_or_texts(void **state)
{
    (void)state;
    assert_int_equal(parse(BYTES(0xa2, 0x20, 0x00, 0x60, 0x00)), TG_OK);
    assert_refused(0xa1, 0x41, 1, 0x00);
    assert_refused(0xa1, 0x80, 0x00);
    assert_refused(0xa1, 0xa0, 0x00);
    assert_refused(0xa1, 0xf5, 0x00);
    assert_refused(0xa1, 0xf6, 0x00);
}

static void
keys_that_come_twice_are_refused(void **state)
{
    struct cbor_item item;

    (void)state;
    assert_refused(0xa2, 0x01, 0x00, 0x01, 0x01);
    assert_refused(0xa3, 0x01, 0x00, 0x02, 0x00, 0x01, 0x00);
    assert_refused(0xa2, 0x61, 'a', 0x00, 0x61, 'a', 0x00);
    assert_refused(0x81, 0xa2, 0x20, 0x00, 0x20, 0x00);
    assert_int_equal(cbor_parse(BYTES(0xa2, 0x01, 0x00, 0x01, 0x00),
                                CBOR_CANONICAL, &item),
                     TG_E_FORMAT);
    /* 97 and "a" look alike */
    assert_int_equal(parse(BYTES(0xa2, 0x18, 0x61, 0x00, 0x61, 'a', 0x00)),
                     TG_OK);
}

static void
check_order(struct tg_span bytes, enum tg_err canonical)
{
    struct cbor_item item;

    assert_int_equal(cbor_parse(bytes, CBOR_ANY_ORDER, &item), TG_OK);
    assert_int_equal(cbor_parse(bytes, CBOR_CANONICAL, &item), canonical);
}

/* FIDO CTAP 2.1 §8 */
static void
canonical_keys_are_sorted_by_type_length_and_bytes(void **state)
{
    (void)state;
    check_order(BYTES(0xa2, 0x01, 0, 0x02, 0), TG_OK);
    check_order(BYTES(0xa2, 0x02, 0, 0x01, 0), TG_E_FORMAT);
    check_order(BYTES(0xa2, 0x17, 0, 0x18, 0x18, 0), TG_OK);
    check_order(BYTES(0xa2, 0x18, 0x18, 0, 0x17, 0), TG_E_FORMAT);
    check_order(BYTES(0xa2, 0x18, 0x18, 0, 0x20, 0), TG_OK);
    check_order(BYTES(0xa2, 0x20, 0, 0x18, 0x18, 0), TG_E_FORMAT);
    check_order(BYTES(0xa2, 0x38, 0x30, 0, 0x60, 0), TG_OK);
    check_order(BYTES(0xa2, 0x61, 'b', 0, 0x62, 'a', 'a', 0), TG_OK);
    check_order(BYTES(0xa2, 0x62, 'a', 'a', 0, 0x61, 'b', 0), TG_E_FORMAT);
    check_order(BYTES(0xa2, 0x61, 'b', 0, 0x61, 'a', 0), TG_E_FORMAT);
    /* at every level */
    check_order(BYTES(0x81, 0xa2, 0x02, 0, 0x01, 0), TG_E_FORMAT);
    check_order(BYTES(0xa1, 0x00, 0xa2, 0x02, 0, 0x01, 0), TG_E_FORMAT);
}

/* {"a": [1, {2: 3}, "x"], "b": h'0102', -2: true, 7: {"a": 5}} */
static const uint8_t example[] = {
    0xa4, 0x61, 'a',  0x83, 0x01, 0xa1, 0x02, 0x03, 0x61, 'x', 0x61, 'b',
    0x42, 0x01, 0x02, 0x21, 0xf5, 0x07, 0xa1, 0x61, 'a',  0x05};

static void
members_and_elements_are_found(void **state)
{
    struct cbor_item map;
    struct cbor_item array;
    struct cbor_item item;
    struct tg_span bytes;
    int64_t number;

    (void)state;
    assert_int_equal(cbor_parse((struct tg_span)TG_SPAN_ARRAY(example),
                                CBOR_ANY_ORDER, &map),
                     TG_OK);
    assert_int_equal(map.kind, CBOR_MAP);
    assert_int_equal(map.count, 4);
    assert_true(cbor_member(&map, "a", &array));
    assert_int_equal(array.count, 3);
    assert_true(cbor_element(&array, 1, &item));
    assert_true(cbor_member_int(&item, 2, &item));
    assert_int_equal(item.integer, 3);
    assert_true(cbor_element(&array, 2, &item));
    assert_true(tg_span_is(item.content, "x"));
    assert_true(cbor_member_bytes(&map, "b", &bytes));
    assert_memory_equal(bytes.ptr, "\1\2", 2);
    assert_true(cbor_member_int(&map, -2, &item));
    assert_int_equal(item.kind, CBOR_TRUE);
    assert_true(cbor_member_int(&map, 7, &item));
    assert_true(cbor_member_integer(&item, "a", &number));
    assert_int_equal(number, 5);
}

static void
what_is_not_there_is_not_found(void **state)
{
    struct tg_span bytes = TG_SPAN_EMPTY;
    struct cbor_item map;
    struct cbor_item array;
    struct cbor_item item = {.integer = 77};
    int64_t number = 77;

    (void)state;
    assert_int_equal(cbor_parse((struct tg_span)TG_SPAN_ARRAY(example),
                                CBOR_ANY_ORDER, &map),
                     TG_OK);
    assert_true(cbor_member(&map, "a", &array));
    assert_false(cbor_member(&map, "c", &item));
    assert_false(cbor_member(&map, "x", &item)); /* deeper, and a value */
    assert_false(cbor_member_int(&map, 2, &item));
    assert_false(cbor_member(&array, "a", &item));
    assert_false(cbor_member_int(&array, 1, &item));
    assert_false(cbor_element(&array, 3, &item));
    assert_false(cbor_element(&map, 0, &item));
    assert_false(cbor_member_bytes(&map, "a", &bytes));
    assert_false(cbor_member_text(&map, "b", &bytes));
    assert_false(cbor_member_integer(&map, "b", &number));
    assert_int_equal(item.integer, 77);
    assert_int_equal(number, 77);
    assert_null(bytes.ptr);
}

static void
a_key_is_found_by_its_own_kind_only(void **state)
{
    struct cbor_item item;
    struct cbor_item map;

    (void)state;
    assert_int_equal(
        cbor_parse(BYTES(0xa1, 0x60, 0xf5), CBOR_ANY_ORDER, &map), TG_OK);
    assert_true(cbor_member(&map, "", &item));
    assert_false(cbor_member_int(&map, 0, &item));
    assert_int_equal(
        cbor_parse(BYTES(0xa1, 0x00, 0xf5), CBOR_ANY_ORDER, &map), TG_OK);
    assert_true(cbor_member_int(&map, 0, &item));
    assert_false(cbor_member(&map, "", &item));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(integers_beyond_64_bits_are_refused),
        cmocka_unit_test(longer_forms_than_needed_are_refused),
        cmocka_unit_test(strings_borrow_their_bytes),
        cmocka_unit_test(text_must_be_utf8),
        cmocka_unit_test(
            false_true_and_null_are_read_and_other_simple_values_are_refused),
        cmocka_unit_test(floats_and_tags_are_refused),
        cmocka_unit_test(indefinite_and_reserved_lengths_are_refused),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(
            counts_that_the_bytes_left_cannot_hold_are_refused_at_once),
        cmocka_unit_test(
            bytes_behind_the_item_are_refused_by_parse_and_left_by_take),
        cmocka_unit_test(an_error_leaves_the_input_where_it_was),
        cmocka_unit_test(four_levels_are_read_and_five_refused),
        cmocka_unit_test(deep_nesting_costs_no_stack),
        cmocka_unit_test(maps_have_a_bounded_number_of_pairs),
        cmocka_unit_test(keys_are_integers_or_texts),
        cmocka_unit_test(keys_that_come_twice_are_refused),
        cmocka_unit_test(canonical_keys_are_sorted_by_type_length_and_bytes),
        cmocka_unit_test(members_and_elements_are_found),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_key_is_found_by_its_own_kind_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* base: UUIDs, base64, points in time, JSON, buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/uuid.h"

static struct tg_span
text(const char *s)
{
    return tg_span_text(s);
}

/* ---- UUID -------------------------------------------------------------- */

/* R-HDR-1 R-HDR-2 D1 */
static void
uuid_of_any_version_and_case_is_accepted_and_written_in_lower_case(void **state)
{
    static const char *const accepted[] = {
        "2bba630e-519b-11ec-bf63-0242ac130002", /* version 1 */
        "F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6",
        "00000000-0000-0000-0000-000000000001",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        struct tg_uuid id;
        char out[TG_UUID_TEXT_LEN + 1];

        assert_int_equal(tg_uuid_parse(text(accepted[i]), &id), TG_OK);
        tg_uuid_format(&id, out);
        assert_true(tg_span_is_nocase(text(accepted[i]), out));
        for (const char *c = out; *c != '\0'; c++)
            assert_false(*c >= 'A' && *c <= 'Z');
    }
}

/* D1 */
static void
what_is_no_uuid_or_the_nil_uuid_is_refused(void **state)
{
    static const char *const refused[] = {
        "",
        "00000000-0000-0000-0000-000000000000",
        "2bba630e-519b-11ec-bf63-0242ac13000",
        "2bba630e-519b-11ec-bf63-0242ac1300022",
        "2bba630e519b11ecbf630242ac130002",
        "{2bba630e-519b-11ec-bf63-0242ac13002}",
        "2bba630e-519b-11ec-bf63_0242ac130002",
        "2bba630e-519b-11ec-bf6-30242ac130002",
        "2bba630g-519b-11ec-bf63-0242ac130002",
        " 2bba630e-519b-11ec-bf63-0242ac13002",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct tg_uuid id = {{7}};

        assert_int_equal(tg_uuid_parse(text(refused[i]), &id), TG_E_FORMAT);
        assert_int_equal(id.bytes[0], 7);
    }
}

static void
sixteen_random_bytes_become_a_version_4_uuid(void **state)
{
    uint8_t bytes[TG_UUID_LEN];
    struct tg_uuid id;

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    tg_uuid_v4(bytes, &id);
    assert_int_equal(id.bytes[6], 0x4f);
    assert_int_equal(id.bytes[8], 0xbf);
    memset(bytes, 0, sizeof(bytes));
    tg_uuid_v4(bytes, &id);
    assert_int_equal(id.bytes[6], 0x40);
    assert_int_equal(id.bytes[8], 0x80);
}

/* ---- hexadecimal ------------------------------------------------------- */

static void
hex_digits_of_either_case_have_values_and_other_bytes_none(
    void **state)
{
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";

    (void)state;
    for (int c = 0; c <= UINT8_MAX; c++) {
        int value = -1;

        for (int i = 0; i < 16; i++)
            if (c == lower[i] || c == upper[i])
                value = i;
        assert_int_equal(ascii_hex_value((uint8_t)c), value);
        assert_int_equal(ascii_is_hex((uint8_t)c), value >= 0);
    }
}

/* ---- base64 ------------------------------------------------------------ */

/* RFC 4648 §10, and bytes that use the whole alphabet */
static void
base64_vectors_hold_in_both_directions(void **state)
{
    static const struct {
        const char *plain;
        const char *encoded;
    } cases[] = {
        {"", ""},           {"f", "Zg=="},         {"fo", "Zm8="},
        {"foo", "Zm9v"},    {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "+//+"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_buf out = TG_BUF_EMPTY;

        assert_int_equal(tg_base64_encode(text(cases[i].plain), &out), TG_OK);
        assert_true(tg_span_is(tg_span_buf(&out), cases[i].encoded));
        tg_buf_clear(&out);
        assert_int_equal(tg_base64_decode(text(cases[i].encoded), &out),
                         TG_OK);
        assert_true(tg_span_is(tg_span_buf(&out), cases[i].plain));
        tg_buf_free(&out);
    }
}

/* RFC 7515 §2; after what is there already, whatever it ends in */
static void
base64url_has_its_own_two_characters_and_no_padding(void **state)
{
    static const struct {
        const char *plain;
        const char *encoded;
    } cases[] = {
        {"", "+/=="},           {"f", "+/==Zg"},
        {"fo", "+/==Zm8"},      {"foo", "+/==Zm9v"},
        {"foob", "+/==Zm9vYg"}, {"\xfb\xff\xfe", "+/==-__-"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_buf out = TG_BUF_EMPTY;

        assert_int_equal(tg_buf_text(&out, "+/=="), TG_OK);
        assert_int_equal(tg_base64url_encode(text(cases[i].plain), &out),
                         TG_OK);
        assert_true(tg_span_is(tg_span_buf(&out), cases[i].encoded));
        tg_buf_free(&out);
    }
}

/* R-CREATE-1 */
static void
base64_that_is_not_canonical_is_refused_and_appends_nothing(void **state)
{
    static const char *const refused[] = {
        "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zh==", "Zm9=", "Zm9v\n",
        " Zm9v", "Zm9v Zm9v", "-__-", "Zm9v=", "Zg==Zg==", "Zm=v", "Zm9\x80",
    };
    struct tg_buf out = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_buf_text(&out, "kept"), TG_OK);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(tg_base64_decode(text(refused[i]), &out),
                         TG_E_FORMAT);
        assert_true(tg_span_is(tg_span_buf(&out), "kept"));
    }
    tg_buf_free(&out);
}

/* §10: both alphabets, padding optional */
static void
fragment_base64_accepts_both_alphabets_but_not_mixed(void **state)
{
    static const struct {
        const char *encoded;
        enum tg_err err;
    } cases[] = {
        {"+//+", TG_OK},      {"-__-", TG_OK},       {"Zg", TG_OK},
        {"Zg==", TG_OK},      {"Zm8", TG_OK},        {"+__-", TG_E_FORMAT},
        {"Zg=", TG_E_FORMAT}, {"Zh", TG_E_FORMAT},   {"Zm9vY", TG_E_FORMAT},
        {"Z", TG_E_FORMAT},   {"Zm9v==", TG_E_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_buf out = TG_BUF_EMPTY;

        assert_int_equal(tg_base64_decode_any(text(cases[i].encoded), &out),
                         cases[i].err);
        tg_buf_free(&out);
    }
}

/* ---- time -------------------------------------------------------------- */

/* R-CREATE-4 */
static void
real_utc_dates_are_parsed_and_formatted_back(void **state)
{
    static const struct {
        const char *date;
        tg_time_s seconds;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2024-02-29T12:00:00Z", 1709208000},
        {"2038-01-19T03:14:08Z", INT64_C(2147483648)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[TG_TIME_TEXT_LEN + 1];
        tg_time_s t;

        assert_int_equal(tg_time_parse(text(cases[i].date), &t), TG_OK);
        assert_true(t == cases[i].seconds);
        tg_time_format(t, out);
        assert_string_equal(out, cases[i].date);
    }
}

/* R-CREATE-4 */
static void
dates_that_do_not_exist_or_have_another_form_are_refused(void **state)
{
    static const char *const refused[] = {
        "",
        "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-10T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2016-12-31T23:59:60Z", /* a leap second */
        "1969-12-31T23:59:59Z",
        "2024-01-01T00:00:00",
        "2024-01-01t00:00:00z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00.0Z",
        "2024-01-01T00:00:00+00:00",
        "+024-01-01T00:00:00Z",
        "2024-1-01T00:00:000Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        tg_time_s t = 5;

        assert_int_equal(tg_time_parse(text(refused[i]), &t), TG_E_FORMAT);
        assert_true(t == 5);
    }
}

/* ---- JSON -------------------------------------------------------------- */

/* §2 §13 */
static void
json_that_is_not_strict_is_refused(void **state)
{
    static const char *const refused[] = {
        "",
        "{",
        "{\"a\":1}x",
        "{\"a\":1} {}",
        "{\"a\":1,\"a\":2}",
        "{\"b\":{\"a\":1,\"a\":1}}",
        "{\"b\":[{\"a\":1,\"\\u0061\":1}]}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\xc0\xaf\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "\xef\xbb\xbf{}",
        "{\"a\":\"\x01\"}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "// c\n{}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct tg_json *json = NULL;

        assert_int_not_equal(tg_json_parse(text(refused[i]), &json), TG_OK);
        assert_null(json);
    }
}

/* §13 */
static void
json_nested_32_deep_is_read_and_33_deep_is_refused(void **state)
{
    char nested[2 * 33 + 1] = {0};

    (void)state;
    for (size_t depth = 32; depth <= 33; depth++) {
        struct tg_json *json = NULL;
        enum tg_err err;

        memset(nested, '[', depth);
        memset(nested + depth, ']', depth);
        err = tg_json_parse((struct tg_span){(uint8_t *)nested, 2 * depth},
                            &json);
        assert_int_equal(err, depth == 32 ? TG_OK : TG_E_LIMIT);
        tg_json_free(json);
    }
}

static void
brackets_inside_strings_do_not_count_as_nesting(void **state)
{
    struct tg_json *json = NULL;

    (void)state;
    assert_int_equal(
        tg_json_parse(text("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"]"),
                      &json),
        TG_OK);
    tg_json_free(json);
}

static void
elements_of_an_array_are_had_in_order_until_there_are_no_more(void **state)
{
    struct tg_json *json = NULL;
    int64_t value = 0;

    (void)state;
    assert_int_equal(tg_json_parse(text("{\"a\":[7,8]}"), &json), TG_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_true(tg_json_integer(
            tg_json_element(tg_json_member(json, "a"), i), &value));
        assert_int_equal(value, 7 + i);
    }
    assert_null(tg_json_element(tg_json_member(json, "a"), 2));
    assert_null(tg_json_element(json, 0));
    assert_null(tg_json_element(NULL, 0));
    tg_json_free(json);
}

/* §13: null for an optional member means absent */
static void
a_member_that_is_null_is_absent(void **state)
{
    struct tg_json *json = NULL;

    (void)state;
    assert_int_equal(tg_json_parse(text("{\"a\":null,\"b\":1}"), &json), TG_OK);
    assert_null(tg_json_member(json, "a"));
    assert_non_null(tg_json_member(json, "b"));
    assert_null(tg_json_member(tg_json_member(json, "b"), "c"));
    tg_json_free(json);
}

static void
quoted_text_is_read_back_as_it_was(void **state)
{
    const struct tg_span plain =
        TG_SPAN_LITERAL("a\"b\\c\x01\x1f\x7f/\xc3\xbc\xf0\x9f\x94\x91\n");
    struct tg_buf out = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    struct tg_span back;

    (void)state;
    assert_int_equal(tg_json_quote(plain, &out), TG_OK);
    assert_int_equal(tg_json_parse(tg_span_buf(&out), &json), TG_OK);
    assert_true(tg_json_text(json, &back));
    assert_true(tg_span_equal(back, plain));
    tg_json_free(json);
    tg_buf_free(&out);
}

/* ---- buffers ----------------------------------------------------------- */

static void
a_buffer_that_cannot_grow_keeps_what_it_has(void **state)
{
    static const uint8_t much[1000] = {0};
    struct tg_buf buf = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_buf_text(&buf, "kept"), TG_OK);
    tg_alloc_fail_after(0);
    assert_int_equal(tg_buf_append(&buf, TG_SPAN_ARRAY(much)), TG_E_NOMEM);
    tg_alloc_fail_after(-1);
    assert_true(tg_span_is(tg_span_buf(&buf), "kept"));
    assert_int_equal(tg_buf_reserve(&buf, SIZE_MAX), TG_E_NOMEM);
    assert_true(tg_span_is(tg_span_buf(&buf), "kept"));
    tg_buf_free(&buf);
}

static void
sums_and_products_that_overflow_are_reported(void **state)
{
    size_t out = 1;

    (void)state;
    assert_false(tg_add(SIZE_MAX, 1, &out));
    assert_false(tg_mul(SIZE_MAX / 2, 3, &out));
    assert_int_equal(out, 1);
    assert_true(tg_add(2, 3, &out));
    assert_int_equal(out, 5);
}

static void
every_error_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < TG_E_LAST; a++) {
        const char *name = tg_err_name((enum tg_err)a);

        for (int b = 0; b < a; b++)
            if (strcmp(name, "TG_E_?") != 0)
                assert_string_not_equal(name, tg_err_name((enum tg_err)b));
    }
    assert_string_equal(tg_err_name(TG_E_PROTOCOL), "TG_E_PROTOCOL");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            uuid_of_any_version_and_case_is_accepted_and_written_in_lower_case),
        cmocka_unit_test(what_is_no_uuid_or_the_nil_uuid_is_refused),
        cmocka_unit_test(sixteen_random_bytes_become_a_version_4_uuid),
        cmocka_unit_test(
            hex_digits_of_either_case_have_values_and_other_bytes_none),
        cmocka_unit_test(base64_vectors_hold_in_both_directions),
        cmocka_unit_test(base64url_has_its_own_two_characters_and_no_padding),
        cmocka_unit_test(
            base64_that_is_not_canonical_is_refused_and_appends_nothing),
        cmocka_unit_test(fragment_base64_accepts_both_alphabets_but_not_mixed),
        cmocka_unit_test(real_utc_dates_are_parsed_and_formatted_back),
        cmocka_unit_test(
            dates_that_do_not_exist_or_have_another_form_are_refused),
        cmocka_unit_test(json_that_is_not_strict_is_refused),
        cmocka_unit_test(json_nested_32_deep_is_read_and_33_deep_is_refused),
        cmocka_unit_test(brackets_inside_strings_do_not_count_as_nesting),
        cmocka_unit_test(
            elements_of_an_array_are_had_in_order_until_there_are_no_more),
        cmocka_unit_test(a_member_that_is_null_is_absent),
        cmocka_unit_test(quoted_text_is_read_back_as_it_was),
        cmocka_unit_test(a_buffer_that_cannot_grow_keeps_what_it_has),
        cmocka_unit_test(sums_and_products_that_overflow_are_reported),
        cmocka_unit_test(every_error_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}

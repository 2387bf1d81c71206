/* clientDataJSON: of this request, of a registration, and of a page that the
 * operator knows; WebAuthn Level 3 §7.1 steps 5 to 11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/client_data.h"

static const uint8_t challenge[ATTEST_HASH_LEN] = {
    0xfb, 0xff, 0xbf, 3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16,   17,   18,   19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

/* The same, encoded. */
#define CHALLENGE "-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TYPE      "\"type\":\"webauthn.create\""
#define ORIGIN    "\"origin\":\"https://wallet.test\""
#define FRONT     TYPE ",\"challenge\":\"" CHALLENGE "\""
#define GOOD      FRONT "," ORIGIN

static enum attest_reason
judge_bytes(struct tg_span json)
{
    static const struct tg_span origins[] = {
        TG_SPAN_LITERAL("https://wallet.test"),
        TG_SPAN_LITERAL("android:apk-key-hash:abc"),
    };
    const struct attest_policy policy = {.origins = origins,
                                         .origin_count = 2};

    return client_data_check(json, &policy, challenge);
}

static enum attest_reason
judge(const char *json)
{
    return judge_bytes(tg_span_text(json));
}

static void
a_registration_of_this_request_is_accepted(void **state)
{
    (void)state;
    assert_int_equal(judge("{" GOOD "}"), ATTEST_FINE);
    assert_int_equal(judge("{" GOOD ",\"crossOrigin\":false}"), ATTEST_FINE);
    assert_int_equal(judge("{" FRONT ",\"origin\":"
                           "\"android:apk-key-hash:abc\"}"),
                     ATTEST_FINE);
}

/* §5.8.1: "tolerant of unknown keys and of any reordering". */
static void
order_white_space_and_unknown_members_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(judge(" { " ORIGIN " , \"challenge\" : \"" CHALLENGE
                           "\" , " TYPE " } "),
                     ATTEST_FINE);
    assert_int_equal(judge("{" GOOD ",\"extra\":{\"a\":[1,2.5,null]}}"),
                     ATTEST_FINE);
    assert_int_equal(judge("{" GOOD ",\"androidPackageName\":\"a, [b], {c}\"}"),
                     ATTEST_FINE);
    /* Step 5 */
    assert_int_equal(judge("\xef\xbb\xbf{" GOOD "}"), ATTEST_FINE);
}

static void
what_is_no_json_object_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(judge(""), ATTEST_MALFORMED);
    assert_int_equal(judge("\xef\xbb\xbf"), ATTEST_MALFORMED);
    assert_int_equal(judge("\xef\xbb\xbf\xef\xbb\xbf{" GOOD "}"),
                     ATTEST_MALFORMED);
    assert_int_equal(judge("[]"), ATTEST_MALFORMED);
    assert_int_equal(judge("\"webauthn.create\""), ATTEST_MALFORMED);
    assert_int_equal(judge("{" GOOD), ATTEST_MALFORMED);
    assert_int_equal(judge("{" GOOD "}x"), ATTEST_MALFORMED);
    assert_int_equal(judge("{" GOOD ",}"), ATTEST_MALFORMED);
    assert_int_equal(judge("{" GOOD "," ORIGIN "}"), ATTEST_MALFORMED);
    assert_int_equal(judge("{" GOOD ",\"a\":\"\xff\"}"), ATTEST_MALFORMED);
    assert_int_equal(judge_bytes(TG_SPAN_LITERAL("{" GOOD "}\0")),
                     ATTEST_MALFORMED);
}

/* Step 7 */
static void
another_type_is_refused(void **state)
{
    static const char rest[] =
        ",\"challenge\":\"" CHALLENGE "\"," ORIGIN "}";
    static const char *const types[] = {
        "\"type\":\"webauthn.get\"",     "\"type\":\"webauthn.create \"",
        "\"type\":\"WebAuthn.create\"",  "\"type\":\"\"",
        "\"type\":\"webauthn.createx\"", "\"type\":1",
        "\"type\":null",                 "\"typ\":\"webauthn.create\"",
        "\"type\":\"payment.get\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char json[256];

        snprintf(json, sizeof(json), "{%s%s", types[i], rest);
        assert_int_equal(judge(json), ATTEST_TYPE);
    }
}

static void
check_challenge(const char *text)
{
    char json[256];

    snprintf(json, sizeof(json), "{" TYPE ",\"challenge\":%s," ORIGIN "}",
             text);
    assert_int_equal(judge(json), ATTEST_CHALLENGE);
}

/* Step 8 */
static void
another_challenge_is_refused(void **state)
{
    (void)state;
    check_challenge("\"\"");
    check_challenge("null");
    check_challenge("1");
    check_challenge("\"-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4\"");
    check_challenge("\"A_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"");
    /* one byte less, and one more */
    check_challenge("\"-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"");
    check_challenge("\"-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\"");
    assert_int_equal(judge("{" TYPE "," ORIGIN "}"), ATTEST_CHALLENGE);
}

static void
the_challenge_has_one_encoding(void **state)
{
    (void)state;
    check_challenge("\"" CHALLENGE "=\"");
    check_challenge("\"+/+/AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"");
    check_challenge("\"-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\"");
    check_challenge("\" " CHALLENGE "\"");
    check_challenge("\"" CHALLENGE "\\n\"");
}

static void
check_origin(const char *text, enum attest_reason expected)
{
    char json[256];

    snprintf(json, sizeof(json), "{" FRONT "%s}", text);
    assert_int_equal(judge(json), expected);
}

/* Step 9 */
static void
an_origin_must_be_configured_to_the_letter(void **state)
{
    (void)state;
    check_origin(",\"origin\":\"https://wallet.test/\"", ATTEST_ORIGIN);
    check_origin(",\"origin\":\"https://wallet.test:443\"", ATTEST_ORIGIN);
    check_origin(",\"origin\":\"http://wallet.test\"", ATTEST_ORIGIN);
    check_origin(",\"origin\":\"https://WALLET.test\"", ATTEST_ORIGIN);
    check_origin(",\"origin\":\"https://wallet.test.evil.test\"",
                 ATTEST_ORIGIN);
    check_origin(",\"origin\":\"https://a.wallet.test\"", ATTEST_ORIGIN);
    check_origin(",\"origin\":\"https://wallet.tes\"", ATTEST_ORIGIN);
    check_origin(",\"origin\":\"\"", ATTEST_ORIGIN);
    check_origin("", ATTEST_MALFORMED);
    check_origin(",\"origin\":[\"https://wallet.test\"]", ATTEST_MALFORMED);
}

static void
without_configured_origins_every_one_is_refused(void **state)
{
    const struct attest_policy policy = {.origin_count = 0};

    (void)state;
    assert_int_equal(client_data_check(TG_SPAN_LITERAL("{" GOOD "}"), &policy,
                                       challenge),
                     ATTEST_ORIGIN);
}

/* Steps 10 and 11 */
static void
a_frame_is_in_a_page_that_is_configured(void **state)
{
#define IN_FRAME "," ORIGIN ",\"crossOrigin\":true"
    (void)state;
    check_origin(IN_FRAME, ATTEST_FINE);
    check_origin(IN_FRAME ",\"topOrigin\":\"https://wallet.test\"",
                 ATTEST_FINE);
    check_origin(IN_FRAME ",\"topOrigin\":\"https://evil.test\"",
                 ATTEST_ORIGIN);
    check_origin(IN_FRAME ",\"topOrigin\":\"\"", ATTEST_ORIGIN);
    check_origin(IN_FRAME ",\"topOrigin\":7", ATTEST_MALFORMED);
    check_origin("," ORIGIN ",\"crossOrigin\":\"true\"", ATTEST_MALFORMED);
    check_origin("," ORIGIN ",\"crossOrigin\":1", ATTEST_MALFORMED);
}

/* §5.8.1 */
static void
without_a_frame_there_is_no_page_around_it(void **state)
{
    (void)state;
    check_origin("," ORIGIN ",\"topOrigin\":\"https://wallet.test\"",
                 ATTEST_ORIGIN);
    check_origin("," ORIGIN ",\"crossOrigin\":false,"
                 "\"topOrigin\":\"https://wallet.test\"",
                 ATTEST_ORIGIN);
}

/* They are text, not brackets; nor does a quotation mark in them end them. */
static void
what_stands_in_strings_is_not_counted(void **state)
{
    struct tg_buf json = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(tg_buf_text(&json, "{" GOOD ",\"a\":\"\\\""), TG_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(tg_buf_text(&json, ",[{"), TG_OK);
    assert_int_equal(tg_buf_text(&json, "\\\\\"}"), TG_OK);
    assert_int_equal(judge_bytes(tg_span_buf(&json)), ATTEST_FINE);
    tg_buf_free(&json);
}

/* A tree costs many times what its text does. */
static void
json_of_very_many_values_is_refused_before_it_is_a_tree(void **state)
{
    struct tg_buf json = TG_BUF_EMPTY;

    (void)state;
    for (int more = 0; more < 2; more++) {
        tg_buf_clear(&json);
        assert_int_equal(tg_buf_text(&json, "{" GOOD ",\"a\":["), TG_OK);
        /* Three commas and two brackets are there. */
        for (int i = 0; i < 64 - 5 + more; i++)
            assert_int_equal(tg_buf_text(&json, "1,"), TG_OK);
        assert_int_equal(tg_buf_text(&json, "1]}"), TG_OK);
        assert_int_equal(judge_bytes(tg_span_buf(&json)),
                         more ? ATTEST_MALFORMED : ATTEST_FINE);
    }
    tg_buf_free(&json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registration_of_this_request_is_accepted),
        cmocka_unit_test(order_white_space_and_unknown_members_do_not_matter),
        cmocka_unit_test(what_is_no_json_object_is_malformed),
        cmocka_unit_test(another_type_is_refused),
        cmocka_unit_test(another_challenge_is_refused),
        cmocka_unit_test(the_challenge_has_one_encoding),
        cmocka_unit_test(an_origin_must_be_configured_to_the_letter),
        cmocka_unit_test(without_configured_origins_every_one_is_refused),
        cmocka_unit_test(a_frame_is_in_a_page_that_is_configured),
        cmocka_unit_test(without_a_frame_there_is_no_page_around_it),
        cmocka_unit_test(what_stands_in_strings_is_not_counted),
        cmocka_unit_test(
            json_of_very_many_values_is_refused_before_it_is_a_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

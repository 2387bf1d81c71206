/* The body of a create: what is accepted and as what, what is refused and
 * for which member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_body_kit.h"

/* R-CREATE-1 R-CREATE-2 R-CREATE-3 R-CREATE-4 */
static void
a_whole_create_is_understood(void **state)
{
    struct wire_body body = kit_parse_fine(
        CALL_CREATE,
        "{\"mailboxConfiguration\":{\"expiration\":\"2022-02-08T14:57:22Z\","
        "\"accessRights\":\"DWR\"},\"notificationToken\":{\"type\":"
        "\"com.apple.apns\",\"tokenData\":\"APNS\\u0031234\"},"
        "\"displayInformation\":{\"imageURL\":"
        "\"https:\\/\\/img.example\\/k.png\",\"description\":\"Schl\\u00fc"
        "ssel \xf0\x9f\x94\x91\",\"title\":\"A \\\"key\\\"\"},"
        "\"payload\":{\"data\":\"c2VhbGVk\",\"type\":\"AEAD_AES_128_GCM\"}}");
    const struct request_body *rq = &body.request;

    (void)state;
    kit_span_is(rq->payload.type, "AEAD_AES_128_GCM");
    kit_span_is(rq->payload.data, "sealed");
    kit_span_is(rq->display.title, "A \"key\"");
    kit_span_is(rq->display.description, "Schl\xc3\xbcssel \xf0\x9f\x94\x91");
    kit_span_is(rq->display.image_url, "https://img.example/k.png");
    kit_span_is(rq->token.type, "com.apple.apns");
    kit_span_is(rq->token.data, "APNS1234");
    assert_int_equal(rq->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE);
    assert_int_equal(rq->expiration_choice, EXPIRATION_AT);
    assert_int_equal(rq->expiration, 1644332242);
    wire_body_done(&body);
}

/* R-CREATE-3 R-CREATE-4 §13 */
static void
what_is_optional_may_be_absent_or_null_and_the_unknown_is_ignored(
    void **state)
{
    static const char *const texts[] = {
        "{" PAYLOAD "," DISPLAY "}",
        " {\t" PAYLOAD ",\r\n" DISPLAY " } ",
        CREATE_WITH("\"notificationToken\":null,"
                    "\"mailboxConfiguration\":null"),
        CREATE_WITH("\"surprise\":{\"a\":[1,2.5,true,null]},\"\":0"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct wire_body body = kit_parse_fine(CALL_CREATE, texts[i]);

        assert_int_equal(body.request.rights, RIGHT_READ | RIGHT_DELETE);
        assert_int_equal(body.request.expiration_choice, EXPIRATION_DEFAULT);
        assert_int_equal(body.request.token.type.len, 0);
        wire_body_done(&body);
    }
}

/* ---- displayInformation ------------------------------------------------- */

#define E16                                                                  \
    "\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91"       \
    "\\ud83d\\udd11\\ud83d\\udd11\\ud83d\\udd11\\ud83d\\udd11"               \
    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"                       \
    "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define E128 E16 E16 E16 E16 E16 E16 E16 E16
#define D512(d) "\"" d d d d "\""
#define URL_OK "\"https://img.example/\""

/* R-CREATE-2 §13 */
static void
display_information_that_is_not_as_it_should_be_is_refused(void **state)
{
    static const struct kit_refused cases[] = {
        {"{" PAYLOAD "}", "displayInformation"},
        {"{" PAYLOAD ",\"displayInformation\":null}", "displayInformation"},
        {"{" PAYLOAD ",\"displayInformation\":[]}", "displayInformation"},
        {"{" PAYLOAD ",\"displayInformation\":{}}",
         "displayInformation.title"},
        {TITLE_OF("null"), "displayInformation.title"},
        {TITLE_OF("7"), "displayInformation.title"},
        {TITLE_OF("\"\""), "displayInformation.title"},
        {TITLE_OF("\"" T128 "x\""), "displayInformation.title"},
        {TITLE_OF("\"" E128 "x\""), "displayInformation.title"},
        {"{" PAYLOAD ",\"displayInformation\":{\"title\":\"t\"}}",
         "displayInformation.description"},
        {DISPLAY_OF("\"t\"", "{}", URL_OK), "displayInformation.description"},
        {DISPLAY_OF("\"t\"", "\"\"", URL_OK),
         "displayInformation.description"},
        {DISPLAY_OF("\"t\"", "\"" T128 T128 T128 T128 "x\"", URL_OK),
         "displayInformation.description"},
        {DISPLAY_OF("\"t\"", "\"a\\nb\"", URL_OK),
         "displayInformation.description"},
        {IMAGE_OF("null"), "displayInformation.imageURL"},
        {IMAGE_OF("{}"), "displayInformation.imageURL"},
        {IMAGE_OF("\"\""), "displayInformation.imageURL"},
        {IMAGE_OF("\"http://img.example/\""), "displayInformation.imageURL"},
        {IMAGE_OF("\"https://me@img.example/\""),
         "displayInformation.imageURL"},
        {IMAGE_OF("\"javascript:alert(1)\""), "displayInformation.imageURL"},
    };

    (void)state;
    KIT_ALL_REFUSED(CALL_CREATE, cases);
}

/* R-CREATE-2 §13: lengths count code points. */
static void
texts_of_the_greatest_length_are_accepted_in_any_script(void **state)
{
    static const char *const texts[] = {
        DISPLAY_OF("\"" T128 "\"", D512(T128), URL_OK),
        DISPLAY_OF("\"" E128 "\"", D512(E128), URL_OK),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct wire_body body = kit_parse_fine(CALL_CREATE, texts[i]);

        wire_body_done(&body);
    }
}

/* R-CREATE-2 §13 */
static void
exactly_the_listed_controls_are_refused_in_a_title(void **state)
{
    static const struct {
        unsigned first;
        unsigned last;
    } refused[] = {{0x01, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
                   {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

    (void)state;
    for (unsigned c = 1; c < 0x3000; c++) {
        char text[512];
        struct wire_body body;
        bool bad = false;

        for (size_t i = 0; i < COUNT(refused); i++)
            bad |= c >= refused[i].first && c <= refused[i].last;
        snprintf(text, sizeof(text),
                 "{" PAYLOAD ",\"displayInformation\":{\"title\":"
                 "\"a\\u%04xb\",\"description\":\"d\",\"imageURL\":" URL_OK
                 "}}",
                 c);
        body = kit_parse(CALL_CREATE, text);
        if ((body.problem.refusal == WIRE_BODY_BAD) != bad)
            fail_msg("U+%04X", c);
        wire_body_done(&body);
    }
}

/* §13: a title is there to be seen. */
static void
a_title_with_nothing_to_see_is_refused(void **state)
{
    static const struct kit_refused blank[] = {
        {TITLE_OF("\" \""), "displayInformation.title"},
        {TITLE_OF("\"   \""), "displayInformation.title"},
        {TITLE_OF("\"\\u00a0\\u3000\\u2003\""), "displayInformation.title"},
        {TITLE_OF("\"\\u200b\\u200c\\u200d\\u2060\\ufeff\""),
         "displayInformation.title"},
        {TITLE_OF("\"\\u00ad\""), "displayInformation.title"},
        {TITLE_OF("\"\\u115f\\u1160\\u3164\\uffa0\""),
         "displayInformation.title"},
        {TITLE_OF("\"\\u2800\""), "displayInformation.title"},
        {TITLE_OF("\"\\ufe0f\\u034f\\u180e\""),
         "displayInformation.title"},
        {TITLE_OF("\"\\udb40\\udc41\\udb40\\udc7f\""), /* tags */
         "displayInformation.title"},
    };
    static const char *const seen[] = {
        TITLE_OF("\" a \""), TITLE_OF("\".\""),
        TITLE_OF("\"\\u200b\\u05d0\""), TITLE_OF("\"\\u2801\""),
        TITLE_OF("\"\\ufffc\""), TITLE_OF("\"\\u0301\""),
        TITLE_OF("\"\\ud83d\\udd11\\ufe0f\""),
    };

    (void)state;
    KIT_ALL_REFUSED(CALL_CREATE, blank);
    for (size_t i = 0; i < COUNT(seen); i++) {
        struct wire_body body = kit_parse_fine(CALL_CREATE, seen[i]);

        wire_body_done(&body);
    }
}

/* ---- mailboxConfiguration ------------------------------------------------ */

/* R-CREATE-3 R-CREATE-4 D7 §13 */
static void
a_configuration_that_is_not_as_it_should_be_is_refused(void **state)
{
    static const char rights[] = "mailboxConfiguration.accessRights";
    static const char expiration[] = "mailboxConfiguration.expiration";
    static const char lifetime[] = "mailboxConfiguration.lifetime";
    static const struct kit_refused cases[] = {
        {CONFIG("\"R\""), "mailboxConfiguration"},
        {CONFIG("{}"), expiration},
        {CONFIG("{\"accessRights\":\"R\"}"), expiration},
        {CONFIG("{\"accessRights\":\"\",\"lifetime\":9}"), rights},
        {CONFIG("{\"accessRights\":\"r\",\"lifetime\":9}"), rights},
        {CONFIG("{\"accessRights\":\"RR\",\"lifetime\":9}"), rights},
        {CONFIG("{\"accessRights\":\"RWDR\",\"lifetime\":9}"), rights},
        {CONFIG("{\"accessRights\":\"R W\",\"lifetime\":9}"), rights},
        {CONFIG("{\"accessRights\":[\"R\"],\"lifetime\":9}"), rights},
        {CONFIG("{\"expiration\":null}"), expiration},
        {CONFIG("{\"expiration\":1644332242}"), expiration},
        {CONFIG("{\"expiration\":\"\"}"), expiration},
        {CONFIG("{\"expiration\":\"2022-02-08\"}"), expiration},
        {CONFIG("{\"expiration\":\"2022-02-08T14:57:22+00:00\"}"),
         expiration},
        {CONFIG("{\"expiration\":\"2022-02-08T14:57:22.0Z\"}"), expiration},
        {CONFIG("{\"expiration\":\"2023-02-29T00:00:00Z\"}"), expiration},
        {CONFIG("{\"expiration\":\"2022-02-08T24:00:00Z\"}"), expiration},
        {CONFIG("{\"lifetime\":\"60\"}"), lifetime},
        {CONFIG("{\"lifetime\":1.5}"), lifetime},
        {CONFIG("{\"lifetime\":0}"), lifetime},
        {CONFIG("{\"lifetime\":-1}"), lifetime},
        {CONFIG("{\"lifetime\":60,\"expiration\":\"2022-02-08T14:57:22Z\"}"),
         lifetime},
    };

    (void)state;
    KIT_ALL_REFUSED(CALL_CREATE, cases);
}

/* R-CREATE-3 D5 */
static void
rights_may_be_any_letters_in_any_order(void **state)
{
    static const struct {
        const char *letters;
        uint8_t rights;
    } cases[] = {
        {"R", RIGHT_READ},
        {"W", RIGHT_WRITE},
        {"D", RIGHT_DELETE},
        {"DR", RIGHT_READ | RIGHT_DELETE},
        {"WRD", RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];
        struct wire_body body;

        snprintf(text, sizeof(text),
                 CONFIG("{\"accessRights\":\"%s\",\"lifetime\":60}"),
                 cases[i].letters);
        body = kit_parse_fine(CALL_CREATE, text);
        assert_int_equal(body.request.rights, cases[i].rights);
        wire_body_done(&body);
    }
}

/* R-CREATE-4 D6 D7 */
static void
a_lifetime_may_stand_for_the_expiration_and_never_overflows(void **state)
{
    static const struct {
        const char *lifetime;
        tg_time_s seconds;
    } cases[] = {
        {"1", 1},
        {"3600", 3600},
        {"9223372036854775807", LIMIT_LIFETIME_MOST_S},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];
        struct wire_body body;

        snprintf(text, sizeof(text),
                 CONFIG("{\"lifetime\":%s,\"expiration\":null}"),
                 cases[i].lifetime);
        body = kit_parse_fine(CALL_CREATE, text);
        assert_int_equal(body.request.expiration_choice, EXPIRATION_LIFETIME);
        assert_int_equal(body.request.expiration, cases[i].seconds);
        wire_body_done(&body);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_create_is_understood),
        cmocka_unit_test(
            what_is_optional_may_be_absent_or_null_and_the_unknown_is_ignored),
        cmocka_unit_test(
            display_information_that_is_not_as_it_should_be_is_refused),
        cmocka_unit_test(
            texts_of_the_greatest_length_are_accepted_in_any_script),
        cmocka_unit_test(exactly_the_listed_controls_are_refused_in_a_title),
        cmocka_unit_test(a_title_with_nothing_to_see_is_refused),
        cmocka_unit_test(
            a_configuration_that_is_not_as_it_should_be_is_refused),
        cmocka_unit_test(rights_may_be_any_letters_in_any_order),
        cmocka_unit_test(
            a_lifetime_may_stand_for_the_expiration_and_never_overflows),
    };

    return cmocka_run_group_tests_name("wire_body_create", tests, NULL, NULL);
}

/* Bodies: what is accepted and as what, what is refused and for which
 * member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "wire_kit.h"

enum { PAYLOAD_MOST = 48 };

static const struct wire_limits limits = {.payload_data = PAYLOAD_MOST};

/* ---- building bodies ---------------------------------------------------- */

#define PAYLOAD "\"payload\":{\"type\":\"AEAD_AES_128_GCM\",\"data\":\"c2VhbGVk\"}"
#define DISPLAY                                                              \
    "\"displayInformation\":{\"title\":\"A key\",\"description\":\"For you\"," \
    "\"imageURL\":\"https://img.example/k.png\"}"
#define CREATE_WITH(more) "{" PAYLOAD "," DISPLAY "," more "}"
#define CONFIG(members) CREATE_WITH("\"mailboxConfiguration\":" members)
#define TOKEN(members) CREATE_WITH("\"notificationToken\":" members)
#define PAYLOAD_OF(type, data)                                               \
    "{\"payload\":{\"type\":" type ",\"data\":" data "}," DISPLAY "}"
#define DISPLAY_OF(title, description, url)                                  \
    "{" PAYLOAD ",\"displayInformation\":{\"title\":" title                  \
    ",\"description\":" description ",\"imageURL\":" url "}}"
#define TITLE_OF(title)                                                      \
    DISPLAY_OF(title, "\"d\"", "\"https://img.example/\"")
#define IMAGE_OF(url) DISPLAY_OF("\"t\"", "\"d\"", url)

/* 16 characters of base64; 4 of them decode to PAYLOAD_MOST bytes. */
#define B16 "QUJDREVGR0hJSktM"

static struct wire_body
parse(enum wire_call call, const char *text)
{
    struct wire_headers headers = {.content_type =
                                       kit_header("application/json")};
    struct wire_body body;

    assert_int_equal(wire_parse_body(call, &headers, tg_span_text(text),
                                     &limits, &body),
                     TG_OK);
    return body;
}

static struct wire_body
parse_fine(enum wire_call call, const char *text)
{
    struct wire_body body = parse(call, text);

    if (body.problem.refusal != WIRE_FINE)
        fail_msg("refused for %s: %s", body.problem.member, text);
    assert_true(body.request.acceptable);
    return body;
}

struct refused_case {
    const char *text;
    const char *member;
};

static void
assert_all_refused(enum wire_call call, const struct refused_case *cases,
                   size_t count, enum wire_refusal why)
{
    for (size_t i = 0; i < count; i++) {
        struct wire_body body = parse(call, cases[i].text);

        if (body.problem.refusal != why)
            fail_msg("not refused as %d but %d: %s", (int)why,
                     (int)body.problem.refusal, cases[i].text);
        assert_false(body.request.acceptable);
        kit_same_text(body.problem.member, cases[i].member);
        assert_non_null(body.problem.reason);
        wire_body_done(&body);
    }
}

#define ASSERT_ALL_REFUSED(call, cases) \
    assert_all_refused(call, cases, COUNT(cases), WIRE_BODY_BAD)

/* ---- the whole body ---------------------------------------------------- */

/* R-CREATE-1 R-CREATE-2 R-CREATE-3 R-CREATE-4 */
static void
a_whole_create_is_understood(void **state)
{
    struct wire_body body = parse_fine(
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
what_is_optional_may_be_absent_or_null_and_unknown_members_are_ignored(
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
        struct wire_body body = parse_fine(CALL_CREATE, texts[i]);

        assert_int_equal(body.request.rights, RIGHT_READ | RIGHT_DELETE);
        assert_int_equal(body.request.expiration_choice, EXPIRATION_DEFAULT);
        assert_int_equal(body.request.token.type.len, 0);
        wire_body_done(&body);
    }
}

/* §2 §13 */
static void
what_is_no_strict_json_object_is_refused(void **state)
{
    static const struct refused_case cases[] = {
        {"", NULL},
        {" ", NULL},
        {"null", NULL},
        {"[]", NULL},
        {"\"{}\"", NULL},
        {"{", NULL},
        {"{}x", NULL},
        {"{}{}", NULL},
        {"{'payload':1}", NULL},
        {"\xef\xbb\xbf{}", NULL},
        {CREATE_WITH("\"a\":1,\"a\":1"), NULL},
        {CREATE_WITH("\"a\":{\"b\":1,\"\\u0062\":1}"), NULL},
        {CREATE_WITH("\"a\":\"\\u0000\""), NULL},
        {CREATE_WITH("\"a\":\"\\ud800\""), NULL},
        {CREATE_WITH("\"a\":\"\xff\""), NULL},
        {CREATE_WITH("\"a\":\"\xed\xa0\x80\""), NULL},
        {CREATE_WITH("\"a\":\"\t\""), NULL},
        {CREATE_WITH("\"a\":01"), NULL},
        {CREATE_WITH("\"a\":1,"), NULL},
        {CREATE_WITH("\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                     "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), NULL},
    };

    (void)state;
    ASSERT_ALL_REFUSED(CALL_CREATE, cases);
    ASSERT_ALL_REFUSED(CALL_UPDATE, cases);
}

/* §4 */
static void
a_body_that_is_not_declared_json_is_refused_unless_a_read_has_none(
    void **state)
{
    static const struct {
        enum wire_call call;
        const char *type;
        unsigned count;
        const char *text;
        enum wire_refusal refusal;
    } cases[] = {
        {CALL_CREATE, NULL, 0, "{}", WIRE_NOT_JSON},
        {CALL_CREATE, NULL, 0, "", WIRE_BODY_BAD},
        {CALL_CREATE, "text/plain", 1, "", WIRE_NOT_JSON},
        {CALL_CREATE, "application/json", 2, "{}", WIRE_NOT_JSON},
        {CALL_CREATE, "application/json", 1, "{}", WIRE_BODY_BAD},
        {CALL_UPDATE, "application/x-www-form-urlencoded", 1,
         "{" PAYLOAD "}", WIRE_NOT_JSON},
        {CALL_READ, NULL, 0, "{}", WIRE_NOT_JSON},
        {CALL_READ, NULL, 0, "", WIRE_FINE},
        {CALL_READ, "text/plain", 1, "", WIRE_FINE},
        {CALL_READ, "text/plain", 1, "{}", WIRE_NOT_JSON},
        {CALL_READ, "application/json; charset=utf-8", 1, "{}", WIRE_FINE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_headers headers = {.content_type =
                                           kit_header(cases[i].type)};
        struct wire_body body;

        headers.content_type.count = cases[i].count;
        assert_int_equal(wire_parse_body(cases[i].call, &headers,
                                         tg_span_text(cases[i].text),
                                         &limits, &body),
                         TG_OK);
        assert_int_equal(body.problem.refusal, cases[i].refusal);
        assert_int_equal(body.request.acceptable,
                         cases[i].refusal == WIRE_FINE);
        wire_body_done(&body);
    }
}

/* §13 */
static void
calls_without_a_body_ignore_what_is_sent(void **state)
{
    static const enum wire_call calls[] = {CALL_DISPLAY, CALL_DELETE,
                                           CALL_RELINQUISH};

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct wire_headers headers = {.content_type = kit_header("x")};
        struct wire_body body;

        assert_int_equal(wire_parse_body(calls[i], &headers,
                                         TG_SPAN_LITERAL("\xff{"), &limits,
                                         &body),
                         TG_OK);
        assert_true(body.request.acceptable);
        assert_null(body.bytes.ptr);
        wire_body_done(&body);
    }
}

/* ---- payload ----------------------------------------------------------- */

/* R-CREATE-1 §13 */
static void
a_payload_that_is_not_as_it_should_be_is_refused(void **state)
{
    static const struct refused_case cases[] = {
        {"{" DISPLAY "}", "payload"},
        {"{\"payload\":null," DISPLAY "}", "payload"},
        {"{\"payload\":\"x\"," DISPLAY "}", "payload"},
        {"{\"payload\":{\"data\":\"AA==\"}," DISPLAY "}", "payload.type"},
        {PAYLOAD_OF("null", "\"AA==\""), "payload.type"},
        {PAYLOAD_OF("1", "\"AA==\""), "payload.type"},
        {PAYLOAD_OF("\"\"", "\"AA==\""), "payload.type"},
        {PAYLOAD_OF("\"A B\"", "\"AA==\""), "payload.type"},
        {PAYLOAD_OF("\"A.B\"", "\"AA==\""), "payload.type"},
        {PAYLOAD_OF("\"\xc3\xa4\"", "\"AA==\""), "payload.type"},
        {PAYLOAD_OF("\"" B16 B16 B16 B16 "a\"", "\"AA==\""), "payload.type"},
        {"{\"payload\":{\"type\":\"A\"}," DISPLAY "}", "payload.data"},
        {PAYLOAD_OF("\"A\"", "null"), "payload.data"},
        {PAYLOAD_OF("\"A\"", "[1]"), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"====\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AA\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AA=\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AB==\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AAB=\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"A A=\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AA-_\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AA==AA==\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"AA==\\n\""), "payload.data"},
    };

    (void)state;
    ASSERT_ALL_REFUSED(CALL_CREATE, cases);
    ASSERT_ALL_REFUSED(CALL_UPDATE, cases);
}

/* R-CREATE-1: any name is accepted, known or not. */
static void
payload_types_of_up_to_64_characters_are_accepted(void **state)
{
    struct wire_body body = parse_fine(
        CALL_UPDATE,
        PAYLOAD_OF("\"aZ09_-Zz90-_abcd" B16 B16 B16 "\"", "\"+/8=\""));

    (void)state;
    assert_int_equal(body.request.payload.type.len, LIMIT_PAYLOAD_TYPE);
    assert_int_equal(body.request.payload.data.len, 2);
    wire_body_done(&body);
}

/* R-CREATE-1 §13 */
static void
a_payload_may_be_as_large_as_the_limit_and_not_a_byte_larger(void **state)
{
    static const struct refused_case too_large[] = {
        {PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 "AA==\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 B16 "not even base64\""),
         "payload.data"},
    };
    static const struct wire_limits odd = {.payload_data = PAYLOAD_MOST - 1};
    struct wire_headers headers = {.content_type =
                                       kit_header("application/json")};
    struct wire_body body = parse_fine(
        CALL_CREATE, PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 "\""));

    (void)state;
    assert_int_equal(body.request.payload.data.len, PAYLOAD_MOST);
    wire_body_done(&body);
    assert_all_refused(CALL_CREATE, too_large, COUNT(too_large),
                       WIRE_PAYLOAD_TOO_LARGE);
    assert_all_refused(CALL_UPDATE, too_large, COUNT(too_large),
                       WIRE_PAYLOAD_TOO_LARGE);
    assert_int_equal(
        wire_parse_body(
            CALL_UPDATE, &headers,
            TG_SPAN_LITERAL(PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 "\"")),
            &odd, &body),
        TG_OK);
    assert_int_equal(body.problem.refusal, WIRE_PAYLOAD_TOO_LARGE);
    wire_body_done(&body);
}

/* R-CREATE-1 */
static void
the_largest_payload_fits_into_the_limit_of_a_body(void **state)
{
    static const size_t payloads[] = {1, LIMIT_PAYLOAD_DATA,
                                      LIMIT_PAYLOAD_DATA_MOST};

    (void)state;
    for (size_t i = 0; i < COUNT(payloads); i++) {
        struct wire_limits some = {.payload_data = payloads[i]};
        size_t texts = (LIMIT_TITLE_CHARACTERS + LIMIT_DESCRIPTION_CHARACTERS) *
                           12 /* \uXXXX\uXXXX */
                       + LIMIT_IMAGE_URL + LIMIT_TOKEN_DATA;

        assert_true(wire_body_limit(&some) >=
                    (payloads[i] + 2) / 3 * 4 + texts + 1024);
    }
}

/* ---- displayInformation ------------------------------------------------- */

#define T16 "0123456789abcdef"
#define T128 T16 T16 T16 T16 T16 T16 T16 T16
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
    static const struct refused_case cases[] = {
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
    ASSERT_ALL_REFUSED(CALL_CREATE, cases);
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
        struct wire_body body = parse_fine(CALL_CREATE, texts[i]);

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
        body = parse(CALL_CREATE, text);
        if ((body.problem.refusal == WIRE_BODY_BAD) != bad)
            fail_msg("U+%04X", c);
        wire_body_done(&body);
    }
}

/* ---- notificationToken -------------------------------------------------- */

/* §13 */
static void
a_token_that_is_not_whole_is_refused_wherever_it_may_be(void **state)
{
    static const struct {
        const char *token;
        const char *member;
    } cases[] = {
        {"\"x\"", "notificationToken"},
        {"[]", "notificationToken"},
        {"{}", "notificationToken.type"},
        {"{\"tokenData\":\"x\"}", "notificationToken.type"},
        {"{\"type\":null,\"tokenData\":\"x\"}", "notificationToken.type"},
        {"{\"type\":\"\",\"tokenData\":\"x\"}", "notificationToken.type"},
        {"{\"type\":\"" B16 B16 B16 B16 "x\",\"tokenData\":\"x\"}",
         "notificationToken.type"},
        {"{\"type\":\"x\"}", "notificationToken.tokenData"},
        {"{\"type\":\"x\",\"tokenData\":7}", "notificationToken.tokenData"},
        {"{\"type\":\"x\",\"tokenData\":\"\"}",
         "notificationToken.tokenData"},
    };
    static const enum wire_call calls[] = {CALL_CREATE, CALL_READ,
                                           CALL_UPDATE};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t j = 0; j < COUNT(calls); j++) {
            char text[1024];
            struct refused_case one = {text, cases[i].member};

            snprintf(text, sizeof(text), CREATE_WITH("\"notificationToken\":%s"),
                     cases[i].token);
            assert_all_refused(calls[j], &one, 1, WIRE_BODY_BAD);
        }
    }
}

/* §13 */
static void
token_data_may_have_4096_bytes_and_not_one_more(void **state)
{
    static const char before[] = "{\"notificationToken\":{\"type\":\"x\","
                                 "\"tokenData\":\"";
    char text[LIMIT_TOKEN_DATA + 128];

    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        size_t len = LIMIT_TOKEN_DATA + (size_t)extra;
        struct wire_body body;

        strcpy(text, before);
        memset(text + sizeof(before) - 1, 't', len);
        strcpy(text + sizeof(before) - 1 + len, "\"}}");
        body = parse(CALL_READ, text);
        assert_int_equal(body.request.acceptable, extra == 0);
        if (extra == 0)
            assert_int_equal(body.request.token.data.len, LIMIT_TOKEN_DATA);
        wire_body_done(&body);
    }
}

static void
a_read_and_an_update_may_bring_a_token(void **state)
{
    static const char text[] =
        "{" PAYLOAD ",\"notificationToken\":{\"type\":\"org.w3.webpush\","
        "\"tokenData\":\"e30=\"}}";
    struct wire_body read = parse_fine(CALL_READ, text);
    struct wire_body update = parse_fine(CALL_UPDATE, text);

    (void)state;
    kit_span_is(read.request.token.type, "org.w3.webpush");
    kit_span_is(read.request.token.data, "e30=");
    kit_span_is(update.request.token.type, "org.w3.webpush");
    kit_span_is(update.request.payload.data, "sealed");
    wire_body_done(&read);
    wire_body_done(&update);
}

/* ---- mailboxConfiguration ------------------------------------------------ */

/* R-CREATE-3 R-CREATE-4 D7 §13 */
static void
a_configuration_that_is_not_as_it_should_be_is_refused(void **state)
{
    static const char rights[] = "mailboxConfiguration.accessRights";
    static const char expiration[] = "mailboxConfiguration.expiration";
    static const char lifetime[] = "mailboxConfiguration.lifetime";
    static const struct refused_case cases[] = {
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
    ASSERT_ALL_REFUSED(CALL_CREATE, cases);
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
        body = parse_fine(CALL_CREATE, text);
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
        body = parse_fine(CALL_CREATE, text);
        assert_int_equal(body.request.expiration_choice, EXPIRATION_LIFETIME);
        assert_int_equal(body.request.expiration, cases[i].seconds);
        wire_body_done(&body);
    }
}

/* ---- memory ------------------------------------------------------------ */

static void
without_memory_a_body_fails_and_nothing_is_written(void **state)
{
    struct wire_headers headers = {.content_type =
                                       kit_header("application/json")};
    struct wire_body body = {.bytes = {NULL, 7, 7}};

    (void)state;
    tg_alloc_fail_after(0);
    assert_int_equal(wire_parse_body(CALL_UPDATE, &headers,
                                     TG_SPAN_LITERAL("{" PAYLOAD "}"),
                                     &limits, &body),
                     TG_E_NOMEM);
    tg_alloc_fail_after(-1);
    assert_int_equal(body.bytes.len, 7);
}

/* The hot path: one allocation of ours, whatever the body has. */
static void
a_whole_body_is_kept_in_one_piece(void **state)
{
    struct wire_body body;

    (void)state;
    tg_alloc_fail_after(1);
    body = parse_fine(
        CALL_CREATE,
        CREATE_WITH("\"notificationToken\":{\"type\":\"x\",\"tokenData\":"
                    "\"" T128 T128 "\"}"));
    tg_alloc_fail_after(-1);
    wire_body_done(&body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_create_is_understood),
        cmocka_unit_test(
            what_is_optional_may_be_absent_or_null_and_unknown_members_are_ignored),
        cmocka_unit_test(what_is_no_strict_json_object_is_refused),
        cmocka_unit_test(
            a_body_that_is_not_declared_json_is_refused_unless_a_read_has_none),
        cmocka_unit_test(calls_without_a_body_ignore_what_is_sent),
        cmocka_unit_test(a_payload_that_is_not_as_it_should_be_is_refused),
        cmocka_unit_test(payload_types_of_up_to_64_characters_are_accepted),
        cmocka_unit_test(
            a_payload_may_be_as_large_as_the_limit_and_not_a_byte_larger),
        cmocka_unit_test(the_largest_payload_fits_into_the_limit_of_a_body),
        cmocka_unit_test(
            display_information_that_is_not_as_it_should_be_is_refused),
        cmocka_unit_test(
            texts_of_the_greatest_length_are_accepted_in_any_script),
        cmocka_unit_test(exactly_the_listed_controls_are_refused_in_a_title),
        cmocka_unit_test(
            a_token_that_is_not_whole_is_refused_wherever_it_may_be),
        cmocka_unit_test(token_data_may_have_4096_bytes_and_not_one_more),
        cmocka_unit_test(a_read_and_an_update_may_bring_a_token),
        cmocka_unit_test(
            a_configuration_that_is_not_as_it_should_be_is_refused),
        cmocka_unit_test(rights_may_be_any_letters_in_any_order),
        cmocka_unit_test(
            a_lifetime_may_stand_for_the_expiration_and_never_overflows),
        cmocka_unit_test(without_memory_a_body_fails_and_nothing_is_written),
        cmocka_unit_test(a_whole_body_is_kept_in_one_piece),
    };

    return cmocka_run_group_tests_name("wire_body", tests, NULL, NULL);
}

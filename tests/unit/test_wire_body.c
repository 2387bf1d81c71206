/* Bodies: media type, JSON, and the members that several calls share. What
 * only a create has is in test_wire_body_create.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "wire_body_kit.h"

/* ---- the whole body ---------------------------------------------------- */

/* §2 §13 */
static void
what_is_no_strict_json_object_is_refused(void **state)
{
    static const struct kit_refused cases[] = {
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
    KIT_ALL_REFUSED(CALL_CREATE, cases);
    KIT_ALL_REFUSED(CALL_UPDATE, cases);
}

/* §13 */
static void
a_nul_is_refused_wherever_it_stands(void **state)
{
    static const char text[] = "{" PAYLOAD ",\"a\":[1,true,\"b\"],\"c\":0}";
    struct wire_headers headers = {.content_type =
                                       kit_header("application/json")};

    (void)state;
    for (size_t at = 0; at < sizeof(text); at++) {
        char with_nul[sizeof(text)];
        struct tg_span span = {(const uint8_t *)with_nul, sizeof(with_nul)};
        struct wire_body body;

        memcpy(with_nul, text, at);
        with_nul[at] = '\0';
        memcpy(with_nul + at + 1, text + at, sizeof(text) - 1 - at);
        assert_int_equal(wire_parse_body(CALL_UPDATE, &headers, span,
                                         &kit_limits, &body),
                         TG_OK);
        assert_int_equal(body.problem.refusal, WIRE_BODY_BAD);
        wire_body_done(&body);
    }
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
                                         &kit_limits, &body),
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
                                         TG_SPAN_LITERAL("\xff{"), &kit_limits,
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
    static const struct kit_refused cases[] = {
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
    KIT_ALL_REFUSED(CALL_CREATE, cases);
    KIT_ALL_REFUSED(CALL_UPDATE, cases);
}

/* R-CREATE-1: any name is accepted, known or not. */
static void
payload_types_of_up_to_64_characters_are_accepted(void **state)
{
    struct wire_body body = kit_parse_fine(
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
    static const struct kit_refused too_large[] = {
        {PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 "AA==\""), "payload.data"},
        {PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 B16 "not even base64\""),
         "payload.data"},
    };
    static const struct wire_limits odd = {.payload_data = PAYLOAD_MOST - 1};
    struct wire_headers headers = {.content_type =
                                       kit_header("application/json")};
    struct wire_body body = kit_parse_fine(
        CALL_CREATE, PAYLOAD_OF("\"A\"", "\"" B16 B16 B16 B16 "\""));

    (void)state;
    assert_int_equal(body.request.payload.data.len, PAYLOAD_MOST);
    wire_body_done(&body);
    kit_all_refused(CALL_CREATE, too_large, COUNT(too_large),
                       WIRE_PAYLOAD_TOO_LARGE);
    kit_all_refused(CALL_UPDATE, too_large, COUNT(too_large),
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
            struct kit_refused one = {text, cases[i].member};

            snprintf(text, sizeof(text), TOKEN("%s"), cases[i].token);
            kit_all_refused(calls[j], &one, 1, WIRE_BODY_BAD);
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

        memcpy(text, before, sizeof(before) - 1);
        memset(text + sizeof(before) - 1, 't', len);
        memcpy(text + sizeof(before) - 1 + len, "\"}}", sizeof("\"}}"));
        body = kit_parse(CALL_READ, text);
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
    struct wire_body read = kit_parse_fine(CALL_READ, text);
    struct wire_body update = kit_parse_fine(CALL_UPDATE, text);

    (void)state;
    kit_span_is(read.request.token.type, "org.w3.webpush");
    kit_span_is(read.request.token.data, "e30=");
    kit_span_is(update.request.token.type, "org.w3.webpush");
    kit_span_is(update.request.payload.data, "sealed");
    wire_body_done(&read);
    wire_body_done(&update);
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
                                     &kit_limits, &body),
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
    body = kit_parse_fine(
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
        cmocka_unit_test(what_is_no_strict_json_object_is_refused),
        cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
        cmocka_unit_test(
            a_body_that_is_not_declared_json_is_refused_unless_a_read_has_none),
        cmocka_unit_test(calls_without_a_body_ignore_what_is_sent),
        cmocka_unit_test(a_payload_that_is_not_as_it_should_be_is_refused),
        cmocka_unit_test(payload_types_of_up_to_64_characters_are_accepted),
        cmocka_unit_test(
            a_payload_may_be_as_large_as_the_limit_and_not_a_byte_larger),
        cmocka_unit_test(the_largest_payload_fits_into_the_limit_of_a_body),
        cmocka_unit_test(
            a_token_that_is_not_whole_is_refused_wherever_it_may_be),
        cmocka_unit_test(token_data_may_have_4096_bytes_and_not_one_more),
        cmocka_unit_test(a_read_and_an_update_may_bring_a_token),
        cmocka_unit_test(without_memory_a_body_fails_and_nothing_is_written),
        cmocka_unit_test(a_whole_body_is_kept_in_one_piece),
    };

    return cmocka_run_group_tests_name("wire_body", tests, NULL, NULL);
}

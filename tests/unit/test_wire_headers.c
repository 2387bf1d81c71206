/* The protocol's headers, conditions and media types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"
#include "wire/etag.h"
#include "wire/media_type.h"

static const enum wire_call changes[] = {CALL_CREATE, CALL_UPDATE,
                                         CALL_DELETE, CALL_RELINQUISH};

static struct wire_headers
good_headers(void)
{
    return (struct wire_headers){
        .request_id = kit_header(ID_SENT),
        .claim = kit_header(CLAIM_SENT),
    };
}

static void
assert_refused(struct wire_problem problem, enum wire_refusal why,
               const char *member)
{
    assert_int_equal(problem.refusal, why);
    kit_same_text(problem.member, member);
    assert_non_null(problem.reason);
}

/* ---- identifiers ------------------------------------------------------- */

/* R-HDR-1 R-HDR-2 */
static void
ids_of_every_call_are_parsed_in_any_letter_case(void **state)
{
    struct wire_headers headers = good_headers();
    struct tg_uuid id = kit_uuid(ID_WRITTEN);
    struct tg_uuid claim = kit_uuid(CLAIM_SENT);

    (void)state;
    for (int call = CALL_CREATE; call <= CALL_RELINQUISH; call++) {
        struct wire_ids ids;

        assert_int_equal(wire_parse_headers(call, &headers, &ids).refusal,
                         WIRE_FINE);
        assert_true(ids.has_request_id);
        assert_true(tg_uuid_equal(&ids.request_id.uuid, &id));
        if (call != CALL_DISPLAY)
            assert_true(tg_uuid_equal(&ids.claim, &claim));
        assert_int_equal(ids.if_match.kind, CONDITION_NONE);
        assert_int_equal(ids.if_none_match.kind, CONDITION_NONE);
    }
}

/* R-HDR-1 D2 */
static void
a_change_without_a_good_request_id_is_refused(void **state)
{
    static const char *const bad[] = {
        NULL, "", "x", "00000000-0000-0000-0000-000000000000",
        ID_SENT " ", ID_SENT ", " ID_SENT};

    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        for (size_t j = 0; j < COUNT(bad); j++) {
            struct wire_headers headers = good_headers();
            struct wire_ids ids;

            headers.request_id = kit_header(bad[j]);
            assert_refused(wire_parse_headers(changes[i], &headers, &ids),
                           WIRE_REQUEST_ID_BAD, "Mailbox-Request-ID");
            assert_false(ids.has_request_id);
        }
    }
}

/* R-HDR-1 D2: what is optional and malformed is as if it were not there. */
static void
the_reads_need_no_request_id_and_a_malformed_one_is_not_echoed(void **state)
{
    static const char *const given[] = {NULL, "", "not a UUID"};

    (void)state;
    for (size_t i = 0; i < COUNT(given); i++) {
        struct wire_headers headers = good_headers();
        struct wire_ids ids;

        headers.request_id = kit_header(given[i]);
        assert_int_equal(
            wire_parse_headers(CALL_READ, &headers, &ids).refusal, WIRE_FINE);
        assert_false(ids.has_request_id);
        assert_int_equal(
            wire_parse_headers(CALL_DISPLAY, &headers, &ids).refusal,
            WIRE_FINE);
        assert_false(ids.has_request_id);
    }
}

/* R-HDR-2 D2 */
static void
every_call_but_display_needs_a_claim_and_the_id_is_still_echoed(void **state)
{
    static const char *const bad[] = {
        NULL, "", "x", "00000000-0000-0000-0000-000000000000"};

    (void)state;
    for (int call = CALL_CREATE; call <= CALL_RELINQUISH; call++) {
        for (size_t j = 0; j < COUNT(bad); j++) {
            struct wire_headers headers = good_headers();
            struct wire_ids ids;
            struct wire_problem problem;

            headers.claim = kit_header(bad[j]);
            problem = wire_parse_headers(call, &headers, &ids);
            if (call == CALL_DISPLAY)
                assert_int_equal(problem.refusal, WIRE_FINE);
            else
                assert_refused(problem, WIRE_CLAIM_BAD,
                               "Mailbox-Device-Claim");
            assert_true(ids.has_request_id);
        }
    }
}

/* §13 */
static void
a_header_given_twice_is_malformed(void **state)
{
    struct wire_headers headers = good_headers();
    struct wire_ids ids;

    (void)state;
    headers.claim.count = 2;
    assert_refused(wire_parse_headers(CALL_DELETE, &headers, &ids),
                   WIRE_CLAIM_BAD, "Mailbox-Device-Claim");
    headers.request_id.count = 2;
    assert_refused(wire_parse_headers(CALL_DELETE, &headers, &ids),
                   WIRE_REQUEST_ID_BAD, "Mailbox-Request-ID");
    assert_false(ids.has_request_id);
    headers = good_headers();
    headers.if_match = kit_header("\"1\"");
    headers.if_match.count = 2;
    assert_refused(wire_parse_headers(CALL_UPDATE, &headers, &ids),
                   WIRE_CONDITION_BAD, "If-Match");
}

/* §13 */
static void
a_bad_request_id_comes_before_a_bad_claim_before_a_bad_condition(
    void **state)
{
    struct wire_headers headers = {
        .request_id = kit_header("x"),
        .claim = kit_header("x"),
        .if_match = kit_header("x"),
    };
    struct wire_ids ids;

    (void)state;
    assert_refused(wire_parse_headers(CALL_UPDATE, &headers, &ids),
                   WIRE_REQUEST_ID_BAD, "Mailbox-Request-ID");
    headers.request_id = kit_header(ID_SENT);
    assert_refused(wire_parse_headers(CALL_UPDATE, &headers, &ids),
                   WIRE_CLAIM_BAD, "Mailbox-Device-Claim");
    headers.claim = kit_header(CLAIM_SENT);
    assert_refused(wire_parse_headers(CALL_UPDATE, &headers, &ids),
                   WIRE_CONDITION_BAD, "If-Match");
}

/* ---- conditions -------------------------------------------------------- */

/* §13 */
static void
a_condition_counts_only_where_its_call_has_it(void **state)
{
    struct wire_headers headers = good_headers();

    (void)state;
    headers.if_match = kit_header("\"3\"");
    headers.if_none_match = kit_header("*");
    for (int call = CALL_CREATE; call <= CALL_RELINQUISH; call++) {
        struct wire_ids ids;

        assert_int_equal(wire_parse_headers(call, &headers, &ids).refusal,
                         WIRE_FINE);
        assert_int_equal(ids.if_match.kind, call == CALL_UPDATE
                                                ? CONDITION_LIST
                                                : CONDITION_NONE);
        assert_int_equal(ids.if_none_match.kind,
                         call == CALL_READ ? CONDITION_ANY : CONDITION_NONE);
    }
    headers.if_match = kit_header("nonsense");
    headers.if_none_match = kit_header("nonsense");
    for (int call = CALL_CREATE; call <= CALL_RELINQUISH; call++) {
        bool counts = call == CALL_UPDATE || call == CALL_READ;
        struct wire_ids ids;

        assert_int_equal(wire_parse_headers(call, &headers, &ids).refusal,
                         counts ? WIRE_CONDITION_BAD : WIRE_FINE);
    }
}

#define MOST UINT64_MAX
#define MOST_TEXT "18446744073709551615"

/* R-UPD-3 R-WAIT-1 §13: RFC 9110 §8.8.3.2 */
static void
conditions_are_reduced_to_the_versions_that_they_can_match(void **state)
{
    static const struct {
        const char *value;
        enum condition_kind kind;
        size_t strong_count;
        uint64_t strong[2];
        size_t weak_count;
        uint64_t weak[2];
    } cases[] = {
        {"*", CONDITION_ANY, 0, {0}, 0, {0}},
        {"\t* ", CONDITION_ANY, 0, {0}, 0, {0}},
        {"\"1\"", CONDITION_LIST, 1, {1}, 1, {1}},
        {"W/\"1\"", CONDITION_LIST, 0, {0}, 1, {1}},
        {"\"1\", W/\"22\"", CONDITION_LIST, 1, {1}, 2, {1, 22}},
        {"\"" MOST_TEXT "\"", CONDITION_LIST, 1, {MOST}, 1, {MOST}},
        {" ,, \"7\" ,\t,\"8\",", CONDITION_LIST, 2, {7, 8}, 2, {7, 8}},
        /* well-formed, but never of ours */
        {"\"18446744073709551616\"", CONDITION_LIST, 0, {0}, 0, {0}},
        {"\"01\", \"0\", \"\", \"+1\", \"1a\"", CONDITION_LIST,
         0, {0}, 0, {0}},
        {"\"a,b\", \"5\", \"\xc3\xa9\"", CONDITION_LIST, 1, {5}, 1, {5}},
        {"\"\\\"", CONDITION_LIST, 0, {0}, 0, {0}},
        {"", CONDITION_LIST, 0, {0}, 0, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tg_span value = tg_span_text(cases[i].value);
        struct etag_condition strong;
        struct etag_condition weak;

        assert_int_equal(etag_parse_condition(value, ETAG_STRONG, &strong),
                         TG_OK);
        assert_int_equal(etag_parse_condition(value, ETAG_WEAK, &weak),
                         TG_OK);
        assert_int_equal(strong.kind, cases[i].kind);
        assert_int_equal(weak.kind, cases[i].kind);
        assert_int_equal(strong.count, cases[i].strong_count);
        assert_int_equal(weak.count, cases[i].weak_count);
        for (size_t j = 0; j < strong.count; j++)
            assert_true(strong.versions[j] == cases[i].strong[j]);
        for (size_t j = 0; j < weak.count; j++)
            assert_true(weak.versions[j] == cases[i].weak[j]);
    }
}

/* §13 R-WAIT-1 */
static void
a_weak_tag_counts_for_a_read_and_never_for_an_update(void **state)
{
    struct wire_headers headers = good_headers();
    struct wire_ids ids;

    (void)state;
    headers.if_match = kit_header("W/\"3\"");
    headers.if_none_match = headers.if_match;
    assert_int_equal(wire_parse_headers(CALL_UPDATE, &headers, &ids).refusal,
                     WIRE_FINE);
    assert_int_equal(ids.if_match.kind, CONDITION_LIST);
    assert_int_equal(ids.if_match.count, 0);
    assert_int_equal(wire_parse_headers(CALL_READ, &headers, &ids).refusal,
                     WIRE_FINE);
    assert_int_equal(ids.if_none_match.count, 1);
}

static void
what_is_no_list_of_entity_tags_is_refused(void **state)
{
    static const char *const bad[] = {
        "1",         "\"1",       "1\"",      "\"1\" \"2\"", "\"1\"\"2\"",
        "*, \"1\"",  "\"1\", *",  "w/\"1\"",  "W\"1\"",      "W/ \"1\"",
        "W/",        "\"1\"; x",  "\"a\tb\"", "\"1 2\"",     "\"\x7f\"",
        "'1'",       "\"1\",2",   "**",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct etag_condition out = {.kind = CONDITION_ANY, .count = 99};

        assert_int_equal(
            etag_parse_condition(tg_span_text(bad[i]), ETAG_WEAK, &out),
            TG_E_FORMAT);
        assert_int_equal(out.count, 99);
    }
}

static void
more_tags_than_a_condition_holds_are_refused(void **state)
{
    char value[LIMIT_ETAGS * 5 + 6] = "";
    struct wire_headers headers = good_headers();
    struct etag_condition out;
    struct wire_ids ids;

    (void)state;
    for (int i = 0; i < LIMIT_ETAGS; i++)
        memcpy(value + 5 * i, "\"1\", ", 6);
    assert_int_equal(
        etag_parse_condition(tg_span_text(value), ETAG_WEAK, &out), TG_OK);
    assert_int_equal(out.count, LIMIT_ETAGS);
    memcpy(value + 5 * LIMIT_ETAGS, "\"2\"", 4);
    assert_int_equal(
        etag_parse_condition(tg_span_text(value), ETAG_WEAK, &out),
        TG_E_LIMIT);
    headers.if_none_match = kit_header(value);
    assert_refused(wire_parse_headers(CALL_READ, &headers, &ids),
                   WIRE_CONDITION_BAD, "If-None-Match");
}

static void
the_etag_of_a_version_parses_back_to_it(void **state)
{
    static const uint64_t versions[] = {1, 9, 10, 1234567890, MOST};

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        char text[ETAG_TEXT_MOST + 1];
        struct etag_condition out;
        size_t len = etag_format(versions[i], text);

        assert_int_equal(len, strlen(text));
        assert_int_equal(
            etag_parse_condition(tg_span_text(text), ETAG_STRONG, &out),
            TG_OK);
        assert_int_equal(out.count, 1);
        assert_true(out.versions[0] == versions[i]);
    }
}

/* ---- media types ------------------------------------------------------- */

static void
json_is_recognised_in_any_letter_case_and_in_utf_8_only(void **state)
{
    static const char *const json[] = {
        "application/json",
        "Application/JSON",
        " application/json ",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/json ; Charset=\"Utf-8\" ;",
        "application/json; x=\"a;\\\"b\"; charset=utf-8",
    };
    static const char *const other[] = {
        "",
        "application",
        "application/",
        "/json",
        "json",
        "text/json",
        "text/plain",
        "application/jsonp",
        "application/problem+json",
        "application /json",
        "application/json charset=utf-8",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-8; charset=latin1",
        "application/json; charset",
        "application/json; charset=",
        "application/json; charset=\"utf-8",
        "application/json; x=\"\\",
        "application/json, application/json",
        "application/json; =x",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(json); i++)
        if (!media_type_is_json(tg_span_text(json[i])))
            fail_msg("refused: %s", json[i]);
    for (size_t i = 0; i < COUNT(other); i++)
        if (media_type_is_json(tg_span_text(other[i])))
            fail_msg("accepted: %s", other[i]);
}

/* ---- Prefer ------------------------------------------------------------ */

static unsigned
wait_of(enum wire_call call, const char *first, const char *second)
{
    struct wire_headers headers = good_headers();
    struct wire_ids ids;

    headers.if_none_match = kit_header("\"1\"");
    wire_read_prefer(tg_span_text(first), &headers.prefer);
    if (second != NULL)
        wire_read_prefer(tg_span_text(second), &headers.prefer);
    assert_int_equal(wire_parse_headers(call, &headers, &ids).refusal,
                     WIRE_FINE);
    return ids.wait_s;
}

/* R-WAIT-1 */
static void
a_wait_is_read_in_every_form_that_rfc_7240_allows(void **state)
{
    static const char *const ten[] = {
        "wait=10", "WAIT=10", "wait = 10", "wait=\"10\"", "wait=010",
        "wait=10;x", "wait=10 ; x=\"a;b,\\\"\"; ;y", ",, wait=10 , ,",
        "respond-async, wait=10", "x=\"wait=9\", wait=10", "wait=10, wait=20",
        "return=minimal;wait=9, wait=10",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ten); i++)
        if (wait_of(CALL_READ, ten[i], NULL) != 10)
            fail_msg("not ten seconds: %s", ten[i]);
    assert_int_equal(wait_of(CALL_READ, "respond-async", "wait=10"), 10);
    assert_int_equal(wait_of(CALL_READ, "wait=10", "wait=20"), 10);
    assert_int_equal(wait_of(CALL_READ, "wait=61", NULL), LIMIT_WAIT_MOST_S);
    assert_int_equal(wait_of(CALL_READ, "wait=99999999999999999999", NULL),
                     LIMIT_WAIT_MOST_S);
}

/* R-WAIT-1 §13 */
static void
a_prefer_that_cannot_be_parsed_is_ignored(void **state)
{
    static const char *const none[] = {
        "", "wait", "wait=", "wait=ten", "wait=-1", "wait=+1", "wait=1.5",
        "wait=1 0", "wait==1", "=1", "wait=\"1", "wait=\"1\\", "wait=1;=",
        "wait=1; x=", "wait=1 x", "wait:1", "waits=1", "await=1", "wait=0",
        "wait=\"\"", "wait=1, x=",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(none); i++)
        if (wait_of(CALL_READ, none[i], NULL) != 0)
            fail_msg("taken for a wait: %s", none[i]);
    assert_int_equal(wait_of(CALL_READ, "wait=9 x", "wait=10"), 10);
}

/* R-WAIT-1 */
static void
only_a_read_with_a_condition_waits(void **state)
{
    struct wire_headers headers = good_headers();
    struct wire_ids ids;

    (void)state;
    for (int call = CALL_CREATE; call <= CALL_RELINQUISH; call++)
        assert_int_equal(wait_of(call, "wait=10", NULL),
                         call == CALL_READ ? 10 : 0);
    wire_read_prefer(tg_span_text("wait=10"), &headers.prefer);
    assert_int_equal(wire_parse_headers(CALL_READ, &headers, &ids).refusal,
                     WIRE_FINE);
    assert_int_equal(ids.wait_s, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_every_call_are_parsed_in_any_letter_case),
        cmocka_unit_test(a_change_without_a_good_request_id_is_refused),
        cmocka_unit_test(
            the_reads_need_no_request_id_and_a_malformed_one_is_not_echoed),
        cmocka_unit_test(
            every_call_but_display_needs_a_claim_and_the_id_is_still_echoed),
        cmocka_unit_test(a_header_given_twice_is_malformed),
        cmocka_unit_test(
            a_bad_request_id_comes_before_a_bad_claim_before_a_bad_condition),
        cmocka_unit_test(a_condition_counts_only_where_its_call_has_it),
        cmocka_unit_test(
            conditions_are_reduced_to_the_versions_that_they_can_match),
        cmocka_unit_test(a_weak_tag_counts_for_a_read_and_never_for_an_update),
        cmocka_unit_test(what_is_no_list_of_entity_tags_is_refused),
        cmocka_unit_test(more_tags_than_a_condition_holds_are_refused),
        cmocka_unit_test(the_etag_of_a_version_parses_back_to_it),
        cmocka_unit_test(
            json_is_recognised_in_any_letter_case_and_in_utf_8_only),
        cmocka_unit_test(a_wait_is_read_in_every_form_that_rfc_7240_allows),
        cmocka_unit_test(a_prefer_that_cannot_be_parsed_is_ignored),
        cmocka_unit_test(only_a_read_with_a_condition_waits),
    };

    return cmocka_run_group_tests_name("wire_headers", tests, NULL, NULL);
}

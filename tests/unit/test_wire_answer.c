/* Outcomes and refusals → status, headers, bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/json.h"
#include "wire_kit.h"
#include "wire/outcome.h"

enum { EXPIRES = 1644332242 }; /* 2022-02-08T14:57:22Z */

static const struct wire_site site = {
    .public_origin = TG_SPAN_LITERAL("https://relay.example:8443"),
};

static const struct mailbox full_mailbox = {
    .exists = true,
    .expires = EXPIRES,
    .version = 7,
    .payload = {TG_SPAN_LITERAL("AEAD_AES_128_GCM"),
                TG_SPAN_LITERAL("sealed\xff")},
    .display = {TG_SPAN_LITERAL("A \"key\" \\"),
                TG_SPAN_LITERAL("Schl\xc3\xbcssel"),
                TG_SPAN_LITERAL("https://img.example/k.png")},
};

/* An outcome with everything that any call needs. */
struct fixture {
    struct wire_ids ids;
    struct relay_effects effects;
    struct create_memory memory;
    struct mailbox_id id;
    struct wire_problem problem;
    struct wire_outcome outcome;
};

static void
fixture_init(struct fixture *f, enum wire_call call,
             enum relay_outcome outcome)
{
    *f = (struct fixture){
        .ids = {.has_request_id = true,
                .request_id = {kit_uuid(ID_SENT)}},
        .effects = {.version = 7, .push_supported = true},
        .memory = {.exists = true,
                   .mailbox = {kit_uuid(ID_SENT)},
                   .expires = EXPIRES,
                   .push_supported = true},
        .id = {kit_uuid(ID_SENT)},
        .problem = {WIRE_BODY_BAD, "payload.data",
                    "is not canonical base64"},
    };
    f->outcome = (struct wire_outcome){
        .call = call,
        .outcome = outcome,
        .effects = &f->effects,
        .mailbox = &full_mailbox,
        .memory = &f->memory,
        .mailbox_id = &f->id,
        .body_problem = &f->problem,
        .ids = &f->ids,
    };
}

static struct wire_answer
answer(enum wire_call call, enum relay_outcome outcome)
{
    struct fixture f;
    struct wire_answer out;

    fixture_init(&f, call, outcome);
    assert_int_equal(wire_answer(&f.outcome, &site, &out), TG_OK);
    return out;
}

static struct wire_answer
refuse(struct wire_problem problem, const char *allow)
{
    struct wire_answer out;

    assert_int_equal(wire_refuse(problem, NULL, allow, NULL, &out), TG_OK);
    return out;
}

/* R-TLS-2 R-HDR-1 */
static void
assert_common_headers(const struct wire_answer *out, bool with_id)
{
    kit_header_is(out, "Strict-Transport-Security", "max-age=63072000");
    kit_header_is(out, "Cache-Control", "no-store, no-transform");
    kit_header_is(out, "X-Content-Type-Options", "nosniff");
    kit_header_is(out, "Mailbox-Request-ID", with_id ? ID_WRITTEN : NULL);
}

/* ---- answers that say done --------------------------------------------- */

/* R-CREATE-4 R-CREATE-5 R-PUSH-1 D6 */
static void
a_create_answers_with_link_expiration_and_whether_push_works(
    void **state)
{
    struct wire_answer out = answer(CALL_CREATE, RELAY_DONE);

    (void)state;
    assert_int_equal(out.status, 200);
    assert_common_headers(&out, true);
    kit_header_is(&out, "Content-Type", "application/json");
    kit_span_is(tg_span_buf(&out.body),
                "{\"urlLink\":\"https://relay.example:8443/v1/m/" ID_WRITTEN
                "\",\"isPushNotificationSupported\":true,"
                "\"expiration\":\"2022-02-08T14:57:22Z\"}");
    wire_answer_done(&out);
}

/* R-IDEM D4 */
static void
a_retry_is_answered_201_with_the_same_body_as_the_first_time(void **state)
{
    static const enum wire_call calls[] = {CALL_CREATE, CALL_UPDATE,
                                           CALL_RELINQUISH};

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct wire_answer first = answer(calls[i], RELAY_DONE);
        struct wire_answer again = answer(calls[i], RELAY_ALREADY_DONE);

        assert_int_equal(first.status, 200);
        assert_int_equal(again.status, 201);
        assert_common_headers(&again, true);
        assert_true(tg_span_equal(tg_span_buf(&first.body),
                                  tg_span_buf(&again.body)));
        assert_true(tg_span_equal(kit_find(&first, "ETag"),
                                  kit_find(&again, "ETag")));
        wire_answer_done(&first);
        wire_answer_done(&again);
    }
}

/* D8 */
static void
a_read_answers_with_the_mailbox_and_its_etag(void **state)
{
    struct wire_answer out = answer(CALL_READ, RELAY_DONE);
    struct tg_json *json = NULL;

    (void)state;
    assert_int_equal(out.status, 200);
    assert_common_headers(&out, true);
    kit_header_is(&out, "ETag", "\"7\"");
    kit_header_is(&out, "Content-Type", "application/json");
    kit_span_is(tg_span_buf(&out.body),
                "{\"payload\":{\"type\":\"AEAD_AES_128_GCM\",\"data\":"
                "\"c2VhbGVk/w==\"},\"displayInformation\":{\"title\":"
                "\"A \\\"key\\\" \\\\\",\"description\":\"Schl\xc3\xbcssel\","
                "\"imageURL\":\"https://img.example/k.png\"},\"expiration\":"
                "\"2022-02-08T14:57:22Z\","
                "\"isPushNotificationSupported\":true}");
    assert_int_equal(tg_json_parse(tg_span_buf(&out.body), &json), TG_OK);
    tg_json_free(json);
    wire_answer_done(&out);
}

/* R-UPD-3 R-PUSH-1 */
static void
an_update_answers_whether_push_works_and_with_the_new_etag(void **state)
{
    struct fixture f;
    struct wire_answer out;

    (void)state;
    fixture_init(&f, CALL_UPDATE, RELAY_DONE);
    f.effects.push_supported = false;
    f.effects.version = UINT64_MAX;
    assert_int_equal(wire_answer(&f.outcome, &site, &out), TG_OK);
    kit_span_is(tg_span_buf(&out.body),
                "{\"isPushNotificationSupported\":false}");
    kit_header_is(&out, "ETag", "\"18446744073709551615\"");
    wire_answer_done(&out);
}

static void
delete_and_relinquish_answer_without_a_body(void **state)
{
    static const enum wire_call calls[] = {CALL_DELETE, CALL_RELINQUISH};

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct wire_answer out = answer(calls[i], RELAY_DONE);

        assert_int_equal(out.status, 200);
        assert_int_equal(out.body.len, 0);
        assert_common_headers(&out, true);
        kit_header_is(&out, "Content-Type", NULL);
        wire_answer_done(&out);
    }
}

/* R-HDR-1 */
static void
without_a_valid_request_id_none_is_echoed(void **state)
{
    struct fixture f;
    struct wire_answer out;

    (void)state;
    fixture_init(&f, CALL_READ, RELAY_DONE);
    f.ids.has_request_id = false;
    assert_int_equal(wire_answer(&f.outcome, &site, &out), TG_OK);
    assert_common_headers(&out, false);
    wire_answer_done(&out);
}

/* ---- refusals ---------------------------------------------------------- */

/* §4 */
static void
every_outcome_that_is_not_done_has_its_status_and_problem(void **state)
{
    static const struct {
        enum relay_outcome outcome;
        unsigned status;
        const char *type;
    } cases[] = {
        {RELAY_NO_SUCH_MAILBOX, 404, "no-such-mailbox"},
        {RELAY_CLAIM_REFUSED, 401, "claim-refused"},
        {RELAY_RIGHT_REFUSED, 401, "right-refused"},
        {RELAY_BODY_REFUSED, 400, "body-bad"},
        {RELAY_EXPIRATION_PAST, 400, "expiration-past"},
        {RELAY_ATTESTATION_REFUSED, 401, "attestation-refused"},
        {RELAY_PRECONDITION_FAILED, 412, "precondition-failed"},
        {RELAY_UNCHANGED, 412, "unchanged"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = answer(CALL_READ, cases[i].outcome);
        char type[80];

        snprintf(type, sizeof(type), "{\"type\":\"urn:tigress:problem:%s\"",
                 cases[i].type);
        assert_int_equal(out.status, cases[i].status);
        assert_common_headers(&out, true);
        kit_header_is(&out, "Content-Type", "application/problem+json");
        assert_true(kit_has(tg_span_buf(&out.body), type));
        kit_header_is(&out, "ETag", NULL);
        wire_answer_done(&out);
    }
}

/* §4 */
static void
every_refusal_has_its_status_and_a_type_of_its_own(void **state)
{
    static const struct {
        enum wire_refusal refusal;
        unsigned status;
    } cases[] = {
        {WIRE_MALFORMED_HTTP, 400},     {WIRE_NOT_FOUND, 404},
        {WIRE_NO_SUCH_MAILBOX, 404},    {WIRE_METHOD_NOT_ALLOWED, 405},
        {WIRE_TIMEOUT, 408},            {WIRE_BODY_TOO_LARGE, 413},
        {WIRE_URI_TOO_LONG, 414},       {WIRE_HEADERS_TOO_LARGE, 431},
        {WIRE_REQUEST_ID_BAD, 400},     {WIRE_CLAIM_BAD, 401},
        {WIRE_CLAIM_REFUSED, 401},      {WIRE_RIGHT_REFUSED, 401},
        {WIRE_CONDITION_BAD, 400},      {WIRE_NOT_JSON, 415},
        {WIRE_BODY_BAD, 400},           {WIRE_PAYLOAD_TOO_LARGE, 413},
        {WIRE_EXPIRATION_PAST, 400},    {WIRE_PRECONDITION_FAILED, 412},
        {WIRE_ATTESTATION_REFUSED, 401},
        {WIRE_UNCHANGED, 412},          {WIRE_TOO_MANY, 429},
        {WIRE_UNAVAILABLE, 503},        {WIRE_FULL, 503},
    };

    (void)state;
    assert_int_equal(COUNT(cases), WIRE_FULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_problem problem = {cases[i].refusal, NULL, NULL};
        struct wire_answer out = refuse(problem, "POST");
        unsigned status = cases[i].status;
        bool again = status == 429 || status == 503;

        assert_int_equal(out.status, status);
        assert_common_headers(&out, false);
        kit_header_is(&out, "WWW-Authenticate",
                      status == 401 ? "Mailbox-Device-Claim" : NULL);
        kit_header_is(&out, "Allow", status == 405 ? "POST" : NULL);
        assert_int_equal(kit_find(&out, "Retry-After").len > 0, again);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(outcome_entry(cases[j].refusal)->type,
                                    outcome_entry(cases[i].refusal)->type);
        wire_answer_done(&out);
    }
}

static void
assert_text_member(const struct tg_json *json, const char *name,
                   const char *want)
{
    struct tg_span got = TG_SPAN_EMPTY;

    assert_true(tg_json_text(tg_json_member(json, name), &got));
    kit_span_is(got, want);
}

/* §4: RFC 9457 */
static void
a_problem_document_names_the_member_at_fault(void **state)
{
    struct wire_answer out = answer(CALL_UPDATE, RELAY_BODY_REFUSED);
    struct tg_json *json = NULL;
    int64_t status = 0;

    (void)state;
    assert_int_equal(tg_json_parse(tg_span_buf(&out.body), &json), TG_OK);
    assert_text_member(json, "type", "urn:tigress:problem:body-bad");
    assert_text_member(json, "title", "The body is not acceptable");
    assert_text_member(json, "detail", "payload.data is not canonical base64");
    assert_true(tg_json_integer(tg_json_member(json, "status"), &status));
    assert_int_equal(status, 400);
    tg_json_free(json);
    wire_answer_done(&out);
}

/* §4: all four members, whatever was refused */
static void
every_problem_document_has_a_detail(void **state)
{
    (void)state;
    for (int refusal = WIRE_MALFORMED_HTTP; refusal <= WIRE_FULL; refusal++) {
        const struct wire_problem problem = {(enum wire_refusal)refusal, NULL,
                                             NULL};
        struct tg_json *json = NULL;
        struct tg_span detail = TG_SPAN_EMPTY;
        struct wire_answer out;

        assert_int_equal(wire_refuse(problem, NULL, NULL, NULL, &out), TG_OK);
        assert_int_equal(tg_json_parse(tg_span_buf(&out.body), &json), TG_OK);
        assert_true(tg_json_text(tg_json_member(json, "detail"), &detail));
        assert_true(detail.len > 0);
        tg_json_free(json);
        wire_answer_done(&out);
    }
}

/* §13 */
static void
what_was_wrong_with_the_body_decides_its_status(void **state)
{
    static const struct wire_problem problems[] = {
        {WIRE_NOT_JSON, "Content-Type", "must be application/json"},
        {WIRE_PAYLOAD_TOO_LARGE, "payload.data", NULL},
        {WIRE_BODY_BAD, NULL, "The body is not valid JSON"},
    };
    static const unsigned statuses[] = {415, 413, 400};

    (void)state;
    for (size_t i = 0; i < COUNT(problems); i++) {
        struct fixture f;
        struct wire_answer out;

        fixture_init(&f, CALL_CREATE, RELAY_BODY_REFUSED);
        f.problem = problems[i];
        assert_int_equal(wire_answer(&f.outcome, &site, &out), TG_OK);
        assert_int_equal(out.status, statuses[i]);
        wire_answer_done(&out);
    }
}

/* Every text of a problem document is put between quotes as it is. */
static void
titles_and_types_need_no_escaping(void **state)
{
    (void)state;
    for (int i = WIRE_FINE + 1; i <= WIRE_FULL; i++) {
        const struct outcome_entry *entry = outcome_entry(i);

        assert_null(strpbrk(entry->title, "\"\\"));
        assert_null(strpbrk(entry->type, "\"\\ "));
    }
}

/* ---- memory ------------------------------------------------------------ */

static void
without_memory_no_answer_leaves_anything_behind(void **state)
{
    static const enum wire_call calls[] = {
        CALL_CREATE, CALL_DISPLAY, CALL_READ, CALL_UPDATE, CALL_DELETE};
    static const enum relay_outcome outcomes[] = {RELAY_DONE,
                                                  RELAY_NO_SUCH_MAILBOX};

    (void)state;
    for (size_t i = 0; i < COUNT(calls) * COUNT(outcomes); i++) {
        enum tg_err err = TG_E_NOMEM;
        struct wire_answer out;
        struct fixture f;

        fixture_init(&f, calls[i / 2], outcomes[i % 2]);
        for (long n = 0; err != TG_OK; n++) {
            assert_true(n < 8);
            tg_alloc_fail_after(n);
            err = wire_answer(&f.outcome, &site, &out);
            tg_alloc_fail_after(-1);
            assert_true(err == TG_OK || err == TG_E_NOMEM);
        }
        wire_answer_done(&out);
    }
}

/* The hot path: header values and body, each in one piece. */
static void
a_read_is_answered_with_two_allocations(void **state)
{
    struct fixture f;
    struct wire_answer out;

    (void)state;
    fixture_init(&f, CALL_READ, RELAY_DONE);
    tg_alloc_fail_after(2);
    assert_int_equal(wire_answer(&f.outcome, &site, &out), TG_OK);
    tg_alloc_fail_after(-1);
    wire_answer_done(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_create_answers_with_link_expiration_and_whether_push_works),
        cmocka_unit_test(
            a_retry_is_answered_201_with_the_same_body_as_the_first_time),
        cmocka_unit_test(a_read_answers_with_the_mailbox_and_its_etag),
        cmocka_unit_test(
            an_update_answers_whether_push_works_and_with_the_new_etag),
        cmocka_unit_test(delete_and_relinquish_answer_without_a_body),
        cmocka_unit_test(without_a_valid_request_id_none_is_echoed),
        cmocka_unit_test(
            every_outcome_that_is_not_done_has_its_status_and_problem),
        cmocka_unit_test(every_refusal_has_its_status_and_a_type_of_its_own),
        cmocka_unit_test(a_problem_document_names_the_member_at_fault),
        cmocka_unit_test(every_problem_document_has_a_detail),
        cmocka_unit_test(what_was_wrong_with_the_body_decides_its_status),
        cmocka_unit_test(titles_and_types_need_no_escaping),
        cmocka_unit_test(without_memory_no_answer_leaves_anything_behind),
        cmocka_unit_test(a_read_is_answered_with_two_allocations),
    };

    return cmocka_run_group_tests_name("wire_answer", tests, NULL, NULL);
}

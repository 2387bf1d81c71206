/* Bodies of all calls; the first byte picks the call. What is accepted keeps
 * every limit, and can be told to the other side. */
#include "fuzz.h"

#include "base/json.h"
#include "wire/text.h"
#include "wire/wire.h"

enum { CALLS = CALL_RELINQUISH + 1 };

static const struct wire_limits limits = {.payload_data = 4096};

static void
check_owned(const struct wire_body *body, struct tg_span span)
{
    if (span.len == 0)
        return;
    FUZZ_CHECK(span.ptr >= body->bytes.ptr);
    FUZZ_CHECK(span.ptr + span.len <= body->bytes.ptr + body->bytes.len);
}

static void
check_shown(struct tg_span text, size_t most)
{
    FUZZ_CHECK(text.len > 0 && text_length(text) <= most);
    FUZZ_CHECK(!text_has_controls(text));
}

static void
check_limits(enum wire_call call, const struct wire_body *body)
{
    const struct request_body *rq = &body->request;

    check_owned(body, rq->token.type);
    check_owned(body, rq->token.data);
    FUZZ_CHECK(rq->token.type.len <= LIMIT_TOKEN_TYPE);
    FUZZ_CHECK(rq->token.data.len <= LIMIT_TOKEN_DATA);
    FUZZ_CHECK((rq->token.type.len == 0) == (rq->token.data.len == 0));
    if (call == CALL_READ)
        return;
    check_owned(body, rq->payload.type);
    check_owned(body, rq->payload.data);
    FUZZ_CHECK(rq->payload.type.len > 0);
    FUZZ_CHECK(rq->payload.type.len <= LIMIT_PAYLOAD_TYPE);
    FUZZ_CHECK(rq->payload.data.len > 0);
    FUZZ_CHECK(rq->payload.data.len <= limits.payload_data);
    if (call == CALL_UPDATE)
        return;
    check_owned(body, rq->display.title);
    check_owned(body, rq->display.description);
    check_owned(body, rq->display.image_url);
    check_shown(rq->display.title, LIMIT_TITLE_CHARACTERS);
    check_shown(rq->display.description, LIMIT_DESCRIPTION_CHARACTERS);
    FUZZ_CHECK(rq->display.image_url.len <= LIMIT_IMAGE_URL);
    FUZZ_CHECK(rq->rights > 0);
}

/* A mailbox made of what was accepted is read as JSON with the same title. */
static void
check_answer(const struct request_body *rq)
{
    static const struct wire_site site = {
        .public_origin = TG_SPAN_LITERAL("https://relay.example")};
    struct mailbox mailbox = {.exists = true,
                              .payload = rq->payload,
                              .display = rq->display};
    struct relay_effects effects = {.version = 1};
    struct wire_ids ids = {0};
    struct wire_outcome outcome = {.call = CALL_READ,
                                   .outcome = RELAY_DONE,
                                   .effects = &effects,
                                   .mailbox = &mailbox,
                                   .ids = &ids};
    struct wire_answer answer;
    struct tg_json *json = NULL;
    struct tg_span title = TG_SPAN_EMPTY;

    FUZZ_CHECK(wire_answer(&outcome, &site, &answer) == TG_OK);
    FUZZ_CHECK(tg_json_parse(tg_span_buf(&answer.body), &json) == TG_OK);
    FUZZ_CHECK(tg_json_text(
        tg_json_member(tg_json_member(json, "displayInformation"), "title"),
        &title));
    FUZZ_CHECK(tg_span_equal(title, rq->display.title));
    tg_json_free(json);
    wire_answer_done(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_headers headers = {
        .content_type = {TG_SPAN_LITERAL("application/json"), 1}};
    struct tg_span text = {data, size};
    enum wire_call call = fuzz_take_byte(&text) % CALLS;
    bool has_body = call == CALL_CREATE || call == CALL_READ ||
                    call == CALL_UPDATE;
    struct wire_body body;

    if (wire_parse_body(call, &headers, text, &limits, &body) != TG_OK)
        return 0;
    FUZZ_CHECK(body.request.acceptable ==
               (body.problem.refusal == WIRE_FINE));
    FUZZ_CHECK(has_body || body.request.acceptable);
    if (has_body && body.request.acceptable)
        check_limits(call, &body);
    if (call == CALL_CREATE && body.request.acceptable)
        check_answer(&body.request);
    wire_body_done(&body);
    return 0;
}

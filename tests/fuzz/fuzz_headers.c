/* Request line and headers, a line each: method, path, request id, claim,
 * content type, If-Match, If-None-Match, Prefer. */
#include "fuzz.h"

#include "wire/media_type.h"
#include "wire/wire.h"

static struct wire_header
take_header(struct tg_span *rest)
{
    return (struct wire_header){fuzz_take_line(rest), 1};
}

static void
check_condition(const struct etag_condition *condition)
{
    FUZZ_CHECK(condition->count <= LIMIT_ETAGS);
    FUZZ_CHECK(condition->kind == CONDITION_LIST || condition->count == 0);
    for (size_t i = 0; i < condition->count; i++)
        FUZZ_CHECK(condition->versions[i] > 0);
}

/* What is not refused was whole. */
static void
check_headers(enum wire_call call, const struct wire_headers *headers)
{
    struct wire_ids ids;
    struct wire_problem problem = wire_parse_headers(call, headers, &ids);

    check_condition(&ids.if_match);
    check_condition(&ids.if_none_match);
    FUZZ_CHECK(ids.wait_s <= LIMIT_WAIT_MOST_S);
    FUZZ_CHECK(ids.wait_s == 0 || call == CALL_READ);
    FUZZ_CHECK(!ids.has_request_id ||
               headers->request_id.value.len == TG_UUID_TEXT_LEN);
    if (problem.refusal != WIRE_FINE || call == CALL_DISPLAY)
        return;
    FUZZ_CHECK(headers->claim.value.len == TG_UUID_TEXT_LEN);
    FUZZ_CHECK(ids.has_request_id || call == CALL_READ);
}

static void
check_route(struct tg_span method, struct tg_span path)
{
    struct wire_route route;
    struct wire_problem problem = wire_route(method, path, &route);

    FUZZ_CHECK((problem.refusal == WIRE_METHOD_NOT_ALLOWED) ==
               (route.allow != NULL));
    if (problem.refusal == WIRE_FINE && route.call != CALL_CREATE)
        FUZZ_CHECK(path.len == strlen("/v1/m/") + TG_UUID_TEXT_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span rest = {data, size};
    struct tg_span method = fuzz_take_line(&rest);
    struct tg_span path = fuzz_take_line(&rest);
    struct wire_headers headers;

    check_route(method, path);
    headers.request_id = take_header(&rest);
    headers.claim = take_header(&rest);
    headers.content_type = take_header(&rest);
    headers.if_match = take_header(&rest);
    headers.if_none_match = take_header(&rest);
    headers.prefer = (struct wire_preferences){false, 0};
    wire_read_prefer(fuzz_take_line(&rest), &headers.prefer);
    for (int call = CALL_CREATE; call <= CALL_RELINQUISH; call++)
        check_headers((enum wire_call)call, &headers);
    if (media_type_is_json(headers.content_type.value))
        FUZZ_CHECK(headers.content_type.value.len >=
                   strlen("application/json"));
    return 0;
}

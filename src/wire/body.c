/* wire_parse_body(): media type, JSON, then the call's own function. */
#include "wire/body.h"

#include "base/base64.h"
#include "wire/media_type.h"

enum { DECODING_SLACK = 8 }; /* what tg_base64_decode asks for beyond need */

size_t
wire_body_limit(const struct wire_limits *limits)
{
    return TG_BASE64_LEN(limits->payload_data) + LIMIT_BODY_OVERHEAD;
}

/* A call that has a body; for the others it is ignored (§13). */
static bool
has_body(enum wire_call call)
{
    return call == CALL_CREATE || call == CALL_READ || call == CALL_UPDATE;
}

/* Content-Type may be absent only with an empty body; that such a body is no
 * JSON is then what is wrong with it. */
static bool
is_declared_json(const struct wire_header *type, struct tg_span text)
{
    if (type->count == 0)
        return text.len == 0;
    return type->count == 1 && media_type_is_json(type->value);
}

static struct wire_problem
judge_root(enum wire_call call, struct body_draft *draft)
{
    if (tg_json_kind(draft->root) != TG_JSON_OBJECT)
        return body_bad(NULL, "The body must be a JSON object");
    if (call == CALL_CREATE)
        return body_create(draft);
    return call == CALL_UPDATE ? body_update(draft) : body_read(draft);
}

/* Every text that is kept is at most as long as its JSON was, so room for the
 * whole body is enough for all of them. */
static enum tg_err
judge_json(enum wire_call call, struct tg_span text,
           const struct wire_limits *limits, struct wire_body *body)
{
    struct tg_json *root = NULL;
    struct body_draft draft = {.limits = limits,
                               .request = &body->request,
                               .bytes = &body->bytes};
    enum tg_err err;

    err = tg_json_parse(text, &root);
    if (err == TG_E_NOMEM)
        return err;
    if (err == TG_E_LIMIT) {
        body->problem = body_bad(NULL, "The body is nested too deep");
        return TG_OK;
    }
    if (err != TG_OK) {
        body->problem = body_bad(NULL, "The body is not valid JSON");
        return TG_OK;
    }
    err = tg_buf_reserve(&body->bytes, text.len + DECODING_SLACK);
    if (err == TG_OK) {
        draft.root = root;
        body->problem = judge_root(call, &draft);
    }
    tg_json_free(root);
    return err;
}

enum tg_err
wire_parse_body(enum wire_call call, const struct wire_headers *headers,
                struct tg_span text, const struct wire_limits *limits,
                struct wire_body *out)
{
    struct wire_body body = {.bytes = TG_BUF_EMPTY};
    enum tg_err err = TG_OK;

    if (!has_body(call) || (call == CALL_READ && text.len == 0))
        body.problem = body_fine();
    else if (!is_declared_json(&headers->content_type, text))
        body.problem = (struct wire_problem){WIRE_NOT_JSON, "Content-Type",
                                             "must be application/json"};
    else
        err = judge_json(call, text, limits, &body);
    if (err != TG_OK)
        return err;
    body.request.acceptable = body.problem.refusal == WIRE_FINE;
    *out = body;
    return TG_OK;
}

void
wire_body_done(struct wire_body *body)
{
    tg_buf_free(&body->bytes);
}

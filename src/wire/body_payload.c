/* The member `payload` of create and update (R-CREATE-1). */
#include "wire/body.h"

#include "base/base64.h"

static bool
is_type_character(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The relay accepts any algorithm's name; which ones there are is the
 * devices' business. */
static struct wire_problem
judge_type(struct tg_span type)
{
    if (type.len > LIMIT_PAYLOAD_TYPE)
        return body_bad("payload.type", "is longer than 64 characters");
    for (size_t i = 0; i < type.len; i++)
        if (!is_type_character(type.ptr[i]))
            return body_bad("payload.type",
                            "may have letters, digits, - and _ only");
    return body_fine();
}

static struct wire_problem
too_large(void)
{
    return (struct wire_problem){WIRE_PAYLOAD_TOO_LARGE, "payload.data",
                                 "is larger than this relay takes"};
}

static struct wire_problem
decode_data(struct body_draft *draft, struct tg_span text)
{
    size_t before = draft->bytes->len;
    size_t len;

    if (text.len > TG_BASE64_LEN(draft->limits->payload_data))
        return too_large();
    /* There is room: the only way to fail is the form. */
    if (tg_base64_decode(text, draft->bytes) != TG_OK)
        return body_bad("payload.data", "is not canonical base64");
    len = draft->bytes->len - before;
    if (len > draft->limits->payload_data)
        return too_large();
    draft->request->payload.data =
        (struct tg_span){draft->bytes->ptr + before, len};
    return body_fine();
}

struct wire_problem
body_payload(struct body_draft *draft)
{
    const struct tg_json *payload;
    struct wire_problem problem;
    struct tg_span type;
    struct tg_span data;

    problem = body_object(draft->root, "payload", &payload);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (payload == NULL)
        return body_bad("payload", "is missing");
    problem = body_text(payload, "type", "payload.type", &type);
    if (problem.refusal != WIRE_FINE)
        return problem;
    problem = judge_type(type);
    if (problem.refusal != WIRE_FINE)
        return problem;
    draft->request->payload.type = body_keep(draft, type);
    problem = body_text(payload, "data", "payload.data", &data);
    if (problem.refusal != WIRE_FINE)
        return problem;
    return decode_data(draft, data);
}

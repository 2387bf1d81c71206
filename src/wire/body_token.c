/* The member `notificationToken`, optional wherever there is a body (§13). */
#include "wire/body.h"

struct wire_problem
body_token(struct body_draft *draft)
{
    const struct tg_json *token;
    struct wire_problem problem;
    struct tg_span type;
    struct tg_span data;

    problem = body_object(draft->root, "notificationToken", &token);
    if (problem.refusal != WIRE_FINE || token == NULL)
        return problem;
    problem = body_text(token, "type", "notificationToken.type", &type);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (type.len > LIMIT_TOKEN_TYPE)
        return body_bad("notificationToken.type",
                        "is longer than 64 bytes");
    problem = body_text(token, "tokenData", "notificationToken.tokenData",
                        &data);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (data.len > LIMIT_TOKEN_DATA)
        return body_bad("notificationToken.tokenData",
                        "is longer than 4096 bytes");
    draft->request->token.type = body_keep(draft, type);
    draft->request->token.data = body_keep(draft, data);
    return body_fine();
}

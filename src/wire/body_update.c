/* The body of UpdateMailbox: a payload, and perhaps a new token. */
#include "wire/body.h"

struct wire_problem
body_update(struct body_draft *draft)
{
    struct wire_problem problem = body_payload(draft);

    if (problem.refusal != WIRE_FINE)
        return problem;
    return body_token(draft);
}

/* The body of ReadSecureContent: perhaps a token for the caller's side. That
 * it may be empty is known to body.c. */
#include "wire/body.h"

struct wire_problem
body_read(struct body_draft *draft)
{
    return body_token(draft);
}

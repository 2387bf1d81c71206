/* `none` (WebAuthn Level 3 §8.7): nothing is said of the device. */
#include "attest/formats.h"

enum attest_reason
attest_check_none(const struct attest_statement *statement,
                  const struct attest_policy *policy, tg_time_s now)
{
    (void)policy;
    (void)now;
    /* §8.7 syntax: an empty map */
    if (statement->att_stmt.count != 0)
        return ATTEST_STATEMENT;
    return ATTEST_FINE;
}

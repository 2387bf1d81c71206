/* What is the same for every format; see attest.h. Steps are those of WebAuthn
 * Level 3 §7.1 (Registering a New Credential). Steps 1 to 4 are the device's;
 * 26 to 29 are about an account, which there is none of. */
#include "attest/attest.h"

#include <string.h>

#include "attest/client_data.h"
#include "attest/formats.h"

/* Step 14 */
static bool
rp_id_is_configured(const struct attest_policy *policy,
                    const struct auth_data *auth)
{
    for (size_t i = 0; i < policy->rp_id_count; i++)
        if (memcmp(policy->rp_id_hashes[i], auth->rp_id_hash,
                   ATTEST_HASH_LEN) == 0)
            return true;
    return false;
}

/* Steps 14 and 15. Apple's own rules for App Attest ask for no user, and its
 * flag is never set. */
static enum attest_reason
check_auth_data(const struct attest_statement *statement,
                const struct attest_policy *policy)
{
    if (!rp_id_is_configured(policy, &statement->auth))
        return ATTEST_RP_ID;
    if ((statement->auth.flags & AUTH_USER_PRESENT) == 0 &&
        statement->format != ATTEST_APPLE_APPATTEST)
        return ATTEST_USER_ABSENT;
    return ATTEST_FINE;
}

static enum attest_reason
judge(const struct attest_statement *statement,
      const struct attest_policy *policy,
      const uint8_t challenge[ATTEST_HASH_LEN], tg_time_s now)
{
    attest_format_check *check;
    enum attest_reason reason;

    /* Steps 5 to 11 */
    reason = client_data_check(statement->client_data, policy, challenge);
    if (reason != ATTEST_FINE)
        return reason;
    /* Steps 12 and 13: attest_statement_read() */
    if ((reason = check_auth_data(statement, policy)) != ATTEST_FINE)
        return reason;
    /* Step 16: nobody has to be verified. Step 17: auth_data_read(). Steps 18
     * and 19: backups are of no concern. Step 20: cose_key_read() knows all the
     * algorithms that are asked for. Step 21: */
    if ((policy->formats & 1u << statement->format) == 0 ||
        (check = attest_format_procedure(statement->format)) == NULL)
        return ATTEST_FORMAT_REFUSED;
    /* Steps 22 to 24: a format's procedure ends with whom its certificates lead
     * to. Step 25 (the credential's identifier): auth_data_read(). */
    return check(statement, policy, now);
}

struct attest_verdict
attest_verify(const struct attest_policy *policy, struct tg_span header,
              const uint8_t challenge[ATTEST_HASH_LEN], tg_time_s now)
{
    struct attest_verdict verdict = {.reason = ATTEST_MISSING};
    struct attest_statement statement;

    if (policy->rule == ATTEST_IGNORED ||
        (policy->rule == ATTEST_OPTIONAL && header.ptr == NULL)) {
        verdict.reason = ATTEST_FINE;
        return verdict;
    }
    if (header.ptr == NULL)
        return verdict;
    verdict.reason = attest_statement_read(header, &statement, &verdict);
    if (verdict.reason != ATTEST_FINE)
        return verdict;
    verdict.reason = judge(&statement, policy, challenge, now);
    attest_statement_done(&statement);
    return verdict;
}

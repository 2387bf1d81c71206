/* `apple` (WebAuthn Level 3 §8.8): Apple issues a certificate for the
 * credential's own key, and writes into it what the statement is about. */
#include "attest/formats.h"

#include "attest/apple_nonce.h"
#include "attest/certificate.h"
#include "attest/trust.h"

/* §8.8, syntax: x5c. What iOS 14 made has the credential's algorithm too, as
 * `alg`, which an early draft had. */
static enum attest_reason
check_members(const struct attest_statement *statement)
{
    const struct cbor_item *att_stmt = &statement->att_stmt;
    int64_t alg;

    if (att_stmt->count == 1)
        return ATTEST_FINE; /* x5c, or what lacks it is found soon */
    if (att_stmt->count != 2 || !cbor_member_integer(att_stmt, "alg", &alg))
        return ATTEST_STATEMENT;
    if (alg != (int64_t)statement->auth.key.algorithm)
        return ATTEST_ALGORITHM;
    return ATTEST_FINE;
}

enum attest_reason
attest_check_apple(const struct attest_statement *statement,
                   const struct attest_policy *policy, tg_time_s now)
{
    struct certificate_chain chain;
    enum attest_reason reason;
    X509 *leaf;

    /* step 1: the syntax */
    if ((reason = check_members(statement)) != ATTEST_FINE)
        return reason;
    reason = attest_trust_read(policy->trust, &statement->att_stmt, 1, &chain);
    if (reason != ATTEST_FINE)
        return reason;
    leaf = chain.certificates[0];
    /* steps 2 to 4: the nonce */
    if ((reason = apple_nonce_check(leaf, statement)) != ATTEST_FINE)
        goto out;
    /* step 5: the credential's key is the certificate's */
    reason = ATTEST_KEY;
    if (!certificate_has_key(leaf, statement->auth.key.pkey))
        goto out;
    /* step 6, and §7.1 step 24: trust in the path */
    reason = attest_trust_check(policy->trust, &chain, now);
    if (reason != ATTEST_FINE)
        goto out;

    reason = ATTEST_FINE;
out:
    certificate_chain_done(&chain);
    return reason;
}

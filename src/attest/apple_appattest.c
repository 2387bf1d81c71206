/* `apple-appattest`: Apple says that a key was made by an app of a certain App
 * ID on a device of theirs. Source: Apple, "Validating apps that connect to
 * your server", section "Verify the attestation", whose steps are cited. Its
 * step 6, the App ID, is the RP ID of all formats (attest.c).
 */
#include "attest/formats.h"

#include <string.h>

#include "attest/apple_nonce.h"
#include "attest/certificate.h"
#include "attest/trust.h"
#include "crypto/hash.h"

/* x5c and a receipt, which only Apple can use. */
static bool
has_members(const struct cbor_item *att_stmt)
{
    struct tg_span receipt;

    return att_stmt->count == 2 &&
           cbor_member_bytes(att_stmt, "receipt", &receipt);
}

/* Steps 5 and 9: the credential is named by the digest of its key as a point
 * that is not compressed. */
static enum attest_reason
check_credential_id(const struct auth_data *auth)
{
    const struct tg_span parts[] = {TG_SPAN_LITERAL("\x04"), auth->key.x,
                                    auth->key.y};
    uint8_t digest[SHA256_LEN];

    if (auth->key.algorithm != COSE_ES256)
        return ATTEST_KEY;
    if (hash_sha256(parts, sizeof(parts) / sizeof(parts[0]), digest) != TG_OK)
        return ATTEST_UNAVAILABLE;
    if (!tg_span_equal(auth->credential_id,
                       (struct tg_span)TG_SPAN_ARRAY(digest)))
        return ATTEST_BINDING;
    return ATTEST_FINE;
}

/* Step 8. Whoever has a developer's phone can make an app say anything. */
static bool
is_accepted_environment(const uint8_t aaguid[AAGUID_LEN],
                        const struct attest_policy *policy)
{
    static const char production[AAGUID_LEN] = "appattest";
    static const char development[AAGUID_LEN + 1] = "appattestdevelop";

    return memcmp(aaguid, production, AAGUID_LEN) == 0 ||
           (policy->apple_development &&
            memcmp(aaguid, development, AAGUID_LEN) == 0);
}

enum attest_reason
attest_check_apple_appattest(const struct attest_statement *statement,
                             const struct attest_policy *policy, tg_time_s now)
{
    struct certificate_chain chain;
    enum attest_reason reason;

    if (!has_members(&statement->att_stmt))
        return ATTEST_STATEMENT;
    reason = attest_trust_read(policy->trust, &statement->att_stmt, 1, &chain);
    if (reason != ATTEST_FINE)
        return reason;
    /* steps 2 to 4: the nonce */
    reason = apple_nonce_check(chain.certificates[0], statement);
    if (reason != ATTEST_FINE)
        goto out;
    /* step 5: the certificate's key, which is that of the credential */
    reason = ATTEST_KEY;
    if (!certificate_has_key(chain.certificates[0], statement->auth.key.pkey))
        goto out;
    /* steps 5 and 9: its name */
    reason = check_credential_id(&statement->auth);
    if (reason != ATTEST_FINE)
        goto out;
    /* step 7: the counter; step 8: the environment */
    reason = ATTEST_BINDING;
    if (statement->auth.counter != 0 ||
        !is_accepted_environment(statement->auth.aaguid, policy))
        goto out;
    /* step 1: trust in the path */
    reason = attest_trust_check(policy->trust, &chain, now);
    if (reason != ATTEST_FINE)
        goto out;

    reason = ATTEST_FINE;
out:
    certificate_chain_done(&chain);
    return reason;
}

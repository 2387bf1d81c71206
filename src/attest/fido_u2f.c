/* `fido-u2f` (WebAuthn Level 3 §8.6): keys of the time before WebAuthn.
 *
 * Such keys have no AAGUID. Clients put zeros in its place, which §8.6 does not
 * ask the verifier to look for, and the specification's own test vector has
 * others: neither do we.
 */
#include "attest/formats.h"

#include <string.h>

#include "attest/certificate.h"
#include "attest/signature.h"
#include "attest/trust.h"

/* Step 2, second half: a key on P-256. */
static bool
has_p256_key(const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    char group[32];

    return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* Steps 3 to 6. */
static enum attest_reason
check_signature(const struct attest_statement *statement, struct tg_span sig,
                const X509 *certificate)
{
    const struct cose_key *key = &statement->auth.key;
    const struct tg_span parts[] = {
        TG_SPAN_LITERAL("\0"), /* reserved */
        {statement->auth.rp_id_hash, ATTEST_HASH_LEN},
        TG_SPAN_ARRAY(statement->client_data_hash),
        statement->auth.credential_id,
        TG_SPAN_LITERAL("\x04"), /* publicKeyU2F: 4 ‖ x ‖ y */
        key->x,
        key->y,
    };

    /* step 4: coordinates of 32 bytes, as ES256 has them (cose.h) */
    if (key->algorithm != COSE_ES256)
        return ATTEST_KEY;
    /* steps 5 and 6: verificationData, under the certificate's key */
    return signature_verify(COSE_ES256, X509_get0_pubkey(certificate), parts,
                            sizeof(parts) / sizeof(parts[0]), sig);
}

enum attest_reason
attest_check_fido_u2f(const struct attest_statement *statement,
                      const struct attest_policy *policy, tg_time_s now)
{
    const struct cbor_item *att_stmt = &statement->att_stmt;
    struct certificate_chain chain;
    enum attest_reason reason;
    struct tg_span sig;

    /* step 1: the syntax, x5c and sig */
    if (att_stmt->count != 2 || !cbor_member_bytes(att_stmt, "sig", &sig))
        return ATTEST_STATEMENT;
    reason = certificate_chain_read(att_stmt, &chain);
    if (reason != ATTEST_FINE)
        return reason;
    /* step 2: exactly one certificate, with a key on P-256 */
    reason = ATTEST_STATEMENT;
    if (chain.count != 1)
        goto out;
    reason = ATTEST_CERTIFICATE;
    if (!has_p256_key(chain.certificates[0]))
        goto out;
    reason = check_signature(statement, sig, chain.certificates[0]);
    if (reason != ATTEST_FINE)
        goto out;
    /* steps 7 and 8, and §7.1 step 24: trust in the path */
    reason = attest_trust_check(policy->trust, &chain, now);
    if (reason != ATTEST_FINE)
        goto out;

    reason = ATTEST_FINE;
out:
    certificate_chain_done(&chain);
    return reason;
}

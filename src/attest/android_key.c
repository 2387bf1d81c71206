/* Android Key Attestation (WebAuthn Level 3 §8.4): hardware of the device, or
 * its system, has signed a certificate for the credential's very key, and says
 * in it how the key was made and what it may be used for. */
#include "attest/android_key_description.h"
#include "attest/formats.h"
#include "attest/signature.h"
#include "attest/trust.h"

enum { MEMBERS = 3 }; /* alg, sig, x5c */

/* The leaf, and who has issued it, which may be one device since Android 12
 * (remote key provisioning). */
enum { OWN = 2 };

/* The description in the leaf. Where another certificate has one too, that is
 * the one to believe (Android, "Verify hardware-backed key pairs with key
 * attestation"), and it is not about the credential's key. */
static enum attest_reason
find_description(const struct certificate_chain *chain,
                 struct android_key_description *out)
{
    struct tg_span content;
    bool is_critical;

    for (size_t i = 1; i < chain->count; i++)
        if (certificate_has_extension(chain->certificates[i],
                                      ANDROID_KEY_DESCRIPTION_OID))
            return ATTEST_CERTIFICATE;
    if (!certificate_extension(chain->certificates[0],
                               ANDROID_KEY_DESCRIPTION_OID, &content,
                               &is_critical) ||
        android_key_description_read(content, out) != TG_OK)
        return ATTEST_CERTIFICATE;
    return ATTEST_FINE;
}

/* Both lists as one. An origin that they disagree about is none that could be
 * accepted. */
static struct android_authorizations
unite(const struct android_authorizations *a,
      const struct android_authorizations *b)
{
    struct android_authorizations both = *a;

    both.purposes |= b->purposes;
    if (b->has_origin &&
        (!a->has_origin || a->origin == ANDROID_ORIGIN_GENERATED)) {
        both.has_origin = true;
        both.origin = b->origin;
    }
    return both;
}

/* A key made where it is, for one application, to sign with; DECISION(11). */
static bool
is_fit(const struct android_key_description *description,
       const struct attest_policy *policy)
{
    const uint32_t sign = 1u << ANDROID_PURPOSE_SIGN;
    const uint32_t verify = 1u << ANDROID_PURPOSE_VERIFY;
    struct android_authorizations list = description->hardware;

    if (description->software.all_applications ||
        description->hardware.all_applications)
        return false;
    if (policy->android_software)
        list = unite(&description->hardware, &description->software);
    return list.has_origin && list.origin == ANDROID_ORIGIN_GENERATED &&
           (list.purposes == sign || list.purposes == (sign | verify));
}

static enum attest_reason
check_signature(const struct attest_statement *statement, X509 *leaf)
{
    const struct tg_span parts[] = {statement->auth.bytes,
                                    TG_SPAN_ARRAY(statement->client_data_hash)};
    struct tg_span signature;
    int64_t algorithm;

    if (!cbor_member_integer(&statement->att_stmt, "alg", &algorithm) ||
        !cbor_member_bytes(&statement->att_stmt, "sig", &signature))
        return ATTEST_STATEMENT;
    return signature_verify(algorithm, X509_get0_pubkey(leaf), parts, 2,
                            signature);
}

enum attest_reason
attest_check_android_key(const struct attest_statement *statement,
                         const struct attest_policy *policy, tg_time_s now)
{
    struct certificate_chain chain = {0};
    struct android_key_description description;
    enum attest_reason reason;

    /* Step 1: the statement's syntax. */
    if (statement->att_stmt.count != MEMBERS)
        return ATTEST_STATEMENT;
    reason = attest_trust_read(policy->trust, &statement->att_stmt, OWN,
                               &chain);
    if (reason != ATTEST_FINE)
        return reason;
    /* Step 2: the signature is the leaf's. */
    if ((reason = check_signature(statement, chain.certificates[0])) !=
        ATTEST_FINE)
        goto out;
    /* Step 3: the leaf's key is the credential's. */
    reason = ATTEST_KEY;
    if (!certificate_has_key(chain.certificates[0], statement->auth.key.pkey))
        goto out;
    /* Step 4: the key was made for this client data. */
    if ((reason = find_description(&chain, &description)) != ATTEST_FINE)
        goto out;
    reason = ATTEST_BINDING;
    if (!tg_span_equal(description.challenge,
                       TG_SPAN_ARRAY(statement->client_data_hash)))
        goto out;
    /* §7.1 step 24: the chain leads to a root. Before the last step, so that
     * nobody is told about a key by whom nobody trusts. */
    if ((reason = attest_trust_check(policy->trust, &chain, now)) !=
        ATTEST_FINE)
        goto out;
    /* Step 5: the authorization lists. */
    reason = ATTEST_KEY_PROPERTIES;
    if (is_fit(&description, policy))
        reason = ATTEST_FINE;
out:
    certificate_chain_done(&chain);
    return reason;
}

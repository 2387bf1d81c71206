/* `packed` (WebAuthn Level 3 §8.2): a signature by the maker's attestation key,
 * or by the credential itself, which proves no more than that it has one. */
#include "attest/formats.h"

#include <string.h>

#include "attest/certificate.h"
#include "attest/signature.h"
#include "attest/trust.h"

/* What attStmt holds; borrowed. */
struct packed {
    int64_t alg;
    struct tg_span sig;
    bool has_x5c;
};

/* The only entry of this kind in a subject. */
static bool
subject_entry(const X509 *certificate, int nid, struct tg_span *out)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    const ASN1_STRING *text;

    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
        return false;
    text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    *out = (struct tg_span){ASN1_STRING_get0_data(text),
                            (size_t)ASN1_STRING_length(text)};
    return true;
}

static bool
is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* §8.2.1, without the extension that names the model. */
static bool
is_attestation_certificate(X509 *certificate)
{
    struct tg_span text;

    /* "version MUST be 3"; basic constraints with CA false */
    if (!certificate_is_end_entity(certificate))
        return false;
    /* Subject-C: a country by ISO 3166 */
    if (!subject_entry(certificate, NID_countryName, &text) || text.len != 2 ||
        !is_capital(text.ptr[0]) || !is_capital(text.ptr[1]))
        return false;
    /* Subject-O: whose authenticator it is */
    if (!subject_entry(certificate, NID_organizationName, &text) ||
        text.len == 0)
        return false;
    /* Subject-OU: these words */
    if (!subject_entry(certificate, NID_organizationalUnitName, &text) ||
        !tg_span_is(text, "Authenticator Attestation"))
        return false;
    /* Subject-CN: any */
    return subject_entry(certificate, NID_commonName, &text) && text.len > 0;
}

/* Over authenticatorData and clientDataHash, in this order. */
static enum attest_reason
check_signature(const struct attest_statement *statement,
                const struct packed *packed, EVP_PKEY *key)
{
    const struct tg_span parts[] = {
        statement->auth.bytes,
        TG_SPAN_ARRAY(statement->client_data_hash),
    };

    return signature_verify(packed->alg, key, parts,
                            sizeof(parts) / sizeof(parts[0]), packed->sig);
}

/* §8.2, verification, step 2: x5c is present. */
static enum attest_reason
check_certified(const struct attest_statement *statement,
                const struct packed *packed, const struct attest_policy *policy,
                tg_time_s now)
{
    struct certificate_chain chain;
    enum attest_reason reason;
    X509 *leaf;

    reason = attest_trust_read(policy->trust, &statement->att_stmt, 1, &chain);
    if (reason != ATTEST_FINE)
        return reason;
    leaf = chain.certificates[0];

    /* 2, first item: sig by the key of attestnCert, with alg */
    reason = check_signature(statement, packed, X509_get0_pubkey(leaf));
    if (reason != ATTEST_FINE)
        goto out;
    /* second: the requirements of §8.2.1 */
    reason = ATTEST_CERTIFICATE;
    if (!is_attestation_certificate(leaf))
        goto out;
    /* third: the model it is for is the model that speaks */
    reason = ATTEST_BINDING;
    if (!certificate_agrees_on_aaguid(leaf, statement->auth.aaguid))
        goto out;
    /* last, and §7.1 step 24: trust in the path */
    reason = attest_trust_check(policy->trust, &chain, now);
out:
    certificate_chain_done(&chain);
    return reason;
}

/* §8.2, verification, step 3: self attestation. */
static enum attest_reason
check_self(const struct attest_statement *statement,
           const struct packed *packed, const struct attest_policy *policy)
{
    /* §7.1 step 24: whether it is acceptable under the policy */
    if (!policy->packed_self)
        return ATTEST_FORMAT_REFUSED;
    /* 3, first item: alg is that of the credential */
    if (packed->alg != (int64_t)statement->auth.key.algorithm)
        return ATTEST_ALGORITHM;
    /* second: sig by the credential, with alg */
    return check_signature(statement, packed, statement->auth.key.pkey);
}

/* §8.2, syntax: alg and sig, and x5c or nothing; ecdaaKeyId of Level 1 is no
 * more. */
static bool
read_statement(const struct cbor_item *att_stmt, struct packed *out)
{
    struct cbor_item x5c;

    out->has_x5c = cbor_member(att_stmt, "x5c", &x5c);
    return cbor_member_integer(att_stmt, "alg", &out->alg) &&
           cbor_member_bytes(att_stmt, "sig", &out->sig) &&
           att_stmt->count == (out->has_x5c ? 3 : 2);
}

enum attest_reason
attest_check_packed(const struct attest_statement *statement,
                    const struct attest_policy *policy, tg_time_s now)
{
    enum attest_reason reason;
    struct packed packed;

    /* step 1: the syntax */
    if (!read_statement(&statement->att_stmt, &packed))
        return ATTEST_STATEMENT;
    reason = packed.has_x5c ? check_certified(statement, &packed, policy, now)
                            : check_self(statement, &packed, policy);
    if (reason != ATTEST_FINE)
        return reason;
    return ATTEST_FINE;
}

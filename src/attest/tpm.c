/* TPM attestation (WebAuthn Level 3 §8.3): a TPM 2.0 has certified, with a key
 * that signs nothing but what the TPM itself has made, that the credential's
 * key is in it, and has put the hash of this registration beside. */
#include <openssl/evp.h>

#include "attest/formats.h"
#include "attest/signature.h"
#include "attest/tpm_certificate.h"
#include "attest/tpm_structures.h"
#include "attest/trust.h"

enum { MEMBERS = 6 }; /* ver, alg, x5c, sig, certInfo, pubArea */

/* What attStmt holds beside x5c. */
struct tpm_statement {
    const struct cose_kind *algorithm;
    struct tg_span signature;
    struct tg_span cert_info;
    struct tg_span pub_area;
};

/* IANA COSE elliptic curves */
enum { COSE_P256 = 1, COSE_P384 = 2, COSE_P521 = 3 };

/* NULL: not accepted. Without a hash it is no algorithm of a TPM. */
static const struct cose_kind *
kind_of_algorithm(int64_t algorithm, const struct attest_policy *policy)
{
    const struct cose_kind *kind =
        algorithm == COSE_RS1 && policy->tpm_sha1 ? &cose_rs1
                                                  : cose_kind_find(algorithm);

    return kind != NULL && kind->digest != NULL ? kind : NULL;
}

static enum attest_reason
read_statement(const struct cbor_item *att_stmt,
               const struct attest_policy *policy, struct tpm_statement *out)
{
    struct tg_span version;
    int64_t algorithm;

    if (att_stmt->count != MEMBERS ||
        !cbor_member_text(att_stmt, "ver", &version) ||
        !tg_span_is(version, "2.0") ||
        !cbor_member_integer(att_stmt, "alg", &algorithm) ||
        !cbor_member_bytes(att_stmt, "sig", &out->signature) ||
        !cbor_member_bytes(att_stmt, "certInfo", &out->cert_info) ||
        !cbor_member_bytes(att_stmt, "pubArea", &out->pub_area))
        return ATTEST_STATEMENT;
    out->algorithm = kind_of_algorithm(algorithm, policy);
    return out->algorithm != NULL ? ATTEST_FINE : ATTEST_ALGORITHM;
}

/* The same number, whatever zeros are in front of either. */
static bool
is_same_number(struct tg_span a, struct tg_span b)
{
    for (; a.len > 0 && a.ptr[0] == 0; a.len--)
        a.ptr++;
    for (; b.len > 0 && b.ptr[0] == 0; b.len--)
        b.ptr++;
    return tg_span_equal(a, b);
}

/* As struct cose_key has it; -1: one that no credential can be on. */
static int64_t
curve_of(const struct tpm_public *public)
{
    if (public->type == TPM_ALG_RSA)
        return 0;
    switch ((enum tpm_curve) public->curve) {
    case TPM_ECC_NIST_P256:
        return COSE_P256;
    case TPM_ECC_NIST_P384:
        return COSE_P384;
    case TPM_ECC_NIST_P521:
        return COSE_P521;
    }
    return -1;
}

static bool
is_same_key(const struct tpm_public *public, const struct cose_key *key)
{
    const uint8_t exponent[] = {
        (uint8_t)(public->exponent >> 24), (uint8_t)(public->exponent >> 16),
        (uint8_t)(public->exponent >> 8), (uint8_t) public->exponent};
    struct tg_span y = public->y;

    if (public->type == TPM_ALG_RSA)
        y = (struct tg_span){exponent, sizeof(exponent)};
    return curve_of(public) == key->curve &&
           is_same_number(public->x, key->x) && is_same_number(y, key->y);
}

/* pubArea is of the credential's key, which can sign. */
static enum attest_reason
check_key(struct tg_span pub_area, const struct cose_key *key,
          struct tpm_public *public)
{
    if (tpm_public_read(pub_area, public) != TG_OK)
        return ATTEST_STATEMENT;
    if (!is_same_key(public, key))
        return ATTEST_KEY;
    if ((public->attributes & TPMA_OBJECT_SIGN) == 0)
        return ATTEST_KEY_PROPERTIES;
    return ATTEST_FINE;
}

static enum attest_reason
check_certificate(X509 *aik, const struct auth_data *auth)
{
    if (!tpm_certificate_is_right(aik))
        return ATTEST_CERTIFICATE;
    if (!certificate_agrees_on_aaguid(aik, auth->aaguid))
        return ATTEST_BINDING;
    return ATTEST_FINE;
}

/* The hash behind a name; NULL: not one that is trusted. */
static const EVP_MD *
hash_of_name(uint16_t name_alg)
{
    switch (name_alg) {
    case TPM_ALG_SHA256:
        return EVP_sha256();
    case TPM_ALG_SHA384:
        return EVP_sha384();
    case TPM_ALG_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* Whether `digest` is the hash of the parts. */
static enum attest_reason
check_digest(const EVP_MD *md, const struct tg_span *parts, size_t count,
             struct tg_span digest)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (ctx == NULL || EVP_DigestInit_ex(ctx, md, NULL) != 1)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
            goto out;
    if (EVP_DigestFinal_ex(ctx, bytes, &len) != 1)
        goto out;
    reason = ATTEST_BINDING;
    if (tg_span_equal(digest, (struct tg_span){bytes, len}))
        reason = ATTEST_FINE;
out:
    EVP_MD_CTX_free(ctx);
    return reason;
}

/* extraData is the hash of what would otherwise be signed. */
static enum attest_reason
check_extra_data(const struct tpm_certified *certified,
                 const struct cose_kind *kind,
                 const struct attest_statement *statement)
{
    const struct tg_span parts[] = {statement->auth.bytes,
                                    TG_SPAN_ARRAY(statement->client_data_hash)};
    const EVP_MD *md = EVP_get_digestbyname(kind->digest);

    if (md == NULL)
        return ATTEST_UNAVAILABLE;
    return check_digest(md, parts, 2, certified->extra_data);
}

/* The name is that of pubArea: nameAlg and the hash of all of it (TPM 2.0 Part
 * 1 §16). */
static enum attest_reason
check_name(const struct tpm_certified *certified,
           const struct tpm_public *public, struct tg_span pub_area)
{
    const uint8_t prefix[] = {(uint8_t)(public->name_alg >> 8),
                              (uint8_t) public->name_alg};
    const EVP_MD *md = hash_of_name(public->name_alg);
    struct tg_span name = certified->name;

    if (md == NULL)
        return ATTEST_ALGORITHM;
    if (name.len < sizeof(prefix) ||
        !tg_span_equal((struct tg_span){name.ptr, sizeof(prefix)},
                       (struct tg_span)TG_SPAN_ARRAY(prefix)))
        return ATTEST_BINDING;
    name.ptr += sizeof(prefix);
    name.len -= sizeof(prefix);
    return check_digest(md, &pub_area, 1, name);
}

/* certInfo is about this registration and this key. */
static enum attest_reason
check_cert_info(const struct tpm_statement *tpm,
                const struct tpm_public *public,
                const struct attest_statement *statement)
{
    struct tpm_certified certified;
    enum attest_reason reason;

    /* magic TPM_GENERATED_VALUE, type TPM_ST_ATTEST_CERTIFY. */
    if (tpm_certified_read(tpm->cert_info, &certified) != TG_OK)
        return ATTEST_STATEMENT;
    reason = check_extra_data(&certified, tpm->algorithm, statement);
    if (reason != ATTEST_FINE)
        return reason;
    return check_name(&certified, public, tpm->pub_area);
}

enum attest_reason
attest_check_tpm(const struct attest_statement *statement,
                 const struct attest_policy *policy, tg_time_s now)
{
    struct certificate_chain chain = {0};
    struct tpm_statement tpm;
    struct tpm_public public;
    enum attest_reason reason;

    /* Step 1: the statement's syntax. */
    if ((reason = read_statement(&statement->att_stmt, policy, &tpm)) !=
        ATTEST_FINE)
        return reason;
    /* Step 2: the key of pubArea is the credential's. */
    reason = check_key(tpm.pub_area, &statement->auth.key, &public);
    if (reason != ATTEST_FINE)
        return reason;
    /* Step 4, "integrity of certInfo": the certificate and the signature. */
    reason = attest_trust_read(policy->trust, &statement->att_stmt, 1, &chain);
    if (reason != ATTEST_FINE)
        return reason;
    reason = check_certificate(chain.certificates[0], &statement->auth);
    if (reason != ATTEST_FINE)
        goto out;
    reason =
        signature_verify_kind(tpm.algorithm,
                              X509_get0_pubkey(chain.certificates[0]),
                              &tpm.cert_info, 1, tpm.signature);
    if (reason != ATTEST_FINE)
        goto out;
    /* Steps 3 and 5: what certInfo says. */
    if ((reason = check_cert_info(&tpm, &public, statement)) != ATTEST_FINE)
        goto out;
    /* §7.1 step 24: the chain leads to a root. */
    reason = attest_trust_check(policy->trust, &chain, now);
out:
    certificate_chain_done(&chain);
    return reason;
}

/* See tpm_structures.h. */
#include "attest/tpm_structures.h"

#include <stdbool.h>

enum {
    DIGEST_MOST = 64,   /* TPM2B_DIGEST: SHA-512 */
    NAME_MOST = 2 + 64, /* TPM2B_NAME: an algorithm and a digest; or a handle */
    DATA_MOST = 2 + 64, /* TPM2B_DATA: as big as a TPMT_HA */
    COORDINATE_MOST = 66, /* P-521 */
    MODULUS_MOST = 512,   /* RSA 4096, the most that any TPM has */
    EXPONENT_DEFAULT = 65537
};

/* TPM_ALG_ID of signing schemes, and what follows them (§11.2). */
enum { SCHEME_RSASSA = 0x0014, SCHEME_ECDSA = 0x0018 };

/* TPM_GENERATED (§6.2): ff "TCG" */
static const uint32_t generated_value = 0xff544347;

enum { ST_ATTEST_CERTIFY = 0x8017 }; /* TPM_ST (§6.9) */

/* clock, resetCount, restartCount, safe (§10.11.1) */
enum { CLOCK_INFO_LEN = 8 + 4 + 4 + 1, FIRMWARE_VERSION_LEN = 8 };

static bool
take(struct tg_span *in, size_t len, struct tg_span *out)
{
    if (len > in->len)
        return false;
    *out = (struct tg_span){in->ptr, len};
    in->ptr += len;
    in->len -= len;
    return true;
}

static bool
take_u16(struct tg_span *in, uint16_t *out)
{
    struct tg_span bytes;

    if (!take(in, 2, &bytes))
        return false;
    *out = (uint16_t)(bytes.ptr[0] << 8 | bytes.ptr[1]);
    return true;
}

static bool
take_u32(struct tg_span *in, uint32_t *out)
{
    uint16_t high, low;

    if (!take_u16(in, &high) || !take_u16(in, &low))
        return false;
    *out = (uint32_t)high << 16 | low;
    return true;
}

/* TPM2B_…: a size and that many bytes. */
static bool
take_sized(struct tg_span *in, size_t most, struct tg_span *out)
{
    uint16_t len;

    return take_u16(in, &len) && len <= most && take(in, len, out);
}

/* What comes before a key's own parameters: no symmetric algorithm, which only
 * keys have that protect others, and a scheme to sign with or none yet. */
static bool
take_signing_scheme(struct tg_span *in, uint16_t type)
{
    uint16_t symmetric, scheme, hash;

    if (!take_u16(in, &symmetric) || symmetric != TPM_ALG_NULL ||
        !take_u16(in, &scheme))
        return false;
    if (scheme == TPM_ALG_NULL)
        return true;
    return scheme == (type == TPM_ALG_ECC ? SCHEME_ECDSA : SCHEME_RSASSA) &&
           take_u16(in, &hash);
}

/* TPMS_RSA_PARMS (§12.2.3.5), TPM2B_PUBLIC_KEY_RSA (§11.2.4.5) */
static bool
take_rsa(struct tg_span *in, struct tpm_public *out)
{
    if (!take_signing_scheme(in, TPM_ALG_RSA) ||
        !take_u16(in, &out->key_bits) || !take_u32(in, &out->exponent) ||
        !take_sized(in, MODULUS_MOST, &out->x))
        return false;
    if (out->exponent == 0)
        out->exponent = EXPONENT_DEFAULT;
    return out->key_bits == 8 * out->x.len;
}

/* TPMS_ECC_PARMS (§12.2.3.6), TPMS_ECC_POINT (§11.2.5.2) */
static bool
take_ecc(struct tg_span *in, struct tpm_public *out)
{
    uint16_t kdf;

    /* No command has ever used the key derivation scheme (§12.2.3.6). */
    return take_signing_scheme(in, TPM_ALG_ECC) && take_u16(in, &out->curve) &&
           take_u16(in, &kdf) && kdf == TPM_ALG_NULL &&
           take_sized(in, COORDINATE_MOST, &out->x) &&
           take_sized(in, COORDINATE_MOST, &out->y);
}

enum tg_err
tpm_public_read(struct tg_span bytes, struct tpm_public *out)
{
    struct tpm_public public = {0};
    struct tg_span auth_policy;

    if (!take_u16(&bytes, &public.type) ||
        !take_u16(&bytes, &public.name_alg) ||
        !take_u32(&bytes, &public.attributes) ||
        !take_sized(&bytes, DIGEST_MOST, &auth_policy))
        return TG_E_FORMAT;
    if (public.type == TPM_ALG_RSA) {
        if (!take_rsa(&bytes, &public))
            return TG_E_FORMAT;
    } else if (public.type == TPM_ALG_ECC) {
        if (!take_ecc(&bytes, &public))
            return TG_E_FORMAT;
    } else {
        return TG_E_FORMAT;
    }
    if (bytes.len != 0)
        return TG_E_FORMAT;

    *out = public;
    return TG_OK;
}

enum tg_err
tpm_certified_read(struct tg_span bytes, struct tpm_certified *out)
{
    struct tpm_certified certified = {0};
    struct tg_span ignored;
    uint32_t magic;
    uint16_t type;

    if (!take_u32(&bytes, &magic) || magic != generated_value ||
        !take_u16(&bytes, &type) || type != ST_ATTEST_CERTIFY)
        return TG_E_FORMAT;
    if (!take_sized(&bytes, NAME_MOST, &ignored) || /* qualifiedSigner */
        !take_sized(&bytes, DATA_MOST, &certified.extra_data) ||
        !take(&bytes, CLOCK_INFO_LEN, &ignored) ||
        !take(&bytes, FIRMWARE_VERSION_LEN, &ignored) ||
        !take_sized(&bytes, NAME_MOST, &certified.name) ||
        !take_sized(&bytes, NAME_MOST, &ignored) || /* qualifiedName */
        bytes.len != 0)
        return TG_E_FORMAT;

    *out = certified;
    return TG_OK;
}

/* What a TPM says of its keys (TCG, Trusted Platform Module Library, Part 2:
 * Structures, revision 1.59), read strictly: nothing behind, sizes within the
 * structure's own limits, numbers big-endian. Spans borrow. */
#ifndef ATTEST_TPM_STRUCTURES_H
#define ATTEST_TPM_STRUCTURES_H

#include <stdint.h>

#include "base/bytes.h"

/* TPM_ALG_ID (§6.3), as many as are needed. */
enum tpm_algorithm {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_SHA1 = 0x0004,
    TPM_ALG_SHA256 = 0x000b,
    TPM_ALG_SHA384 = 0x000c,
    TPM_ALG_SHA512 = 0x000d,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_ECC = 0x0023
};

/* TPM_ECC_CURVE (§6.4). */
enum tpm_curve {
    TPM_ECC_NIST_P256 = 0x0003,
    TPM_ECC_NIST_P384 = 0x0004,
    TPM_ECC_NIST_P521 = 0x0005
};

/* TPMA_OBJECT (§8.3.2), what is looked at. */
enum { TPMA_OBJECT_SIGN = 1 << 18 };

/* TPMT_PUBLIC (§12.2.4) of a key that can sign: RSA or ECC. */
struct tpm_public {
    uint16_t type;       /* TPM_ALG_RSA or TPM_ALG_ECC */
    uint16_t name_alg;   /* not judged */
    uint32_t attributes; /* TPMA_OBJECT_… */
    uint16_t key_bits;   /* RSA */
    uint32_t exponent;   /* RSA; never 0: that is the default, 65537 */
    uint16_t curve;      /* ECC; TPM_ECC_…, not judged */
    struct tg_span x;    /* ECC; RSA: the modulus */
    struct tg_span y;    /* ECC */
};

/* TG_E_FORMAT. */
TG_MUST_USE enum tg_err
tpm_public_read(struct tg_span bytes, struct tpm_public *out);

/* TPMS_ATTEST (§10.12.12) that certifies an object: magic TPM_GENERATED_VALUE,
 * type TPM_ST_ATTEST_CERTIFY, attested TPMS_CERTIFY_INFO (§10.12.3). What else
 * is in it may be obfuscated and is only measured. */
struct tpm_certified {
    struct tg_span extra_data;
    struct tg_span name; /* of what is certified: its nameAlg and a hash */
};

/* TG_E_FORMAT. */
TG_MUST_USE enum tg_err
tpm_certified_read(struct tg_span bytes, struct tpm_certified *out);

#endif

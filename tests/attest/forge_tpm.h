/* TPM statements of our own making; see forge.h. */
#ifndef ATTEST_FORGE_TPM_H
#define ATTEST_FORGE_TPM_H

#include "forge.h"

/* Attributes that say which TPM it is, in hexadecimal. */
#define TPM_MANUFACTURER "3014 0605 6781050201 0c0b 69643a3445353434333030"
#define TPM_MODEL        "3010 0605 6781050202 0c07 4e504354373578"
#define TPM_VERSION      "300e 0605 6781050203 0c05 69643a3133"

/* Purposes: tcg-kp-AIKCertificate, and serverAuth. */
#define TPM_AIK_PURPOSE   "0605 6781050803"
#define TPM_OTHER_PURPOSE "0608 2b06010505070301"

/* What pubArea and certInfo say. Texts are hexadecimal. */
struct forge_tpm {
    /* TPMT_PUBLIC */
    const char *type;  /* NULL: that of the key */
    unsigned name_alg; /* TPM_ALG_ID; the hash of the name is its own */
    unsigned attributes;
    const char *auth_policy; /* with its size */
    const char *symmetric;
    const char *scheme;
    const char *key_bits;      /* NULL: that of the key; or the curve */
    const char *exponent;      /* RSA */
    const char *kdf;           /* ECC */
    size_t zeros;              /* in front of x and y, or of the modulus */
    const EVP_PKEY *other_key; /* borrowed; NULL: the credential's */
    const char *pub_behind;

    /* TPMS_ATTEST */
    const char *magic;
    const char *attest_type;
    const char *signer; /* qualifiedSigner with its size */
    bool other_extra_data;
    const char *extra_data;  /* with its size; NULL: right */
    const char *clock;       /* clockInfo and firmwareVersion */
    bool other_name;         /* one bit of the name's hash */
    const char *name_prefix; /* NULL: nameAlg */
    const char *name;        /* with its size; NULL: right */
    const char *qualified_name;
    const char *info_behind;

    /* attStmt */
    const char *version;

    /* certificate */
    const char *names; /* the sets of directoryName; NULL: no such thing */
    bool names_not_critical;
    const char *purposes; /* of extendedKeyUsage; NULL: no such thing */
    const char *purposes_behind;
    const char *aaguid; /* content of id-fido-gen-ce-aaguid; NULL: none */
    struct tg_buf extensions[3]; /* made; forge_tpm_done() */
};

/* A right one, as Windows makes it. */
struct forge_tpm
forge_tpm_template(void);

/* Append TPMT_PUBLIC of this key, and TPMS_ATTEST for this pubArea. */
void
forge_tpm_public(struct tg_buf *out, const struct forge_tpm *tpm,
                 const EVP_PKEY *key);
void
forge_tpm_attest(struct tg_buf *out, const struct forge_tpm *tpm,
                 struct tg_span extra_data, struct tg_span pub_area);

/* Append GeneralNames with a directoryName of these sets. */
void
forge_tpm_names(struct tg_buf *out, const char *sets);

/* forge_begin() of such a statement, signed by an RSA key; `tpm` is borrowed.
 * The credential's key may be replaced until forge_finish(). */
void
forge_begin_tpm(struct forge *f, struct forge_tpm *tpm,
                const struct forge_authority *authority);
void
forge_tpm_done(struct forge_tpm *tpm);

#endif

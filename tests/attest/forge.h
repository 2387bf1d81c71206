/* Devices of our own making, for tests: keys, certificates, and statements
 * that are right in everything but what a test spoils.
 *
 * A test takes forge_begin(), which describes a good statement, changes fields
 * of it, and takes forge_finish(), which makes the header's value of them.
 * Nothing here returns an error: what fails ends the program.
 */
#ifndef ATTEST_FORGE_H
#define ATTEST_FORGE_H

#include <openssl/x509.h>

#include "attest/attest.h"
#include "attest/trust.h"

/* The moment at which all that is made here is valid, and ten days around;
 * a program that forges for a real relay sets the clock first. */
enum { FORGE_NOW = 1800000000, FORGE_DAY = 86400 };
extern tg_time_s forge_clock;

/* ---- CBOR (forge_cbor.c), right or wrong --------------------------------- */

enum { FORGE_CBOR_BYTES = 2, FORGE_CBOR_TEXT = 3, FORGE_CBOR_ARRAY = 4,
       FORGE_CBOR_MAP = 5, FORGE_CBOR_TAG = 6, FORGE_CBOR_OTHER = 7 };

/* The head of an item in its shortest form, and in `width` bytes behind the
 * first: 0 (value below 24), 1, 2, 4 or 8. */
void forge_cbor_head(struct tg_buf *out, unsigned major, uint64_t value);
void forge_cbor_wide(struct tg_buf *out, unsigned major, uint64_t value,
                     unsigned width);

void forge_cbor_integer(struct tg_buf *out, int64_t value);
void forge_cbor_bytes(struct tg_buf *out, struct tg_span bytes);
void forge_cbor_text(struct tg_buf *out, const char *text);
void forge_cbor_array(struct tg_buf *out, size_t count);
void forge_cbor_map(struct tg_buf *out, size_t pairs);

/* Append bytes as they are, or written in hexadecimal (spaces allowed). */
void forge_append(struct tg_buf *out, struct tg_span bytes);
void forge_hex(struct tg_buf *out, const char *hex);

/* Append base64url without padding. */
void forge_base64url(struct tg_buf *out, struct tg_span bytes);

/* Append one DER item: identifier octet, length, content. */
void forge_der(struct tg_buf *out, uint8_t identifier, struct tg_span content);

/* ---- keys (forge_key.c) -------------------------------------------------- */

enum forge_kind {
    FORGE_P256,
    FORGE_P384,
    FORGE_P521,
    FORGE_RSA, /* 2048 bits */
    FORGE_ED25519,
    FORGE_ED448,
    FORGE_RSA_1024,
    FORGE_RSA_4096,
    FORGE_SECP256K1
};

/* A new key; EVP_PKEY_free() it. RSA keys are made once and then shared. */
EVP_PKEY *forge_key(enum forge_kind kind);

/* The COSE algorithm that goes with a key of this kind. */
int64_t forge_algorithm(const EVP_PKEY *key);

/* Append the COSE_Key of the public half. */
void forge_cose_key(struct tg_buf *out, const EVP_PKEY *key,
                    int64_t algorithm);

/* Append 4 ‖ x ‖ y (EC). */
void forge_point(struct tg_buf *out, const EVP_PKEY *key);

/* Append a signature: ECDSA as DER, RSA PKCS #1 1.5, EdDSA. The digest is that
 * of the COSE algorithm. */
void forge_sign(struct tg_buf *out, EVP_PKEY *key, int64_t algorithm,
                struct tg_span data);

void forge_sha256(struct tg_span data, uint8_t out[ATTEST_HASH_LEN]);

/* ---- certificates (forge_certificate.c) ---------------------------------- */

struct forge_extension {
    const char *oid;      /* dotted */
    struct tg_span value; /* what the OCTET STRING holds; borrowed */
    bool is_critical;
};

enum forge_basic { FORGE_BASIC_NONE, FORGE_BASIC_END, FORGE_BASIC_CA };
enum { FORGE_EXTENSIONS = 8 };

/* What a certificate says. */
struct forge_certificate {
    const char *subject; /* "C=AA,O=Maker,OU=Unit,CN=Name"; "" is none */
    const char *serial;  /* hexadecimal; NULL: random */
    const char *digest;  /* of the signature: "SHA256", "SHA1" */
    tg_time_s from;
    tg_time_s until;
    int version;         /* 1 to 3; 3 if there are extensions */
    enum forge_basic basic;
    int path_length;     /* of FORGE_BASIC_CA; negative: any */
    const char *key_usage; /* as in openssl.cnf, or NULL */
    struct forge_extension extensions[FORGE_EXTENSIONS];
    size_t extension_count;
};

/* Of an authority, and of a device (§8.2.1). */
struct forge_certificate forge_authority_template(const char *subject);
struct forge_certificate forge_leaf_template(void);

void forge_add_extension(struct forge_certificate *c, const char *oid,
                         struct tg_span value, bool is_critical);

/* Issue it for this key. `issuer` NULL: itself. X509_free() it. */
X509 *forge_issue(const struct forge_certificate *c, EVP_PKEY *key,
                  X509 *issuer, EVP_PKEY *issuer_key);

/* Append it as DER, or as PEM. */
void forge_certificate_der(struct tg_buf *out, X509 *certificate);
void forge_certificate_pem(struct tg_buf *out, X509 *certificate);

/* A root and an intermediate below it, on P-256. */
struct forge_authority {
    EVP_PKEY *root_key;
    EVP_PKEY *key;
    X509 *root;
    X509 *intermediate;
};
void forge_authority_init(struct forge_authority *authority);
void forge_authority_done(struct forge_authority *authority);

/* Write these bytes to a new file in memory, which is gone with the program
 * whatever becomes of that; what opens it in this process is put into `path`.
 * forge_file_done() it. */
enum { FORGE_PATH = 64 };
void forge_file(char path[FORGE_PATH], struct tg_span content);
void forge_file_done(const char *path);

/* Trust in these; attest_trust_free() it. And serials (lines) to revoke. */
struct attest_trust *forge_trust(X509 *const *roots, size_t count);
void forge_revoke(struct attest_trust *trust, const char *lines);

/* ---- statements (forge.c, forge_formats.c) ------------------------------- */

enum { FORGE_CHAIN = 10, FORGE_AAGUID = 16 };

struct forge {
    /* client data */
    const char *type;
    uint8_t challenge[ATTEST_HASH_LEN];
    const char *origin;
    const char *client_more; /* further members: ",\"crossOrigin\":true" */

    /* authenticator data */
    const char *rp_id;
    uint8_t flags;
    uint32_t counter;
    uint8_t aaguid[FORGE_AAGUID];
    struct tg_buf credential_id; /* empty: what the format wants */
    EVP_PKEY *key;              /* the credential's; owned */
    int64_t algorithm;          /* of the credential; 0: the key's */
    struct tg_buf cose_key;     /* empty: that of `key` */
    struct tg_buf auth_more;    /* behind the key */

    /* attestation certificate */
    const struct forge_authority *authority; /* borrowed */
    struct forge_certificate leaf;
    EVP_PKEY *leaf_key;         /* owned; NULL: the credential's */
    X509 *issuer;               /* of the leaf; borrowed */
    EVP_PKEY *issuer_key;       /* borrowed */
    X509 *instead_of_leaf;      /* borrowed; not NULL: sent in its place */
    X509 *above[FORGE_CHAIN];   /* sent behind the leaf; borrowed */
    size_t above_count;

    /* attestation statement */
    const char *format;
    int64_t statement_algorithm; /* alg; 0: of the key that signs */
    bool spoil_signature;        /* one bit of it */
    bool sign_other_data;        /* of what is signed, or hashed to a nonce */
    const char *without;         /* a member that is left out; or NULL */
    struct tg_buf more;          /* pairs that are added, in CBOR */
    size_t more_count;
    struct tg_buf sequence;      /* apple: the extension's content instead */
    const char *raw_statement;   /* hexadecimal: instead of all of attStmt */
    const char *object_more;     /* hexadecimal behind the object; or NULL */

    /* Makes `leaf_made` and `statement` when what is above is settled: the
     * client data's hash and the authenticator data are there. */
    void (*make)(struct forge *f);
    void *self;                  /* for `make` */

    /* made by forge_finish() */
    struct tg_buf client_data;
    uint8_t client_data_hash[ATTEST_HASH_LEN];
    struct tg_buf auth_data;
    X509 *leaf_made;
    struct tg_buf extension;     /* what an extension of the leaf borrows */
    struct tg_buf statement;     /* attStmt */
    struct tg_buf object;        /* attestationObject */
    struct tg_buf header;
};

/* A good statement, but for `make` if the format is android-key or tpm. */
void forge_begin(struct forge *f, enum attest_format format,
                 const struct forge_authority *authority);

/* The header's value, borrowed from `f`. */
struct tg_span forge_finish(struct forge *f);

void forge_end(struct forge *f);

/* What `make` may be; android-key and tpm are elsewhere. */
void forge_make_none(struct forge *f);
void forge_make_packed(struct forge *f);
void forge_make_packed_self(struct forge *f);
void forge_make_fido_u2f(struct forge *f);
void forge_make_apple(struct forge *f);
void forge_make_apple_appattest(struct forge *f);

/* For `make`: authData ‖ clientDataHash, spoilt by sign_other_data. */
void forge_signed_data(const struct forge *f, struct tg_buf *out);

/* For `make`: issue the leaf. */
void forge_make_leaf(struct forge *f);

/* For `make`: begin attStmt with this many pairs, of which `without` is left
 * out and to which `more` is added; then write the pairs. A member is begun
 * with its name; false: it is to be left out. */
void forge_statement_begin(struct forge *f, size_t pairs);
bool forge_member(struct forge *f, const char *name);
void forge_member_x5c(struct forge *f);
void forge_member_alg(struct forge *f);

/* The member `sig`: over these bytes, with the leaf's key. */
void forge_member_sig(struct forge *f, struct tg_span data);

/* A policy that takes what is forged: of this format alone. */
void forge_policy(struct attest_policy *policy, enum attest_format format,
                  const struct attest_trust *trust);

#endif

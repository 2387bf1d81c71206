/* Device attestation: may the device that sent this statement be trusted with
 * a mailbox of this relay? R-ATT-1 to R-ATT-3, D9; WebAuthn Level 3 §7.1.
 */
#ifndef ATTEST_ATTEST_H
#define ATTEST_ATTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"

/* ---- policy ------------------------------------------------------------ */

enum attest_format {
    ATTEST_APPLE,
    ATTEST_APPLE_APPATTEST,
    ATTEST_PACKED,
    ATTEST_ANDROID_KEY,
    ATTEST_TPM,
    ATTEST_FIDO_U2F,
    ATTEST_NONE
};
enum { ATTEST_FORMATS = 7 };

/* Its identifier in statements, directives and discovery: "android-key". */
const char *attest_format_name(enum attest_format format);
bool attest_format_find(struct tg_span name, enum attest_format *out);

enum attest_rule {
    ATTEST_IGNORED,  /* statements are not looked at (§13) */
    ATTEST_OPTIONAL, /* one that is there must be right */
    ATTEST_REQUIRED
};

enum {
    ATTEST_HASH_LEN = 32,        /* SHA-256 */
    ATTEST_HEADER_MOST = 16384,  /* bytes of a header that are looked at */
    ATTEST_CHAIN_MOST = 8        /* certificates of a statement */
};

struct attest_trust; /* trust.h */

/* What the operator has configured. Everything is borrowed. */
struct attest_policy {
    enum attest_rule rule;
    unsigned formats;      /* 1u << ATTEST_…, each that is accepted */
    bool packed_self;      /* `packed` without certificates is accepted */
    bool android_software; /* android-key: what software says about a key counts
                              as what hardware says (§8.4) */
    bool apple_development; /* apple-appattest: apps that are being developed
                               are accepted as those that are distributed */
    bool tpm_sha1;         /* tpm: RS1, too, which signs a SHA-1 hash */
    const struct tg_span *origins; /* exact; count 0: none is accepted */
    size_t origin_count;
    /* SHA-256 of each RP ID, or of an App ID for apple-appattest */
    const uint8_t (*rp_id_hashes)[ATTEST_HASH_LEN];
    size_t rp_id_count;
    const struct attest_trust *trust;
};

/* ---- verdict ----------------------------------------------------------- */

/* Why a statement is refused. */
enum attest_reason {
    ATTEST_FINE,
    ATTEST_MISSING,          /* the rule is REQUIRED and there is none */
    ATTEST_UNAVAILABLE,      /* no verdict: no memory, or the library failed */
    ATTEST_MALFORMED,        /* encoding: base64url, JSON, CBOR, lengths */
    ATTEST_TYPE,             /* clientDataJSON.type is not webauthn.create */
    ATTEST_CHALLENGE,        /* of another claim, request or content (D9) */
    ATTEST_ORIGIN,           /* not configured, or of a frame in a page */
    ATTEST_RP_ID,            /* rpIdHash is not configured */
    ATTEST_USER_ABSENT,      /* flag UP */
    ATTEST_FORMAT_REFUSED,   /* the format is unknown or not accepted here */
    ATTEST_STATEMENT,        /* attStmt: members that its format forbids, or the
                                lack of those that it demands */
    ATTEST_ALGORITHM,        /* not supported, or not the one it must equal */
    ATTEST_KEY,              /* the credential's key is no valid key, or is not
                                the one that the statement is about */
    ATTEST_SIGNATURE,
    ATTEST_CERTIFICATE,      /* what the format demands of certificates */
    ATTEST_CHAIN,            /* does not lead to a configured root, now */
    ATTEST_REVOKED,
    ATTEST_BINDING,          /* the statement is about other data: nonce,
                                attestationChallenge, extraData, aaguid */
    ATTEST_KEY_PROPERTIES    /* android-key, tpm: not a key made and kept in
                                hardware to sign with */
};
enum { ATTEST_REASONS = ATTEST_KEY_PROPERTIES + 1 };

/* A sentence for the device's maker, without a full stop; a literal. */
const char *attest_reason_text(enum attest_reason reason);

struct attest_verdict {
    enum attest_reason reason;
    bool has_format;
    enum attest_format format; /* as claimed, once it was read */
};

/* ---- verifying --------------------------------------------------------- */

/* Judge the value of Mailbox-Device-Attestation (R-ATT-1), whole and untouched
 * as it was received, by the rules of WebAuthn Level 3 §7.1 steps 5 to 24, as
 * far as they are about a device and not about an account. Takes no more than
 * some milliseconds of the processor and 64 KiB of memory; keeps nothing of the
 * device. Thread-safe: a policy is only read, and so is its trust but for the
 * issuers that it remembers.
 *
 *   header     ptr NULL: none was sent
 *   challenge  that it must be bound to (D9): challenge/challenge.h
 *   now        the relay's clock
 */
struct attest_verdict attest_verify(const struct attest_policy *policy,
                                    struct tg_span header,
                                    const uint8_t challenge[ATTEST_HASH_LEN],
                                    tg_time_s now);

#endif

/* Formats and reasons in words; see attest.h. */
#include "attest/attest.h"

#include <assert.h>

static const char *const names[] = {
    [ATTEST_APPLE] = "apple",
    [ATTEST_APPLE_APPATTEST] = "apple-appattest",
    [ATTEST_PACKED] = "packed",
    [ATTEST_ANDROID_KEY] = "android-key",
    [ATTEST_TPM] = "tpm",
    [ATTEST_FIDO_U2F] = "fido-u2f",
    [ATTEST_NONE] = "none",
};
static_assert(sizeof(names) / sizeof(names[0]) == ATTEST_FORMATS,
              "every format has a name");

static const char *const reasons[] = {
    [ATTEST_FINE] = "accepted",
    [ATTEST_MISSING] = "this relay wants a device attestation",
    [ATTEST_UNAVAILABLE] = "the statement could not be judged now",
    [ATTEST_MALFORMED] = "the statement is not encoded as WebAuthn says",
    [ATTEST_TYPE] = "clientDataJSON is not of a registration",
    [ATTEST_CHALLENGE] = "the challenge is not that of this request",
    [ATTEST_ORIGIN] = "the origin is not one that this relay accepts",
    [ATTEST_RP_ID] = "the RP ID is not one that this relay accepts",
    [ATTEST_USER_ABSENT] = "no user was present",
    [ATTEST_FORMAT_REFUSED] = "this relay does not accept the format",
    [ATTEST_STATEMENT] = "attStmt does not have what its format wants",
    [ATTEST_ALGORITHM] = "the algorithm is not supported here",
    [ATTEST_KEY] = "the credential's key is not valid or not the attested one",
    [ATTEST_SIGNATURE] = "the signature is wrong",
    [ATTEST_CERTIFICATE] = "a certificate is not what its format wants",
    [ATTEST_CHAIN] = "the certificates lead to nobody whom this relay trusts",
    [ATTEST_REVOKED] = "a certificate was revoked",
    [ATTEST_BINDING] = "the statement is about other data",
    [ATTEST_KEY_PROPERTIES] = "the key is not one that hardware keeps to sign",
};
static_assert(sizeof(reasons) / sizeof(reasons[0]) == ATTEST_REASONS,
              "every reason has a sentence");

const char *
attest_format_name(enum attest_format format)
{
    return names[format];
}

bool
attest_format_find(struct tg_span name, enum attest_format *out)
{
    for (unsigned i = 0; i < ATTEST_FORMATS; i++) {
        if (tg_span_is(name, names[i])) {
            *out = (enum attest_format)i;
            return true;
        }
    }
    return false;
}

const char *
attest_reason_text(enum attest_reason reason)
{
    return reasons[reason];
}

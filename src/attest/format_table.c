/* Which formats there are procedures for; see formats.h. */
#include "attest/formats.h"

static attest_format_check *const procedures[ATTEST_FORMATS] = {
    [ATTEST_ANDROID_KEY] = attest_check_android_key,
    [ATTEST_APPLE] = attest_check_apple,
    [ATTEST_APPLE_APPATTEST] = attest_check_apple_appattest,
    [ATTEST_FIDO_U2F] = attest_check_fido_u2f,
    [ATTEST_NONE] = attest_check_none,
    [ATTEST_PACKED] = attest_check_packed,
    [ATTEST_TPM] = attest_check_tpm,
};

attest_format_check *
attest_format_procedure(enum attest_format format)
{
    return procedures[format];
}

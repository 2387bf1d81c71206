/* Which formats there are procedures for; see formats.h. */
#include "attest/formats.h"

static attest_format_check *const procedures[ATTEST_FORMATS] = {
    [ATTEST_ANDROID_KEY] = attest_check_android_key,
    [ATTEST_APPLE] = NULL,
};

attest_format_check *
attest_format_procedure(enum attest_format format)
{
    return procedures[format];
}

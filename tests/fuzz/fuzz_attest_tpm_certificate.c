/* The alternative name in a TPM's certificate, before anybody has vouched for
 * the certificate. */
#include "attest/tpm_certificate.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Whatever is right is no longer right without its last byte. */
    if (tpm_certificate_names_tpm((struct tg_span){data, size}))
        FUZZ_CHECK(
            !tpm_certificate_names_tpm((struct tg_span){data, size - 1}));
    return 0;
}

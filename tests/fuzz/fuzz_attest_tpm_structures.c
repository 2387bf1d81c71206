/* What a TPM has signed, or somebody else. The first byte chooses. */
#include "attest/tpm_structures.h"
#include "fuzz.h"

static void
check_inside(struct tg_span part, struct tg_span whole)
{
    FUZZ_CHECK(part.ptr >= whole.ptr &&
               part.ptr + part.len <= whole.ptr + whole.len);
}

static void
check_public(struct tg_span bytes)
{
    struct tpm_public public;

    if (tpm_public_read(bytes, &public) != TG_OK)
        return;
    FUZZ_CHECK(public.type == TPM_ALG_RSA || public.type == TPM_ALG_ECC);
    check_inside(public.x, bytes);
    if (public.type == TPM_ALG_RSA)
        FUZZ_CHECK(public.exponent != 0 && public.y.len == 0);
    else
        check_inside(public.y, bytes);
    bytes.len--;
    FUZZ_CHECK(tpm_public_read(bytes, &public) != TG_OK);
}

static void
check_certified(struct tg_span bytes)
{
    struct tpm_certified certified;

    if (tpm_certified_read(bytes, &certified) != TG_OK)
        return;
    check_inside(certified.extra_data, bytes);
    check_inside(certified.name, bytes);
    bytes.len--;
    FUZZ_CHECK(tpm_certified_read(bytes, &certified) != TG_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span rest = {data, size};

    if (fuzz_take_byte(&rest) == 0)
        check_public(rest);
    else
        check_certified(rest);
    return 0;
}

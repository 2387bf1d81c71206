/* Android's key description, from a certificate of anybody's. */
#include "attest/android_key_description.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tg_span bytes = {data, size};
    struct android_key_description description;

    if (android_key_description_read(bytes, &description) != TG_OK)
        return 0;
    FUZZ_CHECK(description.challenge.ptr > data &&
               description.challenge.ptr + description.challenge.len <=
                   data + size);
    FUZZ_CHECK(description.hardware.has_origin ||
               description.hardware.origin == 0);
    /* Nothing may stand behind it, and nothing may be missing. */
    FUZZ_CHECK(android_key_description_read((struct tg_span){data, size - 1},
                                            &description) != TG_OK);
    return 0;
}

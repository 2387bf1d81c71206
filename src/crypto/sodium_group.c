/* group.h on libsodium. Its randomness is not used: random.h tells of failure,
 * where libsodium would end the process. */
#include "crypto/group.h"

#include <sodium.h>

#include "crypto/random.h"

_Static_assert(crypto_core_ristretto255_BYTES == GROUP_ELEMENT_LEN &&
               crypto_core_ristretto255_HASHBYTES == GROUP_UNIFORM_LEN &&
               crypto_scalarmult_ristretto255_SCALARBYTES == GROUP_SCALAR_LEN,
               "the sizes of ristretto255");

/* Choosing what suits this processor: done once, by whichever thread comes
 * first, and cheap from then on. */
static bool
is_ready(void)
{
    return sodium_init() >= 0;
}

enum tg_err
group_draw_scalar(struct group_scalar *out)
{
    TG_WIPED(struct group_scalar, drawn);
    enum tg_err err;

    if ((err = random_bytes(drawn.bytes, sizeof(drawn.bytes))) != TG_OK)
        return err;
    drawn.bytes[GROUP_SCALAR_BITS / 8] &= (1 << GROUP_SCALAR_BITS % 8) - 1;
    *out = drawn;
    return TG_OK;
}

enum tg_err
group_derive(const uint8_t uniform[GROUP_UNIFORM_LEN],
             struct group_element *out)
{
    TG_WIPED(struct group_element, derived);

    if (!is_ready() ||
        crypto_core_ristretto255_from_hash(derived.bytes, uniform) != 0)
        return TG_E_CRYPTO;
    *out = derived;
    return TG_OK;
}

bool
group_is_element(const struct group_element *element)
{
    return is_ready() &&
           crypto_core_ristretto255_is_valid_point(element->bytes) == 1;
}

enum tg_err
group_multiply(const struct group_scalar *scalar,
               const struct group_element *element, struct group_element *out)
{
    TG_WIPED(struct group_element, product);

    if (!is_ready())
        return TG_E_CRYPTO;
    if (crypto_scalarmult_ristretto255(product.bytes, scalar->bytes,
                                       element->bytes) != 0)
        return TG_E_AUTH;
    *out = product;
    return TG_OK;
}

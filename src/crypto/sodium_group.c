/* group.h on libsodium. Its randomness is not used: random.h tells of failure,
 * where libsodium would end the process. */
#include "crypto/group.h"

#include <sodium.h>

#include "crypto/random.h"

_Static_assert(crypto_core_ristretto255_BYTES == GROUP_ELEMENT_LEN &&
               crypto_core_ristretto255_HASHBYTES == GROUP_UNIFORM_LEN &&
               crypto_scalarmult_ristretto255_SCALARBYTES == GROUP_SCALAR_LEN,
               "the sizes of ristretto255");

/* The last byte of a scalar, and the most that it can be. */
enum {
    TOP = GROUP_SCALAR_BITS / 8,
    TOP_MOST = (1 << GROUP_SCALAR_BITS % 8) - 1
};

/* Choosing what suits this processor: done once, by whichever thread comes
 * first, and cheap from then on. */
static bool
is_ready(void)
{
    return sodium_init() >= 0;
}

/* Of 32 bytes 255 bits are a field element. libsodium 1.0.18 does not look at
 * the last one, which RFC 9496 §4.3.1 wants to be 0. */
static bool
has_spare_bit(const struct group_element *element)
{
    return (element->bytes[GROUP_ELEMENT_LEN - 1] & 0x80) != 0;
}

enum tg_err
group_draw_scalar(struct group_scalar *out)
{
    TG_WIPED(struct group_scalar, drawn);
    enum tg_err err;

    if ((err = random_bytes(drawn.bytes, sizeof(drawn.bytes))) != TG_OK)
        return err;
    drawn.bytes[TOP] &= TOP_MOST;
    if (!group_is_scalar(&drawn))
        return TG_E_RANDOM;
    *out = drawn;
    return TG_OK;
}

bool
group_is_scalar(const struct group_scalar *scalar)
{
    static const struct group_scalar zero;

    return scalar->bytes[TOP] <= TOP_MOST &&
           !tg_equal_secret(scalar, &zero, sizeof(zero));
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
    return is_ready() && !has_spare_bit(element) &&
           crypto_core_ristretto255_is_valid_point(element->bytes) == 1;
}

enum tg_err
group_multiply(const struct group_scalar *scalar,
               const struct group_element *element, struct group_element *out)
{
    TG_WIPED(struct group_element, product);

    if (!is_ready())
        return TG_E_CRYPTO;
    if (has_spare_bit(element) ||
        crypto_scalarmult_ristretto255(product.bytes, scalar->bytes,
                                       element->bytes) != 0)
        return TG_E_AUTH;
    *out = product;
    return TG_OK;
}

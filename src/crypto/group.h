/* A group of prime order: ristretto255 (RFC 9496).
 *
 * Every element has one encoding; elements and scalars are kept encoded here.
 * All of it takes the same time whatever the secrets are. Thread-safe.
 */
#ifndef CRYPTO_GROUP_H
#define CRYPTO_GROUP_H

#include <stdbool.h>

#include "base/bytes.h"

enum {
    GROUP_ELEMENT_LEN = 32,
    GROUP_SCALAR_LEN = 32,
    GROUP_SCALAR_BITS = 252,
    GROUP_UNIFORM_LEN = 64
};

struct group_element {
    uint8_t bytes[GROUP_ELEMENT_LEN];
};

struct group_scalar {
    uint8_t bytes[GROUP_SCALAR_LEN]; /* little-endian */
};

/* Draw GROUP_SCALAR_BITS random bits, not all zero. Values from 2^252 up to
 * the order are left out, which are 2^-127 of all. TG_E_RANDOM.
 * Source: draft-irtf-cfrg-cpace, G_Ristretto255.sample_scalar(). */
TG_MUST_USE enum tg_err group_draw_scalar(struct group_scalar *out);

/* Whether it can have been drawn: no more bits, and not zero. */
bool group_is_scalar(const struct group_scalar *scalar);

/* The element that uniform bytes are mapped to: nobody knows its logarithm.
 * TG_E_CRYPTO. Source: RFC 9496 §4.3.4 (Element Derivation). */
TG_MUST_USE enum tg_err
group_derive(const uint8_t uniform[GROUP_UNIFORM_LEN],
             struct group_element *out);

/* Whether these are the encoding of an element (the identity is one). False
 * also when the library cannot be used. Source: RFC 9496 §4.3.1 (Decode). */
bool group_is_element(const struct group_element *element);

/* `scalar` times `element`, which may come from outside.
 *
 * Errors: TG_E_AUTH when `element` is no encoding, or the product is the
 * identity; TG_E_CRYPTO. *out is untouched.
 * Source: draft-irtf-cfrg-cpace, G_Ristretto255.scalar_mult_vfy(). */
TG_MUST_USE enum tg_err group_multiply(const struct group_scalar *scalar,
                                       const struct group_element *element,
                                       struct group_element *out);

#endif

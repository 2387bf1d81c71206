/* DER (X.690), read strictly: shortest definite lengths, nothing behind. For
 * extensions that OpenSSL has no reader for. Nothing is allocated. */
#ifndef ATTEST_DER_H
#define ATTEST_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum der_class { DER_UNIVERSAL = 0, DER_CONTEXT = 2 };

/* Universal tags that are used. */
enum { DER_BOOLEAN = 1, DER_INTEGER = 2, DER_OCTETS = 4, DER_NULL = 5,
       DER_OID = 6, DER_UTF8 = 12, DER_ENUMERATED = 10, DER_SEQUENCE = 16,
       DER_SET = 17 };

struct der_item {
    enum der_class class_;
    uint32_t tag;           /* number; high tags too (Android's 700s) */
    bool is_constructed;
    struct tg_span content;
};

/* Take one item off the front of *in. TG_E_FORMAT: both untouched; also for
 * classes application and private. */
TG_MUST_USE enum tg_err der_take(struct tg_span *in, struct der_item *out);

/* The same, of this universal tag. */
TG_MUST_USE enum tg_err der_take_universal(struct tg_span *in, uint32_t tag,
                                           struct tg_span *content);

/* An INTEGER or ENUMERATED that is not negative and fits. */
TG_MUST_USE enum tg_err der_take_number(struct tg_span *in, uint32_t tag,
                                        uint64_t *out);

#endif

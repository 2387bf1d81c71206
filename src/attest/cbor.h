/* CBOR (RFC 8949), as much as WebAuthn needs of it, read strictly.
 *
 * Taken are integers, byte strings, text strings (UTF-8), arrays, maps, false,
 * true and null, each in the shortest form and of definite length. Refused are
 * tags, floats, indefinite lengths, other simple values, keys that are neither
 * integer nor text, keys that come twice, nesting deeper than CBOR_DEPTH, maps
 * of more than CBOR_PAIRS_MOST, counts that the bytes left cannot hold. Nothing
 * is allocated; items borrow.
 */
#ifndef ATTEST_CBOR_H
#define ATTEST_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    CBOR_DEPTH = 4,      /* FIDO CTAP 2.1 §8: at most four levels */
    CBOR_PAIRS_MOST = 32 /* each key is compared with those before it */
};

enum cbor_kind {
    CBOR_INTEGER,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_FALSE,
    CBOR_TRUE,
    CBOR_NULL
};

struct cbor_item {
    enum cbor_kind kind;
    int64_t integer;        /* CBOR_INTEGER; beyond 64 bits is refused */
    size_t count;           /* CBOR_ARRAY: elements; CBOR_MAP: pairs */
    struct tg_span content; /* of a string; or an array's or map's items */
};

enum cbor_order {
    CBOR_ANY_ORDER,
    CBOR_CANONICAL /* keys sorted as FIDO CTAP 2.1 §8 wants, at every level */
};

/* Take one whole item, with all that is in it, off the front of *in.
 * TG_E_FORMAT, TG_E_LIMIT (depth, pairs): *in and *out untouched. */
TG_MUST_USE enum tg_err cbor_take(struct tg_span *in, enum cbor_order order,
                                  struct cbor_item *out);

/* The same of bytes that hold one item and nothing behind it. */
TG_MUST_USE enum tg_err cbor_parse(struct tg_span bytes, enum cbor_order order,
                                   struct cbor_item *out);

/* Of an item that cbor_take() gave. False, *out untouched: there is no such
 * member or element, or `map` (`array`) is none. */
bool cbor_member(const struct cbor_item *map, const char *key,
                 struct cbor_item *out);
bool cbor_member_int(const struct cbor_item *map, int64_t key,
                     struct cbor_item *out);
bool cbor_element(const struct cbor_item *array, size_t index,
                  struct cbor_item *out);

/* Members of a certain kind. */
bool cbor_member_bytes(const struct cbor_item *map, const char *key,
                       struct tg_span *out);
bool cbor_member_text(const struct cbor_item *map, const char *key,
                      struct tg_span *out);
bool cbor_member_integer(const struct cbor_item *map, const char *key,
                         int64_t *out);

#endif

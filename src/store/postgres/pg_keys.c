/* See pg_keys.h. The form: PostgreSQL, src/backend/utils/adt/arrayfuncs.c,
 * array_recv(): dimensions, a flag for NULLs, the elements' type; for each
 * dimension its length and lower bound; for each element its length and
 * bytes. Numbers of four bytes, big-endian. */
#include "store/postgres/pg_keys.h"

#include <assert.h>
#include <string.h>

enum { BYTEA = 17, AT_DIMENSIONS = 0, AT_FLAG = 4, AT_TYPE = 8,
       AT_LENGTH = 12, AT_LOWER = 16 };

static void
put(uint8_t *at, uint32_t number)
{
    at[0] = (uint8_t)(number >> 24);
    at[1] = (uint8_t)(number >> 16);
    at[2] = (uint8_t)(number >> 8);
    at[3] = (uint8_t)number;
}

void
pg_keys_begin(struct pg_keys *k)
{
    k->count = 0;
    put(k->bytes + AT_DIMENSIONS, 1);
    put(k->bytes + AT_FLAG, 0);
    put(k->bytes + AT_TYPE, BYTEA);
    put(k->bytes + AT_LOWER, 1);
}

void
pg_keys_add(struct pg_keys *k, const struct store_key *key)
{
    uint8_t *at = k->bytes + PG_KEYS_HEAD + (size_t)k->count * PG_KEYS_EACH;

    assert(k->count < PG_KEYS_MOST);
    put(at, STORE_KEY_LEN);
    memcpy(at + 4, key->bytes, STORE_KEY_LEN);
    k->count++;
}

struct tg_span
pg_keys_end(struct pg_keys *k)
{
    put(k->bytes + AT_LENGTH, k->count);
    return (struct tg_span){k->bytes, PG_KEYS_HEAD +
                                          (size_t)k->count * PG_KEYS_EACH};
}

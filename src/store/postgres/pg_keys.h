/* A parameter of type bytea[]: many keys for one statement. */
#ifndef STORE_POSTGRES_PG_KEYS_H
#define STORE_POSTGRES_PG_KEYS_H

#include "relay/store.h"

enum {
    PG_KEYS_MOST = 2 * STORE_BATCH_MOST,
    PG_KEYS_HEAD = 20,
    PG_KEYS_EACH = 4 + STORE_KEY_LEN
};

struct pg_keys {
    uint32_t count;
    uint8_t bytes[PG_KEYS_HEAD + PG_KEYS_MOST * PG_KEYS_EACH];
};

void pg_keys_begin(struct pg_keys *k);

/* At most PG_KEYS_MOST. */
void pg_keys_add(struct pg_keys *k, const struct store_key *key);

/* The value, in the binary form of PostgreSQL's arrays; borrows from *k. */
struct tg_span pg_keys_end(struct pg_keys *k);

#endif

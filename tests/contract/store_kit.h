/* A store to test, of the kind that the command line names, and operations
 * without a mailbox in them. */
#ifndef CONTRACT_STORE_KIT_H
#define CONTRACT_STORE_KIT_H

#include "relay/store.h"
#include "row/hour_keys.h"

enum kit_kind { KIT_MEM, KIT_LMDB, KIT_PG };

/* `mem`, `lmdb` or `pg`; false: none of them. `pg` wants a database to itself
 * (tests/postgres/with_cluster.py). */
bool kit_choose(const char *kind);
enum kit_kind kit_kind(void);

/* Run the first `count` tests of `all`, and say that the others are left out:
 * cmocka's own skip() counts as a failure in TAP. */
struct CMUnitTest;
int kit_run_tests(const char *name, const struct CMUnitTest *tests,
                  size_t count, size_t all);
#define KIT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct kit {
    char directory[64]; /* of an lmdb store */
    int fd;
    size_t map_size;
    struct store store;
    struct hour_keys hours;
};

/* The database of `pg`, as its superuser. */
const char *kit_database(void);

/* Run statements there, which must succeed, beside the store; the first value
 * of the last one's result, valid until the next. */
const char *kit_sql(const char *text);

/* A new, empty store, open. */
void kit_begin(struct kit *k);

/* The same in two steps, for what happens in other processes. */
void kit_create(struct kit *k);
void kit_open(struct kit *k);
void kit_close(struct kit *k);

/* Close it and remove its files. */
void kit_end(struct kit *k);

/* An operation that does what `change` says and remembers what it saw. */
struct kit_op {
    struct store_op op;
    struct store_change change;
    enum tg_err error; /* that decide returns */
    unsigned decided;  /* how often */
    bool found;        /* there was a row; and this is a copy of it: */
    tg_time_s expires;
    uint8_t blob[8192];
    size_t len;
};

struct store_key kit_key(unsigned number);

void kit_get(struct kit_op *op, unsigned key);
void kit_put(struct kit_op *op, unsigned key, tg_time_s expires,
             const char *text);
void kit_remove(struct kit_op *op, unsigned key);

/* Run them as one batch, or one alone. */
void kit_run_ops(const struct kit *k, struct kit_op *const ops[],
                 size_t count);
enum tg_err kit_do(const struct kit *k, struct kit_op *op);

/* What a look finds now: the text of the row, or NULL. Valid until the next. */
const char *kit_look(const struct kit *k, unsigned key);

#endif

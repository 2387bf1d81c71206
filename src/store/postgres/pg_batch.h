/* The rows that a batch of decisions is about: as they were loaded, and as
 * the decisions so far have left them. No input or output here.
 */
#ifndef STORE_POSTGRES_PG_BATCH_H
#define STORE_POSTGRES_PG_BATCH_H

#include "relay/store.h"

/* A key for each operation, and one for a companion of each. */
enum { PG_SLOTS = 2 * STORE_BATCH_MOST, PG_NOBODY = PG_SLOTS };
enum { PG_TABLE = 2048 };

/* What became of a row's write. */
enum pg_fate {
    PG_NOT_WRITTEN, /* there was nothing to write */
    PG_DONE,        /* acknowledged */
    PG_LOST,        /* somebody else was quicker: decide again */
    PG_UNDONE,      /* not done for sure: try again */
    PG_FAILED,      /* not done for sure: `error` says why */
    PG_UNKNOWN,     /* perhaps done */
    PG_PROVED,      /* done, and … */
    PG_DISPROVED    /* … not done, if what was seen is covered (pg_resolve.c) */
};

struct pg_slot {
    struct store_key key;
    /* As loaded. */
    bool found;
    int64_t stamp;
    /* As it is to be. */
    bool is_there;
    struct store_row row;  /* borrowed from the load, or from an operation */
    bool changed;
    enum store_wake wake;  /* what is most, of several changes */
    bool is_closed;        /* what else is about it waits for the next round */
    size_t partner;        /* the other of a pair, or PG_NOBODY */
    bool is_second;        /* written by its partner's statement */
    int64_t new_stamp;
    /* Afterwards; of a pair, with the first. */
    enum pg_fate fate;
    bool counted;          /* the server said that the row was written; but not
                              that this was committed */
    enum tg_err error;
};

/* What an operation has made of its turn. */
enum pg_turn { PG_DEFERRED, PG_KEPT, PG_CHANGED, PG_ERRED };

struct pg_batch {
    struct pg_slot slots[PG_SLOTS];
    size_t count;
    size_t loaded; /* so many of them are the operations' own */
    uint16_t table[PG_TABLE]; /* 1 + slot, by key */
    enum pg_turn turns[STORE_BATCH_MOST];
};

/* Begin with one slot for each distinct key of the operations. */
void pg_batch_begin(struct pg_batch *b, struct store_op *const ops[],
                    size_t count);

/* The slot of a key, or NULL. */
struct pg_slot *pg_batch_find(struct pg_batch *b, const struct store_key *key);

/* What was loaded of a slot's row. */
void pg_batch_loaded(struct pg_slot *slot, int64_t stamp,
                     const struct store_row *row);

/* The slot whose statement writes this one: itself, or its partner. */
struct pg_slot *pg_batch_writer(struct pg_batch *b, struct pg_slot *slot);

/* Ask every operation, in order. Sets results as if all went well. */
void pg_batch_decide(struct pg_batch *b, struct store_op *const ops[],
                     size_t count);

/* The slots that have a statement of their own to write them, in the order of
 * keys; how many. */
size_t pg_batch_writes(struct pg_batch *b, struct pg_slot *out[PG_SLOTS]);

#endif

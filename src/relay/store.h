/* The store port: what the relay needs of a store, and what it promises.
 *
 * A store keeps opaque rows: key → expiry second and sealed blob. It knows
 * nothing of mailboxes. The verb at its heart is `run`: a batch of decisions,
 * each on one row, made durable together, and only then reported.
 */
#ifndef RELAY_STORE_H
#define RELAY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"

enum { STORE_KEY_LEN = 16, STORE_BATCH_MOST = 256 };

/* Looks random to the store: derived from an identifier that it never sees. */
struct store_key {
    uint8_t bytes[STORE_KEY_LEN];
};

struct store_row {
    tg_time_s expires;   /* readable by the store, to sweep by */
    struct tg_span blob; /* sealed */
};

enum store_verb { STORE_KEEP, STORE_PUT, STORE_REMOVE };

/* What who waits for a row has to do when it has changed. */
enum store_wake {
    STORE_WAKE_NOBODY,
    STORE_WAKE_TO_LOOK, /* look whether there is news */
    STORE_WAKE_TO_END   /* look, and wait no more whatever there is */
};

/* What a decision does to its row; starts as STORE_KEEP.
 * Blobs are borrowed from the operation, valid until `run` returns. */
struct store_change {
    enum store_verb verb;
    struct store_row row; /* STORE_PUT */

    /* A second row, inserted in the same transaction; only beside STORE_PUT.
     * Its key is fresh; were it there already, the operation fails with
     * TG_E_EXISTS and changes nothing. */
    bool has_companion;
    struct store_key companion_key;
    struct store_row companion;

    /* For stores that several machines share: whoever waits there for this row
     * is told once the change is durable. It is no promise: who waits asks
     * again by itself after a while. */
    enum store_wake wake;
};

/* One decision on one row. Callers embed it in a larger struct. */
struct store_op {
    struct store_key key;

    /* A guess that the decision will keep the row as it is. Such an operation
     * is first tried on a committed snapshot, outside any write. When it then
     * decides to change something, the store clears this and asks again inside
     * a write; so only then need the change be filled in. */
    bool only_reads;

    /* Set by the runner, together with only_reads: do not go over to a write.
     * An operation that decides to change something then ends with TG_E_STATE,
     * and nothing was done; it may be run again without this. */
    bool no_write;

    tg_time_s now; /* the time to decide by; set by the runner before `run` */

    /* Decide. `row` is NULL when there is none; its blob is borrowed for the
     * call. May be called more than once, each time from the then committed
     * state (or that of the same batch before it); only the last call counts.
     * Runs in the store's thread. An error leaves the row alone, becomes
     * `result`, and does not disturb the rest of the batch. */
    enum tg_err (*decide)(struct store_op *op, const struct store_row *row,
                          struct store_change *change);

    /* After `run`: TG_OK when what was decided is durable (or nothing was to
     * be written); the decision may be told to the caller only then.
     * TG_E_FULL no room, TG_E_STORE not available, or the error of decide. */
    enum tg_err result;
};

/* Whether all of a batch are guessed to change nothing. */
static inline bool
store_ops_only_read(struct store_op *const ops[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!ops[i]->only_reads)
            return false;
    return true;
}

struct store_count {
    uint64_t rows;
    uint64_t bytes; /* on disk or in memory, about */
};

/* Operations are called from one thread at a time per instance. */
struct store {
    void *self;

    /* Run 1…STORE_BATCH_MOST operations in order. Sets every op's result.
     * After a failure every row is as some prefix of history left it: never
     * half a batch. The store stays usable, or becomes so again by itself
     * when the cause is gone. */
    void (*run)(void *self, struct store_op *const ops[], size_t count);

    /* Remove rows with expires <= now, at most `most`, durably.
     * *removed tells how many; fewer than `most` means that none is left. */
    TG_MUST_USE enum tg_err (*expire)(void *self, tg_time_s now, size_t most,
                                      size_t *removed);

    TG_MUST_USE enum tg_err (*count)(void *self, struct store_count *out);

    /* Let go of everything; rows stay. */
    void (*close)(void *self);
};

#endif

/* Mailboxes that come and go in a PostgreSQL store, as fast as it takes them.
 *
 *   churn ADDRESS LIVE MAILBOXES THREADS
 *
 * MAILBOXES shares are created one after the other, each with the small row
 * that remembers it, and LIVE of them are there at a time: about a quarter of
 * its life after its creation a share is bound, after a half it is updated, and
 * after three quarters three of five are deleted; not in the order of creation.
 * What is left, the memories too, expires at the end. One of 64 is too large
 * for its row's page.
 *
 * Time is counted in shares, so that a life lasts as long as LIVE creations.
 * Prints `live` once so many are there, then `at N` twenty times; churn.py
 * looks at the table meanwhile.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/random.h"
#include "keys.h"
#include "store/postgres/pg_store.h"

enum {
    TICKS = 64,        /* shares that a thread begins at a time */
    BLOCK_MOST = 4096, /* shares whose calls come in any order, */
    BLOCKS_LEAST = 16, /* of which there are so many in a life */
    CALLS = 4,
    BLOB = 1700,
    LARGE_BLOB = 9000,
    LARGE_ONE_OF = 64,
    MEMORY_BLOB = 92,
    THREADS_MOST = 16,
    SLICE = 256,       /* rows that expire at a time */
    REPORTS = 20
};

enum step { CREATE, BIND, UPDATE, DELETE };

struct call {
    struct store_op op;
    enum step step;
    uint64_t share;
};

struct worker {
    pthread_t thread;
    unsigned number;
    struct store store;
    struct hour_keys hours;
    struct row_salt salt;
    struct call calls[TICKS * CALLS];
};

static struct worker workers[THREADS_MOST];
static unsigned worker_count;
static uint64_t live;
static uint64_t block;
static uint64_t total;
static pthread_barrier_t barrier;
static uint8_t blob[LARGE_BLOB];

static void
check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    fprintf(stderr, "churn: %s\n", what);
    exit(EXIT_FAILURE);
}

static void
complain(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "churn: %s\n", text);
}

static enum tg_err
decide(struct store_op *op, const struct store_row *row,
       struct store_change *change)
{
    struct call *call = (struct call *)op;
    const tg_time_s expires = (tg_time_s)(call->share + live);
    const bool is_large = call->share % LARGE_ONE_OF == 0;
    const struct store_row of_share = {
        expires, {blob, is_large ? LARGE_BLOB : BLOB}};

    check((row != NULL) == (call->step != CREATE), "a row is missing, or not");
    change->verb = call->step == DELETE ? STORE_REMOVE : STORE_PUT;
    change->row = of_share;
    if (call->step != CREATE)
        return TG_OK;
    change->row.blob.len = MEMORY_BLOB;
    change->has_companion = true;
    change->companion_key = keys_of(call->share, KEYS_SHARE);
    change->companion = of_share;
    return TG_OK;
}

/* Neighbours in a page would otherwise all be updated in one transaction. */
static uint64_t
shuffled(uint64_t share, enum step step)
{
    const uint64_t factor = 1664525 + 8 * (uint64_t)step; /* is odd */

    return share - share % block + share * factor % block;
}

/* What is due at a tick: the calls of four shares of different ages. */
static size_t
add_calls(struct call *calls, uint64_t tick)
{
    size_t count = 0;

    for (enum step step = CREATE; step <= DELETE; step++) {
        uint64_t age = live * step / CALLS;
        struct call *call = &calls[count];

        if (tick < age)
            continue;
        *call = (struct call){.step = step, .share = tick - age};
        if (step != CREATE)
            call->share = shuffled(call->share, step);
        if (step == DELETE && call->share % 5 >= 3)
            continue;
        call->op.key = keys_of(call->share, step == CREATE ? KEYS_MEMORY
                                                           : KEYS_SHARE);
        call->op.decide = decide;
        count++;
    }
    return count;
}

static void
run_ticks(struct worker *w, uint64_t first)
{
    struct store_op *ops[TICKS * CALLS] = {0};
    size_t count = 0;

    for (uint64_t tick = first; tick < first + TICKS; tick++)
        count += add_calls(&w->calls[count], tick);
    for (size_t i = 0; i < count; i++)
        ops[i] = &w->calls[i].op;
    w->store.run(w->store.self, ops, count);
    for (size_t i = 0; i < count; i++)
        check(w->calls[i].op.result == TG_OK, "an operation failed");
}

static void
sweep(struct worker *w, tg_time_s now)
{
    size_t removed = SLICE;

    while (removed == SLICE)
        check(w->store.expire(w->store.self, now, SLICE, &removed) == TG_OK,
              "nothing expires");
}

static void
report(uint64_t before, uint64_t now)
{
    const uint64_t part = total / REPORTS;

    if (before < live && now >= live)
        printf("live\n");
    if (before / part != now / part)
        printf("at %llu\n", (unsigned long long)now);
    fflush(stdout);
}

/* All begin a round together; one of them sweeps after it. */
static void *
work(void *self)
{
    struct worker *w = self;
    const uint64_t step = (uint64_t)worker_count * TICKS;

    for (uint64_t now = 0; now < total; now += step) {
        run_ticks(w, now + (uint64_t)w->number * TICKS);
        (void)pthread_barrier_wait(&barrier);
        if (now / step % worker_count == w->number) {
            sweep(w, (tg_time_s)now);
            report(now, now + step);
        }
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    check(argc == 5, "usage: churn ADDRESS LIVE MAILBOXES THREADS");
    live = strtoull(argv[2], NULL, 10);
    total = strtoull(argv[3], NULL, 10);
    worker_count = (unsigned)strtoul(argv[4], NULL, 10);
    check(worker_count >= 1 && worker_count <= THREADS_MOST &&
              live >= (uint64_t)BLOCKS_LEAST * TICKS * worker_count &&
              total >= 2 * live,
          "THREADS is 1 to 16, LIVE 1024 for each or more, MAILBOXES twice "
          "that");
    for (block = BLOCK_MOST; block * BLOCKS_LEAST > live;)
        block /= 2;
    check(random_bytes(blob, sizeof(blob)) == TG_OK, "no randomness");
    check(pthread_barrier_init(&barrier, NULL, worker_count) == 0,
          "no barrier");
    for (unsigned i = 0; i < worker_count; i++) {
        const struct pg_options options = {
            .uri = argv[1], .durability = PG_LOCAL, .complain = complain};
        struct worker *w = &workers[i];

        w->number = i;
        check(pg_store_open(&options, &w->store, &w->hours, &w->salt) == TG_OK,
              "no store");
    }
    for (unsigned i = 0; i < worker_count; i++)
        check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0,
              "no thread");
    for (unsigned i = 0; i < worker_count; i++) {
        pthread_join(workers[i].thread, NULL);
        workers[i].store.close(workers[i].store.self);
    }
    return EXIT_SUCCESS;
}

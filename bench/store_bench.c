/* What the store costs, alone: no network, no protocol.
 *
 *   store_bench DIRECTORY ROWS…
 *   store_bench postgresql://… local|replicated ROWS FIRST
 *
 * Fills a new LMDB store in DIRECTORY (on a disk: a tmpfs would know no sync),
 * or a database without tables (with FIRST 0), with ROWS rows of about 1.7 KB,
 * and then runs whole lives of shares on the recent ones; each create also adds
 * the small row that remembers it:
 *
 *   store     opaque rows through the port, in batches of 64, 8 and 1
 *   exchange  the same as calls of the protocol, with keys and sealing
 *   thread    calls through the store thread, so many at a time in flight
 *
 * One line a figure: name=value fields, microseconds. `us` is elapsed, `cpu_us`
 * is what this process computed: the medians of several runs; `ops` are those
 * of all of them. With a database, `begin` comes before the first figure, and
 * `end` last, with the FIRST of another time on the same rows.
 */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/random.h"
#include "keys.h"
#include "store/batch.h"
#include "store/exchange.h"
#include "store/lmdb/lmdb_store.h"
#include "store/postgres/pg_store.h"

enum {
    WINDOW = 20000,   /* shares that are alive and used */
    PAYLOAD = 1250,   /* makes a row of the 1.9 KB class */
    BLOB = 1700,
    MEMORY_BLOB = 92,
    RUNS = 5,
    LIFE = 6,         /* calls in the life of a share */
    FILL_BATCH = 256,
    PG_SHORTER = 10   /* so much fewer calls to a database */
};

static const size_t MAP_SIZE = (size_t)64 << 30;

static struct store store;
static struct hour_keys hours;
static struct exchange_site site;
static struct lmdb_options options;
static struct pg_options pg_options;
static const char *store_name = "lmdb";
static size_t shorter = 1;

static void
check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    fprintf(stderr, "store_bench: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- time -------------------------------------------------------------- */

struct cost {
    double us;
    double cpu_us;
};

static double
us_of(struct timespec ts)
{
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static struct cost
cost_now(void)
{
    struct timespec wall, cpu;

    clock_gettime(CLOCK_MONOTONIC, &wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return (struct cost){us_of(wall), us_of(cpu)};
}

static struct cost
cost_per_op(struct cost start, size_t ops)
{
    struct cost end = cost_now();

    return (struct cost){(end.us - start.us) / (double)ops,
                         (end.cpu_us - start.cpu_us) / (double)ops};
}

static int
by_us(const void *a, const void *b)
{
    const struct cost *x = a;
    const struct cost *y = b;

    return (x->us > y->us) - (x->us < y->us);
}

static void
report(const char *layer, size_t rows, const char *unit, size_t count,
       struct cost costs[RUNS], size_t ops)
{
    qsort(costs, RUNS, sizeof(costs[0]), by_us);
    printf("%s %s rows=%zu %s=%zu us_per_op=%.1f cpu_us_per_op=%.1f "
           "ops=%zu\n", layer, store_name, rows, unit, count,
           costs[RUNS / 2].us, costs[RUNS / 2].cpu_us, ops);
    fflush(stdout);
}

/* ---- opaque rows ------------------------------------------------------- */

enum step { CREATE, BIND, READ, READ_AGAIN, UPDATE, DELETE };

struct raw_op {
    struct store_op op;
    enum step step;
    uint64_t share;
    bool is_filling;
};

static uint8_t blob[BLOB];

static enum tg_err
decide_raw(struct store_op *op, const struct store_row *row,
           struct store_change *change)
{
    struct raw_op *r = (struct raw_op *)op;
    const tg_time_s expires = 4000000000 + (tg_time_s)(r->share / 1000);

    check((row != NULL) == (r->step != CREATE), "a row is missing, or not");
    if (r->step == READ || r->step == READ_AGAIN)
        return TG_OK;
    change->verb = r->step == DELETE ? STORE_REMOVE : STORE_PUT;
    change->row = (struct store_row){expires, TG_SPAN_ARRAY(blob)};
    if (r->step != CREATE || r->is_filling)
        return TG_OK;
    change->row.blob.len = MEMORY_BLOB;
    change->has_companion = true;
    change->companion_key = keys_of(r->share, KEYS_SHARE);
    change->companion = (struct store_row){expires, TG_SPAN_ARRAY(blob)};
    return TG_OK;
}

/* The i-th call of a life that never ends: each tick creates a share, and
 * shares of five ages within the window have their next call. */
static void
next_raw(struct raw_op *r, uint64_t i, size_t window, uint64_t first)
{
    uint64_t tick = i / LIFE;

    r->step = (enum step)(i % LIFE);
    r->share = first + tick - window * (uint64_t)r->step / (LIFE - 1);
    r->op.key = keys_of(r->share, r->step == CREATE ? KEYS_MEMORY : KEYS_SHARE);
    r->op.decide = decide_raw;
    r->op.only_reads = r->step == READ || r->step == READ_AGAIN;
}

static void
run_raw(struct raw_op *ops, size_t count)
{
    struct store_op *list[STORE_BATCH_MOST] = {0};

    for (size_t i = 0; i < count; i++)
        list[i] = &ops[i].op;
    store.run(store.self, list, count);
    for (size_t i = 0; i < count; i++)
        check(ops[i].op.result == TG_OK, "an operation failed");
}

static void
fill(uint64_t rows)
{
    static struct raw_op ops[FILL_BATCH];

    for (uint64_t at = 0; at < rows; at += FILL_BATCH) {
        size_t count = rows - at < FILL_BATCH ? rows - at : FILL_BATCH;

        for (size_t i = 0; i < count; i++) {
            next_raw(&ops[i], 0, 0, at + i);
            ops[i].op.key = keys_of(at + i, KEYS_SHARE);
            ops[i].is_filling = true;
        }
        run_raw(ops, count);
    }
}

/* Returns the share with which the next run begins. */
static uint64_t
bench_raw(size_t rows, size_t batch, uint64_t first)
{
    static struct raw_op ops[STORE_BATCH_MOST];
    const size_t window = rows < WINDOW ? rows : WINDOW;
    const size_t batches = (batch == 1 ? 3000 : 19200 / batch) / shorter;
    struct cost costs[RUNS];
    uint64_t i = 0;

    for (size_t run = 0; run < RUNS; run++) {
        struct cost start = cost_now();

        for (size_t b = 0; b < batches; b++) {
            for (size_t j = 0; j < batch; j++)
                next_raw(&ops[j], i++, window, first);
            run_raw(ops, batch);
        }
        costs[run] = cost_per_op(start, batches * batch);
    }
    report("store", rows, "batch", batch, costs, RUNS * batches * batch);
    while (i % LIFE != 0) { /* finish the last tick */
        next_raw(&ops[0], i++, window, first);
        run_raw(ops, 1);
    }
    return first + i / LIFE;
}

/* ---- calls ------------------------------------------------------------- */

/* One device pair that lives share after share. */
struct pair {
    struct exchange ex;
    struct batch_item item;
    enum step step;
    struct mailbox_id id;
    struct tg_uuid claims[2];
};

static const enum exchange_call calls[] = {
    [CREATE] = EXCHANGE_CREATE,  [BIND] = EXCHANGE_READ,
    [READ] = EXCHANGE_READ,      [READ_AGAIN] = EXCHANGE_READ,
    [UPDATE] = EXCHANGE_UPDATE,  [DELETE] = EXCHANGE_DELETE,
};

static void
fill_body(struct request_body *body)
{
    body->acceptable = true;
    body->payload.type = TG_SPAN_LITERAL("AEAD_AES_128_GCM");
    body->payload.data = (struct tg_span){blob, PAYLOAD};
    body->display.title = TG_SPAN_LITERAL("A car key");
    body->display.description = TG_SPAN_LITERAL("You are invited to drive");
    body->display.image_url = TG_SPAN_LITERAL("https://example.com/car.png");
    body->rights = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE;
}

static void
prepare_call(struct pair *p)
{
    struct exchange *ex = &p->ex;
    bool is_friend = p->step == BIND || p->step == READ;

    memset(ex, 0, sizeof(*ex));
    if (p->step == CREATE)
        check(random_uuid(&p->claims[0]) == TG_OK &&
                  random_uuid(&p->claims[1]) == TG_OK,
              "no randomness");
    ex->site = &site;
    ex->call = calls[p->step];
    ex->mailbox_id = p->id;
    ex->claim = p->claims[is_friend];
    ex->request.id.uuid = p->claims[0];
    ex->request.id.uuid.bytes[0] ^= (uint8_t)p->step;
    fill_body(&ex->request.body);
    check(exchange_prepare(ex) == TG_OK, "a call cannot be prepared");
    p->item.op = &ex->op;
}

static void
finish_call(struct pair *p)
{
    check(p->ex.op.result == TG_OK && p->ex.outcome == RELAY_DONE,
          "a call failed");
    if (p->step == CREATE)
        p->id = p->ex.mailbox_id;
    exchange_done(&p->ex);
    p->step = (enum step)((p->step + 1) % LIFE);
}

static void
bench_exchange(size_t rows, size_t batch)
{
    static struct pair pairs[STORE_BATCH_MOST];
    struct store_op *list[STORE_BATCH_MOST];
    const size_t batches = (batch == 1 ? 3000 : 19200 / batch) / shorter;
    struct cost costs[RUNS];

    for (size_t j = 0; j < batch; j++)
        pairs[j].step = CREATE;
    for (size_t run = 0; run < RUNS; run++) {
        struct cost start = cost_now();

        for (size_t b = 0; b < batches; b++) {
            for (size_t j = 0; j < batch; j++) {
                prepare_call(&pairs[j]);
                pairs[j].ex.op.now = tg_time_now();
                list[j] = &pairs[j].ex.op;
            }
            store.run(store.self, list, batch);
            for (size_t j = 0; j < batch; j++)
                finish_call(&pairs[j]);
        }
        costs[run] = cost_per_op(start, batches * batch);
    }
    report("exchange", rows, "batch", batch, costs, RUNS * batches * batch);
}

/* ---- the store thread -------------------------------------------------- */

static enum tg_err
open_store(void *self, struct store *out, struct hour_keys *out_hours)
{
    struct row_salt salt; /* is known already */
    enum tg_err err = self == &options
                          ? lmdb_store_open(self, out, out_hours)
                          : pg_store_open(self, out, out_hours, &salt);

    if (err == TG_OK)
        hours = *out_hours;
    return err;
}

static struct pair *
pair_of(struct batch_item *item)
{
    return (struct pair *)((char *)item - offsetof(struct pair, item));
}

/* As an event loop does: what has come back is answered, and its device makes
 * its next call. */
static size_t
answer(struct batch *batch)
{
    struct pollfd fd = {batch_fd(batch), POLLIN, 0};
    struct batch_item *next;
    size_t count = 0;

    check(poll(&fd, 1, 10000) == 1, "nothing comes back");
    for (struct batch_item *i = batch_take(batch); i != NULL; i = next) {
        struct pair *p = pair_of(i);

        next = i->next;
        finish_call(p);
        prepare_call(p);
        check(batch_submit(batch, &p->item) == TG_OK, "the queue is full");
        count++;
    }
    return count;
}

static void
bench_thread(void *place, size_t rows, size_t in_flight)
{
    static struct pair pairs[STORE_BATCH_MOST];
    const struct batch_options thread_options = {
        .opener = {place, open_store},
        .commit_delay_us = 2000,
        .queue_most = STORE_BATCH_MOST,
        .now = tg_time_now,
    };
    const size_t ops = (in_flight == 1 ? 3000 : 20000) / shorter;
    struct cost costs[RUNS];
    struct batch *batch;
    size_t left = in_flight;
    size_t total = 0;

    check(batch_new(&thread_options, &batch) == TG_OK, "no thread");
    for (size_t i = 0; i < in_flight; i++) {
        pairs[i].step = CREATE;
        prepare_call(&pairs[i]);
        check(batch_submit(batch, &pairs[i].item) == TG_OK, "queue full");
    }
    for (size_t run = 0; run < RUNS; run++) {
        struct cost start = cost_now();
        size_t count = 0;

        while (count < ops)
            count += answer(batch);
        costs[run] = cost_per_op(start, count);
        total += count;
    }
    report("thread", rows, "in_flight", in_flight, costs, total);
    batch_stop(batch);
    for (struct batch_item *i = batch_take(batch); i != NULL; i = i->next) {
        exchange_done(&pair_of(i)->ex);
        left--;
    }
    check(left == 0, "operations were lost");
    batch_free(batch);
}

/* ------------------------------------------------------------------------ */

static const size_t batches[] = {64, 8, 1};
enum { BATCHES = sizeof(batches) / sizeof(batches[0]) };

static void
make_site(void)
{
    site.policy.lifetime_default = LIMIT_LIFETIME_DEFAULT_S;
    site.policy.lifetime_max = LIMIT_LIFETIME_DEFAULT_S;
    site.hours = &hours;
}

/* With the store open at its place; closes it. Returns the share to go on
 * with. */
static uint64_t
bench_all(void *place, size_t rows, uint64_t first)
{
    make_site();
    for (size_t i = 0; i < BATCHES; i++)
        first = bench_raw(rows, batches[i], first);
    for (size_t i = 0; i < BATCHES; i++)
        bench_exchange(rows, batches[i]);
    store.close(store.self);
    for (size_t i = 0; i < BATCHES; i++)
        bench_thread(place, rows, batches[i]);
    return first;
}

static void
bench_rows(const char *parent, size_t rows)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "salt",
                                        "hours"};
    char path[4096];

    check(snprintf(path, sizeof(path), "%s/rows-%zu", parent, rows) <
              (int)sizeof(path),
          "the path is too long");
    check(mkdirat(AT_FDCWD, path, 0700) == 0, "the directory is there already");
    options.directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    options.map_size = MAP_SIZE;
    check(lmdb_store_create(&options, -1u, -1u) == TG_OK, "no store");
    check(lmdb_store_open(&options, &store, &hours) == TG_OK, "no store");
    check(lmdb_store_salt(options.directory, &site.salt) == TG_OK, "no salt");
    fill(rows);
    (void)bench_all(&options, rows, rows);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlinkat(options.directory, files[i], 0);
    close(options.directory);
    rmdir(path);
}

static void
complain(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "store_bench: %s\n", text);
}

static void
bench_pg(const char *address, const char *durability, size_t rows,
         uint64_t first)
{
    pg_options = (struct pg_options){address, PG_LOCAL, complain, NULL};
    if (strcmp(durability, "replicated") == 0)
        pg_options.durability = PG_REPLICATED;
    store_name = durability;
    shorter = PG_SHORTER;
    check(pg_store_open(&pg_options, &store, &hours, &site.salt) == TG_OK,
          "no store");
    if (first == 0)
        fill(rows);
    printf("begin\n");
    fflush(stdout);
    first = bench_all(&pg_options, rows, first == 0 ? rows : first);
    printf("end %llu\n", (unsigned long long)first);
}

int
main(int argc, char **argv)
{
    char parent[4096];

    check(random_bytes(blob, sizeof(blob)) == TG_OK, "no randomness");
    if (argc == 5 && pg_store_check_uri(argv[1]) == NULL) {
        bench_pg(argv[1], argv[2], strtoul(argv[3], NULL, 10),
                 strtoul(argv[4], NULL, 10));
        return EXIT_SUCCESS;
    }
    if (argc < 2 || realpath(argv[1], parent) == NULL) {
        fputs("usage: store_bench DIRECTORY ROWS...\n"
              "       store_bench ADDRESS local|replicated ROWS FIRST\n",
              stderr);
        return EXIT_FAILURE;
    }
    for (int i = 2; i < argc; i++)
        bench_rows(parent, strtoul(argv[i], NULL, 10));
    return EXIT_SUCCESS;
}

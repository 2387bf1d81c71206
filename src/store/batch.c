/* See batch.h.
 *
 * The thread goes round: gather what has come in, run what only reads at once,
 * run what writes when its batch is due, sweep, sleep. Waking somebody costs
 * more than an operation, so both directions are frugal: the event loop wakes
 * the thread only for something that should be done now, and the thread rings
 * the eventfd once for all that has come back.
 *
 * Holding a batch open: whoever comes alone is served alone. When the last
 * batch had several writers, or another writer came in while it was being
 * made durable, then more are on their way, and sharing a sync is worth a short
 * wait: a sync costs the processor as much as twenty operations. The wait ends
 * when nobody has come for a while: then all who could come are waiting.
 */
#include "store/batch.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/thread.h"

typedef int64_t mono_us;

enum { US_PER_MS = 1000, US_PER_S = 1000000, NS_PER_US = 1000 };
enum { OPEN_RETRY_US = US_PER_S };

/* For how many delays a crowd is taken to be still there. */
enum { CROWD_LASTS = 4 };

/* Nobody has come for this part of the delay: nobody is going to. */
enum { LULL_PART = 6 };

static const mono_us NEVER = INT64_MAX;

struct queue {
    struct batch_item *first;
    struct batch_item *last;
    size_t count;
};

struct batch {
    struct batch_options options;
    pthread_t thread;
    int event;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under the lock: */
    struct queue in;
    struct queue done;
    size_t writers_in; /* of those that are in */
    size_t under_way;  /* handed in and not yet come back */
    size_t wake_at;    /* wake the thread when so many have come in */
    bool has_news;     /* something should be done now */
    bool sleeps;
    bool stopping;

    /* The thread's own: */
    struct store store;
    struct hour_keys hours;
    bool is_open;
    struct queue readers;
    struct queue writers; /* the batch that is held open */
    mono_us hold_until;   /* it is due then, or when it is full */
    mono_us hold_limit;   /* company does not put it off beyond that */
    bool is_crowded;      /* holding is likely to be worth it … */
    mono_us crowded_at;   /* … as of then */
    mono_us next_sweep;
    mono_us next_open;
};

/* ---- queues and time --------------------------------------------------- */

static void
push(struct queue *q, struct batch_item *item)
{
    item->next = NULL;
    if (q->last != NULL)
        q->last->next = item;
    else
        q->first = item;
    q->last = item;
    q->count++;
}

static struct batch_item *
pop(struct queue *q)
{
    struct batch_item *item = q->first;

    if (item == NULL)
        return NULL;
    q->first = item->next;
    if (q->first == NULL)
        q->last = NULL;
    q->count--;
    return item;
}

static mono_us
mono_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (mono_us)ts.tv_sec * US_PER_S + ts.tv_nsec / NS_PER_US;
}

static mono_us
earlier(mono_us a, mono_us b)
{
    return a < b ? a : b;
}

/* ---- gathering --------------------------------------------------------- */

/* When the thread has something to do though nothing comes in. */
static mono_us
next_duty(const struct batch *b)
{
    mono_us at = NEVER;

    if (b->readers.count > 0)
        return 0; /* more came in at once than one batch holds */
    if (b->writers.count > 0)
        at = earlier(at, b->hold_until);
    if (!b->is_open)
        at = earlier(at, b->next_open);
    else if (b->options.sweep_interval_ms > 0)
        at = earlier(at, b->next_sweep);
    return at;
}

static void
sleep_until(struct batch *b, mono_us at)
{
    const struct timespec ts = {
        .tv_sec = (time_t)(at / US_PER_S),
        .tv_nsec = (long)(at % US_PER_S) * NS_PER_US,
    };

    b->sleeps = true;
    if (at == NEVER)
        pthread_cond_wait(&b->wake, &b->lock);
    else
        pthread_cond_timedwait(&b->wake, &b->lock, &ts);
    b->sleeps = false;
}

/* How many more it takes to end the present wait early. */
static size_t
news_threshold(const struct batch *b)
{
    if (b->writers.count == 0 || b->writers.count >= STORE_BATCH_MOST)
        return 1;
    return STORE_BATCH_MOST - b->writers.count;
}

/* A writer joins those that wait for each other. The first decides whether
 * they wait at all, each further one that it goes on. */
static void
hold_writer(struct batch *b, struct batch_item *item)
{
    const mono_us delay = b->options.commit_delay_us;
    mono_us now = mono_now();

    if (b->writers.count == 0) {
        b->hold_limit = now;
        if (b->is_crowded && now - b->crowded_at < CROWD_LASTS * delay)
            b->hold_limit += delay;
    }
    b->hold_until = earlier(now + delay / LULL_PART, b->hold_limit);
    push(&b->writers, item);
}

static void
sort_in(struct batch *b, struct queue *in)
{
    struct batch_item *item;

    while ((item = pop(in)) != NULL) {
        if (item->op->only_reads) {
            item->op->no_write = true;
            push(&b->readers, item);
        } else {
            hold_writer(b, item);
        }
    }
}

/* Wait for something to do, and take all that has come in. False when there
 * is nothing more to come. */
static bool
gather(struct batch *b)
{
    struct queue in;
    bool stopping;

    pthread_mutex_lock(&b->lock);
    b->wake_at = news_threshold(b);
    if (b->in.count >= b->wake_at)
        b->has_news = true;
    while (!b->has_news && !b->stopping && mono_now() < next_duty(b))
        sleep_until(b, next_duty(b));
    in = b->in;
    b->in = (struct queue){0};
    b->writers_in = 0;
    b->has_news = false;
    stopping = b->stopping;
    pthread_mutex_unlock(&b->lock);

    sort_in(b, &in);
    if (stopping)
        b->hold_until = 0;
    return !stopping || b->readers.count > 0 || b->writers.count > 0;
}

/* ---- running ----------------------------------------------------------- */

/* Whether more writers had come in by then. */
static bool
give_back(struct batch *b, struct batch_item *const items[], size_t count)
{
    bool must_ring;
    bool has_company;

    pthread_mutex_lock(&b->lock);
    must_ring = count > 0 && b->done.count == 0;
    has_company = b->writers_in > 0;
    for (size_t i = 0; i < count; i++)
        push(&b->done, items[i]);
    b->under_way -= count;
    pthread_mutex_unlock(&b->lock);
    if (must_ring)
        thread_ring(b->event);
    return has_company;
}

static void
run_ops(struct batch *b, struct batch_item *const items[], size_t count)
{
    struct store_op *ops[STORE_BATCH_MOST];
    tg_time_s now = b->options.now();

    for (size_t i = 0; i < count; i++) {
        ops[i] = items[i]->op;
        ops[i]->now = now;
        ops[i]->result = TG_E_STORE;
    }
    if (b->is_open)
        b->store.run(b->store.self, ops, count);
}

static size_t
take_some(struct queue *q, struct batch_item *items[STORE_BATCH_MOST])
{
    size_t count = 0;

    while (count < STORE_BATCH_MOST && q->count > 0)
        items[count++] = pop(q);
    return count;
}

/* Those that turn out to write join the writers. */
static void
run_readers(struct batch *b)
{
    struct batch_item *items[STORE_BATCH_MOST];
    size_t count = take_some(&b->readers, items);
    size_t finished = 0;

    if (count == 0)
        return;
    run_ops(b, items, count);
    for (size_t i = 0; i < count; i++) {
        if (items[i]->op->result != TG_E_STATE) {
            items[finished++] = items[i];
            continue;
        }
        items[i]->op->only_reads = false;
        items[i]->op->no_write = false;
        hold_writer(b, items[i]);
    }
    (void)give_back(b, items, finished);
}

static bool
are_writers_due(const struct batch *b)
{
    if (b->writers.count == 0)
        return false;
    return b->writers.count >= STORE_BATCH_MOST || !b->is_open ||
           mono_now() >= b->hold_until;
}

static void
run_writers(struct batch *b)
{
    struct batch_item *items[STORE_BATCH_MOST];
    size_t count;

    if (!are_writers_due(b))
        return;
    count = take_some(&b->writers, items);
    run_ops(b, items, count);
    b->is_crowded = give_back(b, items, count) || count > 1;
    b->crowded_at = mono_now();
}

/* ---- the store itself -------------------------------------------------- */

static void
open_if_due(struct batch *b)
{
    const struct batch_opener *opener = &b->options.opener;

    if (b->is_open || mono_now() < b->next_open)
        return;
    b->is_open =
        opener->open(opener->self, &b->store, &b->hours) == TG_OK;
    b->next_open = mono_now() + OPEN_RETRY_US;
    b->next_sweep = mono_now(); /* what fell due while nobody ran */
}

/* One slice at a time, so that whoever waits does not wait for all of it. A
 * failure is not reported: the next sweep tries the same again. */
static void
sweep_if_due(struct batch *b)
{
    tg_time_s now;
    size_t removed = 0;
    enum tg_err err;

    if (!b->is_open || b->options.sweep_interval_ms == 0 ||
        b->writers.count > 0 || mono_now() < b->next_sweep)
        return;
    now = b->options.now();
    err = b->hours.destroy(b->hours.self, now);
    if (b->store.expire(b->store.self, now, b->options.sweep_slice,
                        &removed) != TG_OK)
        err = TG_E_STORE;
    b->next_sweep = mono_now();
    if (err != TG_OK || removed < b->options.sweep_slice)
        b->next_sweep += (mono_us)b->options.sweep_interval_ms * US_PER_MS;
}

static void *
thread_main(void *self)
{
    struct batch *b = self;

    open_if_due(b);
    sweep_if_due(b);
    while (gather(b)) {
        open_if_due(b);
        run_readers(b);
        run_writers(b);
        sweep_if_due(b);
    }
    if (b->is_open)
        b->store.close(b->store.self);
    return NULL;
}

/* ---- the caller's side ------------------------------------------------- */

static void
init_locks(struct batch *b)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->wake, &attr);
    pthread_condattr_destroy(&attr);
}

enum tg_err
batch_new(const struct batch_options *options, struct batch **out)
{
    struct batch *b = tg_alloc(sizeof(*b));

    if (b == NULL)
        return TG_E_NOMEM;
    b->options = *options;
    b->wake_at = 1;
    init_locks(b);
    b->event = thread_bell();
    if (b->event < 0 || thread_start(&b->thread, thread_main, b) != TG_OK) {
        batch_free(b);
        return TG_E_IO;
    }
    *out = b;
    return TG_OK;
}

int
batch_fd(const struct batch *batch)
{
    return batch->event;
}

enum tg_err
batch_submit(struct batch *batch, struct batch_item *item)
{
    bool must_wake = false;

    pthread_mutex_lock(&batch->lock);
    if (batch->stopping || batch->under_way >= batch->options.queue_most) {
        pthread_mutex_unlock(&batch->lock);
        return TG_E_FULL;
    }
    push(&batch->in, item);
    batch->under_way++;
    if (!item->op->only_reads)
        batch->writers_in++;
    if (!batch->has_news &&
        (item->op->only_reads || batch->in.count >= batch->wake_at)) {
        batch->has_news = true;
        must_wake = batch->sleeps;
    }
    pthread_mutex_unlock(&batch->lock);
    if (must_wake)
        pthread_cond_signal(&batch->wake);
    return TG_OK;
}

struct batch_item *
batch_take(struct batch *batch)
{
    struct batch_item *first;

    pthread_mutex_lock(&batch->lock);
    first = batch->done.first;
    batch->done = (struct queue){0};
    /* Under the lock: a ring for what comes back next must not be lost. */
    thread_silence(batch->event);
    pthread_mutex_unlock(&batch->lock);
    return first;
}

void
batch_stop(struct batch *batch)
{
    pthread_mutex_lock(&batch->lock);
    batch->stopping = true;
    pthread_cond_signal(&batch->wake);
    pthread_mutex_unlock(&batch->lock);
    pthread_join(batch->thread, NULL);
}

void
batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    if (batch->event >= 0)
        close(batch->event);
    pthread_cond_destroy(&batch->wake);
    pthread_mutex_destroy(&batch->lock);
    tg_free(batch);
}

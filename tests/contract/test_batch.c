/* The store thread: what is handed in comes back, durable, whatever happens.
 * Built also with ThreadSanitizer. */
#include "store/batch.h"

#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "exchange_kit.h"
#include "store/mem.h"

enum { PATIENCE_MS = 30000, QUEUE_MOST = 1000, FOREVER_US = 1000000000 };

static atomic_llong clock_s = KIT_NOW;

static tg_time_s
test_now(void)
{
    return atomic_load(&clock_s);
}

/* A store in memory that can be watched: its first openings may fail, and its
 * batches wait at a gate while that is closed. */
struct fixture {
    atomic_int failures_left;
    atomic_bool gate; /* true: closed */
    atomic_bool is_waiting;
    atomic_size_t removed;
    atomic_llong destroyed_at;
    struct store inner;
    struct hour_keys inner_hours;
    struct hour_keys hours; /* what the site uses */
    struct exchange_site site;
    struct batch *batch;
};

static void
run_behind_gate(void *self, struct store_op *const ops[], size_t count)
{
    struct fixture *f = self;

    while (atomic_load(&f->gate)) {
        atomic_store(&f->is_waiting, true);
        sched_yield();
    }
    f->inner.run(f->inner.self, ops, count);
}

static enum tg_err
expire_and_count(void *self, tg_time_s now, size_t most, size_t *removed)
{
    struct fixture *f = self;
    enum tg_err err = f->inner.expire(f->inner.self, now, most, removed);

    assert_true(*removed <= most);
    atomic_fetch_add(&f->removed, *removed);
    return err;
}

static void
close_inner(void *self)
{
    struct fixture *f = self;

    f->inner.close(f->inner.self);
}

static enum tg_err
destroy_and_note(void *self, tg_time_s now)
{
    struct fixture *f = self;

    atomic_store(&f->destroyed_at, now);
    return f->inner_hours.destroy(f->inner_hours.self, now);
}

static enum tg_err
get_inner(void *self, tg_time_s expires, bool create, struct hour_key *out)
{
    struct fixture *f = self;

    return f->inner_hours.get(f->inner_hours.self, expires, create, out);
}

static enum tg_err
open_store(void *self, struct store *out, struct hour_keys *hours)
{
    struct fixture *f = self;

    if (atomic_fetch_sub(&f->failures_left, 1) > 0)
        return TG_E_STORE;
    if (mem_open(&f->inner, &f->inner_hours) != TG_OK)
        return TG_E_STORE;
    *out = (struct store){f, run_behind_gate, expire_and_count, NULL,
                          close_inner};
    *hours = (struct hour_keys){f, get_inner, destroy_and_note};
    f->hours = *hours;
    return TG_OK;
}

static void
start_with(struct fixture *f, unsigned delay_us, int failures,
           unsigned sweep_ms)
{
    const struct batch_options options = {
        .opener = {f, open_store},
        .commit_delay_us = delay_us,
        .queue_most = QUEUE_MOST,
        .sweep_interval_ms = sweep_ms,
        .sweep_slice = 2,
        .now = test_now,
    };

    memset(f, 0, sizeof(*f));
    atomic_store(&f->failures_left, failures);
    atomic_store(&clock_s, KIT_NOW);
    kit_site(&f->site, &f->hours);
    assert_int_equal(batch_new(&options, &f->batch), TG_OK);
}

static void
start_failing(struct fixture *f, unsigned delay_us, int failures)
{
    start_with(f, delay_us, failures, 1);
}

static void
start(struct fixture *f, unsigned delay_us)
{
    start_failing(f, delay_us, 0);
}

static void
finish(struct fixture *f)
{
    batch_stop(f->batch);
    assert_null(batch_take(f->batch));
    batch_free(f->batch);
}

/* Wait until `count` have come back; how many of them are what was asked. */
static size_t
await(struct batch *b, size_t count)
{
    size_t back = 0;

    while (back < count) {
        struct pollfd fd = {batch_fd(b), POLLIN, 0};

        assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
        for (struct batch_item *i = batch_take(b); i != NULL; i = i->next)
            back++;
    }
    return back;
}

struct call {
    struct exchange ex;
    struct batch_item item;
};

static void
submit(struct fixture *f, struct call *c)
{
    c->item.op = &c->ex.op;
    assert_int_equal(batch_submit(f->batch, &c->item), TG_OK);
}

static void
a_mailbox_is_created_read_and_deleted_through_the_thread(void **state)
{
    struct fixture f;
    struct call create, read, gone;

    (void)state;
    start(&f, 2000);
    kit_exchange(&create.ex, &f.site, EXCHANGE_CREATE, NULL, 1, 1);
    submit(&f, &create);
    await(f.batch, 1);
    assert_int_equal(create.ex.op.result, TG_OK);
    assert_int_equal(create.ex.outcome, RELAY_DONE);

    kit_exchange(&read.ex, &f.site, EXCHANGE_READ, &create.ex.mailbox_id, 2,
                 2);
    submit(&f, &read);
    await(f.batch, 1);
    assert_int_equal(read.ex.op.result, TG_OK);
    assert_int_equal(read.ex.outcome, RELAY_DONE);
    assert_true(tg_span_is(read.ex.mailbox.payload.data,
                           "payload-in-the-kit"));
    exchange_done(&read.ex);

    kit_exchange(&read.ex, &f.site, EXCHANGE_DELETE, &create.ex.mailbox_id, 1,
                 3);
    submit(&f, &read);
    await(f.batch, 1);
    assert_int_equal(read.ex.outcome, RELAY_DONE);

    kit_exchange(&gone.ex, &f.site, EXCHANGE_DISPLAY, &create.ex.mailbox_id, 1,
                 3);
    submit(&f, &gone);
    await(f.batch, 1);
    assert_int_equal(gone.ex.op.result, TG_OK);
    assert_int_equal(gone.ex.outcome, RELAY_NO_SUCH_MAILBOX);

    exchange_done(&create.ex);
    exchange_done(&read.ex);
    exchange_done(&gone.ex);
    finish(&f);
}

/* ---- many at once ------------------------------------------------------ */

enum { MANY = 500 };

static void
all_that_was_handed_in_comes_back(void **state)
{
    static struct call creates[MANY], reads[MANY];
    struct fixture f;

    (void)state;
    start(&f, 2000);
    for (unsigned i = 0; i < MANY; i++) {
        kit_exchange(&creates[i].ex, &f.site, EXCHANGE_CREATE, NULL, 1, i);
        submit(&f, &creates[i]);
    }
    await(f.batch, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(creates[i].ex.op.result, TG_OK);
        assert_int_equal(creates[i].ex.outcome, RELAY_DONE);
        kit_exchange(&reads[i].ex, &f.site, EXCHANGE_READ,
                     &creates[i].ex.mailbox_id, 2 + i % 2, i);
        submit(&f, &reads[i]);
    }
    await(f.batch, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(reads[i].ex.outcome, RELAY_DONE);
        exchange_done(&creates[i].ex);
        exchange_done(&reads[i].ex);
    }
    finish(&f);
}

/* No sweep and no later call wakes the thread: it goes on by itself. */
static void
reads_that_outgrow_a_batch_while_it_is_busy_come_back(void **state)
{
    static struct call reads[1 + 2 * STORE_BATCH_MOST];
    enum { READS = sizeof(reads) / sizeof(reads[0]) };
    struct fixture f;
    struct call create;

    (void)state;
    start_with(&f, 0, 0, 0);
    kit_exchange(&create.ex, &f.site, EXCHANGE_CREATE, NULL, 1, 1);
    submit(&f, &create);
    await(f.batch, 1);

    for (unsigned i = 0; i < READS; i++)
        kit_exchange(&reads[i].ex, &f.site, EXCHANGE_READ,
                     &create.ex.mailbox_id, 1, 1);
    atomic_store(&f.is_waiting, false);
    atomic_store(&f.gate, true);
    submit(&f, &reads[0]);
    while (!atomic_load(&f.is_waiting))
        sched_yield();
    for (unsigned i = 1; i < READS; i++)
        submit(&f, &reads[i]);
    atomic_store(&f.gate, false);
    await(f.batch, READS);

    for (unsigned i = 0; i < READS; i++) {
        assert_int_equal(reads[i].ex.outcome, RELAY_DONE);
        exchange_done(&reads[i].ex);
    }
    exchange_done(&create.ex);
    finish(&f);
}

/* R-READ-2 */
static void
of_many_first_reads_in_the_queue_exactly_one_succeeds(void **state)
{
    enum { READERS = 20, TRIALS = 50 };
    struct fixture f;

    (void)state;
    start(&f, 100);
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        struct call create, reads[READERS];
        unsigned won = 0;

        kit_exchange(&create.ex, &f.site, EXCHANGE_CREATE, NULL, 1, trial);
        submit(&f, &create);
        await(f.batch, 1);
        for (unsigned i = 0; i < READERS; i++)
            kit_exchange(&reads[i].ex, &f.site, EXCHANGE_READ,
                         &create.ex.mailbox_id, 100 + i, 1);
        for (unsigned i = 0; i < READERS; i++)
            submit(&f, &reads[i]);
        await(f.batch, READERS);
        for (unsigned i = 0; i < READERS; i++) {
            assert_int_equal(reads[i].ex.op.result, TG_OK);
            won += reads[i].ex.outcome == RELAY_DONE;
            exchange_done(&reads[i].ex);
        }
        assert_int_equal(won, 1);
        exchange_done(&create.ex);
    }
    finish(&f);
}

static void
a_full_queue_refuses_and_keeps_what_it_has(void **state)
{
    static struct call calls[QUEUE_MOST];
    struct call one_more;
    struct fixture f;

    (void)state;
    start(&f, 0);
    atomic_store(&f.gate, true); /* the store thread stays in its batch */
    for (unsigned i = 0; i < QUEUE_MOST; i++) {
        kit_exchange(&calls[i].ex, &f.site, EXCHANGE_CREATE, NULL, 1, i);
        submit(&f, &calls[i]);
    }
    kit_exchange(&one_more.ex, &f.site, EXCHANGE_CREATE, NULL, 2, 1);
    one_more.item.op = &one_more.ex.op;
    assert_int_equal(batch_submit(f.batch, &one_more.item), TG_E_FULL);

    atomic_store(&f.gate, false);
    await(f.batch, QUEUE_MOST);
    submit(&f, &one_more);
    await(f.batch, 1);
    assert_int_equal(one_more.ex.outcome, RELAY_DONE);
    for (unsigned i = 0; i < QUEUE_MOST; i++) {
        assert_int_equal(calls[i].ex.outcome, RELAY_DONE);
        exchange_done(&calls[i].ex);
    }
    exchange_done(&one_more.ex);
    finish(&f);
}

/* ---- holding ----------------------------------------------------------- */

/* With a delay that no test could sit out: whoever comes alone comes back. */
static void
a_lone_writer_does_not_wait_for_company(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, FOREVER_US);
    for (unsigned i = 0; i < 3; i++) {
        struct call create;

        kit_exchange(&create.ex, &f.site, EXCHANGE_CREATE, NULL, 1, i);
        submit(&f, &create);
        await(f.batch, 1);
        assert_int_equal(create.ex.outcome, RELAY_DONE);
        exchange_done(&create.ex);
    }
    finish(&f);
}

/* Two writers in one batch, so that the next batch will be held. */
static void
make_crowded(struct fixture *f, struct call calls[3])
{
    atomic_store(&f->gate, true);
    for (unsigned i = 0; i < 3; i++) {
        kit_exchange(&calls[i].ex, &f->site, EXCHANGE_CREATE, NULL, 9, i);
        submit(f, &calls[i]);
        while (i == 0 && !atomic_load(&f->is_waiting))
            sched_yield();
    }
    atomic_store(&f->gate, false);
    /* The first alone; then the other two, which stay for a third. */
    await(f->batch, 1);
}

static void
reads_pass_a_batch_of_writers_that_is_held_open(void **state)
{
    struct call crowd[3], read, last;
    struct fixture f;

    (void)state;
    start(&f, FOREVER_US);
    make_crowded(&f, crowd);
    kit_exchange(&read.ex, &f.site, EXCHANGE_READ, &crowd[0].ex.mailbox_id, 9,
                 1);
    submit(&f, &read);
    await(f.batch, 1);
    assert_int_equal(read.ex.op.result, TG_OK);
    assert_int_equal(read.ex.outcome, RELAY_DONE);
    exchange_done(&read.ex);

    /* A first read writes: it joins those that are held. All come back when
     * the thread is told to finish. */
    kit_exchange(&last.ex, &f.site, EXCHANGE_READ, &crowd[0].ex.mailbox_id, 8,
                 1);
    submit(&f, &last);
    batch_stop(f.batch);
    await(f.batch, 3);
    assert_int_equal(last.ex.op.result, TG_OK);
    assert_int_equal(last.ex.outcome, RELAY_DONE);
    assert_true(last.ex.effects.changed);
    exchange_done(&last.ex);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(crowd[i].ex.outcome, RELAY_DONE);
        exchange_done(&crowd[i].ex);
    }
    batch_free(f.batch);
}

/* ---- opening, sweeping, stopping --------------------------------------- */

static void
with_the_store_not_open_operations_come_back_and_later_ones_work(void **state)
{
    struct call create = {0};
    struct fixture f;
    unsigned tries = 0;

    (void)state;
    start_failing(&f, 2000, 1);
    do {
        kit_exchange(&create.ex, &f.site, EXCHANGE_CREATE, NULL, 1, 1);
        submit(&f, &create);
        await(f.batch, 1);
        if (tries++ == 0)
            assert_int_equal(create.ex.op.result, TG_E_STORE);
        exchange_done(&create.ex);
    } while (create.ex.op.result == TG_E_STORE);
    assert_int_equal(create.ex.op.result, TG_OK);
    assert_int_equal(create.ex.outcome, RELAY_DONE);
    finish(&f);
}

static void
expired_rows_and_hours_are_swept_without_being_asked(void **state)
{
    struct call create;
    struct fixture f;

    (void)state;
    start(&f, 0);
    for (unsigned i = 0; i < 5; i++) {
        kit_exchange(&create.ex, &f.site, EXCHANGE_CREATE, NULL, 1, i);
        submit(&f, &create);
        await(f.batch, 1);
        exchange_done(&create.ex);
    }
    assert_int_equal(atomic_load(&f.removed), 0);
    atomic_fetch_add(&clock_s, LIMIT_LIFETIME_DEFAULT_S + HOUR_SECONDS);
    while (atomic_load(&f.removed) < 10) /* mailboxes and memories */
        sched_yield();
    assert_true(atomic_load(&f.destroyed_at) >= atomic_load(&clock_s));
    finish(&f);
}

static void
a_stop_finishes_what_was_handed_in_and_takes_nothing_more(void **state)
{
    static struct call calls[MANY];
    struct call late;
    struct fixture f;

    (void)state;
    start(&f, 2000);
    for (unsigned i = 0; i < MANY; i++) {
        kit_exchange(&calls[i].ex, &f.site, EXCHANGE_CREATE, NULL, 1, i);
        submit(&f, &calls[i]);
    }
    batch_stop(f.batch);
    kit_exchange(&late.ex, &f.site, EXCHANGE_CREATE, NULL, 2, 1);
    late.item.op = &late.ex.op;
    assert_int_equal(batch_submit(f.batch, &late.item), TG_E_FULL);
    exchange_done(&late.ex);
    await(f.batch, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(calls[i].ex.op.result, TG_OK);
        exchange_done(&calls[i].ex);
    }
    batch_free(f.batch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_mailbox_is_created_read_and_deleted_through_the_thread),
        cmocka_unit_test(all_that_was_handed_in_comes_back),
        cmocka_unit_test(
            reads_that_outgrow_a_batch_while_it_is_busy_come_back),
        cmocka_unit_test(
            of_many_first_reads_in_the_queue_exactly_one_succeeds),
        cmocka_unit_test(a_full_queue_refuses_and_keeps_what_it_has),
        cmocka_unit_test(a_lone_writer_does_not_wait_for_company),
        cmocka_unit_test(reads_pass_a_batch_of_writers_that_is_held_open),
        cmocka_unit_test(
            with_the_store_not_open_operations_come_back_and_later_ones_work),
        cmocka_unit_test(expired_rows_and_hours_are_swept_without_being_asked),
        cmocka_unit_test(
            a_stop_finishes_what_was_handed_in_and_takes_nothing_more),
    };

    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}

/* The store thread: what is handed in comes back, durable, whatever happens.
 * Built also with ThreadSanitizer. */
#include "store/batch.h"

#include <poll.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "exchange_kit.h"
#include "store/mem.h"

enum { PATIENCE_MS = 10000 };

static tg_time_s
fixed_now(void)
{
    return KIT_NOW;
}

/* A store in memory whose first openings may fail. */
struct fixture {
    atomic_int failures_left;
    struct hour_keys hours;
    struct exchange_site site;
    struct batch *batch;
};

static enum tg_err
open_store(void *self, struct store *out, struct hour_keys *hours)
{
    struct fixture *f = self;
    enum tg_err err;

    if (atomic_fetch_sub(&f->failures_left, 1) > 0)
        return TG_E_STORE;
    if ((err = mem_open(out, hours)) == TG_OK)
        f->hours = *hours;
    return err;
}

static void
start(struct fixture *f, unsigned delay_us)
{
    const struct batch_options options = {
        .opener = {f, open_store},
        .commit_delay_us = delay_us,
        .queue_most = 1000,
        .sweep_interval_ms = 1,
        .sweep_slice = 2,
        .now = fixed_now,
    };

    memset(f, 0, sizeof(*f));
    kit_site(&f->site, &f->hours);
    assert_int_equal(batch_new(&options, &f->batch), TG_OK);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_mailbox_is_created_read_and_deleted_through_the_thread),
    };

    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}

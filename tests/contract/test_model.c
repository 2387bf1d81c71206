/* Long random sequences of calls, on many mailboxes at once and on every
 * store (argv[1] names it), each answer compared with the model's; in between
 * the clock moves, what is over is swept, and the store is opened anew.
 *
 * A failure prints its seed and what was done last; `TIGRESS_SEED=n test_model
 * KIND` replays it, but for the identifiers of mailboxes, which are the
 * operating system's.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exchange_kit.h"
#include "model_exchange.h"
#include "store_kit.h"

/* Calls of one run, before each mailbox is looked at once more. */
enum { CALLS = 600 };

struct world {
    struct kit k;
    struct exchange_site site;
    struct model model;
    struct model_ids ids;
    unsigned first; /* the seed of this run */
    unsigned seed;
    tg_time_s now;
    size_t calls;
    unsigned done[MODEL_OUTCOMES];
};

/* Runs that a store has the time for: one that syncs has less. */
static unsigned
rounds(void)
{
    switch (kit_kind()) {
    case KIT_MEM: return 50;
    case KIT_LMDB: return 16;
    case KIT_PG: break;
    }
    return 8;
}

/* ---- what was done last ------------------------------------------------ */

enum { NOTES = 40, NOTE_MOST = 256 };

static struct {
    size_t count;
    char lines[NOTES][NOTE_MOST];
} notes;

static void
note(const char *line)
{
    snprintf(notes.lines[notes.count++ % NOTES], NOTE_MOST, "%s", line);
}

static void
fail_run(const struct world *w, const char *what)
{
    for (size_t i = notes.count < NOTES ? 0 : notes.count - NOTES;
         i < notes.count; i++)
        print_message("# %s\n", notes.lines[i % NOTES]);
    fail_msg("TIGRESS_SEED=%u: %s", w->first, what);
}

static void
expect(const struct world *w, bool is_so, const char *what)
{
    if (!is_so)
        fail_run(w, what);
}

/* ---- calls ------------------------------------------------------------- */

static struct model_exchange calls[STORE_BATCH_MOST];

/* It has been run: is it answered as the model says? */
static void
settle(struct world *w, struct model_exchange *e)
{
    struct model_answer want;
    struct model_answer got;
    const char *difference;
    char what[80];

    model_exchange_place(e, &w->ids);
    expect(w, e->ex.op.result == TG_OK, "an operation failed");
    want = model_answer(&w->model, &e->step);
    got = model_exchange_answer(e, &w->ids);
    difference = model_difference(&got, &want);
    note(model_line(&e->step, &got));
    if (difference != NULL) {
        note("where the model says:");
        note(model_line(&e->step, &want));
        snprintf(what, sizeof(what), "%s: not as the model says", difference);
        fail_run(w, what);
    }
    w->done[got.outcome]++;
    if (e->step.call == MODEL_CREATE && got.changes)
        w->ids.ids[w->ids.count++] = e->ex.mailbox_id;
    model_remember(&w->model, &e->step, &want);
}

static void
run_calls(struct world *w, struct model_exchange *const list[], size_t count)
{
    struct store_op *ops[STORE_BATCH_MOST];

    for (size_t i = 0; i < count; i++) {
        ops[i] = &list[i]->ex.op;
        ops[i]->now = w->now;
        ops[i]->result = TG_E_LAST;
    }
    if (count > 0)
        w->k.store.run(w->k.store.self, ops, count);
}

/* A read was tried on what is committed. True when that was enough; it must be
 * if, and only if, it has nothing to change. */
static bool
is_read_enough(struct world *w, struct model_exchange *e)
{
    struct model_answer want;

    model_exchange_place(e, &w->ids);
    want = model_answer(&w->model, &e->step);
    if (want.changes != (e->ex.op.result == TG_E_STATE)) {
        note(model_line(&e->step, &want));
        fail_run(w, want.changes ? "a read that must write did not"
                                 : "a read wrote that has nothing to change");
    }
    if (e->ex.op.result == TG_E_STATE)
        return false;
    settle(w, e);
    return true;
}

/* As the store thread does (batch.c): what seems to read goes first, on what
 * is committed; what turns out to write joins those that write. */
static void
hand_over(struct world *w, size_t count)
{
    struct model_exchange *readers[STORE_BATCH_MOST] = {NULL};
    struct model_exchange *writers[STORE_BATCH_MOST] = {NULL};
    size_t reading = 0;
    size_t writing = 0;

    for (size_t i = 0; i < count; i++) {
        if (calls[i].ex.op.only_reads) {
            calls[i].ex.op.no_write = true;
            readers[reading++] = &calls[i];
        } else {
            writers[writing++] = &calls[i];
        }
    }
    run_calls(w, readers, reading);
    for (size_t i = 0; i < reading; i++)
        if (!is_read_enough(w, readers[i])) {
            readers[i]->ex.op.only_reads = false;
            readers[i]->ex.op.no_write = false;
            writers[writing++] = readers[i];
        }
    w->now += model_below(&w->seed, 2);
    run_calls(w, writers, writing);
    for (size_t i = 0; i < writing; i++)
        settle(w, writers[i]);
}

/* Without the thread, a store goes over from reading to writing by itself. */
static void
run_alone(struct world *w)
{
    struct model_exchange *list[] = {&calls[0]};

    run_calls(w, list, 1);
    settle(w, &calls[0]);
}

static void
finish(size_t count)
{
    for (size_t i = 0; i < count; i++)
        exchange_done(&calls[i].ex);
}

/* ---- batches ----------------------------------------------------------- */

/* Mostly one of the newest; now and then one that never was. */
static int
some_mailbox(struct world *w)
{
    const int count = w->model.mailboxes;
    const int choice = model_below(&w->seed, 20);

    if (choice == 0 || count == 0)
        return MODEL_NO_MAILBOX;
    if (choice < 14)
        return count - 1 - model_below(&w->seed, count < 5 ? count : 5);
    return model_below(&w->seed, count);
}

static int
some_size(struct world *w)
{
    const int choice = model_below(&w->seed, 100);

    if (choice < 60)
        return 1 + model_below(&w->seed, 8);
    if (choice < 98)
        return 1 + model_below(&w->seed, 60);
    return STORE_BATCH_MOST;
}

static struct mailbox_id
id_of(const struct world *w, int mailbox)
{
    static const struct mailbox_id nobodys = {{{0xff}}};

    return mailbox == MODEL_NO_MAILBOX ? nobodys : w->ids.ids[mailbox];
}

/* A step, begun as calls[i]. Some are about a mailbox that the same batch is to
 * create: `sooner` tells which call does. */
static void
begin_call(struct world *w, int i, const struct model_step *s, int sooner)
{
    struct mailbox_id id = id_of(w, s->mailbox);

    if (sooner < i && calls[sooner].step.call == MODEL_CREATE)
        id = calls[sooner].ex.mailbox_id;
    model_exchange_begin(&calls[i], &w->site, &id, s);
}

/* Many calls; in some batches all of them on one mailbox. */
static void
begin_random(struct world *w, int size)
{
    const int choice = model_below(&w->seed, 6);
    const bool is_about_one = choice < 2;
    const bool is_about_first = choice == 2;
    const int one = some_mailbox(w);

    for (int i = 0; i < size; i++) {
        const int mailbox = is_about_one ? one : some_mailbox(w);
        struct model_step s =
            model_random_step(&w->model, &w->seed, mailbox, w->now);

        if (!s.waited && (w->model.mailboxes < 3 || (is_about_first && i == 0)))
            s.call = MODEL_CREATE;
        if (is_about_one)
            s.mailbox = one;
        begin_call(w, i, &s, is_about_first ? 0 : size);
    }
}

static void
random_batch(struct world *w)
{
    const bool is_alone = model_below(&w->seed, 3) == 0;
    const int size = is_alone ? 1 : some_size(w);
    char line[64];

    begin_random(w, size);
    snprintf(line, sizeof(line), "%d %s", size,
             is_alone ? "alone" : "in a batch");
    note(line);
    if (is_alone)
        run_alone(w);
    else
        hand_over(w, (size_t)size);
    finish((size_t)size);
    w->calls += (size_t)size;
}

/* ---- time, and what it leaves ------------------------------------------ */

/* A slice, or all that is over; then there is nothing left that PROTOCOL does
 * not want to be there. */
static void
sweep(struct world *w, bool to_the_end)
{
    const size_t most = 1 + (size_t)model_below(&w->seed, 20);
    struct store_count count;
    size_t removed;

    do {
        removed = most + 1;
        expect(w,
               w->k.store.expire(w->k.store.self, w->now, most, &removed) ==
                   TG_OK,
               "a sweep failed");
        expect(w, removed <= most, "too much was swept at once");
    } while (to_the_end && removed == most);
    if (removed == most)
        return;
    note("all swept");
    expect(w, w->k.store.count(w->k.store.self, &count) == TG_OK,
           "rows could not be counted");
    expect(w, count.rows == model_rows(&w->model, w->now),
           "there are not as many rows as there are to be");
}

static void
destroy_hours(struct world *w)
{
    note("hours that are over destroyed");
    expect(w, w->k.hours.destroy(w->k.hours.self, w->now) == TG_OK,
           "keys of hours could not be destroyed");
}

static void
open_anew(struct world *w)
{
    if (kit_kind() == KIT_MEM)
        return; /* it would have forgotten everything */
    note("opened anew");
    kit_close(&w->k);
    kit_open(&w->k);
}

/* To the second in which a mailbox is over, or next to it. */
static void
go_to_an_end(struct world *w)
{
    const int mailbox = some_mailbox(w);
    const tg_time_s end = model_expires(&w->model, mailbox) - 1 +
                          model_below(&w->seed, 3);

    if (end > w->now)
        w->now = end;
}

static void
pass_time(struct world *w)
{
    w->now += model_below(&w->seed, 40);
    if (model_below(&w->seed, 12) == 0)
        go_to_an_end(w);
    if (model_below(&w->seed, 25) == 0)
        w->now += model_below(&w->seed, HOUR_SECONDS);
    if (model_below(&w->seed, 10) == 0)
        destroy_hours(w);
    if (model_below(&w->seed, 10) == 0)
        sweep(w, model_below(&w->seed, 2) == 0);
    if (model_below(&w->seed, 25) == 0)
        open_anew(w);
}

/* ---- runs -------------------------------------------------------------- */

/* Each mailbox, as it is displayed (-1) or as one of the claims reads it. */
static void
look_at_all(struct world *w, int claim)
{
    size_t count = 0;

    for (int i = 0; i < w->model.mailboxes; i++) {
        const struct model_step s = {
            .call = claim < 0 ? MODEL_DISPLAY : MODEL_READ,
            .mailbox = i,
            .claim = claim,
            .data = 1,
            .body_fine = true,
            .now = w->now,
        };

        begin_call(w, (int)count++, &s, STORE_BATCH_MOST);
        if (count < STORE_BATCH_MOST && i < w->model.mailboxes - 1)
            continue;
        hand_over(w, count);
        finish(count);
        count = 0;
    }
}

static void
run(struct world *w, unsigned first)
{
    w->first = w->seed = first;
    w->now = KIT_NOW + model_below(&w->seed, HOUR_SECONDS);
    w->model = (struct model){.lifetime_default = MODEL_LIFETIME_DEFAULT,
                              .lifetime_max = MODEL_LIFETIME_MAX};
    w->ids.count = w->calls = notes.count = 0;
    kit_begin(&w->k);
    model_exchange_site(&w->site, &w->k.hours);
    while (w->calls < CALLS) {
        random_batch(w);
        pass_time(w);
    }
    for (int claim = -1; claim < MODEL_CLAIMS; claim++)
        look_at_all(w, claim);
    open_anew(w);
    look_at_all(w, 0);
    w->now += MODEL_LIFETIME_MAX;
    look_at_all(w, 0);
    sweep(w, true);
    kit_end(&w->k);
}

/* §5 R-READ-1 R-READ-2 R-READ-3 R-UPD-1 R-UPD-3 R-DEL-1 R-REL-1 R-PRE-1 R-IDEM
 * D4 D10 */
static void
random_calls_on_many_mailboxes_are_answered_as_the_model_says(void **state)
{
    static struct world w;
    bool is_given;
    const unsigned first = model_first_seed(&is_given);
    const unsigned count = is_given ? 1 : rounds();

    (void)state;
    print_message("# seeds from %u\n", first);
    for (unsigned i = 0; i < count; i++)
        run(&w, first + i);
    if (is_given)
        return;
    /* Sequences that never reach an outcome would say nothing about it. */
    for (int outcome = 0; outcome < MODEL_OUTCOMES; outcome++)
        if (w.done[outcome] == 0)
            fail_msg("no call had the outcome %d", outcome);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            random_calls_on_many_mailboxes_are_answered_as_the_model_says),
    };

    if (argc != 2 || !kit_choose(argv[1])) {
        fprintf(stderr, "usage: %s mem|lmdb|pg\n", argv[0]);
        return EXIT_FAILURE;
    }
    return kit_run_tests("model", tests, KIT_COUNT(tests), KIT_COUNT(tests));
}

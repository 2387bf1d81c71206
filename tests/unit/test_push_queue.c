/* The doorbells that wait: which goes next, which are one, how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "push/queue.h"

enum { MANY = 1000 };

/* ---- kit --------------------------------------------------------------- */

/* Ring for the token `data`; the service is one of three. */
static enum queue_adding
ring(struct queue *queue, const char *data, size_t service, tg_time_s until,
     tg_mono_ms now)
{
    const struct doorbell bell = {until, TG_SPAN_LITERAL("test"),
                                  tg_span_text(data)};
    struct doorbell_mark mark;

    assert_int_equal(doorbell_mark(bell.type, bell.data, &mark), TG_OK);
    return queue_add(queue, &bell, &mark, service, now);
}

static struct queued *
take(struct queue *queue, size_t service, tg_mono_ms now, const char *data)
{
    struct queued *item = queue_take(queue, service, now);

    assert_non_null(item);
    assert_true(tg_span_is(item->bell.data, data));
    assert_true(item->is_in_flight);
    return item;
}

/* ---- tests ------------------------------------------------------------- */

static void
doorbells_are_taken_in_the_order_in_which_they_are_due(void **state)
{
    struct queue *queue = queue_new(MANY);
    tg_mono_ms last = -1;
    unsigned taken = 0;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        char data[16];

        snprintf(data, sizeof(data), "%u", i);
        assert_int_equal(ring(queue, data, 0, 100, i * 7919 % MANY),
                         QUEUE_ADDED);
    }
    for (tg_mono_ms now = 0; now < MANY; now++)
        for (struct queued *item;
             (item = queue_take(queue, 0, now)) != NULL; taken++) {
            assert_true(item->due >= last && item->due <= now);
            last = item->due;
            queue_done(queue, item, now);
        }
    assert_int_equal(taken, MANY);
    assert_int_equal(queue_count(queue), 0);
    assert_int_equal(queue_next_due(queue, 0), -1);
    queue_free(queue);
}

static void
of_two_that_are_due_at_once_the_older_goes_first(void **state)
{
    struct queue *queue = queue_new(MANY);

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        char data[16];

        snprintf(data, sizeof(data), "%u", i);
        assert_int_equal(ring(queue, data, 0, 100, 5), QUEUE_ADDED);
    }
    for (unsigned i = 0; i < MANY; i++) {
        char data[16];

        snprintf(data, sizeof(data), "%u", i);
        queue_done(queue, take(queue, 0, 5, data), 5);
    }
    queue_free(queue);
}

static void
what_is_not_due_yet_is_not_taken(void **state)
{
    struct queue *queue = queue_new(10);
    struct queued *item;

    (void)state;
    assert_int_equal(ring(queue, "a", 1, 100, 5), QUEUE_ADDED);
    assert_null(queue_take(queue, 1, 4));
    item = take(queue, 1, 5, "a");
    assert_int_equal(queue_next_due(queue, 1), -1);
    queue_put_back(queue, item, 50);
    assert_int_equal(queue_next_due(queue, 1), 50);
    assert_null(queue_take(queue, 1, 49));
    take(queue, 1, 50, "a");
    queue_free(queue);
}

static void
services_do_not_wait_for_each_other(void **state)
{
    struct queue *queue = queue_new(10);

    (void)state;
    assert_int_equal(ring(queue, "a", 0, 100, 5), QUEUE_ADDED);
    assert_int_equal(ring(queue, "b", 2, 100, 6), QUEUE_ADDED);
    assert_null(queue_take(queue, 1, 10));
    take(queue, 2, 10, "b");
    assert_null(queue_take(queue, 2, 10));
    take(queue, 0, 10, "a");
    queue_free(queue);
}

static void
a_full_queue_refuses_a_new_doorbell_and_folds_a_known_one(void **state)
{
    struct queue *queue = queue_new(2);
    struct queued *item;

    (void)state;
    assert_int_equal(ring(queue, "a", 0, 100, 0), QUEUE_ADDED);
    assert_int_equal(ring(queue, "b", 0, 100, 0), QUEUE_ADDED);
    assert_int_equal(ring(queue, "c", 0, 100, 0), QUEUE_FULL);
    assert_int_equal(ring(queue, "a", 0, 100, 0), QUEUE_FOLDED);
    item = take(queue, 0, 0, "a");
    assert_int_equal(ring(queue, "c", 0, 100, 0), QUEUE_FULL);
    assert_int_equal(queue_count(queue), 2);
    queue_done(queue, item, 0);
    assert_int_equal(ring(queue, "c", 0, 100, 0), QUEUE_ADDED);
    queue_free(queue);
}

static void
a_doorbell_that_waits_takes_in_another_and_lives_as_long(void **state)
{
    struct queue *queue = queue_new(10);
    struct queued *item;

    (void)state;
    assert_int_equal(ring(queue, "a", 0, 100, 5), QUEUE_ADDED);
    assert_int_equal(ring(queue, "a", 0, 300, 9), QUEUE_FOLDED);
    assert_int_equal(ring(queue, "a", 0, 200, 9), QUEUE_FOLDED);
    assert_int_equal(queue_count(queue), 1);
    item = take(queue, 0, 5, "a");
    assert_int_equal(item->bell.until, 300);
    queue_done(queue, item, 5);
    assert_null(queue_take(queue, 0, 10));
    assert_int_equal(queue_count(queue), 0);
    queue_free(queue);
}

static void
folding_does_not_shorten_a_wait(void **state)
{
    struct queue *queue = queue_new(10);

    (void)state;
    assert_int_equal(ring(queue, "a", 0, 100, 5), QUEUE_ADDED);
    queue_put_back(queue, take(queue, 0, 5, "a"), 500);
    assert_int_equal(ring(queue, "a", 0, 100, 6), QUEUE_FOLDED);
    assert_null(queue_take(queue, 0, 499));
    take(queue, 0, 500, "a");
    queue_free(queue);
}

static void
rung_again_in_flight_it_is_delivered_once_more(void **state)
{
    struct queue *queue = queue_new(10);
    struct queued *item;

    (void)state;
    assert_int_equal(ring(queue, "a", 0, 100, 5), QUEUE_ADDED);
    item = take(queue, 0, 5, "a");
    item->route = 2;
    item->tries = 3;
    item->was_renewed = true;
    assert_int_equal(ring(queue, "a", 0, 100, 6), QUEUE_FOLDED);
    assert_int_equal(ring(queue, "a", 0, 100, 6), QUEUE_FOLDED);
    assert_null(queue_take(queue, 0, 7));
    queue_done(queue, item, 8);
    item = take(queue, 0, 8, "a");
    assert_int_equal(item->route, 0);
    assert_int_equal(item->tries, 0);
    assert_false(item->was_renewed);
    queue_done(queue, item, 9);
    assert_int_equal(queue_count(queue), 0);
    queue_free(queue);
}

static void
a_failed_one_that_was_rung_again_is_still_one(void **state)
{
    struct queue *queue = queue_new(10);
    struct queued *item;

    (void)state;
    assert_int_equal(ring(queue, "a", 0, 100, 5), QUEUE_ADDED);
    item = take(queue, 0, 5, "a");
    assert_int_equal(ring(queue, "a", 0, 100, 6), QUEUE_FOLDED);
    queue_put_back(queue, item, 20);
    queue_done(queue, take(queue, 0, 20, "a"), 20);
    assert_int_equal(queue_count(queue), 0);
    queue_free(queue);
}

static void
types_and_tokens_are_kept_apart(void **state)
{
    struct queue *queue = queue_new(10);
    const struct doorbell one = {1, TG_SPAN_LITERAL("ab"),
                                 TG_SPAN_LITERAL("c")};
    const struct doorbell two = {1, TG_SPAN_LITERAL("a"),
                                 TG_SPAN_LITERAL("bc")};
    struct doorbell_mark mark;

    (void)state;
    assert_int_equal(doorbell_mark(one.type, one.data, &mark), TG_OK);
    assert_int_equal(queue_add(queue, &one, &mark, 0, 0), QUEUE_ADDED);
    assert_int_equal(doorbell_mark(two.type, two.data, &mark), TG_OK);
    assert_int_equal(queue_add(queue, &two, &mark, 0, 0), QUEUE_ADDED);
    assert_int_equal(queue_count(queue), 2);
    queue_free(queue);
}

static void
without_memory_a_doorbell_is_refused_and_nothing_else_happens(void **state)
{
    struct queue *queue = queue_new(10);
    enum queue_adding adding = QUEUE_NO_MEMORY;

    (void)state;
    for (long calls = 0; adding == QUEUE_NO_MEMORY && calls < 10; calls++) {
        tg_alloc_fail_after(calls);
        adding = ring(queue, "a", 0, 100, 5);
        tg_alloc_fail_after(-1);
        assert_int_equal(queue_count(queue), adding == QUEUE_ADDED);
    }
    assert_int_equal(adding, QUEUE_ADDED);
    queue_done(queue, take(queue, 0, 5, "a"), 5);
    queue_free(queue);
    tg_alloc_fail_after(1);
    assert_null(queue_new(10));
    tg_alloc_fail_after(-1);
    queue_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            doorbells_are_taken_in_the_order_in_which_they_are_due),
        cmocka_unit_test(of_two_that_are_due_at_once_the_older_goes_first),
        cmocka_unit_test(what_is_not_due_yet_is_not_taken),
        cmocka_unit_test(services_do_not_wait_for_each_other),
        cmocka_unit_test(
            a_full_queue_refuses_a_new_doorbell_and_folds_a_known_one),
        cmocka_unit_test(
            a_doorbell_that_waits_takes_in_another_and_lives_as_long),
        cmocka_unit_test(folding_does_not_shorten_a_wait),
        cmocka_unit_test(rung_again_in_flight_it_is_delivered_once_more),
        cmocka_unit_test(a_failed_one_that_was_rung_again_is_still_one),
        cmocka_unit_test(types_and_tokens_are_kept_apart),
        cmocka_unit_test(
            without_memory_a_doorbell_is_refused_and_nothing_else_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

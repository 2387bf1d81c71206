/* What relay/store.h promises, on every store: argv[1] names it. */
#include "relay/store.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_kit.h"

enum { DURABLE = 1 }; /* the last tests, for a store that survives */
enum { NOW = 1000000000, LATER = NOW + 3600 };

static void
assert_text(const struct kit *k, unsigned key, const char *text)
{
    const char *found = kit_look(k, key);

    assert_non_null(found);
    assert_string_equal(found, text);
}

static uint64_t
rows_in(const struct kit *k)
{
    struct store_count count;

    assert_int_equal(k->store.count(k->store.self, &count), TG_OK);
    return count.rows;
}

/* ---- one operation ----------------------------------------------------- */

static void
a_row_that_was_put_is_found_with_its_expiry(void **state)
{
    struct kit k;
    struct kit_op put, get;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_false(put.found);
    kit_get(&get, 1);
    assert_int_equal(kit_do(&k, &get), TG_OK);
    assert_true(get.found);
    assert_int_equal(get.expires, LATER);
    assert_text(&k, 1, "one");
    assert_null(kit_look(&k, 2));
    assert_int_equal(rows_in(&k), 1);
    kit_end(&k);
}

static void
a_second_put_takes_the_place_of_the_first(void **state)
{
    struct kit k;
    struct kit_op put;
    size_t removed;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    kit_put(&put, 1, LATER + 60, "another, and longer");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_true(put.found);
    assert_text(&k, 1, "another, and longer");
    assert_int_equal(rows_in(&k), 1);
    /* And it expires by its new second alone. */
    assert_int_equal(k.store.expire(k.store.self, LATER, 9, &removed), TG_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(k.store.expire(k.store.self, LATER + 60, 9, &removed),
                     TG_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(rows_in(&k), 0);
    kit_end(&k);
}

static void
a_removed_row_is_gone_and_may_be_removed_again(void **state)
{
    struct kit k;
    struct kit_op put, del;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    kit_remove(&del, 1);
    assert_int_equal(kit_do(&k, &del), TG_OK);
    assert_true(del.found);
    assert_null(kit_look(&k, 1));
    assert_int_equal(kit_do(&k, &del), TG_OK);
    assert_false(del.found);
    assert_int_equal(rows_in(&k), 0);
    kit_end(&k);
}

/* ---- companions -------------------------------------------------------- */

static void
with_companion(struct kit_op *op, unsigned key, const char *text)
{
    op->change.has_companion = true;
    op->change.companion_key = kit_key(key);
    op->change.companion = (struct store_row){LATER, tg_span_text(text)};
}

static void
a_companion_comes_with_its_row(void **state)
{
    struct kit k;
    struct kit_op put;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    with_companion(&put, 2, "two");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_text(&k, 1, "one");
    assert_text(&k, 2, "two");
    kit_end(&k);
}

static void
a_companion_whose_place_is_taken_fails_its_operation_alone(void **state)
{
    struct kit k;
    struct kit_op first, second, third;
    struct kit_op *const batch[] = {&first, &second, &third};

    (void)state;
    kit_begin(&k);
    kit_put(&first, 2, LATER, "two");
    kit_put(&second, 1, LATER, "one");
    with_companion(&second, 2, "usurper");
    kit_put(&third, 3, LATER, "three");
    kit_run_ops(&k, batch, 3);
    assert_int_equal(first.op.result, TG_OK);
    assert_int_equal(second.op.result, TG_E_EXISTS);
    assert_int_equal(third.op.result, TG_OK);
    assert_text(&k, 2, "two");
    assert_null(kit_look(&k, 1));
    assert_text(&k, 3, "three");
    kit_end(&k);
}

/* ---- batches ----------------------------------------------------------- */

static void
later_operations_of_a_batch_see_the_earlier_ones(void **state)
{
    struct kit k;
    struct kit_op put, again, del, last;
    struct kit_op *const batch[] = {&put, &again, &del, &last};

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    kit_put(&again, 1, LATER, "two");
    kit_remove(&del, 1);
    kit_put(&last, 1, LATER, "three");
    kit_run_ops(&k, batch, 4);
    assert_false(put.found);
    assert_true(again.found);
    assert_memory_equal(again.blob, "one", 3);
    assert_true(del.found);
    assert_memory_equal(del.blob, "two", 3);
    assert_false(last.found);
    assert_text(&k, 1, "three");
    assert_int_equal(rows_in(&k), 1);
    kit_end(&k);
}

static void
an_error_of_a_decision_leaves_its_row_and_the_rest_alone(void **state)
{
    struct kit k;
    struct kit_op put, bad, good;
    struct kit_op *const batch[] = {&bad, &good};

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    kit_put(&bad, 1, LATER, "spoiled");
    bad.error = TG_E_CRYPTO;
    kit_put(&good, 2, LATER, "two");
    kit_run_ops(&k, batch, 2);
    assert_int_equal(bad.op.result, TG_E_CRYPTO);
    assert_int_equal(good.op.result, TG_OK);
    assert_text(&k, 1, "one");
    assert_text(&k, 2, "two");
    kit_end(&k);
}

static void
the_largest_batch_is_done_whole(void **state)
{
    struct kit k;
    static struct kit_op ops[STORE_BATCH_MOST];
    struct kit_op *batch[STORE_BATCH_MOST];

    (void)state;
    kit_begin(&k);
    for (unsigned i = 0; i < STORE_BATCH_MOST; i++) {
        kit_put(&ops[i], i, LATER, "row");
        batch[i] = &ops[i];
    }
    kit_run_ops(&k, batch, STORE_BATCH_MOST);
    for (unsigned i = 0; i < STORE_BATCH_MOST; i++) {
        assert_int_equal(ops[i].op.result, TG_OK);
        assert_text(&k, i, "row");
    }
    assert_int_equal(rows_in(&k), STORE_BATCH_MOST);
    kit_end(&k);
}

static void
rows_of_every_size_may_follow_each_other_in_a_place(void **state)
{
    static const size_t sizes[] = {1, 1900, 5000, 20, 7000, 4072, 4073, 0};
    static uint8_t bytes[8000];
    struct kit k;
    struct kit_op put, get;

    (void)state;
    kit_begin(&k);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(bytes, (int)i + 1, sizeof(bytes));
        kit_put(&put, 1, LATER, "");
        put.change.row.blob = (struct tg_span){bytes, sizes[i]};
        assert_int_equal(kit_do(&k, &put), TG_OK);
        kit_get(&get, 1);
        assert_int_equal(kit_do(&k, &get), TG_OK);
        assert_int_equal(get.len, sizes[i]);
        assert_memory_equal(get.blob, bytes, sizes[i]);
    }
    kit_end(&k);
}

/* ---- guesses that an operation only reads ------------------------------ */

static void
a_wrong_guess_is_asked_again_and_written(void **state)
{
    struct kit k;
    struct kit_op put;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    put.op.only_reads = true;
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_int_equal(put.decided, 2);
    assert_false(put.op.only_reads);
    assert_text(&k, 1, "one");
    kit_end(&k);
}

static void
an_operation_that_must_not_write_does_not(void **state)
{
    struct kit k;
    struct kit_op put;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    put.op.only_reads = true;
    put.op.no_write = true;
    assert_int_equal(kit_do(&k, &put), TG_E_STATE);
    assert_int_equal(put.decided, 1);
    assert_null(kit_look(&k, 1));

    put.op.only_reads = false;
    put.op.no_write = false;
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_text(&k, 1, "one");
    kit_end(&k);
}

/* ---- expiry ------------------------------------------------------------ */

/* R-CREATE-4: what ends at a second is gone at that second. */
static void
expired_rows_are_removed_in_slices_and_others_stay(void **state)
{
    struct kit k;
    struct kit_op put;
    size_t removed;

    (void)state;
    kit_begin(&k);
    for (unsigned i = 0; i < 10; i++) {
        kit_put(&put, i, NOW + (i < 7 ? 0 : 1), "row");
        assert_int_equal(kit_do(&k, &put), TG_OK);
    }
    assert_int_equal(k.store.expire(k.store.self, NOW - 1, 4, &removed),
                     TG_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(k.store.expire(k.store.self, NOW, 4, &removed), TG_OK);
    assert_int_equal(removed, 4);
    assert_int_equal(rows_in(&k), 6);
    assert_int_equal(k.store.expire(k.store.self, NOW, 4, &removed), TG_OK);
    assert_int_equal(removed, 3);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(kit_look(&k, i) != NULL, i >= 7);
    kit_end(&k);
}

/* ---- hour keys --------------------------------------------------------- */

static enum tg_err
hour_key(const struct kit *k, tg_time_s expires, bool create,
         struct hour_key *out)
{
    return k->hours.get(k->hours.self, expires, create, out);
}

static void
an_hour_has_one_key_and_other_hours_have_others(void **state)
{
    const tg_time_s hour = NOW - NOW % HOUR_SECONDS;
    struct hour_key first, same, next;
    struct kit k;

    (void)state;
    kit_begin(&k);
    assert_int_equal(hour_key(&k, hour, false, &first), TG_E_NOT_FOUND);
    assert_int_equal(hour_key(&k, hour, true, &first), TG_OK);
    assert_int_equal(hour_key(&k, hour + HOUR_SECONDS - 1, true, &same),
                     TG_OK);
    assert_memory_equal(&first, &same, sizeof(first));
    assert_int_equal(hour_key(&k, hour + HOUR_SECONDS, true, &next), TG_OK);
    assert_memory_not_equal(&first, &next, sizeof(first));
    kit_end(&k);
}

static void
a_destroyed_key_is_gone_and_the_present_hour_keeps_its_own(void **state)
{
    const tg_time_s hour = NOW - NOW % HOUR_SECONDS;
    struct hour_key past, present, found;
    struct kit k;

    (void)state;
    kit_begin(&k);
    assert_int_equal(hour_key(&k, hour - 1, true, &past), TG_OK);
    assert_int_equal(hour_key(&k, hour, true, &present), TG_OK);
    assert_int_equal(k.hours.destroy(k.hours.self, hour), TG_OK);
    assert_int_equal(hour_key(&k, hour - 1, false, &found), TG_E_NOT_FOUND);
    assert_int_equal(hour_key(&k, hour, false, &found), TG_OK);
    assert_memory_equal(&present, &found, sizeof(found));
    /* Were it made again, then not the same. */
    assert_int_equal(hour_key(&k, hour - 1, true, &found), TG_OK);
    assert_memory_not_equal(&past, &found, sizeof(found));
    kit_end(&k);
}

/* ---- across a reopen --------------------------------------------------- */

static void
what_was_reported_is_there_after_a_reopen(void **state)
{
    struct hour_key before, after;
    struct kit k;
    struct kit_op put;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    with_companion(&put, 2, "two");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_int_equal(hour_key(&k, LATER, true, &before), TG_OK);
    kit_close(&k);
    kit_open(&k);
    assert_text(&k, 1, "one");
    assert_text(&k, 2, "two");
    assert_int_equal(hour_key(&k, LATER, false, &after), TG_OK);
    assert_memory_equal(&before, &after, sizeof(after));
    kit_end(&k);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_was_put_is_found_with_its_expiry),
        cmocka_unit_test(a_second_put_takes_the_place_of_the_first),
        cmocka_unit_test(a_removed_row_is_gone_and_may_be_removed_again),
        cmocka_unit_test(a_companion_comes_with_its_row),
        cmocka_unit_test(
            a_companion_whose_place_is_taken_fails_its_operation_alone),
        cmocka_unit_test(later_operations_of_a_batch_see_the_earlier_ones),
        cmocka_unit_test(
            an_error_of_a_decision_leaves_its_row_and_the_rest_alone),
        cmocka_unit_test(the_largest_batch_is_done_whole),
        cmocka_unit_test(rows_of_every_size_may_follow_each_other_in_a_place),
        cmocka_unit_test(a_wrong_guess_is_asked_again_and_written),
        cmocka_unit_test(an_operation_that_must_not_write_does_not),
        cmocka_unit_test(expired_rows_are_removed_in_slices_and_others_stay),
        cmocka_unit_test(an_hour_has_one_key_and_other_hours_have_others),
        cmocka_unit_test(
            a_destroyed_key_is_gone_and_the_present_hour_keeps_its_own),
        cmocka_unit_test(what_was_reported_is_there_after_a_reopen),
    };

    size_t count = KIT_COUNT(tests);

    if (argc != 2 || !kit_choose(argv[1])) {
        fprintf(stderr, "usage: %s mem|lmdb|pg\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (kit_kind() == KIT_MEM)
        count -= DURABLE;
    return kit_run_tests("store", tests, count, KIT_COUNT(tests));
}

/* Several stores on one database at the same rows, statements that fail, and
 * what the rows look like in there. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "pg_kit.h"
#include "store/postgres/pg_wakes.h"

enum { NOW = 1000000000, LATER = NOW + 3600 };

struct fixture {
    struct kit k;
    struct kit other;
};

static void
begin(struct fixture *f)
{
    pg_kit_clear();
    assert_int_equal(pg_kit_open(&f->k, NULL, PG_LOCAL), TG_OK);
    assert_int_equal(pg_kit_open(&f->other, NULL, PG_LOCAL), TG_OK);
}

static void
end(struct fixture *f)
{
    kit_close(&f->k);
    kit_close(&f->other);
}

static void
assert_text(const struct kit *k, unsigned key, const char *text)
{
    const char *found = kit_look(k, key);

    assert_non_null(found);
    assert_string_equal(found, text);
}

static void
put_row(const struct kit *k, unsigned key, const char *text)
{
    struct kit_op put;

    kit_put(&put, key, LATER, text);
    assert_int_equal(kit_do(k, &put), TG_OK);
}

/* ---- races ------------------------------------------------------------- */

/* An operation before whose change another store makes one of its own: after
 * the row was loaded, so it always comes too late. */
struct raced {
    struct kit_op op;
    const struct kit *rival;
    struct kit_op rivals[2]; /* what it does, a second time too */
    unsigned races;          /* how often */
    bool keeps_what_it_finds;
    enum tg_err (*decide)(struct store_op *op, const struct store_row *row,
                          struct store_change *change);
};

static enum tg_err
decide_too_late(struct store_op *op, const struct store_row *row,
                struct store_change *change)
{
    struct raced *r = (struct raced *)op;
    enum tg_err err = r->decide(op, row, change);

    if (row != NULL && r->keeps_what_it_finds)
        change->verb = STORE_KEEP;
    if (r->races > 0) {
        r->races--;
        assert_int_equal(kit_do(r->rival, &r->rivals[r->races % 2]), TG_OK);
    }
    return err;
}

static void
race(struct raced *r, const struct kit *rival)
{
    r->rival = rival;
    r->races = 1;
    r->keeps_what_it_finds = false;
    r->decide = r->op.op.decide;
    r->op.op.decide = decide_too_late;
}

static void
of_two_that_make_a_row_the_second_decides_again(void **state)
{
    struct fixture f;
    struct raced r;

    (void)state;
    begin(&f);
    kit_put(&r.op, 1, LATER, "second");
    kit_put(&r.rivals[0], 1, LATER, "first");
    race(&r, &f.other);
    assert_int_equal(kit_do(&f.k, &r.op), TG_OK);
    assert_int_equal(r.op.decided, 2);
    assert_true(r.op.found);
    assert_memory_equal(r.op.blob, "first", 5);
    assert_text(&f.k, 1, "second");
    end(&f);
}

static void
of_two_that_change_a_row_the_second_alone_decides_again(
    void **state)
{
    struct fixture f;
    struct raced r;
    struct kit_op before, after;
    struct kit_op *const batch[] = {&before, &r.op, &after};

    (void)state;
    begin(&f);
    put_row(&f.k, 1, "zero");
    kit_put(&before, 2, LATER, "before");
    kit_put(&r.op, 1, LATER, "second");
    kit_put(&after, 3, LATER, "after");
    kit_put(&r.rivals[0], 1, LATER, "first");
    race(&r, &f.other);
    kit_run_ops(&f.k, batch, 3);
    assert_int_equal(before.op.result, TG_OK);
    assert_int_equal(r.op.op.result, TG_OK);
    assert_int_equal(after.op.result, TG_OK);
    assert_int_equal(r.op.decided, 2);
    assert_int_equal(before.decided + after.decided, 2);
    assert_memory_equal(r.op.blob, "first", 5);
    assert_text(&f.other, 1, "second");
    assert_text(&f.other, 2, "before");
    end(&f);
}

static void
a_row_that_another_removes_meanwhile_is_not_brought_back_unasked(void **state)
{
    struct fixture f;
    struct raced r;

    (void)state;
    begin(&f);
    put_row(&f.k, 1, "zero");
    kit_put(&r.op, 1, LATER, "second");
    kit_remove(&r.rivals[0], 1);
    race(&r, &f.other);
    assert_int_equal(kit_do(&f.k, &r.op), TG_OK);
    assert_int_equal(r.op.decided, 2);
    assert_false(r.op.found);
    end(&f);
}

static void
a_removal_of_what_another_has_changed_is_decided_again(void **state)
{
    struct fixture f;
    struct raced r;

    (void)state;
    begin(&f);
    put_row(&f.k, 1, "zero");
    kit_remove(&r.op, 1);
    kit_put(&r.rivals[0], 1, LATER, "first");
    race(&r, &f.other);
    assert_int_equal(kit_do(&f.k, &r.op), TG_OK);
    assert_int_equal(r.op.decided, 2);
    assert_memory_equal(r.op.blob, "first", 5);
    assert_null(kit_look(&f.other, 1));
    end(&f);
}

static void
with_companion(struct kit_op *op, unsigned key, const char *text)
{
    op->change.has_companion = true;
    op->change.companion_key = kit_key(key);
    op->change.companion = (struct store_row){LATER, tg_span_text(text)};
}

/* As a create that was retried at another relay: it keeps what it finds. */
static void
a_companion_does_not_come_without_its_row(void **state)
{
    struct fixture f;
    struct raced r;

    (void)state;
    begin(&f);
    kit_put(&r.op, 1, LATER, "second");
    with_companion(&r.op, 2, "two");
    kit_put(&r.rivals[0], 1, LATER, "first");
    race(&r, &f.other);
    r.keeps_what_it_finds = true;
    assert_int_equal(kit_do(&f.k, &r.op), TG_OK);
    assert_int_equal(r.op.decided, 2);
    assert_text(&f.k, 1, "first");
    assert_null(kit_look(&f.k, 2));
    end(&f);
}

static void
nor_without_the_change_of_one_that_was_there(void **state)
{
    struct fixture f;
    struct raced r;

    (void)state;
    begin(&f);
    put_row(&f.k, 1, "zero");
    kit_put(&r.op, 1, LATER, "second");
    with_companion(&r.op, 2, "two");
    kit_put(&r.rivals[0], 1, LATER, "first");
    race(&r, &f.other);
    assert_int_equal(kit_do(&f.k, &r.op), TG_OK);
    assert_int_equal(r.op.decided, 2);
    assert_text(&f.k, 1, "second");
    assert_text(&f.k, 2, "two");
    end(&f);
}

static void
who_loses_every_time_is_answered_in_the_end(void **state)
{
    struct fixture f;
    struct raced r;

    (void)state;
    begin(&f);
    put_row(&f.k, 1, "zero");
    kit_put(&r.op, 1, LATER, "late");
    kit_put(&r.rivals[0], 1, LATER, "even");
    kit_put(&r.rivals[1], 1, LATER, "odd");
    race(&r, &f.other);
    r.races = 1000;
    assert_int_equal(kit_do(&f.k, &r.op), TG_E_STORE);
    assert_int_equal(r.op.decided, 8);
    assert_string_not_equal(kit_look(&f.k, 1), "late");
    end(&f);
}

/* ---- pairs in a batch -------------------------------------------------- */

static void
what_changes_a_row_with_a_companion_has_its_turn_afterwards(
    void **state)
{
    struct fixture f;
    struct kit_op put, look, again, del;
    struct kit_op *const batch[] = {&put, &look, &again, &del};

    (void)state;
    begin(&f);
    kit_put(&put, 1, LATER, "one");
    with_companion(&put, 2, "two");
    kit_get(&look, 2);
    kit_put(&again, 1, LATER, "again");
    kit_remove(&del, 2);
    kit_run_ops(&f.k, batch, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(batch[i]->op.result, TG_OK);
    assert_true(look.found && again.found && del.found);
    assert_text(&f.k, 1, "again");
    assert_null(kit_look(&f.k, 2));
    end(&f);
}

static void
a_companion_that_is_in_the_database_fails_its_operation_alone(void **state)
{
    struct fixture f;
    struct kit_op put, more;
    struct kit_op *const batch[] = {&put, &more};

    (void)state;
    begin(&f);
    put_row(&f.k, 2, "two");
    kit_put(&put, 1, LATER, "one");
    with_companion(&put, 2, "usurper");
    kit_put(&more, 3, LATER, "three");
    kit_run_ops(&f.k, batch, 2);
    assert_int_equal(put.op.result, TG_E_EXISTS);
    assert_int_equal(more.op.result, TG_OK);
    assert_null(kit_look(&f.k, 1));
    assert_text(&f.k, 2, "two");
    assert_text(&f.k, 3, "three");
    end(&f);
}

/* ---- statements that fail ---------------------------------------------- */

/* From now on the row of this key cannot be written; SQLSTATE says why. */
static void
spoil(unsigned key, const char *sqlstate)
{
    const struct store_key k = kit_key(key);
    char hex[2 * STORE_KEY_LEN + 1];
    char text[512];

    for (size_t i = 0; i < STORE_KEY_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02x", k.bytes[i]);
    snprintf(text, sizeof(text),
             "CREATE OR REPLACE FUNCTION tigress.spoil() RETURNS trigger"
             " LANGUAGE plpgsql AS $$ BEGIN"
             " RAISE EXCEPTION 'spoiled' USING ERRCODE = '%s'; END $$;"
             "CREATE OR REPLACE TRIGGER spoil BEFORE INSERT OR UPDATE"
             " ON tigress.rows FOR EACH ROW WHEN (NEW.key = '\\x%s')"
             " EXECUTE FUNCTION tigress.spoil()", sqlstate, hex);
    kit_sql(text);
}

static void
a_statement_that_fails_harms_nobody_else(void **state)
{
    static const struct {
        const char *sqlstate;
        enum tg_err err;
    } cases[] = {{"P0001", TG_E_STORE}, {"53100", TG_E_FULL}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct kit_op before, bad, del, look;
        struct kit_op *const batch[] = {&before, &bad, &del, &look};

        begin(&f);
        put_row(&f.k, 3, "three");
        spoil(2, cases[i].sqlstate);
        kit_put(&before, 1, LATER, "one");
        kit_put(&bad, 2, LATER, "two");
        kit_remove(&del, 3);
        kit_get(&look, 4);
        kit_run_ops(&f.k, batch, 4);
        assert_int_equal(before.op.result, TG_OK);
        assert_int_equal(bad.op.result, cases[i].err);
        assert_int_equal(del.op.result, TG_OK);
        assert_int_equal(look.op.result, TG_OK);
        assert_text(&f.other, 1, "one");
        assert_null(kit_look(&f.other, 2));
        assert_null(kit_look(&f.other, 3));
        assert_int_equal(pg_kit_word_count(), 1);
        end(&f);
    }
}

/* ---- rows in the database ---------------------------------------------- */

enum { SMALL_MOST = 7900, BIG = 64 * 1024, BIGGEST = 800 * 1024 };

static uint8_t seen[BIGGEST];
static size_t seen_len;

static enum tg_err
decide_to_look(struct store_op *op, const struct store_row *row,
               struct store_change *change)
{
    (void)op;
    (void)change;
    assert_non_null(row);
    assert_true(row->blob.len <= BIGGEST);
    memcpy(seen, row->blob.ptr, row->blob.len);
    seen_len = row->blob.len;
    return TG_OK;
}

static void
large_blobs_lie_beside_their_row_and_small_ones_in_it(void **state)
{
    static const size_t lens[] = {1900, SMALL_MOST, SMALL_MOST + 1, BIG,
                                  BIGGEST, 20};
    static uint8_t bytes[BIGGEST];
    struct fixture f;
    struct kit_op put, get;

    (void)state;
    begin(&f);
    for (size_t i = 0; i < BIGGEST; i++)
        bytes[i] = (uint8_t)(i * i >> 7);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        kit_put(&put, 1, LATER, "");
        put.change.row.blob = (struct tg_span){bytes, lens[i]};
        kit_get(&get, 1);
        get.op.decide = decide_to_look;
        /* A kit_op keeps no blob of that size. */
        kit_sql("UPDATE tigress.rows SET small = '', large = NULL");
        assert_int_equal(kit_do(&f.k, &put), TG_OK);
        assert_int_equal(kit_do(&f.other, &get), TG_OK);
        assert_int_equal(seen_len, lens[i]);
        assert_memory_equal(seen, bytes, lens[i]);
        assert_string_equal(kit_sql("SELECT large IS NULL FROM tigress.rows"),
                            lens[i] <= SMALL_MOST ? "t" : "f");
    }
    end(&f);
}

/* R-WAIT-3 */
static void
those_who_wait_at_other_relays_are_told_which_rows_have_changed(void **state)
{
    struct fixture f;
    struct kit_op put, quiet, del;
    struct kit_op *const batch[] = {&put, &quiet, &del};
    PGconn *pg = PQconnectdb(kit_database());
    struct tg_span text;
    PGnotify *heard;
    int woken[4] = {0};
    struct pg_wake wake;

    (void)state;
    begin(&f);
    put_row(&f.k, 3, "three");
    PQclear(PQexec(pg, "LISTEN tigress"));
    kit_put(&put, 1, LATER, "one");
    put.change.wake = STORE_WAKE_TO_LOOK;
    kit_put(&quiet, 2, LATER, "two");
    kit_remove(&del, 3);
    del.change.wake = STORE_WAKE_TO_END;
    kit_run_ops(&f.k, batch, 3);
    PQclear(PQexec(pg, "SELECT 1")); /* brings what is there */
    heard = PQnotifies(pg);
    assert_non_null(heard);
    text = tg_span_text(heard->extra);
    while (pg_wakes_next(&text, &wake) == TG_OK)
        for (unsigned i = 1; i <= 3; i++) {
            struct store_key expected = kit_key(i);

            if (memcmp(&wake.key, &expected, sizeof(expected)) == 0)
                woken[i] = (int)wake.kind;
        }
    assert_int_equal(text.len, 0);
    assert_int_equal(woken[1], PG_WAKE_LOOK);
    assert_int_equal(woken[2], 0);
    assert_int_equal(woken[3], PG_WAKE_END);
    PQfreemem(heard);
    assert_null(PQnotifies(pg));
    PQfinish(pg);
    end(&f);
}

static void
a_newer_wait_is_told_with_its_claim_and_how_new_it_is(void **state)
{
    const struct pg_wake told = {.kind = PG_WAKE_NEWER, .key = kit_key(7),
                                 .claim = 0x0123456789abcdef,
                                 .ticket = UINT64_MAX - 1};
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_span rest;
    struct pg_wake heard;

    (void)state;
    assert_int_equal(pg_wakes_add(&text, &told), TG_OK);
    assert_int_equal(text.len, PG_WAKES_LONGEST);
    rest = tg_span_buf(&text);
    assert_int_equal(pg_wakes_next(&rest, &heard), TG_OK);
    assert_int_equal(rest.len, 0);
    assert_int_equal(heard.kind, PG_WAKE_NEWER);
    assert_memory_equal(&heard.key, &told.key, sizeof(told.key));
    assert_int_equal(heard.claim, told.claim);
    assert_int_equal(heard.ticket, told.ticket);
    rest = (struct tg_span){text.ptr, text.len - 1};
    assert_int_equal(pg_wakes_next(&rest, &heard), TG_E_FORMAT);
    tg_buf_free(&text);
}

static void
a_notification_that_is_not_ours_is_noticed(void **state)
{
    static const char *const texts[] = {"x", "lAAAAAAAAAAAAAAAAAAAAAA=",
                                        "lAAAAAAAAAAAAAAAAAAAAA!==",
                                        "lAAAAAAAAAAAAAAAAAAAAAAAA",
                                        "xAAAAAAAAAAAAAAAAAAAAAA=="};
    struct pg_wake wake;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tg_span text = tg_span_text(texts[i]);

        assert_int_equal(pg_wakes_next(&text, &wake), TG_E_FORMAT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_make_a_row_the_second_decides_again),
        cmocka_unit_test(
            of_two_that_change_a_row_the_second_alone_decides_again),
        cmocka_unit_test(
            a_row_that_another_removes_meanwhile_is_not_brought_back_unasked),
        cmocka_unit_test(
            a_removal_of_what_another_has_changed_is_decided_again),
        cmocka_unit_test(a_companion_does_not_come_without_its_row),
        cmocka_unit_test(nor_without_the_change_of_one_that_was_there),
        cmocka_unit_test(who_loses_every_time_is_answered_in_the_end),
        cmocka_unit_test(
            what_changes_a_row_with_a_companion_has_its_turn_afterwards),
        cmocka_unit_test(
            a_companion_that_is_in_the_database_fails_its_operation_alone),
        cmocka_unit_test(a_statement_that_fails_harms_nobody_else),
        cmocka_unit_test(large_blobs_lie_beside_their_row_and_small_ones_in_it),
        cmocka_unit_test(
            those_who_wait_at_other_relays_are_told_which_rows_have_changed),
        cmocka_unit_test(a_newer_wait_is_told_with_its_claim_and_how_new_it_is),
        cmocka_unit_test(a_notification_that_is_not_ours_is_noticed),
    };

    if (!kit_choose("pg"))
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("pg conflict", tests, NULL, NULL);
}

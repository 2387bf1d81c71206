/* Connections to PostgreSQL that are lost in the middle of a batch: what is
 * tried again, what is looked up, what is never guessed. */
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "pg_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600 };

struct fixture {
    struct kit k;      /* through the proxy */
    struct kit other;  /* directly */
    struct pg_proxy *proxy;
};

static void
begin(struct fixture *f)
{
    pg_kit_clear();
    f->proxy = pg_proxy_new();
    assert_int_equal(pg_kit_open(&f->k, pg_proxy_uri(f->proxy), PG_LOCAL),
                     TG_OK);
    assert_int_equal(pg_kit_open(&f->other, NULL, PG_LOCAL), TG_OK);
}

static void
end(struct fixture *f)
{
    kit_close(&f->k);
    kit_close(&f->other);
    pg_proxy_free(f->proxy);
}

static void
assert_text(const struct kit *k, unsigned key, const char *text)
{
    const char *found = kit_look(k, key);

    assert_non_null(found);
    assert_string_equal(found, text);
}

static void
a_batch_cut_off_before_its_rows_are_loaded_is_tried_again(void **state)
{
    struct fixture f;
    struct kit_op put;

    (void)state;
    begin(&f);
    pg_proxy_cut(f.proxy, PG_CUT_BEFORE_LOAD, NULL);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_OK);
    assert_int_equal(put.decided, 1);
    assert_text(&f.other, 1, "one");
    end(&f);
}

static void
a_commit_that_did_not_arrive_is_tried_again_where_that_can_be_seen(
    void **state)
{
    struct fixture f;
    struct kit_op put, again, more;
    struct kit_op *const batch[] = {&again, &more};

    (void)state;
    begin(&f);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_OK);
    pg_proxy_cut(f.proxy, PG_CUT_BEFORE_COMMIT, NULL);
    kit_put(&again, 1, LATER, "two");
    kit_put(&more, 2, LATER, "more");
    kit_run_ops(&f.k, batch, 2);
    /* The first row bears its old stamp: so the second is not there either. */
    assert_int_equal(again.op.result, TG_OK);
    assert_int_equal(more.op.result, TG_OK);
    assert_int_equal(again.decided, 2);
    assert_int_equal(more.decided, 2);
    assert_text(&f.other, 1, "two");
    assert_text(&f.other, 2, "more");
    end(&f);
}

/* A row that is not there might have come and gone. */
static void
a_commit_that_did_not_arrive_is_not_guessed_where_nothing_shows(void **state)
{
    struct fixture f;
    struct kit_op put, get, after;
    struct kit_op *const batch[] = {&put, &get, &after};

    (void)state;
    begin(&f);
    pg_proxy_cut(f.proxy, PG_CUT_BEFORE_COMMIT, NULL);
    kit_put(&put, 1, LATER, "one");
    kit_get(&get, 2);
    kit_get(&after, 1);
    kit_run_ops(&f.k, batch, 3);
    /* The commit was sent, as far as we can tell: so it is not repeated. */
    assert_int_equal(put.op.result, TG_E_STORE);
    assert_int_equal(put.decided, 1);
    assert_null(kit_look(&f.other, 1));
    /* Who only read may ask as often as it likes. */
    assert_int_equal(get.op.result, TG_OK);
    assert_int_equal(after.op.result, TG_OK);
    assert_int_equal(after.decided, 2);
    /* And the store works again by itself. */
    assert_int_equal(kit_do(&f.k, &put), TG_OK);
    assert_text(&f.other, 1, "one");
    end(&f);
}

static void
a_commit_whose_answer_was_lost_is_found_out_to_be_done(void **state)
{
    struct fixture f;
    struct kit_op put, again, more;
    struct kit_op *const batch[] = {&again, &more};

    (void)state;
    begin(&f);
    pg_proxy_cut(f.proxy, PG_CUT_AFTER_COMMIT, NULL);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_OK);
    assert_int_equal(put.decided, 1);
    assert_text(&f.other, 1, "one");

    pg_proxy_cut(f.proxy, PG_CUT_AFTER_COMMIT, NULL);
    kit_put(&again, 1, LATER, "two");
    kit_put(&more, 2, LATER, "more");
    more.change.has_companion = true;
    more.change.companion_key = kit_key(3);
    more.change.companion = (struct store_row){LATER, tg_span_text("third")};
    kit_run_ops(&f.k, batch, 2);
    assert_int_equal(again.op.result, TG_OK);
    assert_int_equal(more.op.result, TG_OK);
    assert_int_equal(again.decided + more.decided, 2);
    assert_text(&f.other, 1, "two");
    assert_text(&f.other, 3, "third");
    end(&f);
}

/* What is gone bears no stamp. */
static void
a_removal_whose_answer_was_lost_is_not_guessed(void **state)
{
    struct fixture f;
    struct kit_op put, del;

    (void)state;
    begin(&f);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_OK);
    pg_proxy_cut(f.proxy, PG_CUT_AFTER_COMMIT, NULL);
    kit_remove(&del, 1);
    assert_int_equal(kit_do(&f.k, &del), TG_E_STORE);
    assert_int_equal(del.decided, 1);
    assert_null(kit_look(&f.other, 1));
    end(&f);
}

#define IN_THE_QUEUE \
    "FROM pg_stat_activity WHERE wait_event_type = 'Lock'" \
    " AND starts_with(application_name, 'tigress-')"

/* Cuts the connection whose server process waits for a row that somebody else
 * holds, and lets go of the row once the next one waits for it. */
static void *
cut_in_the_queue(void *self)
{
    struct pg_proxy *proxy = self;
    char question[256];

    pg_kit_wait_until("SELECT count(*) = 1 " IN_THE_QUEUE);
    snprintf(question, sizeof(question),
             "SELECT count(*) > 0 " IN_THE_QUEUE " AND pid <> %s",
             kit_sql("SELECT pid " IN_THE_QUEUE));
    pg_proxy_close(proxy);
    pg_proxy_open(proxy);
    pg_kit_wait_until(question);
    kit_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'holder'");
    return NULL;
}

/* The first server process has all of the batch, commit and all, before it. */
static void
what_a_lost_connection_left_behind_does_not_come_to_life_later(void **state)
{
    struct fixture f;
    struct kit_op put, again;
    PGconn *holder;
    pthread_t thread;

    (void)state;
    begin(&f);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_OK);
    holder = PQconnectdb(kit_database());
    PQclear(PQexec(holder, "SET application_name = 'holder'; BEGIN;"
                           "SELECT FROM tigress.rows FOR UPDATE"));
    assert_int_equal(pthread_create(&thread, NULL, cut_in_the_queue, f.proxy),
                     0);
    kit_put(&again, 1, LATER, "two");
    assert_int_equal(kit_do(&f.k, &again), TG_OK);
    pthread_join(thread, NULL);
    PQfinish(holder);
    /* Not a third time, which would find the second's row. */
    assert_int_equal(again.decided, 2);
    assert_text(&f.other, 1, "two");
    end(&f);
}

static void
overwrite(void)
{
    kit_sql("UPDATE tigress.rows SET stamp = 1");
}

static void
a_write_that_another_has_overwritten_since_is_not_guessed(void **state)
{
    struct fixture f;
    struct kit_op put;

    (void)state;
    begin(&f);
    pg_proxy_cut(f.proxy, PG_CUT_AFTER_COMMIT, overwrite);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_E_STORE);
    assert_int_equal(put.decided, 1);
    end(&f);
}

/* Slow: this is how long a batch is tried. */
static void
without_a_database_operations_fail_and_the_operator_is_told_once(void **state)
{
    struct fixture f;
    struct kit_op put;

    (void)state;
    begin(&f);
    pg_kit_forget_words();
    pg_proxy_close(f.proxy);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_E_STORE);
    assert_non_null(strstr(pg_kit_words(), "does not answer"));
    /* Whoever comes later does not wait as long. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(kit_do(&f.k, &put), TG_E_STORE);
    assert_int_equal(pg_kit_word_count(), 1);
    assert_int_equal(put.decided, 0);

    pg_proxy_open(f.proxy);
    while (kit_do(&f.k, &put) != TG_OK)
        continue; /* until the next attempt to connect is due */
    assert_text(&f.other, 1, "one");
    assert_int_equal(pg_kit_word_count(), 2);
    assert_non_null(strstr(pg_kit_words(), "answers again"));
    end(&f);
}

static void
become_another(void)
{
    kit_sql("UPDATE tigress.site SET salt = decode(repeat('00', 32), 'hex')");
}

static void
another_database_in_the_place_of_the_first_is_refused(void **state)
{
    struct fixture f;
    struct kit_op put;

    (void)state;
    begin(&f);
    pg_proxy_cut(f.proxy, PG_CUT_BEFORE_LOAD, become_another);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&f.k, &put), TG_E_STORE);
    assert_int_equal(put.decided, 0);
    assert_non_null(strstr(pg_kit_words(), "not the one"));
    end(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_batch_cut_off_before_its_rows_are_loaded_is_tried_again),
        cmocka_unit_test(
            a_commit_that_did_not_arrive_is_tried_again_where_that_can_be_seen),
        cmocka_unit_test(
            a_commit_that_did_not_arrive_is_not_guessed_where_nothing_shows),
        cmocka_unit_test(
            a_commit_whose_answer_was_lost_is_found_out_to_be_done),
        cmocka_unit_test(a_removal_whose_answer_was_lost_is_not_guessed),
        cmocka_unit_test(
            a_write_that_another_has_overwritten_since_is_not_guessed),
        cmocka_unit_test(
            what_a_lost_connection_left_behind_does_not_come_to_life_later),
        cmocka_unit_test(
            without_a_database_operations_fail_and_the_operator_is_told_once),
        cmocka_unit_test(
            another_database_in_the_place_of_the_first_is_refused),
    };

    if (!kit_choose("pg"))
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("pg lost", tests, NULL, NULL);
}

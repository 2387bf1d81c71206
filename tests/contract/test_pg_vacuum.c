/* Who vacuums the table of rows, and with which rights. How far it grows is
 * tests/postgres/test_growth.py's. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "pg_kit.h"
#include "store/postgres/pg_vacuum.h"

enum { ROWS = 5000, WAITS = 1000, WAIT_US = 20000 };

/* By hand, not by autovacuum. */
#define WAS_VACUUMED \
    "SELECT vacuum_count > 0 FROM pg_stat_user_tables" \
    " WHERE relid = 'tigress.rows'::regclass"

#define TOAST \
    "(SELECT reltoastrelid FROM pg_class WHERE oid = 'tigress.rows'::regclass)"

/* A table in which as many rows have died as live; its owner's, as the first
 * start of a relay makes it. */
static void
make_rows(const char *owner)
{
    const struct pg_options options = {.uri = owner, .durability = PG_LOCAL};
    char text[512];

    assert_int_equal(pg_store_migrate(&options), TG_OK);
    snprintf(text, sizeof(text),
             "INSERT INTO tigress.rows SELECT decode(md5(n::text), 'hex'), n,"
             " n, '', NULL FROM generate_series(1, %d) n;"
             "DELETE FROM tigress.rows WHERE stamp %% 2 = 0", 2 * ROWS);
    kit_sql(text);
}

static struct pg_vacuum *
start(const char *uri)
{
    const struct pg_options options = {.uri = uri, .durability = PG_LOCAL};
    struct pg_vacuum *v = NULL;

    assert_int_equal(pg_vacuum_new(&options, &v), TG_OK);
    return v;
}

static void
make_roles(void)
{
    kit_sql("CREATE ROLE tigress_owner LOGIN;"
            "CREATE ROLE tigress_relay LOGIN NOINHERIT;"
            "CREATE ROLE tigress_rows; GRANT tigress_rows TO tigress_owner;"
            "CREATE SCHEMA tigress AUTHORIZATION tigress_owner");
}

static int
clear(void **state)
{
    (void)state;
    pg_kit_clear();
    kit_sql("DO $$ DECLARE r text; BEGIN FOR r IN SELECT rolname FROM pg_roles"
            " WHERE rolname LIKE 'tigress\\_%' LOOP"
            " EXECUTE 'DROP OWNED BY ' || r || ' CASCADE';"
            " EXECUTE 'DROP ROLE ' || r; END LOOP; END $$");
    return 0;
}

static void
where_rows_have_died_the_table_is_vacuumed(void **state)
{
    struct pg_vacuum *v = start(kit_database());

    (void)state;
    make_rows(kit_database());
    pg_vacuum_tell(v, ROWS);
    pg_kit_wait_until(WAS_VACUUMED);
    assert_false(pg_vacuum_was_refused(v));
    pg_vacuum_free(v);
}

/* Few rows, but what is too large for a page lies in many chunks elsewhere. */
static void
where_large_ones_have_died_their_room_is_vacuumed_too(void **state)
{
    const struct pg_options options = {.uri = kit_database(),
                                       .durability = PG_LOCAL};
    struct pg_vacuum *v = start(kit_database());

    (void)state;
    assert_int_equal(pg_store_migrate(&options), TG_OK);
    kit_sql("INSERT INTO tigress.rows SELECT decode(md5(n::text), 'hex'), n, n,"
            " NULL, decode(repeat(md5(n::text), 700), 'hex')"
            " FROM generate_series(1, 300) n;"
            "DELETE FROM tigress.rows");
    pg_kit_wait_until("SELECT pg_stat_get_dead_tuples(" TOAST ") > 1000");
    pg_vacuum_tell(v, 300);
    pg_kit_wait_until("SELECT vacuum_count > 0 FROM pg_stat_all_tables"
                      " WHERE relid = " TOAST);
    pg_vacuum_free(v);
}

/* The other keeps no connection either. */
static void
of_several_relays_one_vacuums(void **state)
{
    struct pg_vacuum *one = start(kit_database());
    struct pg_vacuum *other = start(kit_database());

    (void)state;
    make_rows(kit_database());
    pg_vacuum_tell(one, ROWS);
    pg_kit_wait_until(WAS_VACUUMED);
    pg_vacuum_tell(other, ROWS);
    pg_vacuum_tell(one, ROWS);
    pg_kit_wait_until("SELECT vacuum_count > 1 FROM pg_stat_user_tables"
                      " WHERE relid = 'tigress.rows'::regclass");
    assert_string_equal(
        kit_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
        "1");
    pg_kit_wait_until("SELECT count(*) = 1 FROM pg_stat_activity"
                      " WHERE application_name LIKE 'tigress-%'");
    pg_vacuum_free(one);
    pg_vacuum_free(other);
}

static void
a_relays_user_becomes_the_tables_owner_for_that_alone(void **state)
{
    char relay[256];
    struct pg_vacuum *v;

    (void)state;
    make_roles();
    kit_sql("GRANT tigress_rows TO tigress_relay");
    make_rows(pg_kit_uri_of("tigress_owner"));
    assert_string_equal(
        kit_sql("SELECT has_table_privilege('tigress_relay', 'tigress.rows',"
                " 'TRUNCATE, TRIGGER') OR has_schema_privilege('tigress_rows',"
                " 'tigress', 'CREATE')"), "f");
    snprintf(relay, sizeof(relay), "%s", pg_kit_uri_of("tigress_relay"));
    v = start(relay);
    pg_vacuum_tell(v, ROWS);
    pg_kit_wait_until(WAS_VACUUMED);
    assert_false(pg_vacuum_was_refused(v));
    pg_vacuum_free(v);
}

static void
who_may_not_vacuum_finds_out_and_says_so_once(void **state)
{
    char relay[256];
    struct pg_vacuum *v;
    bool is_refused = false;

    (void)state;
    make_roles();
    make_rows(pg_kit_uri_of("tigress_owner"));
    snprintf(relay, sizeof(relay), "%s", pg_kit_uri_of("tigress_relay"));
    v = start(relay);
    pg_vacuum_tell(v, ROWS);
    for (int i = 0; i < WAITS && !is_refused; i++) {
        is_refused = pg_vacuum_was_refused(v);
        usleep(WAIT_US);
    }
    assert_true(is_refused);
    assert_false(pg_vacuum_was_refused(v));
    pg_vacuum_free(v);
    assert_string_equal(
        kit_sql("SELECT vacuum_count FROM pg_stat_user_tables"
                " WHERE relid = 'tigress.rows'::regclass"), "0");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            where_rows_have_died_the_table_is_vacuumed, clear, clear),
        cmocka_unit_test_setup_teardown(
            where_large_ones_have_died_their_room_is_vacuumed_too, clear,
            clear),
        cmocka_unit_test_setup_teardown(of_several_relays_one_vacuums, clear,
                                        clear),
        cmocka_unit_test_setup_teardown(
            a_relays_user_becomes_the_tables_owner_for_that_alone, clear,
            clear),
        cmocka_unit_test_setup_teardown(
            who_may_not_vacuum_finds_out_and_says_so_once, clear, clear),
    };

    if (!kit_choose("pg"))
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("pg vacuum", tests, NULL, NULL);
}

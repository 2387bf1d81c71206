/* Which databases are refused, and in which words; first starts; standbys that
 * do not confirm. */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pg_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600, STARTERS = 8 };

static void
assert_refused(const char *uri, enum pg_durability durability,
               const char *words)
{
    struct kit k;

    pg_kit_forget_words();
    assert_int_equal(pg_kit_open(&k, uri, durability), TG_E_STORE);
    if (strstr(pg_kit_words(), words) == NULL)
        fail_msg("'%s' instead of '%s'", pg_kit_words(), words);
    assert_null(strstr(pg_kit_words(), "/tmp"));
}

static void
assert_accepted(const char *uri)
{
    struct kit k;
    struct kit_op put;

    assert_int_equal(pg_kit_open(&k, uri, PG_LOCAL), TG_OK);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    kit_close(&k);
}

/* Set a setting of the server, and wait until it counts. "" resets it. */
static void
set(const char *name, const char *value, const char *expected)
{
    char text[128];

    snprintf(text, sizeof(text), "ALTER SYSTEM SET %s = '%s'", name, value);
    kit_sql(text);
    kit_sql("SELECT pg_reload_conf()");
    snprintf(text, sizeof(text), "SELECT current_setting('%s') = '%s'", name,
             expected);
    pg_kit_wait_until(text);
}

/* ---- addresses --------------------------------------------------------- */

static void
a_password_in_the_address_is_refused_in_words(void **state)
{
    (void)state;
    assert_non_null(strstr(
        pg_store_check_uri("postgresql://me:secret@host/db"), "passfile="));
    assert_non_null(strstr(
        pg_store_check_uri("postgresql://host/db?password=secret"),
        "passfile="));
    assert_non_null(pg_store_check_uri("host=x dbname=y"));
    assert_non_null(pg_store_check_uri("postgresql://host/db?nonsense=1"));
    assert_null(pg_store_check_uri(
        "postgresql://me@a,b:5433/db?passfile=/run/p&sslmode=verify-full"));
    assert_null(pg_store_check_uri("postgres:///?service=tigress"));
}

static void
trouble_with_connecting_is_told_in_words(void **state)
{
    (void)state;
    pg_kit_clear();
    assert_refused("postgresql:///postgres?host=/tmp/nowhere&port=1", PG_LOCAL,
                   "does not answer");
    assert_refused(pg_kit_uri_of("nobody_of_that_name"), PG_LOCAL,
                   "refuses this user");
    kit_sql("DROP ROLE IF EXISTS reader");
    kit_sql("CREATE ROLE reader LOGIN");
    kit_sql("ALTER ROLE reader SET default_transaction_read_only = on");
    assert_refused(pg_kit_uri_of("reader"), PG_LOCAL, "takes writes");
    kit_sql("DROP ROLE reader");
}

/* ---- durability -------------------------------------------------------- */

static void
a_database_that_would_lose_what_it_confirmed_is_refused(void **state)
{
    (void)state;
    pg_kit_clear();
    set("fsync", "off", "off");
    assert_refused(NULL, PG_LOCAL, "fsync = on");
    set("fsync", "on", "on");
    set("full_page_writes", "off", "off");
    assert_refused(NULL, PG_LOCAL, "full_page_writes = on");
    set("full_page_writes", "on", "on");
    assert_refused(NULL, PG_REPLICATED, "synchronous_standby_names");
    assert_accepted(NULL);
}

/* What it is while a row is written is noted by the table itself. */
static void
commits_are_synchronous_whatever_the_role_and_database_say(void **state)
{
    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    kit_sql("ALTER ROLE tigress SET synchronous_commit = off");
    kit_sql("ALTER DATABASE postgres SET synchronous_commit = local");
    kit_sql("CREATE TABLE tigress.noted (setting text);"
            "CREATE FUNCTION tigress.note() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN INSERT INTO tigress.noted"
            " VALUES (current_setting('synchronous_commit'));"
            " RETURN NEW; END $$;"
            "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON tigress.rows"
            " FOR EACH ROW EXECUTE FUNCTION tigress.note()");
    assert_accepted(NULL);
    assert_string_equal(kit_sql("SELECT setting FROM tigress.noted"), "on");
    kit_sql("ALTER ROLE tigress RESET synchronous_commit");
    kit_sql("ALTER DATABASE postgres RESET synchronous_commit");
}

/* ---- tables ------------------------------------------------------------ */

static void
tables_of_a_newer_version_are_refused_unless_they_fit(void **state)
{
    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    kit_sql("INSERT INTO tigress.migrations (number, needs) VALUES (98, 1)");
    assert_accepted(NULL);
    kit_sql("INSERT INTO tigress.migrations (number, needs) VALUES (99, 99)");
    assert_refused(NULL, PG_LOCAL, "newer version");
    kit_sql("DELETE FROM tigress.migrations");
    assert_refused(NULL, PG_LOCAL, "reports an error");
}

static int
start_in_a_process(int start)
{
    struct kit k;
    char go;

    alarm(60);
    if (read(start, &go, 1) != 0)
        return 1;
    if (pg_kit_open(&k, NULL, PG_LOCAL) != TG_OK) {
        fprintf(stderr, "# %s\n", pg_kit_words());
        return 2;
    }
    kit_close(&k);
    return 0;
}

static void
first_starts_at_once_make_the_tables_once(void **state)
{
    pid_t starters[STARTERS];
    int start[2];
    int status;

    (void)state;
    pg_kit_clear();
    assert_int_equal(pipe(start), 0);
    for (size_t i = 0; i < STARTERS; i++) {
        if ((starters[i] = fork()) == 0) {
            close(start[1]);
            _exit(start_in_a_process(start[0]));
        }
        assert_true(starters[i] > 0);
    }
    close(start[0]);
    close(start[1]);
    for (size_t i = 0; i < STARTERS; i++) {
        assert_int_equal(waitpid(starters[i], &status, 0), starters[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_string_equal(kit_sql("SELECT count(*) FROM tigress.migrations"),
                        "1");
    assert_string_equal(kit_sql("SELECT count(*) FROM tigress.site"), "1");
}

static void
drop_roles(void)
{
    kit_sql("DROP OWNED BY tigress_owner CASCADE;"
            "DROP ROLE tigress_owner; DROP OWNED BY tigress_relay;"
            "DROP ROLE tigress_relay");
}

static void
a_role_without_rights_is_told_what_it_lacks(void **state)
{
    struct pg_options options = {.durability = PG_LOCAL};
    char owner[256];

    (void)state;
    pg_kit_clear();
    kit_sql("CREATE ROLE tigress_owner LOGIN;"
            "CREATE ROLE tigress_relay LOGIN;"
            "CREATE SCHEMA tigress AUTHORIZATION tigress_owner");
    snprintf(owner, sizeof(owner), "%s", pg_kit_uri_of("tigress_owner"));
    assert_refused(pg_kit_uri_of("tigress_relay"), PG_LOCAL, "--migrate");

    options.uri = owner;
    assert_int_equal(pg_store_migrate(&options), TG_OK);
    assert_int_equal(pg_store_migrate(&options), TG_OK); /* nothing to do */
    assert_accepted(pg_kit_uri_of("tigress_relay"));
    assert_string_equal(
        kit_sql("SELECT has_table_privilege('tigress_relay',"
                " 'tigress.migrations', 'INSERT, UPDATE, DELETE, TRUNCATE')"
                " OR has_table_privilege('tigress_relay', 'tigress.site',"
                " 'INSERT, UPDATE, DELETE, TRUNCATE')"
                " OR has_table_privilege('tigress_relay', 'tigress.rows',"
                " 'TRUNCATE, TRIGGER')"
                " OR has_schema_privilege('tigress_relay', 'tigress',"
                " 'CREATE')"), "f");
    kit_sql("REVOKE SELECT ON tigress.site FROM tigress_relay");
    assert_refused(pg_kit_uri_of("tigress_relay"), PG_LOCAL, "lacks rights");
    pg_kit_clear();
    drop_roles();
}

/* ---- keys of hours ----------------------------------------------------- */

static bool
is_in_the_table(const struct hour_key *key)
{
    char text[512] = "CHECKPOINT; SELECT position('\\x";

    for (size_t i = 0; i < HOUR_KEY_LEN; i++)
        snprintf(text + strlen(text), 3, "%02x", key->bytes[i]);
    snprintf(text + strlen(text), sizeof(text) - strlen(text),
             "'::bytea IN pg_read_binary_file(pg_relation_filepath("
             "'tigress.hour_keys'))) > 0");
    return strcmp(kit_sql(text), "t") == 0;
}

/* Its bytes, not only its row; docs/operations.md tells what else has them. */
static void
a_destroyed_hour_key_leaves_the_table_with_the_next_vacuum(void **state)
{
    struct hour_key first, second;
    int looks = 0;
    struct kit k;

    (void)state;
    pg_kit_clear();
    set("autovacuum_naptime", "1s", "1s");
    assert_int_equal(pg_kit_open(&k, NULL, PG_LOCAL), TG_OK);
    assert_int_equal(k.hours.get(k.hours.self, NOW, true, &first), TG_OK);
    assert_int_equal(k.hours.get(k.hours.self, LATER, true, &second), TG_OK);
    assert_true(is_in_the_table(&first));
    assert_int_equal(k.hours.destroy(k.hours.self, LATER), TG_OK);
    pg_kit_wait_until("SELECT autovacuum_count > 0 FROM pg_stat_user_tables"
                      " WHERE relid = 'tigress.hour_keys'::regclass");
    /* Or with the one after that, if somebody could still have seen it. */
    while (is_in_the_table(&first))
        assert_true(looks++ < 1000);
    assert_true(is_in_the_table(&second));
    kit_close(&k);
}

/* ---- standbys ---------------------------------------------------------- */

#define WAITING \
    "FROM pg_stat_activity WHERE wait_event = 'SyncRep'" \
    " AND starts_with(application_name, 'tigress-')"

/* Cancels the wait for a standby, as an administrator might: the commit then
 * ends with a warning. */
enum cancelling { CANCEL_ONCE, CANCEL_ALWAYS, CANCEL_AND_LET };

struct canceller {
    pthread_t thread;
    enum cancelling how;        /* CANCEL_AND_LET: then a standby comes */
    struct pg_standby *standby; /* that one */
    _Atomic bool ends;
};

static void *
cancel_the_wait(void *self)
{
    struct canceller *c = self;

    if (c->how != CANCEL_ALWAYS)
        pg_kit_wait_until("SELECT count(*) > 0 " WAITING);
    do
        kit_sql("SELECT pg_cancel_backend(pid) " WAITING);
    while (c->how == CANCEL_ALWAYS && !c->ends);
    if (c->how == CANCEL_AND_LET)
        c->standby = pg_standby_new("nobody_there");
    return NULL;
}

static void
start_cancelling(struct canceller *c, enum cancelling how)
{
    c->how = how;
    c->ends = false;
    assert_int_equal(pthread_create(&c->thread, NULL, cancel_the_wait, c), 0);
}

/* Slow: each failure takes as long as a batch is tried. */
static void
what_no_standby_has_confirmed_is_told_to_nobody(void **state)
{
    struct canceller c;
    struct kit k;
    struct kit_op put, look;

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    set("synchronous_standby_names", "nobody_there", "nobody_there");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    start_cancelling(&c, CANCEL_ONCE);
    kit_put(&put, 1, LATER, "unconfirmed");
    assert_int_equal(kit_do(&k, &put), TG_E_STORE);
    pthread_join(c.thread, NULL);
    assert_non_null(strstr(pg_kit_words(), "do not confirm"));
    /* It is there for all to see … */
    assert_string_equal(
        kit_sql("SELECT encode(small, 'escape') FROM tigress.rows"),
        "unconfirmed");
    /* … but whoever looks is told nothing. */
    kit_get(&look, 1);
    assert_int_equal(kit_do(&k, &look), TG_E_STORE);
    kit_close(&k);
    set("synchronous_standby_names", "", "");
}

/* Neither the commit, nor the look at what became of it, nor a reader's. */
static void
a_warning_confirms_nothing(void **state)
{
    struct canceller c;
    struct kit k;
    struct kit_op put, look, mixed[2];
    struct kit_op *const batch[] = {&mixed[0], &mixed[1]};

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    set("synchronous_standby_names", "nobody_there", "nobody_there");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    start_cancelling(&c, CANCEL_ALWAYS);
    kit_put(&put, 1, LATER, "unconfirmed");
    (void)kit_do(&k, &put);
    kit_get(&look, 1);
    (void)kit_do(&k, &look);
    kit_get(&mixed[0], 1);
    kit_put(&mixed[1], 2, LATER, "another");
    kit_run_ops(&k, batch, 2);
    c.ends = true;
    pthread_join(c.thread, NULL);
    kit_close(&k);
    set("synchronous_standby_names", "", "");
    assert_int_equal(put.op.result, TG_E_STORE);
    assert_int_equal(look.op.result, TG_E_STORE);
    assert_int_equal(mixed[0].op.result, TG_E_STORE);
    assert_int_equal(mixed[1].op.result, TG_E_STORE);
}

static void
a_commit_that_ends_with_a_warning_is_done_once_it_is_covered(void **state)
{
    struct canceller c;
    struct kit k;
    struct kit_op put;

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    set("synchronous_standby_names", "nobody_there", "nobody_there");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    start_cancelling(&c, CANCEL_AND_LET);
    kit_put(&put, 2, LATER, "two");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    pthread_join(c.thread, NULL);
    assert_int_equal(put.decided, 1);
    kit_close(&k);
    set("synchronous_standby_names", "", "");
    pg_standby_free(c.standby);
}

/* A standby that comes while an operation waits. */
struct moment {
    struct pg_standby *standby;
    _Atomic bool has_standby;
    _Atomic bool is_over;
};

/* Comes once a second session waits for it, or when it is over. */
static void *
come_to_the_second(void *self)
{
    struct moment *m = self;
    char question[200];

    pg_kit_wait_until("SELECT count(*) > 0 " WAITING);
    snprintf(question, sizeof(question),
             "SELECT count(*) " WAITING " AND pid <> %s",
             kit_sql("SELECT pid " WAITING " LIMIT 1"));
    while (!m->is_over && strcmp(kit_sql(question), "0") == 0)
        continue;
    m->standby = pg_standby_new("late");
    return NULL;
}

/* The first waits until the batch's time is over; what became of it shows only
 * then. Slow, and again where the machine is too busy for it. */
static void
a_connection_that_comes_at_the_last_moment_is_given_time(void **state)
{
    enum tg_err err = TG_E_STORE;
    struct kit_op put;
    pthread_t thread;
    struct kit k;

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    set("synchronous_standby_names", "late", "late");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    for (int i = 0; i < 5 && err != TG_OK; i++) {
        struct moment m = {0};

        assert_int_equal(pthread_create(&thread, NULL, come_to_the_second, &m),
                         0);
        kit_put(&put, 1, LATER, "two");
        err = kit_do(&k, &put);
        m.is_over = true;
        pthread_join(thread, NULL);
        pg_standby_free(m.standby);
    }
    assert_int_equal(err, TG_OK);
    assert_int_equal(put.decided, 1);
    kit_close(&k);
    set("synchronous_standby_names", "", "");
}

/* ---- settings that change meanwhile ------------------------------------ */

static void *
empty_the_names(void *self)
{
    (void)self;
    pg_kit_wait_until("SELECT count(*) > 0 " WAITING);
    set("synchronous_standby_names", "", "");
    return NULL;
}

/* The server ends the wait of who waits, without a word. Slow. */
static void
a_wait_that_ends_since_nobody_is_asked_any_more_confirms_nothing(void **state)
{
    struct pg_standby *standby;
    struct kit_op put, look;
    pthread_t thread;
    struct kit k;

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    set("synchronous_standby_names", "late", "late");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    assert_int_equal(pthread_create(&thread, NULL, empty_the_names, NULL), 0);
    kit_put(&put, 1, LATER, "unconfirmed");
    assert_int_equal(kit_do(&k, &put), TG_E_STORE);
    pthread_join(thread, NULL);
    kit_get(&look, 1);
    do /* until the next attempt to connect is due */
        assert_int_equal(kit_do(&k, &look), TG_E_STORE);
    while (strstr(pg_kit_words(), "has no synchronous_standby_names") == NULL);

    standby = pg_standby_new("late");
    set("synchronous_standby_names", "late", "late");
    while (kit_do(&k, &look) != TG_OK)
        continue;
    assert_true(look.found);
    assert_non_null(strstr(pg_kit_words(), "answers again"));
    kit_close(&k);
    set("synchronous_standby_names", "", "");
    pg_standby_free(standby);
}

static void
weaker_settings_are_noticed_with_the_next_operation(void **state)
{
    struct kit_op put, get, removal;
    struct kit k;

    (void)state;
    pg_kit_clear();
    assert_int_equal(pg_kit_open(&k, NULL, PG_LOCAL), TG_OK);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    set("fsync", "off", "off");
    kit_remove(&removal, 1);
    assert_int_equal(kit_do(&k, &removal), TG_E_STORE);
    assert_non_null(strstr(pg_kit_words(), "fsync = on"));
    set("fsync", "on", "on");
    kit_get(&get, 2);
    while (kit_do(&k, &get) != TG_OK)
        continue;
    kit_close(&k);
}

/* Has the session that waits for a standby, and only that one, sleep while the
 * names are emptied and set again: what it then sees is that settings were
 * loaded, and are as before. A standby comes once it waits again. */
static void *
empty_the_names_for_a_moment(void *self)
{
    struct moment *m = self;
    pid_t waiting;

    pg_kit_wait_until("SELECT count(*) > 0 " WAITING);
    waiting = (pid_t)strtol(kit_sql("SELECT pid " WAITING), NULL, 10);
    assert_int_equal(kill(waiting, SIGSTOP), 0);
    set("synchronous_standby_names", "", "");
    set("synchronous_standby_names", "late", "late");
    assert_int_equal(kill(waiting, SIGCONT), 0);
    while (!m->is_over &&
           strcmp(kit_sql("SELECT count(*) " WAITING), "0") == 0)
        continue;
    m->has_standby = true;
    m->standby = pg_standby_new("late");
    return NULL;
}

/* On a machine so busy that all this takes longer than a batch is tried, it
 * may fail; it must not count before somebody has confirmed it. */
static void
a_wait_that_was_lifted_for_a_moment_goes_on(void **state)
{
    struct moment m = {0};
    struct kit_op removal;
    pthread_t thread;
    struct kit k;

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    set("synchronous_standby_names", "late", "late");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    assert_int_equal(pthread_create(&thread, NULL,
                                    empty_the_names_for_a_moment, &m), 0);
    kit_remove(&removal, 1);
    assert_true(kit_do(&k, &removal) == TG_E_STORE || m.has_standby);
    m.is_over = true;
    pthread_join(thread, NULL);
    assert_int_equal(removal.decided, 1);
    kit_close(&k);
    set("synchronous_standby_names", "", "");
    pg_standby_free(m.standby);
}

static void
settings_that_are_loaded_anew_and_are_as_good_cost_no_answer(void **state)
{
    struct kit_op put, removal, get;
    struct pg_standby *standby;
    struct kit k;

    (void)state;
    pg_kit_clear();
    assert_accepted(NULL);
    standby = pg_standby_new("here");
    set("synchronous_standby_names", "here", "here");
    assert_int_equal(pg_kit_open(&k, NULL, PG_REPLICATED), TG_OK);
    set("work_mem", "5MB", "5MB");
    kit_put(&put, 1, LATER, "two");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    set("work_mem", "6MB", "6MB");
    kit_remove(&removal, 1);
    assert_int_equal(kit_do(&k, &removal), TG_OK);
    set("work_mem", "7MB", "7MB");
    kit_get(&get, 1);
    assert_int_equal(kit_do(&k, &get), TG_OK);
    assert_int_equal(put.decided + removal.decided + get.decided, 3);
    assert_int_equal(pg_kit_word_count(), 0);
    kit_close(&k);
    set("synchronous_standby_names", "", "");
    pg_standby_free(standby);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_in_the_address_is_refused_in_words),
        cmocka_unit_test(trouble_with_connecting_is_told_in_words),
        cmocka_unit_test(
            a_database_that_would_lose_what_it_confirmed_is_refused),
        cmocka_unit_test(
            commits_are_synchronous_whatever_the_role_and_database_say),
        cmocka_unit_test(
            tables_of_a_newer_version_are_refused_unless_they_fit),
        cmocka_unit_test(first_starts_at_once_make_the_tables_once),
        cmocka_unit_test(a_role_without_rights_is_told_what_it_lacks),
        cmocka_unit_test(
            a_destroyed_hour_key_leaves_the_table_with_the_next_vacuum),
        cmocka_unit_test(what_no_standby_has_confirmed_is_told_to_nobody),
        cmocka_unit_test(a_warning_confirms_nothing),
        cmocka_unit_test(
            a_commit_that_ends_with_a_warning_is_done_once_it_is_covered),
        cmocka_unit_test(
            a_connection_that_comes_at_the_last_moment_is_given_time),
        cmocka_unit_test(
            a_wait_that_ends_since_nobody_is_asked_any_more_confirms_nothing),
        cmocka_unit_test(weaker_settings_are_noticed_with_the_next_operation),
        cmocka_unit_test(a_wait_that_was_lifted_for_a_moment_goes_on),
        cmocka_unit_test(
            settings_that_are_loaded_anew_and_are_as_good_cost_no_answer),
    };

    if (!kit_choose("pg"))
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("pg session", tests, NULL, NULL);
}

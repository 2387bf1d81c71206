/* The two halves of LMDB's index: wherever the entry of a row is, it is found,
 * changed and removed; entries move, and none is lost or left behind. */
#include <lmdb.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/lmdb/lmdb_index.h"
#include "store_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600, PATIENCE_S = 100 };

/* So many that there are young ones and others. */
enum { ROWS = LMDB_INDEX_YOUNG + 4 * LMDB_INDEX_SLICE };

/* ---- looking into the file --------------------------------------------- */

/* A store that is closed, without our code. */
struct raw {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi main_dbi, rows, index, young;
    size_t row_count, index_count, young_count;
};

static void
raw_open(struct raw *r, const struct kit *k)
{
    MDB_stat stat;

    assert_int_equal(mdb_env_create(&r->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(r->env, 4), 0);
    assert_int_equal(mdb_env_open(r->env, k->directory, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(r->env, NULL, 0, &r->txn), 0);
    assert_int_equal(mdb_dbi_open(r->txn, NULL, 0, &r->main_dbi), 0);
    assert_int_equal(mdb_dbi_open(r->txn, "rows", 0, &r->rows), 0);
    assert_int_equal(mdb_dbi_open(r->txn, "index", 0, &r->index), 0);
    assert_int_equal(mdb_dbi_open(r->txn, "young", 0, &r->young), 0);
    assert_int_equal(mdb_stat(r->txn, r->rows, &stat), 0);
    r->row_count = stat.ms_entries;
    assert_int_equal(mdb_stat(r->txn, r->index, &stat), 0);
    r->index_count = stat.ms_entries;
    assert_int_equal(mdb_stat(r->txn, r->young, &stat), 0);
    r->young_count = stat.ms_entries;
}

static void
raw_commit(struct raw *r)
{
    assert_int_equal(mdb_txn_commit(r->txn), 0);
    mdb_env_close(r->env);
}

static bool
names_a_row(const struct raw *r, MDB_val *key, MDB_val *sequence)
{
    MDB_val row;

    if (mdb_get(r->txn, r->rows, sequence, &row) != 0)
        return false;
    assert_memory_equal(row.mv_data, key->mv_data, STORE_KEY_LEN);
    return true;
}

/* How many rows an index names. What is over in the large one, and that
 * alone, must be marked in the young one. */
static size_t
rows_named(const struct raw *r, MDB_dbi dbi)
{
    MDB_cursor *cursor;
    MDB_val key, value, other;
    size_t named = 0;

    assert_int_equal(mdb_cursor_open(r->txn, dbi, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        MDB_dbi elsewhere = dbi == r->young ? r->index : r->young;
        bool is_twice = mdb_get(r->txn, elsewhere, &key, &other) == 0;
        bool has_row = names_a_row(r, &key, &value);

        assert_int_equal(is_twice, !has_row);
        named += has_row;
    }
    mdb_cursor_close(cursor);
    return named;
}

/* Each row has one entry, and what names none is marked. Closes and opens. */
static struct raw
assert_sound(struct kit *k)
{
    struct raw r;

    kit_close(k);
    raw_open(&r, k);
    assert_int_equal(rows_named(&r, r.young) + rows_named(&r, r.index),
                     r.row_count);
    raw_commit(&r);
    kit_open(k);
    return r;
}

/* ---- many rows --------------------------------------------------------- */

static const char *
text_of(unsigned key)
{
    return key % 2 == 0 ? "even" : "odd";
}

/* Put (with a text) or remove (without) keys `from` … `from + count - 1`. */
static bool
change_rows(const struct kit *k, unsigned from, unsigned count,
            const char *text)
{
    static struct kit_op ops[STORE_BATCH_MOST];
    struct kit_op *batch[STORE_BATCH_MOST];

    for (unsigned done = 0; done < count;) {
        unsigned some = 0;

        for (; some < STORE_BATCH_MOST && done < count; some++, done++) {
            if (text != NULL)
                kit_put(&ops[some], from + done, LATER + (from + done) % 7,
                        text);
            else
                kit_remove(&ops[some], from + done);
            batch[some] = &ops[some];
        }
        kit_run_ops(k, batch, some);
        for (unsigned i = 0; i < some; i++)
            if (ops[i].op.result != TG_OK)
                return false;
    }
    return true;
}

static void
put_rows(const struct kit *k, unsigned from, unsigned count, const char *text)
{
    assert_true(change_rows(k, from, count, text));
}

static void
remove_rows(const struct kit *k, unsigned from, unsigned count)
{
    assert_true(change_rows(k, from, count, NULL));
}

static void
assert_rows(const struct kit *k, unsigned from, unsigned count,
            const char *text)
{
    for (unsigned i = 0; i < count; i++) {
        const char *found = kit_look(k, from + i);

        if (text == NULL) {
            assert_null(found);
        } else {
            assert_non_null(found);
            assert_string_equal(found, text);
        }
    }
}

static void
begin_with_rows(struct kit *k)
{
    struct raw r;

    kit_begin(k);
    put_rows(k, 0, ROWS, "first");
    r = assert_sound(k);
    assert_int_equal(r.row_count, ROWS);
    assert_true(r.young_count <= LMDB_INDEX_YOUNG + STORE_BATCH_MOST);
    assert_int_equal(r.young_count + r.index_count, ROWS);
    assert_true(r.index_count >= LMDB_INDEX_SLICE);
}

/* ---- one process ------------------------------------------------------- */

static void
rows_are_found_and_changed_wherever_their_entries_are(void **state)
{
    struct kit k;

    (void)state;
    begin_with_rows(&k);
    assert_rows(&k, 0, ROWS, "first");
    put_rows(&k, 0, ROWS, "second, and longer");
    assert_rows(&k, 0, ROWS, "second, and longer");
    assert_null(kit_look(&k, ROWS));
    assert_int_equal(assert_sound(&k).row_count, ROWS);
    kit_end(&k);
}

static void
rows_are_removed_wherever_their_entries_are(void **state)
{
    struct kit k;

    (void)state;
    begin_with_rows(&k);
    remove_rows(&k, 1, ROWS - 1);
    assert_rows(&k, 0, 1, "first");
    assert_rows(&k, 1, ROWS - 1, NULL);
    assert_int_equal(assert_sound(&k).row_count, 1);
    remove_rows(&k, 0, ROWS);
    assert_int_equal(assert_sound(&k).row_count, 0);
    kit_end(&k);
}

static void
a_key_that_comes_again_names_the_new_row_alone(void **state)
{
    struct kit k;

    (void)state;
    begin_with_rows(&k);
    remove_rows(&k, 0, ROWS);
    put_rows(&k, 0, ROWS, "again");
    assert_rows(&k, 0, ROWS, "again");
    assert_int_equal(assert_sound(&k).row_count, ROWS);
    remove_rows(&k, 0, ROWS);
    assert_rows(&k, 0, ROWS, NULL);
    assert_int_equal(assert_sound(&k).row_count, 0);
    kit_end(&k);
}

static void
a_companion_finds_its_place_taken_in_either_index(void **state)
{
    struct kit_op put;
    struct kit k;

    (void)state;
    begin_with_rows(&k);
    for (unsigned i = 0; i < ROWS; i += 5) {
        kit_put(&put, ROWS, LATER, "row");
        put.change.has_companion = true;
        put.change.companion_key = kit_key(i);
        put.change.companion =
            (struct store_row){LATER, tg_span_text("usurper")};
        assert_int_equal(kit_do(&k, &put), TG_E_EXISTS);
    }
    assert_rows(&k, 0, ROWS, "first");
    assert_null(kit_look(&k, ROWS));
    kit_end(&k);
}

static void
rows_expire_wherever_their_entries_are(void **state)
{
    size_t removed;
    struct kit k;

    (void)state;
    begin_with_rows(&k);
    assert_int_equal(
        k.store.expire(k.store.self, LATER + 2, ROWS, &removed), TG_OK);
    assert_in_range(removed, ROWS / 7 * 3, ROWS / 7 * 3 + 3);
    for (unsigned i = 0; i < ROWS; i++)
        assert_int_equal(kit_look(&k, i) != NULL, i % 7 > 2);
    assert_int_equal(assert_sound(&k).row_count, ROWS - removed);
    kit_end(&k);
}

/* Also what is over in the large index leaves it. */
static void
entries_that_are_over_leave_both_indexes(void **state)
{
    enum { ROUNDS = 8 };
    struct raw r;
    struct kit k;

    (void)state;
    kit_begin(&k);
    for (unsigned round = 0; round < ROUNDS; round++) {
        put_rows(&k, round * ROWS, ROWS, "row");
        remove_rows(&k, round * ROWS, ROWS);
    }
    r = assert_sound(&k);
    assert_int_equal(r.row_count, 0);
    assert_true(r.young_count <= LMDB_INDEX_YOUNG + STORE_BATCH_MOST);
    assert_true(r.index_count <= 2 * LMDB_INDEX_YOUNG);
    kit_end(&k);
}

static void
a_sweep_moves_entries_too(void **state)
{
    size_t removed = 1;
    struct raw r;
    struct kit k;

    (void)state;
    kit_begin(&k);
    put_rows(&k, 0, 3 * ROWS, "row");
    while (removed > 0)
        assert_int_equal(k.store.expire(k.store.self, LATER + 7,
                                        STORE_BATCH_MOST, &removed),
                         TG_OK);
    r = assert_sound(&k);
    assert_int_equal(r.row_count, 0);
    assert_true(r.young_count <= LMDB_INDEX_YOUNG + STORE_BATCH_MOST);
    kit_end(&k);
}

/* Moving takes pages: it must not keep a row from being removed. */
static void
a_full_store_with_entries_to_move_can_be_emptied(void **state)
{
    enum { MAP_SIZE = 6 * 1024 * 1024 };
    struct kit k = {.map_size = MAP_SIZE};
    unsigned rows = 0;
    unsigned again = 0;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    while (change_rows(&k, rows, STORE_BATCH_MOST, "row"))
        rows += STORE_BATCH_MOST;
    assert_true(rows > LMDB_INDEX_YOUNG + STORE_BATCH_MOST);
    remove_rows(&k, 0, rows + STORE_BATCH_MOST);
    assert_int_equal(assert_sound(&k).row_count, 0);
    while (change_rows(&k, again, STORE_BATCH_MOST, "row"))
        again += STORE_BATCH_MOST;
    assert_true(again > rows / 2);
    assert_rows(&k, 0, again, "row");
    assert_sound(&k);
    kit_end(&k);
}

/* ---- several processes ------------------------------------------------- */

static void
live_and_tell(struct kit *k, unsigned number, int out)
{
    alarm(PATIENCE_S);
    kit_open(k);
    for (unsigned i = number; i < number + ROWS; i += 128) {
        if (!change_rows(k, i, 128, text_of(number)) ||
            !change_rows(k, i, 64, NULL))
            _exit(1);
        if (out >= 0 && write(out, &i, sizeof(i)) != sizeof(i))
            _exit(1);
    }
    kit_close(k);
    _exit(0);
}

static void
assert_lived(const struct kit *k, unsigned number, unsigned end)
{
    for (unsigned i = number; i < end; i += 128) {
        assert_rows(k, i, 64, NULL);
        assert_rows(k, i + 64, 64, text_of(number));
    }
}

static void
several_processes_move_entries_of_one_another(void **state)
{
    enum { PROCESSES = 3, APART = 1000000 };
    pid_t children[PROCESSES];
    struct kit k = {0};
    struct raw r;

    (void)state;
    kit_create(&k);
    for (unsigned i = 0; i < PROCESSES; i++)
        if ((children[i] = fork()) == 0)
            live_and_tell(&k, i * APART, -1);
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    kit_open(&k);
    for (unsigned i = 0; i < PROCESSES; i++)
        assert_lived(&k, i * APART, i * APART + ROWS);
    r = assert_sound(&k);
    assert_int_equal(r.row_count, PROCESSES * ROWS / 2);
    assert_true(r.index_count > 0);
    kit_end(&k);
}

/* The last batch that a child has told to be done, after its death. */
static unsigned
kill_after_a_while(struct kit *k, unsigned number, useconds_t us)
{
    unsigned end = number;
    unsigned last;
    pid_t child;
    int pipes[2];
    int status;

    assert_int_equal(pipe(pipes), 0);
    if ((child = fork()) == 0)
        live_and_tell(k, number, pipes[1]);
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &last, sizeof(last)), sizeof(last));
    usleep(us);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    do
        end = last + 128;
    while (read(pipes[0], &last, sizeof(last)) == sizeof(last));
    close(pipes[0]);
    return end;
}

/* THREATS 25 */
static void
who_is_killed_while_entries_move_loses_none(void **state)
{
    enum { ROUNDS = 12, APART = 1000000 };
    struct kit k;

    (void)state;
    begin_with_rows(&k);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        unsigned end;

        kit_close(&k);
        end = kill_after_a_while(&k, round * APART, 1777 * round);
        kit_open(&k);
        assert_lived(&k, round * APART, end);
        assert_sound(&k);
    }
    assert_rows(&k, 0, ROWS, "first");
    kit_end(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_and_changed_wherever_their_entries_are),
        cmocka_unit_test(rows_are_removed_wherever_their_entries_are),
        cmocka_unit_test(a_key_that_comes_again_names_the_new_row_alone),
        cmocka_unit_test(a_companion_finds_its_place_taken_in_either_index),
        cmocka_unit_test(rows_expire_wherever_their_entries_are),
        cmocka_unit_test(entries_that_are_over_leave_both_indexes),
        cmocka_unit_test(a_sweep_moves_entries_too),
        cmocka_unit_test(a_full_store_with_entries_to_move_can_be_emptied),
        cmocka_unit_test(several_processes_move_entries_of_one_another),
        cmocka_unit_test(who_is_killed_while_entries_move_loses_none),
    };

    if (!kit_choose("lmdb"))
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("lmdb index", tests, NULL, NULL);
}

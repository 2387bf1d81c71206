/* Several processes on one LMDB store, and some of them dying: what one has
 * been told is done stays done, and nobody waits for the dead. */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600, PATIENCE_S = 60 };

static const char blob[] = "a row of some length, so that pages fill up";

/* A child that has run `body`; its exit status is 0 when that returned. */
static pid_t
spawn(void (*body)(struct kit *k, int out, unsigned number), struct kit *k,
      int out, unsigned number)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child > 0)
        return child;
    alarm(PATIENCE_S);
    body(k, out, number);
    _exit(0);
}

static void
assert_ended_well(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void
end_by_kill(pid_t child)
{
    int status;

    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* ---- writing side by side ---------------------------------------------- */

enum { WRITERS = 4, BATCHES = 50, BATCH = 8 };

static unsigned
row_number(unsigned writer, unsigned batch, unsigned i)
{
    return (writer << 24) + batch * BATCH + i;
}

static enum tg_err
write_batch(const struct kit *k, unsigned writer, unsigned batch)
{
    static struct kit_op ops[BATCH];
    struct kit_op *list[BATCH];

    for (unsigned i = 0; i < BATCH; i++) {
        kit_put(&ops[i], row_number(writer, batch, i), LATER, blob);
        list[i] = &ops[i];
    }
    kit_run_ops(k, list, BATCH);
    for (unsigned i = 0; i < BATCH; i++)
        if (ops[i].op.result != TG_OK)
            return ops[i].op.result;
    return TG_OK;
}

static void
write_many(struct kit *k, int out, unsigned number)
{
    (void)out;
    kit_open(k);
    for (unsigned i = 0; i < BATCHES; i++)
        if (write_batch(k, number, i) != TG_OK)
            _exit(1);
    kit_close(k);
}

static size_t
rows_of_batch(const struct kit *k, unsigned writer, unsigned batch)
{
    size_t found = 0;

    for (unsigned i = 0; i < BATCH; i++)
        if (kit_look(k, row_number(writer, batch, i)) != NULL)
            found++;
    return found;
}

static void
rows_of_several_processes_are_all_there(void **state)
{
    pid_t children[WRITERS];
    struct kit k = {0};

    (void)state;
    kit_create(&k);
    for (unsigned i = 0; i < WRITERS; i++)
        children[i] = spawn(write_many, &k, -1, i);
    for (unsigned i = 0; i < WRITERS; i++)
        assert_ended_well(children[i]);
    kit_open(&k);
    for (unsigned i = 0; i < WRITERS; i++)
        for (unsigned j = 0; j < BATCHES; j++)
            assert_int_equal(rows_of_batch(&k, i, j), BATCH);
    kit_end(&k);
}

/* ---- dying in the middle of it ----------------------------------------- */

static void
write_and_tell(struct kit *k, int out, unsigned number)
{
    kit_open(k);
    for (unsigned i = 0;; i++) {
        if (write_batch(k, number, i) != TG_OK)
            _exit(1);
        if (write(out, &i, sizeof(i)) != sizeof(i))
            _exit(1);
    }
}

/* How many batches were acknowledged before the end of the pipe. */
static unsigned
read_acknowledged(int in)
{
    unsigned last;
    unsigned count = 0;

    while (read(in, &last, sizeof(last)) == sizeof(last))
        count = last + 1;
    return count;
}

/* THREATS 25 */
static void
what_a_killed_process_was_told_is_there_and_no_batch_is_half(void **state)
{
    enum { ROUNDS = 15 };
    struct kit k = {0};
    unsigned all = 0;

    (void)state;
    kit_create(&k);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned acknowledged;
        pid_t child;
        int pipes[2];

        assert_int_equal(pipe(pipes), 0);
        child = spawn(write_and_tell, &k, pipes[1], round);
        close(pipes[1]);
        usleep(3000 + 2777 * round);
        end_by_kill(child);
        acknowledged = read_acknowledged(pipes[0]);
        close(pipes[0]);

        kit_open(&k);
        for (unsigned i = 0; i < acknowledged; i++)
            assert_int_equal(rows_of_batch(&k, round, i), BATCH);
        assert_int_equal(rows_of_batch(&k, round, acknowledged) % BATCH, 0);
        assert_int_equal(rows_of_batch(&k, round, acknowledged + 1), 0);
        kit_close(&k);
        all += acknowledged;
    }
    assert_true(all > 0);
    kit_open(&k);
    kit_end(&k);
}

/* ---- dying with something in its hands --------------------------------- */

static int stop_pipe;

/* Tell that we are in a transaction, and stay there. */
static enum tg_err
decide_and_stay(struct store_op *op, const struct store_row *row,
                struct store_change *change)
{
    static const char here = '!';

    (void)op;
    (void)row;
    (void)change;
    if (write(stop_pipe, &here, 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void
stay_in_transaction(struct kit *k, int out, unsigned only_reads)
{
    static struct kit_op op;
    struct kit_op *list = &op;

    stop_pipe = out;
    kit_open(k);
    kit_get(&op, 1);
    op.op.decide = decide_and_stay;
    op.op.only_reads = only_reads != 0;
    kit_run_ops(k, &list, 1);
}

/* A child that sits in a transaction now. */
static pid_t
spawn_stayer(struct kit *k, bool only_reads)
{
    int pipes[2];
    pid_t child;
    char here;

    assert_int_equal(pipe(pipes), 0);
    child = spawn(stay_in_transaction, k, pipes[1], only_reads);
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &here, 1), 1);
    close(pipes[0]);
    return child;
}

static void
a_writer_killed_with_the_lock_blocks_nobody(void **state)
{
    struct kit k = {0};
    pid_t other;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    assert_int_equal(write_batch(&k, 1, 0), TG_OK);
    end_by_kill(spawn_stayer(&k, false));
    alarm(PATIENCE_S);
    assert_int_equal(write_batch(&k, 1, 1), TG_OK);
    assert_int_equal(rows_of_batch(&k, 1, 0), BATCH);
    assert_int_equal(rows_of_batch(&k, 1, 1), BATCH);
    other = spawn(write_many, &k, -1, 2);
    assert_ended_well(other);
    assert_int_equal(rows_of_batch(&k, 2, BATCHES - 1), BATCH);
    alarm(0);
    kit_end(&k);
}

static uint64_t
bytes_after_updates(const struct kit *k)
{
    struct store_count count;
    size_t removed;

    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(write_batch(k, 1, 0), TG_OK);
        if (i == 0)
            assert_int_equal(k->store.expire(k->store.self, NOW, 9, &removed),
                             TG_OK);
    }
    assert_int_equal(k->store.count(k->store.self, &count), TG_OK);
    return count.bytes;
}

/* Its snapshot would keep every page since then from being used again. */
static void
a_reader_that_was_killed_does_not_make_the_store_grow(void **state)
{
    struct kit k = {0};
    uint64_t before;
    pid_t stayer;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    before = bytes_after_updates(&k);

    stayer = spawn_stayer(&k, true);
    end_by_kill(stayer);
    assert_true(bytes_after_updates(&k) <= before + 64 * 1024);

    kit_end(&k);
}

/* The test of the test before: a reader that lives does hold pages. */
static void
a_reader_that_lives_keeps_its_snapshot(void **state)
{
    struct kit k = {0};
    uint64_t before;
    pid_t stayer;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    before = bytes_after_updates(&k);
    stayer = spawn_stayer(&k, true);
    assert_true(bytes_after_updates(&k) > before + 64 * 1024);
    end_by_kill(stayer);
    kit_end(&k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_several_processes_are_all_there),
        cmocka_unit_test(
            what_a_killed_process_was_told_is_there_and_no_batch_is_half),
        cmocka_unit_test(a_writer_killed_with_the_lock_blocks_nobody),
        cmocka_unit_test(
            a_reader_that_was_killed_does_not_make_the_store_grow),
        cmocka_unit_test(a_reader_that_lives_keeps_its_snapshot),
    };

    if (!kit_choose("lmdb"))
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("lmdb processes", tests, NULL, NULL);
}

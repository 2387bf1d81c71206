/* LMDB with no room, on a full disk, and on a file system that became
 * read-only. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/lmdb/lmdb_store.h"
#include "store_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600, MANY = 20000 };
enum { SMALL_MAP = 1024 * 1024, ROW_LEN = 1700 };

static char text[ROW_LEN + 1];

static enum tg_err
put_row(const struct kit *k, unsigned key)
{
    struct kit_op put;

    memset(text, 'x', ROW_LEN);
    kit_put(&put, key, LATER, text);
    put.op.now = NOW;
    return kit_do(k, &put);
}

static enum tg_err
remove_row(const struct kit *k, unsigned key)
{
    struct kit_op del;

    kit_remove(&del, key);
    return kit_do(k, &del);
}

/* How many rows went in until the first refusal, which is for want of room. */
static unsigned
fill(const struct kit *k, unsigned from)
{
    enum tg_err err = TG_OK;
    unsigned i = from;

    while (i < MANY && (err = put_row(k, i)) == TG_OK)
        i++;
    assert_int_equal(err, TG_E_FULL);
    return i - from;
}

static void
assert_there(const struct kit *k, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_non_null(kit_look(k, i));
    assert_null(kit_look(k, count));
}

/* ---- no room ----------------------------------------------------------- */

static void
assert_usable_after_removing(const struct kit *k, unsigned rows)
{
    struct kit_op del, put;
    struct kit_op *const batch[] = {&put, &del};

    /* A row that does not fit must not keep another from being removed. */
    kit_put(&put, rows, LATER, text);
    kit_remove(&del, rows - 1);
    kit_run_ops(k, batch, 2);
    assert_int_equal(del.op.result, TG_OK);
    assert_there(k, rows - 1);

    for (unsigned i = rows / 2; i < rows - 1; i++)
        assert_int_equal(remove_row(k, i), TG_OK);
    assert_true(fill(k, rows / 2) > rows / 4);
}

static void
a_store_at_its_limit_keeps_its_rows_and_can_be_emptied(void **state)
{
    struct kit k = {.map_size = SMALL_MAP};
    unsigned rows;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    rows = fill(&k, 0);
    assert_true(rows > SMALL_MAP / ROW_LEN / 2);
    assert_there(&k, rows);
    assert_usable_after_removing(&k, rows);
    kit_end(&k);
}

static void
a_batch_that_finds_no_room_is_done_as_far_as_it_fits(void **state)
{
    enum { PUTS = 250, LARGE = 16 * 1024 };
    static struct kit_op ops[PUTS + 1];
    static uint8_t large[LARGE];
    struct kit_op *batch[PUTS + 1];
    struct kit k = {.map_size = SMALL_MAP};
    struct store_count count;
    unsigned done = 0;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    assert_int_equal(put_row(&k, 0), TG_OK);
    for (unsigned i = 0; i < PUTS; i++) {
        kit_put(&ops[i], 1 + i, LATER, "");
        ops[i].change.row.blob = TG_SPAN_ARRAY(large);
        batch[i] = &ops[i];
    }
    kit_remove(&ops[PUTS], 0);
    batch[PUTS] = &ops[PUTS];
    kit_run_ops(&k, batch, PUTS + 1);

    while (done < PUTS && ops[done].op.result == TG_OK)
        done++;
    assert_in_range(done, 1, PUTS - 1);
    for (unsigned i = done; i < PUTS; i++)
        assert_int_equal(ops[i].op.result, TG_E_FULL);
    assert_int_equal(ops[PUTS].op.result, TG_OK);
    assert_int_equal(k.store.count(k.store.self, &count), TG_OK);
    assert_int_equal(count.rows, done);
    assert_null(kit_look(&k, 0));
    kit_end(&k);
}

static void
a_store_at_its_limit_can_be_swept(void **state)
{
    struct kit k = {.map_size = SMALL_MAP};
    unsigned rows;
    size_t removed;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    rows = fill(&k, 0);
    assert_int_equal(k.store.expire(k.store.self, LATER, MANY, &removed),
                     TG_OK);
    assert_int_equal(removed, rows);
    assert_true(fill(&k, 0) > rows / 2);
    kit_end(&k);
}

/* ---- a full disk: no file may grow further ----------------------------- */

static void
limit_files(rlim_t most)
{
    const struct rlimit limit = {most, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The rest of this process's tests are not meant to run so: hence a child. */
static void
on_a_full_disk(void **state)
{
    struct kit k = {0};
    unsigned rows;

    (void)state;
    kit_create(&k);
    kit_open(&k);
    limit_files(4 * SMALL_MAP);
    rows = fill(&k, 0);
    assert_true(rows > SMALL_MAP / ROW_LEN / 2);
    assert_there(&k, rows);
    assert_usable_after_removing(&k, rows);
    limit_files(RLIM_INFINITY);
    assert_int_equal(put_row(&k, MANY), TG_OK);
    kit_end(&k);
}

static void
on_a_full_disk_rows_stay_readable_and_room_makes_it_work_again(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        const struct CMUnitTest inner[] = {
            cmocka_unit_test(on_a_full_disk)};

        dup2(STDERR_FILENO, STDOUT_FILENO); /* no second TAP among ours */
        _exit(cmocka_run_group_tests(inner, NULL, NULL));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- a file system of our own ------------------------------------------ */

enum { DISK_SIZE = 16 * 1024 * 1024 };

static char disk[64];

static void
mount_disk(void)
{
    char options[32];

    snprintf(disk, sizeof(disk), "/tmp/tigress-disk-XXXXXX");
    assert_non_null(mkdtemp(disk));
    snprintf(options, sizeof(options), "size=%d", DISK_SIZE);
    assert_int_equal(mount("none", disk, "tmpfs", 0, options), 0);
    assert_int_equal(setenv("TMPDIR", disk, 1), 0);
}

static void
unmount_disk(void)
{
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_int_equal(umount(disk), 0);
    assert_int_equal(rmdir(disk), 0);
}

static void
remount(unsigned long flags)
{
    assert_int_equal(mount("none", disk, NULL, MS_REMOUNT | flags, NULL), 0);
}

static void
put_ballast(const char *path, size_t len)
{
    static const char bytes[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    for (size_t i = 0; i < len; i += sizeof(bytes))
        assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    close(fd);
}

static void
a_disk_that_fills_up_and_gets_room_again_needs_no_restart(void **state)
{
    char ballast[80];
    struct kit k = {0};
    unsigned rows;

    (void)state;
    mount_disk();
    snprintf(ballast, sizeof(ballast), "%s/ballast", disk);
    kit_create(&k);
    kit_open(&k);
    put_ballast(ballast, DISK_SIZE / 2);
    rows = fill(&k, 0);
    assert_true(rows > 100);
    assert_there(&k, rows);
    assert_int_equal(unlink(ballast), 0);
    assert_int_equal(put_row(&k, rows), TG_OK);
    assert_there(&k, rows + 1);
    kit_end(&k);
    unmount_disk();
}

static void
a_read_only_store_is_read_and_works_again_when_it_can_be_written(void **state)
{
    struct kit k = {0};
    struct kit_op put;
    size_t removed;

    (void)state;
    mount_disk();
    kit_create(&k);
    kit_open(&k);
    assert_int_equal(put_row(&k, 0), TG_OK);
    kit_close(&k);

    assert_int_equal(chdir("/"), 0);
    remount(MS_RDONLY);
    kit_open(&k);
    assert_there(&k, 1);
    assert_int_equal(put_row(&k, 1), TG_E_STORE);
    assert_int_equal(k.store.expire(k.store.self, LATER, 1, &removed),
                     TG_E_STORE);
    assert_there(&k, 1);

    remount(0);
    kit_put(&put, 1, LATER, "one");
    put.op.now = NOW + 1;
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_there(&k, 2);
    kit_end(&k);
    unmount_disk();
}

static void
a_start_on_a_read_only_store_succeeds_when_all_is_there(void **state)
{
    struct kit k = {0};
    struct lmdb_options options;

    (void)state;
    mount_disk();
    kit_create(&k);
    remount(MS_RDONLY);
    options = (struct lmdb_options){k.fd, k.map_size};
    assert_int_equal(lmdb_store_create(&options, -1u, -1u), TG_OK);
    remount(0);
    kit_open(&k);
    kit_end(&k);
    unmount_disk();
}

/* The last tests need root, and that it may mount (a container's may not). */
enum { PRIVILEGED = 3 };

static bool
is_privileged(void)
{
    if (geteuid() != 0 || mount("none", "/mnt", "tmpfs", 0, NULL) != 0)
        return false;
    return umount("/mnt") == 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_store_at_its_limit_keeps_its_rows_and_can_be_emptied),
        cmocka_unit_test(a_batch_that_finds_no_room_is_done_as_far_as_it_fits),
        cmocka_unit_test(a_store_at_its_limit_can_be_swept),
        cmocka_unit_test(
            on_a_full_disk_rows_stay_readable_and_room_makes_it_work_again),
        cmocka_unit_test(
            a_disk_that_fills_up_and_gets_room_again_needs_no_restart),
        cmocka_unit_test(
            a_read_only_store_is_read_and_works_again_when_it_can_be_written),
        cmocka_unit_test(
            a_start_on_a_read_only_store_succeeds_when_all_is_there),
    };

    if (!kit_choose("lmdb"))
        return EXIT_FAILURE;
    return kit_run_tests("lmdb trouble", tests,
                         KIT_COUNT(tests) -
                             (is_privileged() ? 0 : PRIVILEGED),
                         KIT_COUNT(tests));
}

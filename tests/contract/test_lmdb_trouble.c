/* LMDB with no room, on a file system that became read-only, in a directory
 * that cannot be walked to, or with files that are not ours. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/lmdb/lmdb_store.h"
#include "store_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600, MANY = 20000 };
enum { SOME_USER = 65534, SMALL_MAP = 1024 * 1024, ROW_LEN = 1700 };

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

/* ---- where the path cannot be walked ----------------------------------- */

static void *
open_in_thread(void *self)
{
    struct kit *k = self;
    const struct lmdb_options options = {k->fd, k->map_size};

    return lmdb_store_open(&options, &k->store, &k->hours) == TG_OK &&
                   put_row(k, 0) == TG_OK
               ? k
               : NULL;
}

/* As a worker does: another user, no way to the directory but its number. */
static void
use_as_some_user(struct kit *k)
{
    pthread_t thread;
    void *result = NULL;

    if (setgid(SOME_USER) != 0 || setuid(SOME_USER) != 0)
        _exit(1);
    if (open(k->directory, O_PATH) >= 0)
        _exit(2);
    if (pthread_create(&thread, NULL, open_in_thread, k) != 0 ||
        pthread_join(thread, &result) != 0)
        _exit(3);
    _exit(result == k ? 0 : 4);
}

/* As the rules of some containers do. */
static void
forbid_unshare(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {KIT_COUNT(rules), rules};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
        unshare(CLONE_FS) == 0)
        _exit(5);
}

static void
worker_without_path(bool may_unshare)
{
    struct lmdb_options options;
    char parent[] = "/tmp/tigress-closed-XXXXXX";
    struct kit k = {0};
    pid_t child;
    int status;

    assert_non_null(mkdtemp(parent)); /* 0700, ours */
    assert_int_equal(setenv("TMPDIR", parent, 1), 0);
    kit_create(&k);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_int_equal(chown(k.directory, SOME_USER, SOME_USER), 0);
    options = (struct lmdb_options){k.fd, k.map_size};
    assert_int_equal(lmdb_store_create(&options, SOME_USER, SOME_USER),
                     TG_OK);

    if ((child = fork()) == 0) {
        if (!may_unshare)
            forbid_unshare();
        use_as_some_user(&k);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    kit_open(&k);
    assert_there(&k, 1);
    kit_end(&k);
    assert_int_equal(rmdir(parent), 0);
}

static void
a_worker_needs_no_path_to_its_store(void **state)
{
    (void)state;
    worker_without_path(true);
}

static void
nor_where_its_threads_share_one_working_directory(void **state)
{
    (void)state;
    worker_without_path(false);
}

static void
other_threads_keep_their_working_directory(void **state)
{
    char before[256], after[256];
    struct kit k = {0};
    pthread_t thread;
    void *result = NULL;

    (void)state;
    kit_create(&k);
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(pthread_create(&thread, NULL, open_in_thread, &k), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, &k);
    assert_non_null(getcwd(after, sizeof(after)));
    assert_string_equal(before, after);
    kit_end(&k);
}

/* ---- files ------------------------------------------------------------- */

static void
every_file_is_for_its_owner_alone(void **state)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "salt",
                                        "hours"};
    struct kit k = {0};
    struct stat st;

    (void)state;
    kit_create(&k);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(fstatat(k.fd, names[i], &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    kit_open(&k);
    kit_end(&k);
}

static void
creating_again_changes_nothing(void **state)
{
    struct row_salt before, after;
    struct lmdb_options options;
    struct kit k;

    (void)state;
    kit_begin(&k);
    assert_int_equal(put_row(&k, 0), TG_OK);
    kit_close(&k);
    assert_int_equal(lmdb_store_salt(k.fd, &before), TG_OK);
    options = (struct lmdb_options){k.fd, k.map_size};
    assert_int_equal(lmdb_store_create(&options, -1u, -1u), TG_OK);
    assert_int_equal(lmdb_store_salt(k.fd, &after), TG_OK);
    assert_memory_equal(&before, &after, sizeof(after));
    kit_open(&k);
    assert_there(&k, 1);
    kit_end(&k);
}

static void
overwrite(const struct kit *k, const char *name, const char *content)
{
    int fd = openat(k->fd, name, O_WRONLY | O_TRUNC | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

static void
files_that_are_not_ours_are_refused_and_left_alone(void **state)
{
    struct lmdb_options options;
    struct hour_keys hours;
    struct store store;
    struct row_salt salt;
    struct stat st;
    struct kit k;

    (void)state;
    kit_begin(&k);
    kit_close(&k);
    options = (struct lmdb_options){k.fd, k.map_size};

    overwrite(&k, "salt", "not a salt");
    assert_int_equal(lmdb_store_salt(k.fd, &salt), TG_E_FORMAT);

    overwrite(&k, "hours", "not hours");
    assert_int_equal(lmdb_store_open(&options, &store, &hours), TG_E_FORMAT);
    assert_int_equal(fstatat(k.fd, "hours", &st, 0), 0);
    assert_int_equal(st.st_size, 9);

    overwrite(&k, "data.mdb", "not LMDB, and longer than what it reads first "
                              "of a file ................................");
    assert_int_equal(lmdb_store_create(&options, -1u, -1u), TG_E_FORMAT);

    assert_int_equal(unlinkat(k.fd, "data.mdb", 0), 0);
    assert_int_equal(unlinkat(k.fd, "hours", 0), 0);
    assert_int_equal(lmdb_store_create(&options, -1u, -1u), TG_OK);
    kit_open(&k);
    kit_end(&k);
}

/* The last tests need root, and that it may mount (a container's may not). */
enum { PRIVILEGED = 5 };

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
        cmocka_unit_test(other_threads_keep_their_working_directory),
        cmocka_unit_test(every_file_is_for_its_owner_alone),
        cmocka_unit_test(creating_again_changes_nothing),
        cmocka_unit_test(files_that_are_not_ours_are_refused_and_left_alone),
        cmocka_unit_test(
            a_disk_that_fills_up_and_gets_room_again_needs_no_restart),
        cmocka_unit_test(
            a_read_only_store_is_read_and_works_again_when_it_can_be_written),
        cmocka_unit_test(
            a_start_on_a_read_only_store_succeeds_when_all_is_there),
        cmocka_unit_test(a_worker_needs_no_path_to_its_store),
        cmocka_unit_test(nor_where_its_threads_share_one_working_directory),
    };

    if (!kit_choose("lmdb"))
        return EXIT_FAILURE;
    return kit_run_tests("lmdb trouble", tests,
                         KIT_COUNT(tests) -
                             (is_privileged() ? 0 : PRIVILEGED),
                         KIT_COUNT(tests));
}

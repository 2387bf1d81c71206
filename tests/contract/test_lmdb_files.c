/* The files of LMDB: whose they are, those that are not ours, and a directory
 * that cannot be walked to. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/lmdb/lmdb_store.h"
#include "store_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600, SOME_USER = 65534 };

/* One row, to be found again. */
static enum tg_err
put_row(const struct kit *k)
{
    struct kit_op put;

    kit_put(&put, 1, LATER, "a row");
    put.op.now = NOW;
    return kit_do(k, &put);
}

static void
assert_there(const struct kit *k)
{
    const char *row = kit_look(k, 1);

    assert_non_null(row);
    assert_string_equal(row, "a row");
}

/* ---- where the path cannot be walked ----------------------------------- */

static void *
open_in_thread(void *self)
{
    struct kit *k = self;
    const struct lmdb_options options = {k->fd, k->map_size};

    return lmdb_store_open(&options, &k->store, &k->hours) == TG_OK &&
                   put_row(k) == TG_OK
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
    assert_there(&k);
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
    assert_int_equal(put_row(&k), TG_OK);
    kit_close(&k);
    assert_int_equal(lmdb_store_salt(k.fd, &before), TG_OK);
    options = (struct lmdb_options){k.fd, k.map_size};
    assert_int_equal(lmdb_store_create(&options, -1u, -1u), TG_OK);
    assert_int_equal(lmdb_store_salt(k.fd, &after), TG_OK);
    assert_memory_equal(&before, &after, sizeof(after));
    kit_open(&k);
    assert_there(&k);
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

/* The last tests need root that may become somebody else. */
enum { PRIVILEGED = 2 };

static bool
is_privileged(void)
{
    pid_t child;
    int status;

    if (geteuid() != 0)
        return false;
    if ((child = fork()) == 0)
        _exit(setgid(SOME_USER) != 0 || setuid(SOME_USER) != 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_threads_keep_their_working_directory),
        cmocka_unit_test(every_file_is_for_its_owner_alone),
        cmocka_unit_test(creating_again_changes_nothing),
        cmocka_unit_test(files_that_are_not_ours_are_refused_and_left_alone),
        cmocka_unit_test(a_worker_needs_no_path_to_its_store),
        cmocka_unit_test(nor_where_its_threads_share_one_working_directory),
    };

    if (!kit_choose("lmdb"))
        return EXIT_FAILURE;
    return kit_run_tests("lmdb files", tests,
                         KIT_COUNT(tests) -
                             (is_privileged() ? 0 : PRIVILEGED),
                         KIT_COUNT(tests));
}

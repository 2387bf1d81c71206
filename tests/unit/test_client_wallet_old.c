/* Changes of the whole file: a wallet of the old layout, in which nothing was
 * sealed, and a change of passphrase; also when the process is killed, the
 * disk is full or memory runs out in the middle of it. */
#include "wallet_kit.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "client/wallet.h"

/* The layout of version 0.1.0. */
static const char old_layout[] =
    "CREATE TABLE share (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " revision INTEGER NOT NULL, role INTEGER NOT NULL,"
    " state INTEGER NOT NULL, created_s INTEGER NOT NULL,"
    " expires_s INTEGER NOT NULL, relay BLOB NOT NULL,"
    " mailbox BLOB NOT NULL, vertical BLOB NOT NULL, title BLOB NOT NULL,"
    " description BLOB NOT NULL, image_url BLOB NOT NULL,"
    " key_wrap INTEGER NOT NULL DEFAULT 0 CHECK (key_wrap = 0),"
    " secret BLOB NOT NULL, claim BLOB NOT NULL, etag BLOB NOT NULL,"
    " seen BLOB NOT NULL, message_order BLOB NOT NULL,"
    " inbox BLOB NOT NULL, pending_verb INTEGER NOT NULL,"
    " pending_state INTEGER NOT NULL, pending_id BLOB NOT NULL,"
    " pending_body BLOB NOT NULL, pending_seen BLOB NOT NULL,"
    " pending_order BLOB NOT NULL) STRICT;"
    "CREATE TABLE share_data (share INTEGER NOT NULL"
    " REFERENCES share (id) ON DELETE CASCADE, name TEXT NOT NULL,"
    " value BLOB NOT NULL, PRIMARY KEY (share, name))"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1414088535;"
    "PRAGMA user_version = 1;";

/* Shares 1 to 24 of which some were forgotten, and some are longer than a
 * page; deleted with secure_delete, as it was done then. */
static const char old_content[] =
    "PRAGMA secure_delete = ON;"
    "PRAGMA foreign_keys = ON;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 24)"
    " INSERT INTO share SELECT i, 5, 1, 1, 1000 + i, 2000 + i,"
    " CAST('plain-relay' AS BLOB), CAST('plain-mailbox' AS BLOB),"
    " CAST('c' AS BLOB), CAST('plain-title-' || i AS BLOB),"
    " CAST('plain-description' AS BLOB), CAST('plain-image' AS BLOB), 0,"
    " CAST('plain-secret-16b' AS BLOB), CAST('plain-claim' AS BLOB),"
    " CAST('plain-etag' AS BLOB), CAST('plain-seen' AS BLOB),"
    " CAST('plain-order' AS BLOB), CAST('plain-inbox' AS BLOB), 0, 0,"
    " CAST('plain-id' AS BLOB),"
    " CAST('plain-body' || hex(zeroblob(i * 200)) AS BLOB),"
    " CAST('plain-pending' AS BLOB), CAST('plain-porder' AS BLOB) FROM n;"
    "INSERT INTO share_data SELECT id, 'name',"
    " CAST('plain-data-' || id AS BLOB) FROM share;"
    "DELETE FROM share WHERE id BETWEEN 9 AND 16;"
    "DELETE FROM share WHERE id = 24;";

static void
make_old(const struct fixture *f)
{
    run_sql(f->path, old_layout);
    run_sql(f->path, old_content);
    assert_true(can_be_read(f, TG_SPAN_LITERAL("plain-")));
}

static void
assert_content(struct tg_wallet *wallet)
{
    struct wallet_row row;
    struct tg_buf out = TG_BUF_EMPTY;
    int64_t count = 0;
    int64_t id = 0;

    while (tg_wallet_next_share(wallet, id, &id) == TG_OK) {
        char text[32];

        count++;
        assert_int_equal(wallet_load(wallet, id, &row), TG_OK);
        snprintf(text, sizeof(text), "plain-title-%d", (int)id);
        assert_string_equal((const char *)row.title.ptr, text);
        assert_string_equal((const char *)row.pending_order.ptr,
                            "plain-porder");
        assert_int_equal(row.revision, 5);
        assert_int_equal(row.expires_s, 2000 + id);
        assert_int_equal(row.pending_body.len, 10 + 400 * id);
        wallet_row_done(&row);
        snprintf(text, sizeof(text), "plain-data-%d", (int)id);
        assert_int_equal(wallet_get(wallet, id, "name", &out), TG_OK);
        assert_true(tg_span_is(tg_span_buf(&out), text));
        tg_buf_clear(&out);
    }
    assert_int_equal(count, 15);
    tg_buf_free(&out);
}

static void
an_old_wallet_is_sealed_when_it_is_opened(void **state)
{
    struct fixture *f = *state;
    struct wallet_row row = {0};
    struct tg_buf check = TG_BUF_EMPTY;

    make_old(f);
    reopen(f);
    assert_false(can_be_read(f, TG_SPAN_LITERAL("plain-")));
    assert_content(f->wallet);
    put_data(f->wallet, "key", "value");
    assert_data(f->wallet, "key", "value");
    /* Share 24 was forgotten before: its number is not used again. */
    assert_int_equal(wallet_save(f->wallet, &row), TG_OK);
    assert_int_equal(row.id, 25);
    wallet_row_done(&row);
    query_bytes(f->path, "PRAGMA integrity_check", &check);
    assert_true(tg_span_is(tg_span_buf(&check), "ok"));
    tg_buf_free(&check);
    tg_wallet_close(f->wallet);
    f->wallet = NULL;
    reopen(f);
    assert_int_equal(tg_wallet_forget_share(f->wallet, 25), TG_OK);
    assert_content(f->wallet);
}

static void
a_damaged_old_wallet_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;

    make_old(f);
    run_sql(f->path, "DROP TABLE share_data");
    assert_int_not_equal(tg_wallet_open(f->path, &f->wallet), TG_OK);
    assert_true(can_be_read(f, TG_SPAN_LITERAL("plain-title-1")));
}

/* What SQLite writes goes through here. */
static long writes_left;
static bool killing;
static ssize_t (*real_pwrite)(int fd, const void *bytes, size_t len,
                              off_t at);

static ssize_t
counted_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    if (writes_left-- > 0)
        return real_pwrite(fd, bytes, len, at);
    if (killing)
        raise(SIGKILL);
    errno = ENOSPC;
    return -1;
}

static void
count_writes(long limit, bool with_kill)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    const char *name =
        vfs->xGetSystemCall(vfs, "pwrite64") != NULL ? "pwrite64" : "pwrite";

    writes_left = limit;
    killing = with_kill;
    if (real_pwrite == NULL)
        real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))
            vfs->xGetSystemCall(vfs, name);
    assert_non_null(real_pwrite);
    assert_int_equal(
        vfs->xSetSystemCall(vfs, name, limit < 0 ? NULL
                                                 : (sqlite3_syscall_ptr)
                                                       counted_pwrite),
        SQLITE_OK);
}

/* Do it in a process that is killed at its n-th write. False when it came to
 * its end. */
static bool
is_killed(void (*act)(const struct fixture *f), const struct fixture *f,
          long n)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        count_writes(n, true);
        act(f);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void
act_open(const struct fixture *f)
{
    struct tg_wallet *wallet;

    if (tg_wallet_open(f->path, &wallet) != TG_OK)
        _exit(1);
}

static void
act_reseal(const struct fixture *f)
{
    struct tg_wallet *wallet;

    if (tg_wallet_open(f->path, &wallet) != TG_OK ||
        tg_wallet_set_passphrase(wallet, TG_SPAN_EMPTY) != TG_OK)
        _exit(1);
}

static void
an_old_wallet_opens_wherever_the_change_was_killed(void **state)
{
    struct fixture *f = *state;
    long n = 0;
    bool more = true;

    for (; more; n += 3) {
        assert_true(n < 600);
        make_old(f);
        more = is_killed(act_open, f, n);
        reopen(f);
        assert_content(f->wallet);
        assert_false(can_be_read(f, TG_SPAN_LITERAL("plain-")));
        tg_wallet_close(f->wallet);
        f->wallet = NULL;
        unlink(f->path);
    }
    assert_true(n > 20);
}

static void
a_change_of_passphrase_is_done_or_not_wherever_it_was_killed(void **state)
{
    struct fixture *f = *state;
    long n = 0;

    make_old(f);
    for (; is_killed(act_reseal, f, n); n += 3) {
        assert_true(n < 600);
        reopen(f);
        assert_content(f->wallet);
    }
    reopen(f);
    assert_content(f->wallet);
    assert_true(n > 20);
}

/* The one who gets TG_E_FULL makes room and tries again. */
static void
a_full_disk_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct tg_buf key = TG_BUF_EMPTY;
    struct tg_buf after = TG_BUF_EMPTY;
    enum tg_err err = TG_E_FULL;
    long n;

    make_old(f);
    for (n = 0; n < 40; n += 5) {
        count_writes(n, false);
        err = tg_wallet_open(f->path, &f->wallet);
        count_writes(-1, false);
        assert_int_equal(err, TG_E_FULL);
        assert_true(can_be_read(f, TG_SPAN_LITERAL("plain-title-1")));
    }
    reopen(f);
    query_bytes(f->path, "SELECT key FROM keyring", &key);
    for (n = 0; err != TG_OK; n += 5) {
        assert_true(n < 600);
        assert_content(f->wallet);
        query_bytes(f->path, "SELECT key FROM keyring", &after);
        assert_true(tg_span_equal(tg_span_buf(&key), tg_span_buf(&after)));
        count_writes(n, false);
        err = tg_wallet_set_passphrase(f->wallet, TG_SPAN_EMPTY);
        count_writes(-1, false);
        assert_true(err == TG_OK || err == TG_E_FULL);
    }
    assert_content(f->wallet);
    query_bytes(f->path, "SELECT key FROM keyring", &after);
    assert_false(tg_span_equal(tg_span_buf(&key), tg_span_buf(&after)));
    tg_buf_free(&key);
    tg_buf_free(&after);
}

/* Whatever allocation fails: nothing has changed. */
static void
no_memory_changes_nothing(void **state)
{
    struct fixture *f = *state;
    enum tg_err err = TG_E_NOMEM;
    long n;

    make_old(f);
    for (n = 0; err != TG_OK; n += 1 + n / 10) {
        assert_true(n < 10000);
        tg_alloc_fail_after(n);
        err = tg_wallet_open(f->path, &f->wallet);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        assert_true(err == TG_OK ||
                    can_be_read(f, TG_SPAN_LITERAL("plain-title-1")));
    }
    assert_true(n > 100);
    err = TG_E_NOMEM;
    for (n = 0; err != TG_OK; n += 1 + n / 10) {
        assert_true(n < 10000);
        tg_alloc_fail_after(n);
        err = tg_wallet_set_passphrase(f->wallet, TG_SPAN_EMPTY);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        assert_content(f->wallet);
    }
    assert_true(n > 100);
}

int
main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, set_up_directory, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_old_wallet_is_sealed_when_it_is_opened),
        TEST(a_damaged_old_wallet_is_left_as_it_is),
        TEST(an_old_wallet_opens_wherever_the_change_was_killed),
        TEST(a_change_of_passphrase_is_done_or_not_wherever_it_was_killed),
        TEST(a_full_disk_changes_nothing),
        TEST(no_memory_changes_nothing),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

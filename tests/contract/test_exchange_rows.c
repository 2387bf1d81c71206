/* The rows that calls of the protocol leave, on every store (argv[1] names it):
 * those that cannot be opened, and what of them the files tell. */
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange_calls.h"

/* The last tests are for stores that survive, and the very last for one that
 * overwrites what it destroys. */
enum { DURABLE = 2, OVERWRITTEN = 1 };

/* ---- rows that cannot be opened ---------------------------------------- */

static enum tg_err
damage(struct store_op *op, const struct store_row *row,
       struct store_change *change)
{
    static uint8_t copy[4096];

    (void)op;
    assert_non_null(row);
    assert_true(row->blob.len <= sizeof(copy));
    memcpy(copy, row->blob.ptr, row->blob.len);
    copy[row->blob.len / 2] ^= 1;
    change->verb = STORE_PUT;
    change->row = (struct store_row){row->expires, {copy, row->blob.len}};
    return TG_OK;
}

static void
a_damaged_row_fails_its_own_calls_and_no_others(void **state)
{
    struct store_op spoil = {.decide = damage};
    struct store_op *list = &spoil;
    struct mailbox_id id, other;
    struct exchange ex;
    struct fixture f;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    other = created(&f, 2);
    kit_exchange(&ex, &f.site, EXCHANGE_READ, &id, FRIEND, 3);
    spoil.key = ex.op.key;
    f.k.store.run(f.k.store.self, &list, 1);
    assert_int_equal(spoil.result, TG_OK);

    kit_run(&f.k.store, &ex);
    assert_int_equal(ex.op.result, TG_E_STORE);
    exchange_done(&ex);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &other, FRIEND, 4),
                     RELAY_DONE);
    kit_end(&f.k);
}

/* D-C: what is left on the disk when the hour is over opens for nobody, the
 * identifier in hand or not. */
static void
without_its_hour_key_a_mailbox_is_gone(void **state)
{
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(call(&f, &ex, EXCHANGE_DISPLAY, &id, 0, 0), RELAY_DONE);
    assert_int_equal(f.k.hours.destroy(f.k.hours.self,
                                       ex.mailbox.expires + HOUR_SECONDS),
                     TG_OK);
    exchange_done(&ex);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, OWNER, 2),
                     RELAY_NO_SUCH_MAILBOX);
    /* Were the key made again, it would not be the one. */
    (void)created(&f, 3);
    kit_exchange(&ex, &f.site, EXCHANGE_READ, &id, OWNER, 4);
    kit_run(&f.k.store, &ex);
    assert_int_equal(ex.op.result, TG_E_STORE);
    exchange_done(&ex);
    kit_end(&f.k);
}

/* ---- what the files tell ----------------------------------------------- */

static void
append_file(int directory, const char *name, struct tg_buf *out)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    uint8_t bytes[65536];
    ssize_t len;

    if (fd < 0 && kit_kind() == KIT_PG)
        return; /* a file of a server that runs may go at any time */
    assert_true(fd >= 0);
    while ((len = read(fd, bytes, sizeof(bytes))) > 0)
        assert_int_equal(
            tg_buf_append(out, (struct tg_span){bytes, (size_t)len}), TG_OK);
    close(fd);
}

static bool
holds(const struct tg_buf *all, const void *bytes, size_t len)
{
    return memmem(all->ptr, all->len, bytes, len) != NULL;
}

static struct tg_buf *pg_files;

static int
append_pg_file(const char *path, const struct stat *st, int kind,
               struct FTW *where)
{
    (void)st;
    (void)where;
    if (kind == FTW_F)
        append_file(AT_FDCWD, path, pg_files);
    return 0;
}

static void
read_all_files(const struct kit *k, struct tg_buf *all)
{
    if (kit_kind() == KIT_PG) {
        kit_sql("CHECKPOINT");
        pg_files = all;
        assert_int_equal(nftw(getenv("TIGRESS_TEST_POSTGRESQL_DATA"),
                              append_pg_file, 9, FTW_PHYS), 0);
        return;
    }
    append_file(k->fd, "data.mdb", all);
    append_file(k->fd, "lock.mdb", all);
    append_file(k->fd, "hours", all);
    append_file(k->fd, "salt", all);
}

/* D-C, THREATS 5 */
static void
the_files_hold_nothing_that_was_said(void **state)
{
    static const char *const words[] = {"payload-in-the-kit", "in-the-kit",
                                        "AEAD_AES", "kit.example"};
    struct tg_buf all = TG_BUF_EMPTY;
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;
    struct tg_uuid claim;
    char text[TG_UUID_TEXT_LEN + 1];

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(call(&f, &ex, EXCHANGE_READ, &id, FRIEND, 2), RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_UPDATE, &id, FRIEND, 3),
                     RELAY_DONE);
    read_all_files(&f.k, &all);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_false(holds(&all, words[i], strlen(words[i])));
    for (unsigned i = 1; i <= 3; i++) {
        claim = kit_uuid(i); /* claims and request ids */
        assert_false(holds(&all, claim.bytes, TG_UUID_LEN));
    }
    assert_false(holds(&all, id.uuid.bytes, TG_UUID_LEN));
    tg_uuid_format(&id.uuid, text);
    assert_false(holds(&all, text, TG_UUID_TEXT_LEN));
    assert_false(holds(&all, &ex.mailbox.initiator, CLAIM_MARK_LEN));
    assert_false(holds(&all, ex.keys.sealing, ROW_KEY_LEN));
    /* The search itself finds what is there. */
    assert_true(holds(&all, ex.keys.lookup.bytes, STORE_KEY_LEN));

    exchange_done(&ex);
    tg_buf_free(&all);
    kit_end(&f.k);
}

static void
a_destroyed_hour_key_is_in_no_file(void **state)
{
    struct tg_buf all = TG_BUF_EMPTY;
    struct hour_key key;
    struct fixture f;

    (void)state;
    begin(&f);
    (void)created(&f, 1);
    assert_int_equal(f.k.hours.get(f.k.hours.self,
                                   KIT_NOW + LIMIT_LIFETIME_DEFAULT_S, false,
                                   &key),
                     TG_OK);
    read_all_files(&f.k, &all);
    assert_true(holds(&all, key.bytes, HOUR_KEY_LEN));
    all.len = 0;
    assert_int_equal(f.k.hours.destroy(f.k.hours.self,
                                       KIT_NOW + LIMIT_LIFETIME_DEFAULT_S +
                                           HOUR_SECONDS),
                     TG_OK);
    read_all_files(&f.k, &all);
    assert_false(holds(&all, key.bytes, HOUR_KEY_LEN));
    tg_buf_free(&all);
    kit_end(&f.k);
}

/* What the store is made for: its usual rows take no page of their own. */
static void
a_usual_mailbox_stays_within_half_a_page(void **state)
{
    static const uint8_t payload[1200];
    struct fixture f;
    struct exchange ex;

    (void)state;
    begin(&f);
    kit_exchange(&ex, &f.site, EXCHANGE_CREATE, NULL, OWNER, 1);
    ex.request.body.payload.data = TG_SPAN_ARRAY(payload);
    kit_run(&f.k.store, &ex);
    assert_int_equal(ex.op.result, TG_OK);
    assert_in_range(ex.blob.len, 1200, 1990);
    exchange_done(&ex);
    kit_end(&f.k);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_row_fails_its_own_calls_and_no_others),
        cmocka_unit_test(without_its_hour_key_a_mailbox_is_gone),
        cmocka_unit_test(a_usual_mailbox_stays_within_half_a_page),
        cmocka_unit_test(the_files_hold_nothing_that_was_said),
        cmocka_unit_test(a_destroyed_hour_key_is_in_no_file),
    };

    size_t count = KIT_COUNT(tests);

    if (argc != 2 || !kit_choose(argv[1])) {
        fprintf(stderr, "usage: %s mem|lmdb|pg\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (kit_kind() == KIT_MEM)
        count -= DURABLE;
    else if (kit_kind() == KIT_PG)
        count -= OVERWRITTEN;
    return kit_run_tests("exchange rows", tests, count, KIT_COUNT(tests));
}

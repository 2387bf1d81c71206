/* Calls of the protocol against their rows, on every store: argv[1] names it.
 * What a call decides is tested with the core; here is what rows add to it. */
#include "store/exchange.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange_kit.h"
#include "store_kit.h"

/* The last tests are for stores that survive, and the very last for one that
 * overwrites what it destroys. */
enum { DURABLE = 3, OVERWRITTEN = 1 };
enum { OWNER = 1, FRIEND = 2, STRANGER = 3, PATIENCE_S = 60 };

struct fixture {
    struct kit k;
    struct exchange_site site;
};

static void
begin(struct fixture *f)
{
    kit_begin(&f->k);
    kit_site(&f->site, &f->k.hours);
}

/* Run one call; its results stay in *ex. */
static enum relay_outcome
call(struct fixture *f, struct exchange *ex, enum exchange_call what,
     const struct mailbox_id *id, unsigned claim, unsigned request)
{
    kit_exchange(ex, &f->site, what, id, claim, request);
    kit_run(&f->k.store, ex);
    assert_int_equal(ex->op.result, TG_OK);
    return ex->outcome;
}

/* The same, forgotten at once. */
static enum relay_outcome
outcome_of(struct fixture *f, enum exchange_call what,
           const struct mailbox_id *id, unsigned claim, unsigned request)
{
    struct exchange ex;
    enum relay_outcome outcome = call(f, &ex, what, id, claim, request);

    exchange_done(&ex);
    return outcome;
}

static struct mailbox_id
created(struct fixture *f, unsigned request)
{
    struct mailbox_id id;
    struct exchange ex;

    assert_int_equal(call(f, &ex, EXCHANGE_CREATE, NULL, OWNER, request),
                     RELAY_DONE);
    id = ex.memory.mailbox;
    assert_memory_equal(&id, &ex.mailbox_id, sizeof(id));
    exchange_done(&ex);
    return id;
}

/* ---- the life of a mailbox --------------------------------------------- */

static void
what_was_created_is_read_back_by_the_recipient(void **state)
{
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(call(&f, &ex, EXCHANGE_READ, &id, FRIEND, 2), RELAY_DONE);
    assert_true(tg_span_is(ex.mailbox.payload.type, "AEAD_AES_128_GCM"));
    assert_true(tg_span_is(ex.mailbox.payload.data, "payload-in-the-kit"));
    assert_true(tg_span_is(ex.mailbox.display.title, "title-in-the-kit"));
    assert_int_equal(ex.mailbox.expires, KIT_NOW + LIMIT_LIFETIME_DEFAULT_S);
    assert_int_equal(ex.effects.version, 1);
    exchange_done(&ex);
    kit_end(&f.k);
}

/* R-READ-2, R-READ-3 */
static void
a_second_claim_is_refused_also_after_the_first_has_read_again(void **state)
{
    struct fixture f;
    struct mailbox_id id;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, FRIEND, 2),
                     RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, STRANGER, 3),
                     RELAY_CLAIM_REFUSED);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, FRIEND, 4),
                     RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, STRANGER, 5),
                     RELAY_CLAIM_REFUSED);
    kit_end(&f.k);
}

static bool
is_always(const void *self, const struct notification_token *token)
{
    assert_true(tg_span_is(token->data, "token-data-in-the-kit"));
    return self == NULL;
}

/* R-PUSH-3 */
static void
a_dead_token_is_gone_from_the_row_that_is_written_next(void **state)
{
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    f.site.policy.is_dead = is_always;
    assert_int_equal(outcome_of(&f, EXCHANGE_UPDATE, &id, OWNER, 2),
                     RELAY_DONE);
    f.site.policy.is_dead = NULL;
    assert_int_equal(call(&f, &ex, EXCHANGE_READ, &id, FRIEND, 3), RELAY_DONE);
    assert_true(tg_span_is(ex.mailbox.initiator_token.data,
                           "token-data-in-the-kit")); /* given anew */
    exchange_done(&ex);
    f.site.policy.is_dead = is_always;
    assert_int_equal(outcome_of(&f, EXCHANGE_DISPLAY, &id, 0, 0), RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_RELINQUISH, &id, FRIEND, 4),
                     RELAY_DONE);
    f.site.policy.is_dead = NULL;
    assert_int_equal(call(&f, &ex, EXCHANGE_DISPLAY, &id, 0, 0), RELAY_DONE);
    assert_int_equal(ex.mailbox.initiator_token.type.len, 0);
    exchange_done(&ex);
    kit_end(&f.k);
}

/* R-PRE-1 */
static void
a_preview_binds_nobody(void **state)
{
    struct fixture f;
    struct mailbox_id id;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(outcome_of(&f, EXCHANGE_DISPLAY, &id, STRANGER, 2),
                     RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, FRIEND, 3),
                     RELAY_DONE);
    kit_end(&f.k);
}

/* R-UPD-1 */
static void
an_update_is_seen_by_the_next_read(void **state)
{
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    kit_exchange(&ex, &f.site, EXCHANGE_UPDATE, &id, OWNER, 2);
    ex.request.body.payload.data = TG_SPAN_LITERAL("second payload");
    kit_run(&f.k.store, &ex);
    assert_int_equal(ex.op.result, TG_OK);
    assert_int_equal(ex.outcome, RELAY_DONE);
    exchange_done(&ex);
    assert_int_equal(call(&f, &ex, EXCHANGE_READ, &id, FRIEND, 3), RELAY_DONE);
    assert_true(tg_span_is(ex.mailbox.payload.data, "second payload"));
    assert_int_equal(ex.effects.version, 2);
    exchange_done(&ex);
    kit_end(&f.k);
}

/* R-REL-1 */
static void
after_a_relinquish_another_device_may_read(void **state)
{
    struct fixture f;
    struct mailbox_id id;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, FRIEND, 2),
                     RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_RELINQUISH, &id, FRIEND, 3),
                     RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_RELINQUISH, &id, FRIEND, 3),
                     RELAY_ALREADY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, STRANGER, 4),
                     RELAY_DONE);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, FRIEND, 5),
                     RELAY_CLAIM_REFUSED);
    kit_end(&f.k);
}

/* ---- retries of a create ----------------------------------------------- */

/* R-IDEM, D4 */
static void
a_retried_create_names_the_same_mailbox_and_makes_no_other(void **state)
{
    struct store_count before, after;
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(f.k.store.count(f.k.store.self, &before), TG_OK);
    assert_int_equal(call(&f, &ex, EXCHANGE_CREATE, NULL, OWNER, 1),
                     RELAY_ALREADY_DONE);
    assert_memory_equal(&ex.memory.mailbox, &id, sizeof(id));
    exchange_done(&ex);
    assert_int_equal(f.k.store.count(f.k.store.self, &after), TG_OK);
    assert_int_equal(after.rows, before.rows);
    kit_end(&f.k);
}

/* D4, THREATS 22 */
static void
a_create_retried_after_delete_brings_nothing_back(void **state)
{
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(outcome_of(&f, EXCHANGE_DELETE, &id, OWNER, 2),
                     RELAY_DONE);
    assert_int_equal(call(&f, &ex, EXCHANGE_CREATE, NULL, OWNER, 1),
                     RELAY_ALREADY_DONE);
    assert_memory_equal(&ex.memory.mailbox, &id, sizeof(id));
    exchange_done(&ex);
    assert_int_equal(outcome_of(&f, EXCHANGE_READ, &id, FRIEND, 3),
                     RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(outcome_of(&f, EXCHANGE_DELETE, &id, OWNER, 4),
                     RELAY_NO_SUCH_MAILBOX);
    kit_end(&f.k);
}

static void
a_request_id_is_remembered_for_its_claim_alone(void **state)
{
    struct fixture f;
    struct mailbox_id id;
    struct exchange ex;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(call(&f, &ex, EXCHANGE_CREATE, NULL, STRANGER, 1),
                     RELAY_DONE);
    assert_memory_not_equal(&ex.memory.mailbox, &id, sizeof(id));
    exchange_done(&ex);
    kit_end(&f.k);
}

/* R-DEL-1: nothing of the mailbox stays but what D4 needs. */
static void
a_delete_leaves_the_memory_of_the_create_alone(void **state)
{
    struct store_count count;
    struct fixture f;
    struct mailbox_id id;

    (void)state;
    begin(&f);
    id = created(&f, 1);
    assert_int_equal(f.k.store.count(f.k.store.self, &count), TG_OK);
    assert_int_equal(count.rows, 2);
    assert_int_equal(outcome_of(&f, EXCHANGE_DELETE, &id, OWNER, 2),
                     RELAY_DONE);
    assert_int_equal(f.k.store.count(f.k.store.self, &count), TG_OK);
    assert_int_equal(count.rows, 1);
    kit_end(&f.k);
}

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

/* ---- who comes first --------------------------------------------------- */

enum { RACERS = 20, TRIALS = 10 };

/* In a process of its own: wait for the start, read once; the exit status
 * tells how it went. */
static void
race(struct fixture *f, const struct mailbox_id *id, unsigned claim, int start)
{
    enum relay_outcome outcome;
    char go;

    alarm(PATIENCE_S);
    kit_open(&f->k);
    kit_site(&f->site, &f->k.hours);
    if (read(start, &go, 1) != 0)
        _exit(9);
    outcome = outcome_of(f, EXCHANGE_READ, id, claim, claim);
    kit_close(&f->k);
    _exit(outcome == RELAY_DONE ? 0 : outcome == RELAY_CLAIM_REFUSED ? 1 : 9);
}

static size_t
winners(struct fixture *f, const struct mailbox_id *id, unsigned first_claim)
{
    pid_t racers[RACERS];
    size_t won = 0;
    int start[2];
    int status;

    assert_int_equal(pipe(start), 0);
    for (unsigned i = 0; i < RACERS; i++) {
        if ((racers[i] = fork()) == 0) {
            close(start[1]);
            race(f, id, first_claim + i, start[0]);
        }
        assert_true(racers[i] > 0);
    }
    close(start[0]);
    usleep(20000); /* so that most have opened; right in any case */
    close(start[1]);
    for (unsigned i = 0; i < RACERS; i++) {
        assert_int_equal(waitpid(racers[i], &status, 0), racers[i]);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), 0, 1);
        won += WEXITSTATUS(status) == 0;
    }
    return won;
}

/* R-READ-2, THREATS 4 */
static void
of_twenty_simultaneous_first_readers_exactly_one_succeeds(void **state)
{
    struct fixture f;

    (void)state;
    memset(&f, 0, sizeof(f));
    kit_create(&f.k);
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        struct mailbox_id id;

        kit_open(&f.k);
        kit_site(&f.site, &f.k.hours);
        id = created(&f, 1000 + trial);
        kit_close(&f.k);
        assert_int_equal(winners(&f, &id, 100), 1);
    }
    kit_open(&f.k);
    kit_end(&f.k);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_created_is_read_back_by_the_recipient),
        cmocka_unit_test(
            a_second_claim_is_refused_also_after_the_first_has_read_again),
        cmocka_unit_test(
            a_dead_token_is_gone_from_the_row_that_is_written_next),
        cmocka_unit_test(a_preview_binds_nobody),
        cmocka_unit_test(an_update_is_seen_by_the_next_read),
        cmocka_unit_test(after_a_relinquish_another_device_may_read),
        cmocka_unit_test(
            a_retried_create_names_the_same_mailbox_and_makes_no_other),
        cmocka_unit_test(a_create_retried_after_delete_brings_nothing_back),
        cmocka_unit_test(a_request_id_is_remembered_for_its_claim_alone),
        cmocka_unit_test(a_delete_leaves_the_memory_of_the_create_alone),
        cmocka_unit_test(a_damaged_row_fails_its_own_calls_and_no_others),
        cmocka_unit_test(without_its_hour_key_a_mailbox_is_gone),
        cmocka_unit_test(a_usual_mailbox_stays_within_half_a_page),
        cmocka_unit_test(
            of_twenty_simultaneous_first_readers_exactly_one_succeeds),
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
    return kit_run_tests("exchange", tests, count, KIT_COUNT(tests));
}

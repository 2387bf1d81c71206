/* Calls of the protocol against their rows, on every store: argv[1] names it.
 * What a call decides is tested with the core; here is what rows add to it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange_calls.h"

/* The last tests are for stores that survive. */
enum { DURABLE = 1, PATIENCE_S = 60 };

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
        cmocka_unit_test(
            of_twenty_simultaneous_first_readers_exactly_one_succeeds),
    };

    size_t count = KIT_COUNT(tests);

    if (argc != 2 || !kit_choose(argv[1])) {
        fprintf(stderr, "usage: %s mem|lmdb|pg\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (kit_kind() == KIT_MEM)
        count -= DURABLE;
    return kit_run_tests("exchange", tests, count, KIT_COUNT(tests));
}

/* The mailbox's decisions but for create's, one behaviour a test. What random
 * sequences of calls do is test_mailbox_model.c's. */
#include "mailbox_kit.h"

/* ---- calls on the fixture ---------------------------------------------- */

static enum relay_outcome
read_as(struct mailbox *mb, uint8_t claim)
{
    const struct relay_request rq = request(claim, 0);

    return mailbox_read(mb, &rq, &policy, NOW, &fx);
}

static enum relay_outcome
update_as(struct mailbox *mb, uint8_t claim, uint8_t id, const char *data)
{
    struct relay_request rq = request(claim, id);

    rq.body.payload.data = tg_span_text(data);
    return mailbox_update(mb, &rq, &policy, NOW, &fx);
}

static enum relay_outcome
delete_as(struct mailbox *mb, uint8_t claim)
{
    const struct relay_request rq = request(claim, 9);

    return mailbox_delete(mb, &rq, NOW, &fx);
}

static enum relay_outcome
relinquish_as(struct mailbox *mb, uint8_t claim, uint8_t id)
{
    const struct relay_request rq = request(claim, id);

    return mailbox_relinquish(mb, &rq, NOW, &fx);
}

static struct mailbox
bound(uint8_t rights)
{
    struct mailbox mb = created(rights);

    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
    return mb;
}

enum { RWD = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE };

/* A refusal leaves the mailbox as it was and has nothing follow. */
static void
assert_untouched(const struct mailbox *mb, const struct mailbox *before)
{
    assert_memory_equal(mb, before, sizeof(*mb));
    assert_false(fx.changed);
    assert_false(fx.removed);
    assert_false(fx.wake);
    assert_int_equal(fx.notify, SIDE_NONE);
}

/* ---- read -------------------------------------------------------------- */

/* R-READ-1 */
static void
the_initiator_reads_and_never_becomes_the_recipient(void **state)
{
    struct mailbox mb = created(RWD);
    const struct mailbox before = mb;

    (void)state;
    assert_int_equal(read_as(&mb, INITIATOR), RELAY_DONE);
    assert_untouched(&mb, &before);
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
    assert_true(mb.has_recipient);
}

/* R-READ-2 R-READ-3 */
static void
the_first_other_claim_is_bound_and_a_third_refused(void **state)
{
    struct mailbox mb = created(RWD);
    struct mailbox before;

    (void)state;
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
    assert_true(fx.changed);
    before = mb;
    assert_int_equal(read_as(&mb, STRANGER), RELAY_CLAIM_REFUSED);
    assert_untouched(&mb, &before);
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
    assert_untouched(&mb, &before);
}

/* R-READ-3 D5 */
static void
without_the_right_to_read_nobody_is_bound_but_the_initiator_reads(void **state)
{
    struct mailbox mb = created(RIGHT_WRITE | RIGHT_DELETE);
    const struct mailbox before = mb;

    (void)state;
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_RIGHT_REFUSED);
    assert_untouched(&mb, &before);
    assert_int_equal(read_as(&mb, INITIATOR), RELAY_DONE);
}

/* §4: the order of checks; nothing is bound by a body that is refused */
static void
a_first_read_with_a_bad_body_is_refused_and_binds_nobody(void **state)
{
    struct mailbox mb = created(RWD);
    const struct mailbox before = mb;
    struct relay_request rq = request(RECIPIENT, 0);

    (void)state;
    rq.body.acceptable = false;
    assert_int_equal(mailbox_read(&mb, &rq, &policy, NOW, &fx),
                     RELAY_BODY_REFUSED);
    assert_untouched(&mb, &before);
}

/* D8 R-PUSH-1 */
static void
a_read_may_leave_a_token_for_the_callers_own_side(void **state)
{
    struct mailbox mb = bound(RWD);
    struct relay_request rq = request(RECIPIENT, 0);

    (void)state;
    rq.body.token = token("org.w3.webpush", "mine");
    assert_int_equal(mailbox_read(&mb, &rq, &policy, NOW, &fx), RELAY_DONE);
    assert_true(fx.changed);
    assert_true(fx.push_supported);
    assert_true(tg_span_is(mb.recipient_token.data, "mine"));
    assert_int_equal(mb.initiator_token.type.len, 0);

    /* The same token again is no reason to write. */
    assert_int_equal(mailbox_read(&mb, &rq, &policy, NOW, &fx), RELAY_DONE);
    assert_false(fx.changed);

    /* And it stays when a later read brings none. */
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
    assert_true(fx.push_supported);
}

/* §6 §13 RFC 9110 §13.1.2 */
static void
a_read_of_the_version_that_the_caller_has_is_unchanged(void **state)
{
    static const struct {
        struct etag_condition condition;
        enum relay_outcome outcome;
    } cases[] = {
        {{.kind = CONDITION_ANY}, RELAY_UNCHANGED},
        {{CONDITION_LIST, 1, {1}}, RELAY_UNCHANGED},
        {{CONDITION_LIST, 2, {9, 1}}, RELAY_UNCHANGED},
        {{CONDITION_LIST, 1, {2}}, RELAY_DONE},
        {{CONDITION_LIST, 0, {0}}, RELAY_DONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mailbox mb = bound(RWD);
        struct relay_request rq = request(RECIPIENT, 0);

        rq.if_none_match = cases[i].condition;
        assert_int_equal(mailbox_read(&mb, &rq, &policy, NOW, &fx),
                         cases[i].outcome);
        assert_int_equal(fx.version, 1);
    }
}

/* R-READ-2 §13: only the payload is withheld */
static void
a_first_read_binds_and_keeps_its_token_also_when_unchanged(void **state)
{
    struct mailbox mb = created(RWD);
    struct relay_request rq = request(RECIPIENT, 0);

    (void)state;
    rq.body.token = token("org.w3.webpush", "mine");
    rq.if_none_match.kind = CONDITION_ANY;
    assert_int_equal(mailbox_read(&mb, &rq, &policy, NOW, &fx),
                     RELAY_UNCHANGED);
    assert_true(fx.changed);
    assert_true(tg_span_is(mb.recipient_token.data, "mine"));
    assert_int_equal(read_as(&mb, STRANGER), RELAY_CLAIM_REFUSED);
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
}

/* ---- update ------------------------------------------------------------ */

/* R-UPD-1 R-UPD-2 */
static void
either_side_updates_also_twice_running_and_the_other_is_notified(void **state)
{
    struct mailbox mb = bound(RWD);

    (void)state;
    assert_int_equal(update_as(&mb, RECIPIENT, 1, "one"), RELAY_DONE);
    assert_int_equal(fx.notify, SIDE_INITIATOR);
    assert_true(fx.wake);
    assert_int_equal(fx.version, 2);
    assert_int_equal(update_as(&mb, RECIPIENT, 2, "two"), RELAY_DONE);
    assert_int_equal(update_as(&mb, INITIATOR, 3, "three"), RELAY_DONE);
    assert_int_equal(fx.notify, SIDE_RECIPIENT);
    assert_int_equal(mb.version, 4);
    assert_true(tg_span_is(mb.payload.data, "three"));
}

/* R-UPD-2: the token to ring is that of the other side */
static void
the_token_that_is_rung_is_the_other_sides(void **state)
{
    struct mailbox mb = bound(RWD);
    struct relay_request rq = request(RECIPIENT, 1);

    (void)state;
    mb.initiator_token = token("org.w3.webpush", "initiators");
    rq.body.token = token("com.apple.apns", "recipients");
    assert_int_equal(mailbox_update(&mb, &rq, &policy, NOW, &fx), RELAY_DONE);
    assert_true(tg_span_is(fx.notify_token.data, "initiators"));
    assert_true(tg_span_is(mb.recipient_token.data, "recipients"));
    assert_false(fx.push_supported);
}

/* R-UPD-3 §13 */
static void
a_stale_if_match_is_refused_and_changes_nothing(void **state)
{
    static const struct {
        struct etag_condition condition;
        enum relay_outcome outcome;
    } cases[] = {
        {{.kind = CONDITION_NONE}, RELAY_DONE},
        {{.kind = CONDITION_ANY}, RELAY_DONE},
        {{CONDITION_LIST, 1, {1}}, RELAY_DONE},
        {{CONDITION_LIST, 2, {5, 1}}, RELAY_DONE},
        {{CONDITION_LIST, 1, {2}}, RELAY_PRECONDITION_FAILED},
        {{CONDITION_LIST, 0, {0}}, RELAY_PRECONDITION_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mailbox mb = bound(RWD);
        const struct mailbox before = mb;
        struct relay_request rq = request(INITIATOR, 1);

        rq.if_match = cases[i].condition;
        assert_int_equal(mailbox_update(&mb, &rq, &policy, NOW, &fx),
                         cases[i].outcome);
        if (cases[i].outcome != RELAY_DONE)
            assert_untouched(&mb, &before);
    }
}

/* R-IDEM D10 */
static void
an_update_done_before_is_answered_as_then_and_not_done_again(void **state)
{
    struct mailbox mb = bound(RWD);
    struct relay_request rq = request(INITIATOR, 1);
    struct mailbox before;

    (void)state;
    rq.body.token = token("org.w3.webpush", "t");
    assert_int_equal(mailbox_update(&mb, &rq, &policy, NOW, &fx), RELAY_DONE);
    assert_int_equal(update_as(&mb, RECIPIENT, 2, "later"), RELAY_DONE);
    before = mb;

    rq.body = (struct request_body){.acceptable = false};
    rq.if_match = (struct etag_condition){CONDITION_LIST, 1, {77}};
    assert_int_equal(mailbox_update(&mb, &rq, &policy, NOW, &fx),
                     RELAY_ALREADY_DONE);
    assert_int_equal(fx.version, 2);
    assert_true(fx.push_supported);
    assert_untouched(&mb, &before);

    /* The other side's ids are its own. */
    assert_int_equal(update_as(&mb, RECIPIENT, 1, "new"), RELAY_DONE);
}

/* D10 */
static void
the_last_eight_updates_of_a_side_are_remembered_and_not_the_ninth(void **state)
{
    struct mailbox mb = bound(RWD);

    (void)state;
    for (uint8_t id = 1; id <= 9; id++)
        assert_int_equal(update_as(&mb, RECIPIENT, id, "x"), RELAY_DONE);
    for (uint8_t id = 2; id <= 9; id++)
        assert_int_equal(update_as(&mb, RECIPIENT, id, "y"),
                         RELAY_ALREADY_DONE);
    assert_int_equal(mb.version, 10);
    assert_int_equal(update_as(&mb, RECIPIENT, 1, "z"), RELAY_DONE);
}

/* R-UPD-1: a bound claim; THREATS 6 */
static void
a_stranger_neither_updates_nor_deletes_nor_relinquishes(void **state)
{
    struct mailbox mb = bound(RWD);
    const struct mailbox before = mb;

    (void)state;
    assert_int_equal(update_as(&mb, STRANGER, 1, "x"), RELAY_CLAIM_REFUSED);
    assert_untouched(&mb, &before);
    assert_int_equal(delete_as(&mb, STRANGER), RELAY_CLAIM_REFUSED);
    assert_untouched(&mb, &before);
    assert_int_equal(relinquish_as(&mb, STRANGER, 1), RELAY_CLAIM_REFUSED);
    assert_untouched(&mb, &before);
}

/* R-READ-2: only a read binds */
static void
while_nobody_is_bound_another_claim_can_do_nothing_but_read(void **state)
{
    struct mailbox mb = created(RWD);
    const struct mailbox before = mb;

    (void)state;
    assert_int_equal(update_as(&mb, RECIPIENT, 1, "x"), RELAY_CLAIM_REFUSED);
    assert_int_equal(delete_as(&mb, RECIPIENT), RELAY_CLAIM_REFUSED);
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_CLAIM_REFUSED);
    assert_untouched(&mb, &before);
}

/* D5: every subset of the rights, each side, each call */
static void
rights_bind_both_for_w_and_the_recipient_for_r_and_d(void **state)
{
    (void)state;
    for (uint8_t rights = 1; rights <= RWD; rights++) {
        struct mailbox mb = created(RWD);
        struct mailbox copy;

        assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
        mb.rights = rights;

        copy = mb;
        assert_int_equal(update_as(&copy, INITIATOR, 1, "x"),
                         rights & RIGHT_WRITE ? RELAY_DONE
                                              : RELAY_RIGHT_REFUSED);
        copy = mb;
        assert_int_equal(update_as(&copy, RECIPIENT, 1, "x"),
                         rights & RIGHT_WRITE ? RELAY_DONE
                                              : RELAY_RIGHT_REFUSED);
        copy = mb;
        assert_int_equal(read_as(&copy, INITIATOR), RELAY_DONE);
        assert_int_equal(read_as(&copy, RECIPIENT),
                         rights & RIGHT_READ ? RELAY_DONE
                                             : RELAY_RIGHT_REFUSED);
        assert_int_equal(delete_as(&copy, RECIPIENT),
                         rights & RIGHT_DELETE ? RELAY_DONE
                                               : RELAY_RIGHT_REFUSED);
        copy = mb;
        assert_int_equal(delete_as(&copy, INITIATOR), RELAY_DONE);
        copy = mb;
        assert_int_equal(relinquish_as(&copy, RECIPIENT, 1), RELAY_DONE);
    }
}

/* ---- delete ------------------------------------------------------------ */

/* R-DEL-1 R-IDEM */
static void
a_deleted_mailbox_is_gone_for_everybody_and_for_a_retry(void **state)
{
    struct mailbox mb = bound(RWD);

    (void)state;
    assert_int_equal(delete_as(&mb, RECIPIENT), RELAY_DONE);
    assert_true(fx.removed);
    assert_false(fx.changed);
    assert_true(fx.wake);
    assert_int_equal(fx.notify, SIDE_INITIATOR);
    assert_int_equal(delete_as(&mb, RECIPIENT), RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(read_as(&mb, INITIATOR), RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(update_as(&mb, INITIATOR, 1, "x"), RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(mailbox_display(&mb, NOW, &fx), RELAY_NO_SUCH_MAILBOX);
}

/* ---- relinquish -------------------------------------------------------- */

/* R-REL-1 */
static void
after_relinquish_the_next_claim_becomes_the_recipient(void **state)
{
    struct mailbox mb = bound(RWD);

    (void)state;
    mb.recipient_token = token("org.w3.webpush", "t");
    assert_int_equal(update_as(&mb, RECIPIENT, 5, "x"), RELAY_DONE);
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_DONE);
    assert_false(mb.has_recipient);
    assert_int_equal(mb.recipient_token.type.len, 0);
    assert_int_equal(mb.recipient_memory.count, 0);
    assert_int_equal(fx.notify, SIDE_INITIATOR);

    assert_int_equal(read_as(&mb, STRANGER), RELAY_DONE);
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_CLAIM_REFUSED);
    /* Its remembered ids are forgotten: not answered 201 to anyone. */
    assert_int_equal(update_as(&mb, RECIPIENT, 5, "x"), RELAY_CLAIM_REFUSED);
    assert_int_equal(update_as(&mb, STRANGER, 5, "x"), RELAY_DONE);
}

/* R-REL-1 R-IDEM D10 */
static void
a_retried_relinquish_is_already_done_though_no_longer_bound(void **state)
{
    struct mailbox mb = bound(RWD);
    struct mailbox before;

    (void)state;
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_DONE);
    before = mb;
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_ALREADY_DONE);
    assert_int_equal(fx.notify, SIDE_INITIATOR); /* and nothing else */
    fx.notify = SIDE_NONE;
    assert_untouched(&mb, &before);
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 2), RELAY_CLAIM_REFUSED);
    assert_int_equal(relinquish_as(&mb, STRANGER, 1), RELAY_CLAIM_REFUSED);

    /* The same device may come back, and an old relinquish is still no new
     * one. */
    assert_int_equal(read_as(&mb, RECIPIENT), RELAY_DONE);
    before = mb;
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_ALREADY_DONE);
    assert_untouched(&mb, &before);
    assert_true(mb.has_recipient);
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 3), RELAY_DONE);
    assert_false(mb.has_recipient);
}

/* R-REL-1 */
static void
the_initiator_cannot_relinquish(void **state)
{
    struct mailbox mb = bound(RWD);
    const struct mailbox before = mb;

    (void)state;
    assert_int_equal(relinquish_as(&mb, INITIATOR, 1), RELAY_CLAIM_REFUSED);
    assert_untouched(&mb, &before);
}

/* R-REL-1: no access right is needed */
static void
relinquish_needs_no_right(void **state)
{
    struct mailbox mb = bound(RIGHT_READ);

    (void)state;
    assert_int_equal(relinquish_as(&mb, RECIPIENT, 1), RELAY_DONE);
}

/* ---- expiry and preview ------------------------------------------------ */

/* §1: gone at that moment, swept or not */
static void
at_the_second_of_its_expiration_the_mailbox_is_gone(void **state)
{
    struct mailbox mb = bound(RWD);
    const struct relay_request rq = request(INITIATOR, 4);
    const tg_time_s last = NOW + LIFETIME - 1;

    (void)state;
    assert_int_equal(mailbox_read(&mb, &rq, &policy, last, &fx), RELAY_DONE);
    assert_int_equal(mailbox_display(&mb, last, &fx), RELAY_DONE);
    assert_int_equal(mailbox_read(&mb, &rq, &policy, last + 1, &fx),
                     RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(mailbox_update(&mb, &rq, &policy, last + 1, &fx),
                     RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(mailbox_delete(&mb, &rq, last + 1, &fx),
                     RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(mailbox_display(&mb, last + 1, &fx),
                     RELAY_NO_SUCH_MAILBOX);
}

/* R-PRE-1 */
static void
a_preview_binds_nobody_and_changes_nothing(void **state)
{
    struct mailbox mb = created(RWD);
    const struct mailbox before = mb;

    (void)state;
    assert_int_equal(mailbox_display(&mb, NOW, &fx), RELAY_DONE);
    assert_untouched(&mb, &before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_initiator_reads_and_never_becomes_the_recipient),
        cmocka_unit_test(the_first_other_claim_is_bound_and_a_third_refused),
        cmocka_unit_test(
            without_the_right_to_read_nobody_is_bound_but_the_initiator_reads),
        cmocka_unit_test(
            a_first_read_with_a_bad_body_is_refused_and_binds_nobody),
        cmocka_unit_test(a_read_may_leave_a_token_for_the_callers_own_side),
        cmocka_unit_test(
            a_read_of_the_version_that_the_caller_has_is_unchanged),
        cmocka_unit_test(
            a_first_read_binds_and_keeps_its_token_also_when_unchanged),
        cmocka_unit_test(
            either_side_updates_also_twice_running_and_the_other_is_notified),
        cmocka_unit_test(the_token_that_is_rung_is_the_other_sides),
        cmocka_unit_test(a_stale_if_match_is_refused_and_changes_nothing),
        cmocka_unit_test(
            an_update_done_before_is_answered_as_then_and_not_done_again),
        cmocka_unit_test(
            the_last_eight_updates_of_a_side_are_remembered_and_not_the_ninth),
        cmocka_unit_test(
            a_stranger_neither_updates_nor_deletes_nor_relinquishes),
        cmocka_unit_test(
            while_nobody_is_bound_another_claim_can_do_nothing_but_read),
        cmocka_unit_test(rights_bind_both_for_w_and_the_recipient_for_r_and_d),
        cmocka_unit_test(
            a_deleted_mailbox_is_gone_for_everybody_and_for_a_retry),
        cmocka_unit_test(after_relinquish_the_next_claim_becomes_the_recipient),
        cmocka_unit_test(
            a_retried_relinquish_is_already_done_though_no_longer_bound),
        cmocka_unit_test(the_initiator_cannot_relinquish),
        cmocka_unit_test(relinquish_needs_no_right),
        cmocka_unit_test(at_the_second_of_its_expiration_the_mailbox_is_gone),
        cmocka_unit_test(a_preview_binds_nobody_and_changes_nothing),
    };

    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}

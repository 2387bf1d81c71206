/* A read that waits comes back to the mailbox: what it finds there, and what it
 * may no longer do (PROTOCOL §6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay/mailbox.h"

enum { NOW = 1000000, LIFETIME = 3600, INITIATOR = 1, RECIPIENT = 2 };

static const struct relay_policy policy = {
    .lifetime_default = LIFETIME,
    .lifetime_max = LIFETIME,
};

static struct relay_request
request_of(uint8_t claim)
{
    struct relay_request rq = {
        .body = {.acceptable = true,
                 .payload = {TG_SPAN_LITERAL("AEAD_AES_128_GCM"),
                             TG_SPAN_LITERAL("sealed")},
                 .rights = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE},
    };

    memset(rq.claim.bytes, claim, sizeof(rq.claim.bytes));
    rq.id.uuid.bytes[0] = claim;
    return rq;
}

static struct mailbox
made_and_bound(void)
{
    const struct relay_request create = request_of(INITIATOR);
    const struct relay_request read = request_of(RECIPIENT);
    const struct mailbox_id id = {.uuid.bytes = {1}};
    struct create_memory memory = {0};
    struct mailbox mb = {0};
    struct relay_effects fx;

    assert_int_equal(mailbox_create(&mb, &memory, &id, &create, &policy, NOW,
                                    &fx),
                     RELAY_DONE);
    assert_int_equal(mailbox_read(&mb, &read, &policy, NOW, &fx), RELAY_DONE);
    return mb;
}

/* As a read that has waited, for the version that was there at first. */
static enum relay_outcome
look_again(struct mailbox *mb, uint8_t claim, tg_time_s now,
           struct relay_effects *fx)
{
    struct relay_request rq = request_of(claim);

    rq.has_waited = true;
    rq.if_none_match = (struct etag_condition){CONDITION_LIST, 1, {1}};
    return mailbox_read(mb, &rq, &policy, now, fx);
}

/* R-WAIT-1 R-UPD-2 */
static void
an_update_wakes_and_is_found_and_nothing_else_is(void **state)
{
    const struct relay_request update = request_of(INITIATOR);
    struct mailbox mb = made_and_bound();
    struct relay_effects fx;

    (void)state;
    assert_int_equal(look_again(&mb, RECIPIENT, NOW, &fx), RELAY_UNCHANGED);
    assert_false(fx.wake);
    assert_int_equal(mailbox_update(&mb, &update, &policy, NOW, &fx),
                     RELAY_DONE);
    assert_true(fx.wake);
    assert_false(fx.ends_waits);
    assert_int_equal(look_again(&mb, RECIPIENT, NOW, &fx), RELAY_DONE);
    assert_int_equal(fx.version, 2);
}

/* R-WAIT-1 R-DEL-1 */
static void
a_delete_or_the_expiration_is_found_by_who_has_waited(void **state)
{
    const struct relay_request rq = request_of(INITIATOR);
    struct mailbox mb = made_and_bound();
    struct relay_effects fx;

    (void)state;
    assert_int_equal(look_again(&mb, INITIATOR, NOW + LIFETIME, &fx),
                     RELAY_NO_SUCH_MAILBOX);
    assert_int_equal(mailbox_delete(&mb, &rq, NOW, &fx), RELAY_DONE);
    assert_true(fx.wake);
    assert_int_equal(look_again(&mb, RECIPIENT, NOW, &fx),
                     RELAY_NO_SUCH_MAILBOX);
}

/* R-WAIT-1 R-REL-1 §13 */
static void
who_was_relinquished_while_waiting_takes_no_place_that_is_free(void **state)
{
    const struct relay_request rq = request_of(RECIPIENT);
    struct mailbox mb = made_and_bound();
    struct relay_effects fx;

    (void)state;
    assert_int_equal(mailbox_relinquish(&mb, &rq, NOW, &fx), RELAY_DONE);
    assert_true(fx.wake);
    assert_int_equal(look_again(&mb, RECIPIENT, NOW, &fx),
                     RELAY_CLAIM_REFUSED);
    assert_false(mb.has_recipient);
    assert_false(fx.changed);
    assert_int_equal(mailbox_read(&mb, &rq, &policy, NOW, &fx), RELAY_DONE);
}

/* R-REL-1 §13: she has nothing to find, and is to hear of it nevertheless; and
 * not again and again (decision 16) */
static void
a_relinquish_ends_waits_once(void **state)
{
    const struct relay_request rq = request_of(RECIPIENT);
    struct mailbox mb = made_and_bound();
    struct relay_effects fx;

    (void)state;
    assert_int_equal(mailbox_relinquish(&mb, &rq, NOW, &fx), RELAY_DONE);
    assert_true(fx.wake);
    assert_true(fx.ends_waits);
    assert_int_equal(look_again(&mb, INITIATOR, NOW, &fx), RELAY_UNCHANGED);
    assert_int_equal(mailbox_relinquish(&mb, &rq, NOW, &fx),
                     RELAY_ALREADY_DONE);
    assert_false(fx.wake);
    assert_false(fx.ends_waits);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_wakes_and_is_found_and_nothing_else_is),
        cmocka_unit_test(a_delete_or_the_expiration_is_found_by_who_has_waited),
        cmocka_unit_test(
            who_was_relinquished_while_waiting_takes_no_place_that_is_free),
        cmocka_unit_test(a_relinquish_ends_waits_once),
    };

    return cmocka_run_group_tests_name("mailbox_waiting", tests, NULL, NULL);
}

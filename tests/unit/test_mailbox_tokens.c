/* Notification tokens: whom a retry rings; and those that a service has called
 * dead: what the mailbox still says of them, and when it forgets them
 * (PROTOCOL §8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay/mailbox.h"

enum { NOW = 1000000, LIFETIME = 3600, INITIATOR = 1, RECIPIENT = 2 };

#define TYPE "org.w3.webpush"

/* ---- kit --------------------------------------------------------------- */

static const struct tg_span push_types[] = {TG_SPAN_LITERAL(TYPE)};

/* Dead is what `self` names, a text. */
static bool
is_named(const void *self, const struct notification_token *token)
{
    assert_true(tg_span_is(token->type, TYPE));
    return tg_span_is(token->data, self);
}

static struct relay_policy
policy_with_dead(const char *data)
{
    return (struct relay_policy){
        .lifetime_default = LIFETIME,
        .lifetime_max = LIFETIME,
        .push_types = push_types,
        .push_type_count = 1,
        .is_dead = data == NULL ? NULL : is_named,
        .is_dead_self = data,
    };
}

static struct relay_request
request_of(uint8_t claim, uint8_t id, const char *token)
{
    struct relay_request rq = {
        .body = {.acceptable = true,
                 .payload = {TG_SPAN_LITERAL("AEAD_AES_128_GCM"),
                             TG_SPAN_LITERAL("sealed")},
                 .rights = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE},
    };

    memset(rq.claim.bytes, claim, sizeof(rq.claim.bytes));
    rq.id.uuid.bytes[0] = id;
    if (token != NULL)
        rq.body.token = (struct notification_token){TG_SPAN_LITERAL(TYPE),
                                                    tg_span_text(token)};
    return rq;
}

/* Both sides have given a token, "hers" and "his". */
static struct mailbox
made_and_bound(const struct relay_policy *policy)
{
    const struct relay_request create = request_of(INITIATOR, 1, "hers");
    const struct relay_request read = request_of(RECIPIENT, 0, "his");
    const struct mailbox_id id = {.uuid.bytes = {1}};
    struct create_memory memory = {0};
    struct mailbox mb = {0};
    struct relay_effects fx;

    assert_int_equal(mailbox_create(&mb, &memory, &id, &create, policy, NOW,
                                    &fx),
                     RELAY_DONE);
    assert_int_equal(mailbox_read(&mb, &read, policy, NOW, &fx), RELAY_DONE);
    assert_true(fx.push_supported);
    return mb;
}

/* ---- tests ------------------------------------------------------------- */

/* R-PUSH-3 */
static void
a_dead_token_is_forgotten_and_the_other_sides_stays(void **state)
{
    const struct relay_policy none = policy_with_dead(NULL);
    const struct relay_policy his = policy_with_dead("his");
    struct mailbox mb = made_and_bound(&none);

    (void)state;
    mailbox_forget_dead(&mb, &none);
    assert_true(tg_span_is(mb.recipient_token.data, "his"));
    mailbox_forget_dead(&mb, &his);
    assert_int_equal(mb.recipient_token.type.len, 0);
    assert_int_equal(mb.recipient_token.data.len, 0);
    assert_true(tg_span_is(mb.initiator_token.data, "hers"));
}

/* A mailbox that is not there has no tokens to be asked about. */
static void
nobody_is_asked_about_a_token_that_is_not_there(void **state)
{
    const struct relay_policy policy = policy_with_dead("");
    struct mailbox mb = {0};

    (void)state;
    mailbox_forget_dead(&mb, &policy); /* is_named() would fail on no type */
    assert_false(mb.exists);
}

/* R-PUSH-3 R-UPD-2 */
static void
who_has_a_dead_token_is_not_rung_but_woken(void **state)
{
    const struct relay_policy policy = policy_with_dead("his");
    const struct relay_request update = request_of(INITIATOR, 2, NULL);
    struct mailbox mb = made_and_bound(&policy);
    struct relay_effects fx;

    (void)state;
    mailbox_forget_dead(&mb, &policy);
    assert_int_equal(mailbox_update(&mb, &update, &policy, NOW, &fx),
                     RELAY_DONE);
    assert_true(fx.wake);
    assert_int_equal(fx.notify_token.type.len, 0);
    assert_true(fx.push_supported); /* of the caller, whose token lives */
}

/* R-UPD-2 R-IDEM: whoever was to ring may have died before */
static void
a_retried_update_rings_again_while_it_is_the_newest(void **state)
{
    const struct relay_policy policy = policy_with_dead(NULL);
    const struct relay_request his = request_of(RECIPIENT, 2, NULL);
    const struct relay_request hers = request_of(INITIATOR, 3, NULL);
    struct mailbox mb = made_and_bound(&policy);
    struct relay_effects fx;
    struct mailbox before;

    (void)state;
    assert_int_equal(mailbox_update(&mb, &his, &policy, NOW, &fx), RELAY_DONE);
    before = mb;
    assert_int_equal(mailbox_update(&mb, &his, &policy, NOW, &fx),
                     RELAY_ALREADY_DONE);
    assert_int_equal(fx.notify, SIDE_INITIATOR);
    assert_true(tg_span_is(fx.notify_token.data, "hers"));
    assert_false(fx.wake);
    assert_false(fx.changed);
    assert_memory_equal(&mb, &before, sizeof(mb));

    assert_int_equal(mailbox_update(&mb, &hers, &policy, NOW, &fx),
                     RELAY_DONE);
    assert_int_equal(mailbox_update(&mb, &his, &policy, NOW, &fx),
                     RELAY_ALREADY_DONE);
    assert_int_equal(fx.notify, SIDE_NONE);
}

/* R-PUSH-1 R-PUSH-3 */
static void
a_read_tells_that_push_works_no_more_and_is_no_reason_to_write(void **state)
{
    const struct relay_policy policy = policy_with_dead("his");
    const struct relay_request read = request_of(RECIPIENT, 0, NULL);
    struct mailbox mb = made_and_bound(&policy);
    struct relay_effects fx;

    (void)state;
    mailbox_forget_dead(&mb, &policy);
    assert_int_equal(mailbox_read(&mb, &read, &policy, NOW, &fx), RELAY_DONE);
    assert_false(fx.push_supported);
    assert_false(fx.changed);
}

/* R-PUSH-1 R-PUSH-3 */
static void
a_token_that_is_given_replaces_the_dead_one(void **state)
{
    static const char *const tokens[] = {"his", "another"};
    const struct relay_policy policy = policy_with_dead("his");

    (void)state;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        const struct relay_request read = request_of(RECIPIENT, 0, tokens[i]);
        struct mailbox mb = made_and_bound(&policy);
        struct relay_effects fx;

        mailbox_forget_dead(&mb, &policy);
        assert_int_equal(mailbox_read(&mb, &read, &policy, NOW, &fx),
                         RELAY_DONE);
        assert_true(fx.push_supported);
        assert_true(fx.changed);
        assert_true(tg_span_is(mb.recipient_token.data, tokens[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_token_is_forgotten_and_the_other_sides_stays),
        cmocka_unit_test(nobody_is_asked_about_a_token_that_is_not_there),
        cmocka_unit_test(who_has_a_dead_token_is_not_rung_but_woken),
        cmocka_unit_test(a_retried_update_rings_again_while_it_is_the_newest),
        cmocka_unit_test(
            a_read_tells_that_push_works_no_more_and_is_no_reason_to_write),
        cmocka_unit_test(a_token_that_is_given_replaces_the_dead_one),
    };

    return cmocka_run_group_tests_name("mailbox_tokens", tests, NULL, NULL);
}

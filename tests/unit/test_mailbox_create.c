/* CreateMailbox, one behaviour a test. */
#include "mailbox_kit.h"

/* R-CREATE-3 R-CREATE-4 R-CREATE-5 */
static void
create_binds_the_initiator_and_starts_at_version_1(void **state)
{
    struct mailbox mb = created(RIGHT_READ | RIGHT_DELETE);
    const struct claim_mark initiator = claim_of(INITIATOR);

    (void)state;
    assert_true(mb.exists);
    assert_true(fx.changed);
    assert_int_equal(mb.version, 1);
    assert_int_equal(mb.expires, NOW + LIFETIME);
    assert_int_equal(mb.rights, RIGHT_READ | RIGHT_DELETE);
    assert_memory_equal(&mb.initiator, &initiator, sizeof(initiator));
    assert_false(mb.has_recipient);
}

/* R-CREATE-4 D6 D7 */
static void
expiration_is_chosen_lowered_to_the_maximum_and_never_in_the_past(void **state)
{
    static const struct {
        enum expiration_choice choice;
        tg_time_s given;
        enum relay_outcome outcome;
        tg_time_s expires;
    } cases[] = {
        {EXPIRATION_DEFAULT, 0, RELAY_DONE, NOW + LIFETIME},
        {EXPIRATION_AT, NOW + 1, RELAY_DONE, NOW + 1},
        {EXPIRATION_AT, NOW + LIFETIME, RELAY_DONE, NOW + LIFETIME},
        {EXPIRATION_AT, NOW + LIFETIME + 1, RELAY_DONE, NOW + LIFETIME},
        {EXPIRATION_AT, NOW, RELAY_EXPIRATION_PAST, 0},
        {EXPIRATION_AT, 0, RELAY_EXPIRATION_PAST, 0},
        {EXPIRATION_LIFETIME, 1, RELAY_DONE, NOW + 1},
        {EXPIRATION_LIFETIME, INT64_MAX, RELAY_DONE, NOW + LIFETIME},
        {EXPIRATION_LIFETIME, 0, RELAY_EXPIRATION_PAST, 0},
        {EXPIRATION_LIFETIME, INT64_MIN / 2, RELAY_EXPIRATION_PAST, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct mailbox_id id = {request_of(0x77).uuid};
        struct create_memory memory = {0};
        struct mailbox mb = {0};
        struct relay_request rq = request(INITIATOR, 1);

        rq.body.expiration_choice = cases[i].choice;
        rq.body.expiration = cases[i].given;
        assert_int_equal(
            mailbox_create(&mb, &memory, &id, &rq, &policy, NOW, &fx),
            cases[i].outcome);
        assert_int_equal(mb.exists, cases[i].outcome == RELAY_DONE);
        assert_int_equal(memory.exists, cases[i].outcome == RELAY_DONE);
        assert_int_equal(mb.expires, cases[i].expires);
        assert_int_equal(memory.expires, cases[i].expires);
    }
}

/* R-ATT-2 R-IDEM: after the body's turn, and never for a retry. */
static void
a_device_that_does_not_convince_gets_no_mailbox(void **state)
{
    const struct mailbox_id id = {request_of(0x77).uuid};
    struct create_memory memory = {0};
    struct mailbox mb = {0};
    struct relay_request rq = request(INITIATOR, 1);

    (void)state;
    rq.attestation_refused = true;
    rq.body.acceptable = false;
    assert_int_equal(mailbox_create(&mb, &memory, &id, &rq, &policy, NOW, &fx),
                     RELAY_BODY_REFUSED);
    rq.body.acceptable = true;
    assert_int_equal(mailbox_create(&mb, &memory, &id, &rq, &policy, NOW, &fx),
                     RELAY_ATTESTATION_REFUSED);
    assert_false(fx.changed);
    assert_false(mb.exists);
    assert_false(memory.exists);
    rq.attestation_refused = false;
    assert_int_equal(mailbox_create(&mb, &memory, &id, &rq, &policy, NOW, &fx),
                     RELAY_DONE);
    rq.attestation_refused = true;
    assert_int_equal(mailbox_create(&mb, &memory, &id, &rq, &policy, NOW, &fx),
                     RELAY_ALREADY_DONE);
}

/* D4 R-IDEM */
static void
a_create_that_was_done_is_answered_again_whatever_its_body(void **state)
{
    const struct mailbox_id first = {request_of(0x77).uuid};
    const struct mailbox_id second = {request_of(0x78).uuid};
    struct create_memory memory = {0};
    struct mailbox mb = {0};
    struct relay_request rq = request(INITIATOR, 1);

    (void)state;
    rq.body.token = token("org.w3.webpush", "e30=");
    assert_int_equal(
        mailbox_create(&mb, &memory, &first, &rq, &policy, NOW, &fx),
        RELAY_DONE);
    rq.body = (struct request_body){.acceptable = false};
    mb = (struct mailbox){0}; /* deleted meanwhile */
    assert_int_equal(
        mailbox_create(&mb, &memory, &second, &rq, &policy, NOW + 1, &fx),
        RELAY_ALREADY_DONE);
    assert_memory_equal(&memory.mailbox, &first, sizeof(first));
    assert_true(fx.push_supported);
    assert_false(mb.exists);
    assert_false(fx.changed);
}

/* D4 §13: the memory of a create may end at the mailbox's expiration */
static void
the_memory_of_a_create_ends_with_its_mailbox(void **state)
{
    const struct mailbox_id first = {request_of(0x77).uuid};
    const struct mailbox_id second = {request_of(0x78).uuid};
    struct create_memory memory = {0};
    struct mailbox mb = {0};
    const struct relay_request rq = request(INITIATOR, 1);

    (void)state;
    assert_int_equal(
        mailbox_create(&mb, &memory, &first, &rq, &policy, NOW, &fx),
        RELAY_DONE);
    assert_int_equal(mailbox_create(&mb, &memory, &second, &rq, &policy,
                                    NOW + LIFETIME, &fx),
                     RELAY_DONE);
    assert_memory_equal(&memory.mailbox, &second, sizeof(second));
}

/* R-PUSH-1 */
static void
push_is_supported_only_for_a_token_of_a_configured_type(void **state)
{
    static const struct {
        const char *type;
        bool supported;
    } cases[] = {
        {"org.w3.webpush", true},
        {"com.apple.apns", false},
        {"org.w3.webpus", false},
    };
    const struct notification_token none = {0};

    (void)state;
    assert_false(mailbox_push_supported(&none, &policy));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct notification_token t = token(cases[i].type, "x");

        assert_int_equal(mailbox_push_supported(&t, &policy),
                         cases[i].supported);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_binds_the_initiator_and_starts_at_version_1),
        cmocka_unit_test(
            expiration_is_chosen_lowered_to_the_maximum_and_never_in_the_past),
        cmocka_unit_test(a_device_that_does_not_convince_gets_no_mailbox),
        cmocka_unit_test(
            a_create_that_was_done_is_answered_again_whatever_its_body),
        cmocka_unit_test(the_memory_of_a_create_ends_with_its_mailbox),
        cmocka_unit_test(
            push_is_supported_only_for_a_token_of_a_configured_type),
    };

    return cmocka_run_group_tests_name("create", tests, NULL, NULL);
}

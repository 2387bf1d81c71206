/* What is the same for every format: the rule, and the steps of WebAuthn
 * Level 3 §7.1; each is broken by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "challenge/challenge.h"
#include "forge.h"

static struct forge_authority authority;

/* Judge `f`, which is then released, by a policy for `none`. */
static struct attest_verdict
judge(struct forge *f)
{
    struct attest_verdict verdict;
    struct attest_policy policy;
    struct tg_span header = forge_finish(f);

    forge_policy(&policy, ATTEST_NONE, NULL);
    verdict = attest_verify(&policy, header, f->challenge, FORGE_NOW);
    forge_end(f);
    return verdict;
}

static struct attest_verdict
judge_header(enum attest_rule rule, struct tg_span header)
{
    static const uint8_t challenge[ATTEST_HASH_LEN];
    struct attest_policy policy;

    forge_policy(&policy, ATTEST_NONE, NULL);
    policy.rule = rule;
    return attest_verify(&policy, header, challenge, FORGE_NOW);
}

static void
a_good_statement_is_accepted_and_its_format_told(void **state)
{
    struct attest_verdict verdict;
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    verdict = judge(&f);
    assert_int_equal(verdict.reason, ATTEST_FINE);
    assert_true(verdict.has_format);
    assert_int_equal(verdict.format, ATTEST_NONE);
}

/* PROTOCOL §13 */
static void
a_relay_that_ignores_statements_does_not_look_at_them(void **state)
{
    (void)state;
    assert_int_equal(judge_header(ATTEST_IGNORED, TG_SPAN_EMPTY).reason,
                     ATTEST_FINE);
    assert_int_equal(
        judge_header(ATTEST_IGNORED, TG_SPAN_LITERAL("?")).reason,
        ATTEST_FINE);
}

static void
an_optional_statement_may_be_missing_but_not_wrong(void **state)
{
    (void)state;
    assert_int_equal(judge_header(ATTEST_OPTIONAL, TG_SPAN_EMPTY).reason,
                     ATTEST_FINE);
    assert_int_equal(
        judge_header(ATTEST_OPTIONAL, TG_SPAN_LITERAL("?")).reason,
        ATTEST_MALFORMED);
    assert_int_equal(
        judge_header(ATTEST_OPTIONAL, TG_SPAN_LITERAL("")).reason,
        ATTEST_MALFORMED);
}

static void
a_required_statement_must_be_there_and_right(void **state)
{
    struct attest_verdict verdict =
        judge_header(ATTEST_REQUIRED, TG_SPAN_EMPTY);

    (void)state;
    assert_int_equal(verdict.reason, ATTEST_MISSING);
    assert_false(verdict.has_format);
    assert_int_equal(
        judge_header(ATTEST_REQUIRED, TG_SPAN_LITERAL("?")).reason,
        ATTEST_MALFORMED);
}

/* Step 7 */
static void
a_statement_of_a_login_is_refused(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.type = "webauthn.get";
    assert_int_equal(judge(&f).reason, ATTEST_TYPE);
}

/* Step 8 */
static void
a_statement_for_another_challenge_is_refused(void **state)
{
    struct attest_policy policy;
    struct tg_span header;
    struct forge f;

    (void)state;
    forge_policy(&policy, ATTEST_NONE, NULL);
    forge_begin(&f, ATTEST_NONE, &authority);
    header = forge_finish(&f);
    for (int i = 0; i < ATTEST_HASH_LEN; i++) {
        uint8_t other[ATTEST_HASH_LEN];

        memcpy(other, f.challenge, sizeof(other));
        other[i] ^= 1;
        assert_int_equal(
            attest_verify(&policy, header, other, FORGE_NOW).reason,
            ATTEST_CHALLENGE);
    }
    forge_end(&f);
}

/* Steps 9 to 11 */
static void
a_statement_of_another_origin_is_refused(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.origin = "https://evil.test";
    assert_int_equal(judge(&f).reason, ATTEST_ORIGIN);
    forge_begin(&f, ATTEST_NONE, &authority);
    f.client_more =
        ",\"crossOrigin\":true,\"topOrigin\":\"https://evil.test\"";
    assert_int_equal(judge(&f).reason, ATTEST_ORIGIN);
}

/* Step 14 */
static void
a_statement_for_another_rp_id_is_refused(void **state)
{
    struct attest_verdict verdict;
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.rp_id = "evil.test";
    verdict = judge(&f);
    assert_int_equal(verdict.reason, ATTEST_RP_ID);
    assert_true(verdict.has_format);
}

static void
every_configured_rp_id_counts_and_without_one_none_does(void **state)
{
    uint8_t hashes[2][ATTEST_HASH_LEN];
    struct attest_policy policy;
    struct tg_span header;
    struct forge f;

    (void)state;
    forge_policy(&policy, ATTEST_NONE, NULL);
    forge_begin(&f, ATTEST_NONE, &authority);
    f.rp_id = "second.test";
    header = forge_finish(&f);
    forge_sha256(tg_span_text("first.test"), hashes[0]);
    forge_sha256(tg_span_text("second.test"), hashes[1]);
    policy.rp_id_hashes = (const uint8_t(*)[ATTEST_HASH_LEN])hashes;
    policy.rp_id_count = 2;
    assert_int_equal(
        attest_verify(&policy, header, f.challenge, FORGE_NOW).reason,
        ATTEST_FINE);
    policy.rp_id_count = 1;
    assert_int_equal(
        attest_verify(&policy, header, f.challenge, FORGE_NOW).reason,
        ATTEST_RP_ID);
    policy.rp_id_count = 0;
    assert_int_equal(
        attest_verify(&policy, header, f.challenge, FORGE_NOW).reason,
        ATTEST_RP_ID);
    policy.rp_id_count = 2;
    hashes[1][ATTEST_HASH_LEN - 1] ^= 1;
    assert_int_equal(
        attest_verify(&policy, header, f.challenge, FORGE_NOW).reason,
        ATTEST_RP_ID);
    forge_end(&f);
}

/* Step 15: for every format but one, whatever else is in the statement. */
static void
somebody_was_there_except_for_app_attest(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ATTEST_FORMATS; i++) {
        enum attest_reason reason;
        struct forge f;

        forge_begin(&f, ATTEST_NONE, &authority);
        f.format = attest_format_name(i);
        f.flags = 0x44;
        reason = judge(&f).reason;
        if (i == ATTEST_APPLE_APPATTEST)
            assert_int_equal(reason, ATTEST_FORMAT_REFUSED);
        else
            assert_int_equal(reason, ATTEST_USER_ABSENT);
    }
}

/* Step 16 */
static void
nobody_needs_to_be_verified(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.flags = 0x41;
    assert_int_equal(judge(&f).reason, ATTEST_FINE);
}

/* Step 17 */
static void
a_backup_of_what_cannot_be_backed_up_is_refused(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.flags = 0x55;
    assert_int_equal(judge(&f).reason, ATTEST_MALFORMED);
}

/* Step 20 */
static void
an_algorithm_that_is_not_asked_for_is_refused(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.algorithm = -47;
    assert_int_equal(judge(&f).reason, ATTEST_ALGORITHM);
}

/* Step 21 */
static void
a_format_that_is_not_accepted_here_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ATTEST_FORMATS; i++) {
        struct attest_verdict verdict;
        struct forge f;

        if (i == ATTEST_NONE)
            continue;
        forge_begin(&f, ATTEST_NONE, &authority);
        f.format = attest_format_name(i);
        verdict = judge(&f);
        assert_int_equal(verdict.reason, ATTEST_FORMAT_REFUSED);
        assert_true(verdict.has_format);
        assert_int_equal(verdict.format, i);
    }
}

/* Step 22 */
static void
what_the_format_refuses_is_refused(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &authority);
    f.raw_statement = "a1 63 616c67 26";
    assert_int_equal(judge(&f).reason, ATTEST_STATEMENT);
}

/* ---- D9 ---------------------------------------------------------------- */

static void
count_up(struct tg_uuid *out, uint8_t from)
{
    for (size_t i = 0; i < TG_UUID_LEN; i++)
        out->bytes[i] = (uint8_t)(from + i);
}

/* Computed by Python's hashlib. */
static void
the_challenge_is_the_digest_that_the_protocol_says(void **state)
{
    static const uint8_t expected[ATTEST_HASH_LEN] = {
        0x5a, 0xc1, 0x12, 0xb1, 0x25, 0x47, 0xb2, 0xd1, 0x5e, 0x66, 0xbf,
        0x37, 0x67, 0xb8, 0x86, 0x79, 0x8d, 0xbd, 0x99, 0x1e, 0xd9, 0x8f,
        0x53, 0x5d, 0xf7, 0x16, 0xb6, 0xf4, 0xca, 0xe3, 0x28, 0x10};
    uint8_t made[ATTEST_HASH_LEN];
    struct tg_uuid request_id;
    struct tg_uuid claim;

    (void)state;
    count_up(&claim, 0);
    count_up(&request_id, 16);
    assert_int_equal(
        challenge_make(&claim, &request_id,
                       TG_SPAN_LITERAL("digitalwallet.carkey.ccc"),
                       TG_SPAN_LITERAL("\1\2\3"), made),
        TG_OK);
    assert_memory_equal(made, expected, sizeof(made));
}

/* One of `none` that is right for the first create is judged for another. */
static enum attest_reason
move_to(const struct tg_uuid *claim, const struct tg_uuid *request_id,
        const char *type, const char *data)
{
    struct attest_policy policy;
    struct attest_verdict verdict;
    uint8_t challenge[ATTEST_HASH_LEN];
    struct tg_uuid first_request;
    struct tg_uuid first_claim;
    struct forge f;

    count_up(&first_claim, 0);
    count_up(&first_request, 16);
    forge_policy(&policy, ATTEST_NONE, NULL);
    forge_begin(&f, ATTEST_NONE, &authority);
    assert_int_equal(challenge_make(&first_claim, &first_request,
                                    TG_SPAN_LITERAL("type"),
                                    TG_SPAN_LITERAL("data"), f.challenge),
                     TG_OK);
    assert_int_equal(challenge_make(claim, request_id, tg_span_text(type),
                                    tg_span_text(data), challenge),
                     TG_OK);
    verdict =
        attest_verify(&policy, forge_finish(&f), challenge, FORGE_NOW);
    forge_end(&f);
    return verdict.reason;
}

static void
a_statement_cannot_be_moved_to_another_create(void **state)
{
    struct tg_uuid request_id;
    struct tg_uuid claim;

    (void)state;
    count_up(&claim, 0);
    count_up(&request_id, 16);
    assert_int_equal(move_to(&claim, &request_id, "type", "data"),
                     ATTEST_FINE);
    assert_int_equal(move_to(&claim, &request_id, "type", "date"),
                     ATTEST_CHALLENGE);
    assert_int_equal(move_to(&claim, &request_id, "typ", "edata"),
                     ATTEST_CHALLENGE);
    assert_int_equal(move_to(&claim, &request_id, "typed", "ata"),
                     ATTEST_CHALLENGE);
    assert_int_equal(move_to(&claim, &request_id, "type", ""),
                     ATTEST_CHALLENGE);
    assert_int_equal(move_to(&request_id, &claim, "type", "data"),
                     ATTEST_CHALLENGE);
    claim.bytes[0] ^= 1;
    assert_int_equal(move_to(&claim, &request_id, "type", "data"),
                     ATTEST_CHALLENGE);
    claim.bytes[0] ^= 1;
    request_id.bytes[15] ^= 1;
    assert_int_equal(move_to(&claim, &request_id, "type", "data"),
                     ATTEST_CHALLENGE);
}

static void
every_format_has_a_name_and_is_found_by_it(void **state)
{
    enum attest_format found;

    (void)state;
    for (unsigned i = 0; i < ATTEST_FORMATS; i++) {
        assert_true(
            attest_format_find(tg_span_text(attest_format_name(i)), &found));
        assert_int_equal(found, i);
    }
    assert_false(attest_format_find(TG_SPAN_LITERAL("fido"), &found));
    for (unsigned i = 0; i < ATTEST_REASONS; i++)
        assert_true(strlen(attest_reason_text(i)) > 0);
}

static int
begin(void **state)
{
    (void)state;
    forge_authority_init(&authority);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    forge_authority_done(&authority);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_statement_is_accepted_and_its_format_told),
        cmocka_unit_test(
            a_relay_that_ignores_statements_does_not_look_at_them),
        cmocka_unit_test(an_optional_statement_may_be_missing_but_not_wrong),
        cmocka_unit_test(a_required_statement_must_be_there_and_right),
        cmocka_unit_test(a_statement_of_a_login_is_refused),
        cmocka_unit_test(a_statement_for_another_challenge_is_refused),
        cmocka_unit_test(a_statement_of_another_origin_is_refused),
        cmocka_unit_test(a_statement_for_another_rp_id_is_refused),
        cmocka_unit_test(
            every_configured_rp_id_counts_and_without_one_none_does),
        cmocka_unit_test(somebody_was_there_except_for_app_attest),
        cmocka_unit_test(nobody_needs_to_be_verified),
        cmocka_unit_test(a_backup_of_what_cannot_be_backed_up_is_refused),
        cmocka_unit_test(an_algorithm_that_is_not_asked_for_is_refused),
        cmocka_unit_test(a_format_that_is_not_accepted_here_is_refused),
        cmocka_unit_test(what_the_format_refuses_is_refused),
        cmocka_unit_test(the_challenge_is_the_digest_that_the_protocol_says),
        cmocka_unit_test(a_statement_cannot_be_moved_to_another_create),
        cmocka_unit_test(every_format_has_a_name_and_is_found_by_it),
    };

    return cmocka_run_group_tests(tests, begin, end);
}

/* Which chains of certificates the car sample believes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "car_family.h"

static enum refusal
judge(const struct family *f, X509 *leaf, X509 *issuer, moment now)
{
    X509 *const chain[4] = {leaf, issuer};

    return family_judge(f, chain, now);
}

static void
a_chain_holds_from_its_first_second_until_its_end(void **state)
{
    struct family *f = *state;
    X509 *leaf = f->certificate[FRIEND];
    X509 *owner = f->certificate[OWNER];

    assert_int_equal(judge(f, leaf, owner, NOW - 61), REFUSAL_TOO_EARLY);
    assert_int_equal(judge(f, leaf, owner, NOW - 60), REFUSAL_NONE);
    assert_int_equal(judge(f, leaf, owner, NOW + 59), REFUSAL_NONE);
    assert_int_equal(judge(f, leaf, owner, NOW + 60), REFUSAL_TOO_LATE);
}

static void
chains_of_one_two_and_three_hold(void **state)
{
    struct family *f = *state;

    for (int i = OWNER; i <= THIRD; i++)
        assert_int_equal(
            family_judge_instead(f, i, X509_dup(f->certificate[i])),
            REFUSAL_NONE);
    assert_int_equal(family_judge_instead(f, FRIEND, X509_dup(f->alone)),
                     REFUSAL_NONE);
}

static void
a_chain_with_a_gap_or_another_root_is_refused(void **state)
{
    struct family *f = *state;
    struct grant grant = family_grant_for(OWNER);
    X509 *root = family_issue(f->key[FOURTH], NULL, NULL, f->key[FOURTH]);
    X509 *owner = family_issue(f->key[OWNER], &grant, root, f->key[FOURTH]);

    assert_int_equal(judge(f, f->certificate[FRIEND], NULL, NOW),
                     REFUSAL_CHAIN);
    assert_int_equal(
        judge(f, f->certificate[THIRD], f->certificate[OWNER], NOW),
        REFUSAL_CHAIN);
    assert_int_equal(judge(f, f->certificate[FRIEND], owner, NOW),
                     REFUSAL_CHAIN);
    assert_int_equal(judge(f, owner, NULL, NOW), REFUSAL_CHAIN);
    assert_int_equal(judge(f, f->certificate[MAKER], NULL, NOW), REFUSAL_CHAIN);
    X509_free(owner);
    X509_free(root);
}

/* Who looks through a chain for keys that were revoked must see the same keys
 * as who has judged it. */
static void
a_chain_with_a_certificate_beside_it_is_refused(void **state)
{
    struct family *f = *state;
    X509 *root = f->certificate[MAKER];
    X509 *owner = f->certificate[OWNER];
    X509 *friend = f->certificate[FRIEND];
    X509 *const chains[][4] = {
        {f->alone, friend, owner},
        {f->alone, owner, friend},
        {f->alone, owner, owner},
        {f->alone, owner, root},
        {f->alone, f->alone, owner},
        {owner, root},
        {owner, friend},
        {f->certificate[THIRD], owner, friend},
    };

    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
        assert_int_equal(family_judge(f, chains[i], NOW), REFUSAL_CHAIN);
}

static void
a_certificate_that_gives_more_than_its_issuer_has_is_refused(void **state)
{
    struct family *f = *state;
    struct grant wrong[] = {
        family_grant("trunk", NOW - 60, NOW + 60),
        family_grant("unlock", NOW - 2 * HOUR, NOW + 60),
        family_grant("unlock", NOW - 60, NOW + 2 * HOUR),
        family_grant("unlock", NOW - 60, NOW + 60),
    };

    assert_true(grant_set_vehicle(OTHER_VIN, &wrong[3]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(family_judge_instead(
                             f, FRIEND, family_issue_for(f, FRIEND, &wrong[i])),
                         REFUSAL_BEYOND);
}

static void
more_uses_than_the_issuer_has_are_refused(void **state)
{
    struct family *f = *state;
    static const int64_t wrong[] = {0, 21, GRANT_USES_MAX};
    struct grant grant = family_grant_for(THIRD);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        grant.uses = wrong[i];
        assert_int_equal(
            family_judge_instead(f, THIRD, family_issue_for(f, THIRD, &grant)),
            REFUSAL_BEYOND);
    }
    grant.uses = 1;
    assert_int_equal(
        family_judge_instead(f, THIRD, family_issue_for(f, THIRD, &grant)),
        REFUSAL_NONE);
}

static void
a_friend_without_the_right_cannot_certify_a_third(void **state)
{
    struct family *f = *state;
    struct grant grant = family_grant_for(THIRD);
    X509 *third = family_issue(f->key[THIRD], &grant, f->alone, f->key[FRIEND]);
    X509 *const whole[4] = {third, f->alone, f->certificate[OWNER]};

    assert_int_equal(family_judge(f, whole, NOW), REFUSAL_CHAIN);
    assert_int_equal(judge(f, third, f->alone, NOW), REFUSAL_CHAIN);
    X509_free(third);
}

static void
a_right_to_lend_on_that_the_issuer_cannot_give_is_refused(void **state)
{
    struct family *f = *state;
    struct grant grant = family_grant_for(FRIEND);

    grant.sharing = 2; /* as the owner himself */
    assert_int_equal(
        family_judge_instead(f, FRIEND, family_issue_for(f, FRIEND, &grant)),
        REFUSAL_BEYOND);
    grant = family_grant_for(THIRD);
    grant.sharing = 1; /* CA, path length 0: X.509 would let it stand */
    assert_int_equal(
        family_judge_instead(f, THIRD, family_issue_for(f, THIRD, &grant)),
        REFUSAL_BEYOND);
    grant.sharing = 2;
    assert_int_equal(
        family_judge_instead(f, THIRD, family_issue_for(f, THIRD, &grant)),
        REFUSAL_BEYOND);
}

static void
a_fourth_generation_is_refused(void **state)
{
    struct family *f = *state;
    struct grant grant = family_grant_for(THIRD);
    struct grant beyond = family_grant_for(FRIEND);
    X509 *third = family_issue_for(f, THIRD, &beyond);
    X509 *by_ca = family_issue(f->key[FOURTH], &grant, third, f->key[THIRD]);
    X509 *by_third = family_issue(f->key[FOURTH], &grant, f->certificate[THIRD],
                                  f->key[THIRD]);
    X509 *const chains[][4] = {
        {by_ca, third, f->certificate[FRIEND], f->certificate[OWNER]},
        {by_third, f->certificate[THIRD], f->certificate[FRIEND],
         f->certificate[OWNER]},
        {by_ca, third, f->certificate[FRIEND]},
        {by_third, f->certificate[THIRD], f->certificate[FRIEND]},
    };

    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
        assert_int_equal(family_judge(f, chains[i], NOW), REFUSAL_CHAIN);
    X509_free(by_third);
    X509_free(by_ca);
    X509_free(third);
}

static void
a_key_on_another_curve_is_refused(void **state)
{
    struct family *f = *state;
    struct grant lent = family_grant_for(FRIEND);
    EVP_PKEY *other = EVP_EC_gen("P-384");
    X509 *leaf =
        family_issue(other, &lent, f->certificate[OWNER], f->key[OWNER]);

    assert_int_equal(family_judge_instead(f, FRIEND, leaf), REFUSAL_CHAIN);
    EVP_PKEY_free(other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FAMILY_TEST(a_chain_holds_from_its_first_second_until_its_end),
        FAMILY_TEST(chains_of_one_two_and_three_hold),
        FAMILY_TEST(a_chain_with_a_gap_or_another_root_is_refused),
        FAMILY_TEST(a_chain_with_a_certificate_beside_it_is_refused),
        FAMILY_TEST(
            a_certificate_that_gives_more_than_its_issuer_has_is_refused),
        FAMILY_TEST(more_uses_than_the_issuer_has_are_refused),
        FAMILY_TEST(a_friend_without_the_right_cannot_certify_a_third),
        FAMILY_TEST(a_right_to_lend_on_that_the_issuer_cannot_give_is_refused),
        FAMILY_TEST(a_fourth_generation_is_refused),
        FAMILY_TEST(a_key_on_another_curve_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is judged each time, though the issuers are remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest_issuers_kit.h"

static void
below_known_issuers_a_device_is_judged_as_ever(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    struct forge_certificate says = forge_leaf_template();
    X509 *between = authority.intermediate;
    X509 *good = make_leaf(between, authority.key);
    X509 *forged = make_leaf(between, leaf_key);
    X509 *elsewhere = make_leaf(authority.root, authority.root_key);
    X509 *revoked, *early, *late, *critical;

    (void)state;
    says.serial = "0bad";
    revoked = forge_issue(&says, leaf_key, between, authority.key);
    says.serial = NULL;
    says.from = FORGE_NOW + 1;
    early = forge_issue(&says, leaf_key, between, authority.key);
    says.from = FORGE_NOW - 2;
    says.until = FORGE_NOW - 1;
    late = forge_issue(&says, leaf_key, between, authority.key);
    says.until = FORGE_NOW + SHORT;
    forge_add_extension(&says, "1.2.3.4", TG_SPAN_LITERAL("\x05\x00"), true);
    critical = forge_issue(&says, leaf_key, between, authority.key);
    forge_revoke(trust, "0bad\n");

    expect(trust, CHAIN(good, between), FORGE_NOW, ATTEST_FINE, false);
    expect(trust, CHAIN(revoked, between), FORGE_NOW, ATTEST_REVOKED, true);
    expect(trust, CHAIN(forged, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(elsewhere, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(early, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(early, between), FORGE_NOW + 1, ATTEST_FINE, true);
    expect(trust, CHAIN(late, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(critical, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(between, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(good, between), FORGE_NOW, ATTEST_FINE, true);
    X509_free(good);
    X509_free(forged);
    X509_free(elsewhere);
    X509_free(revoked);
    X509_free(early);
    X509_free(late);
    X509_free(critical);
    attest_trust_free(trust);
}

static void
a_known_issuer_that_is_revoked_is_refused(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    struct forge_certificate says = forge_authority_template("CN=Between");
    X509 *between, *leaf;

    (void)state;
    says.serial = "0dead0";
    between = make_between(&says);
    leaf = make_leaf(between, leaf_key);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, true);
    forge_revoke(trust, "0dead0\n");
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_REVOKED, true);
    X509_free(leaf);
    X509_free(between);
    attest_trust_free(trust);
}

static void
a_known_chain_whose_root_is_revoked_is_refused(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Root");
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *root, *between, *leaf;
    struct attest_trust *trust;

    (void)state;
    says.serial = "0dead1";
    root = forge_issue(&says, key, NULL, key);
    says = forge_authority_template("CN=Between");
    between = forge_issue(&says, leaf_key, root, key);
    leaf = make_leaf(between, leaf_key);
    trust = forge_trust(&root, 1);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    forge_revoke(trust, "0dead1\n");
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_REVOKED, true);
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(between);
    X509_free(root);
    EVP_PKEY_free(key);
}

/* A root and two issuers below it, one of which is valid for less time. */
enum times { ROOT, MIDDLE, BETWEEN };

static struct forge_certificate
make_times(enum times one, enum times short_one)
{
    static const char *const names[] = {"CN=Root", "CN=Middle", "CN=Between"};
    struct forge_certificate says = forge_authority_template(names[one]);

    if (one == short_one) {
        says.from = FORGE_NOW - SHORT;
        says.until = FORGE_NOW + SHORT;
    }
    return says;
}

static void
check_times(enum times short_one)
{
    const struct forge_certificate says[] = {make_times(ROOT, short_one),
                                             make_times(MIDDLE, short_one),
                                             make_times(BETWEEN, short_one)};
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *root = forge_issue(&says[ROOT], key, NULL, key);
    X509 *middle = forge_issue(&says[MIDDLE], key, root, key);
    X509 *between = forge_issue(&says[BETWEEN], leaf_key, middle, key);
    X509 *leaf = make_leaf(between, leaf_key);
    struct attest_trust *trust = forge_trust(&root, 1);

    expect(trust, CHAIN(leaf, between, middle), FORGE_NOW, ATTEST_FINE, false);
    for (int d = -2; d <= 2; d++) {
        expect(trust, CHAIN(leaf, between, middle), FORGE_NOW - SHORT + d,
               d < 0 ? ATTEST_CHAIN : ATTEST_FINE, true);
        expect(trust, CHAIN(leaf, between, middle), FORGE_NOW + SHORT + d,
               d < 0 ? ATTEST_FINE : ATTEST_CHAIN, true);
    }
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(between);
    X509_free(middle);
    X509_free(root);
    EVP_PKEY_free(key);
}

static void
known_issuers_count_as_long_as_all_up_to_the_root_are_valid(void **state)
{
    (void)state;
    check_times(ROOT);
    check_times(MIDDLE);
    check_times(BETWEEN);
}

/* It was sent, it expired, and it is not what was found to be trusted. */
static void
an_older_certificate_of_the_root_is_not_the_anchor(void **state)
{
    struct forge_certificate old =
        forge_authority_template("C=AA,O=Test Maker,CN=Test Root");
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *leaf = make_leaf(authority.root, authority.root_key);
    X509 *below = make_leaf(authority.intermediate, authority.key);
    X509 *before;

    (void)state;
    old.until = FORGE_NOW - 1;
    before = forge_issue(&old, authority.root_key, NULL, authority.root_key);
    for (int turn = 0; turn < 2; turn++) {
        expect(trust, CHAIN(leaf, before), FORGE_NOW, ATTEST_FINE, turn > 0);
        assert_int_equal(root_is_anchor, turn > 0);
        expect(trust, CHAIN(below, authority.intermediate, before), FORGE_NOW,
               ATTEST_FINE, turn > 0);
    }
    attest_trust_free(trust);
    X509_free(before);
    X509_free(below);
    X509_free(leaf);
}

/* One root that has only one issuer in a row below it: it counts those of a
 * device, too, and not those that issue their own successors. */
static void
the_length_of_a_path_is_judged_each_time(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Root");
    EVP_PKEY *key = forge_key(FORGE_P256);
    EVP_PKEY *same_key = forge_key(FORGE_P256);
    X509 *root, *between, *same, *more, *leaf, *below_same, *below_more;
    struct attest_trust *trust;
    bool was_known;

    (void)state;
    says.path_length = 1;
    root = forge_issue(&says, key, NULL, key);
    says = forge_authority_template("CN=Between");
    between = forge_issue(&says, leaf_key, root, key);
    /* What tells it from one that it has signed itself: */
    forge_add_extension(&says, "2.5.29.14", TG_SPAN_LITERAL("\x04\x02yy"),
                        false);
    forge_add_extension(&says, "2.5.29.35",
                        TG_SPAN_LITERAL("\x30\x04\x80\x02zz"), false);
    same = forge_issue(&says, same_key, between, leaf_key);
    says = forge_authority_template("CN=More");
    more = forge_issue(&says, leaf_key, between, leaf_key);
    leaf = make_leaf(between, leaf_key);
    below_same = make_leaf(same, same_key);
    below_more = make_leaf(more, leaf_key);
    trust = forge_trust(&root, 1);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    assert_int_equal(issuers_count(trust->issuers), 1);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(judge(trust, CHAIN(below_same, same, between), 2,
                               FORGE_NOW, &was_known),
                         ATTEST_FINE);
        assert_false(was_known);
        assert_int_equal(judge(trust, CHAIN(below_more, more, between), 2,
                               FORGE_NOW, &was_known),
                         ATTEST_CHAIN);
        assert_false(was_known);
    }
    assert_int_equal(issuers_count(trust->issuers), 1);
    attest_trust_free(trust);
    X509_free(below_more);
    X509_free(below_same);
    X509_free(leaf);
    X509_free(more);
    X509_free(same);
    X509_free(between);
    X509_free(root);
    EVP_PKEY_free(same_key);
    EVP_PKEY_free(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_known_issuers_a_device_is_judged_as_ever),
        cmocka_unit_test(a_known_issuer_that_is_revoked_is_refused),
        cmocka_unit_test(a_known_chain_whose_root_is_revoked_is_refused),
        cmocka_unit_test(
            known_issuers_count_as_long_as_all_up_to_the_root_are_valid),
        cmocka_unit_test(an_older_certificate_of_the_root_is_not_the_anchor),
        cmocka_unit_test(the_length_of_a_path_is_judged_each_time),
    };

    return cmocka_run_group_tests(tests, begin, end);
}

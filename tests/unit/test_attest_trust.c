/* Which chains of certificates lead to whom the operator trusts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "attest_family.h"
#include "forge.h"

static void
a_chain_to_a_root_holds_with_and_without_the_root(void **state)
{
    struct family *f = *state;

    assert_int_equal(
        judge(f->trust, f->leaf, f->authority.intermediate, NULL, NULL),
        ATTEST_FINE);
    assert_int_equal(judge(f->trust, f->leaf, f->authority.intermediate,
                           f->authority.root, NULL),
                     ATTEST_FINE);
}

static void
nobody_is_trusted_without_roots_or_by_another_with_their_names(void **state)
{
    struct family *f = *state;
    struct attest_trust *nobody = attest_trust_new();
    struct forge_authority same;
    struct attest_trust *others;

    forge_authority_init(&same);
    others = forge_trust(&same.root, 1);
    assert_int_equal(
        judge(nobody, f->leaf, f->authority.intermediate, NULL, NULL),
        ATTEST_CHAIN);
    assert_int_equal(
        judge(others, f->leaf, f->authority.intermediate, NULL, NULL),
        ATTEST_CHAIN);
    assert_int_equal(judge(others, f->leaf, f->authority.intermediate,
                           f->authority.root, NULL),
                     ATTEST_CHAIN);
    attest_trust_free(others);
    attest_trust_free(nobody);
    forge_authority_done(&same);
}

static void
two_roots_of_one_name_are_both_trusted(void **state)
{
    struct family *f = *state;
    struct forge_authority same;

    forge_authority_init(&same);
    for (int turn = 0; turn < 2; turn++) {
        X509 *const roots[2] = {turn ? same.root : f->authority.root,
                                turn ? f->authority.root : same.root};
        struct attest_trust *both = forge_trust(roots, 2);

        assert_int_equal(attest_trust_root_count(both), 2);
        assert_int_equal(
            judge(both, f->leaf, f->authority.intermediate, NULL, NULL),
            ATTEST_FINE);
        attest_trust_free(both);
    }
    forge_authority_done(&same);
}

static void
a_chain_with_a_gap_or_in_another_order_is_refused(void **state)
{
    struct family *f = *state;
    X509 *root = f->authority.root;
    X509 *between = f->authority.intermediate;

    assert_int_equal(judge(f->trust, f->leaf, NULL, NULL, NULL), ATTEST_CHAIN);
    assert_int_equal(judge(f->trust, f->leaf, root, NULL, NULL), ATTEST_CHAIN);
    assert_int_equal(judge(f->trust, f->leaf, root, between, NULL),
                     ATTEST_CHAIN);
    assert_int_equal(judge(f->trust, between, f->leaf, NULL, NULL),
                     ATTEST_CHAIN);
}

/* The identifier of the issuer's key helps to find it, no more. */
static void
a_wrong_hint_to_the_issuers_key_does_not_matter(void **state)
{
    struct family *f = *state;
    struct forge_certificate leaf = forge_leaf_template();
    struct forge_certificate between = forge_authority_template("CN=Between");

    forge_add_extension(&leaf, "2.5.29.35",
                        TG_SPAN_LITERAL("\x30\x04\x80\x02zz"), false);
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_FINE);
    forge_add_extension(&between, "2.5.29.14", TG_SPAN_LITERAL("\x04\x02yy"),
                        false);
    f->leaf_says = leaf;
    assert_int_equal(judge_between(f, &between, FORGE_P256), ATTEST_FINE);
}

static void
two_intermediates_in_the_wrong_order_are_refused(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_authority_template("CN=Lower");
    X509 *lower = forge_issue(&says, f->leaf_key, f->authority.intermediate,
                              f->authority.key);
    X509 *leaf = forge_issue(&f->leaf_says, f->leaf_key, lower, f->leaf_key);

    assert_int_equal(
        judge(f->trust, leaf, lower, f->authority.intermediate, NULL),
        ATTEST_FINE);
    assert_int_equal(
        judge(f->trust, leaf, f->authority.intermediate, lower, NULL),
        ATTEST_CHAIN);
    X509_free(leaf);
    X509_free(lower);
}

static void
a_certificate_that_is_not_needed_is_refused(void **state)
{
    struct family *f = *state;
    X509 *root = f->authority.root;
    X509 *between = f->authority.intermediate;
    struct forge_authority other;

    forge_authority_init(&other);
    assert_int_equal(judge(f->trust, f->leaf, between, between, NULL),
                     ATTEST_CHAIN);
    assert_int_equal(judge(f->trust, f->leaf, f->leaf, between, NULL),
                     ATTEST_CHAIN);
    assert_int_equal(judge(f->trust, f->leaf, between, root, root),
                     ATTEST_CHAIN);
    assert_int_equal(judge(f->trust, f->leaf, between, other.root, NULL),
                     ATTEST_CHAIN);
    assert_int_equal(
        judge(f->trust, f->leaf, other.intermediate, between, NULL),
        ATTEST_CHAIN);
    forge_authority_done(&other);
}

static void
a_root_that_was_renewed_counts_as_the_one_it_was(void **state)
{
    struct family *f = *state;
    struct forge_certificate old =
        forge_authority_template("C=AA,O=Test Maker,CN=Test Root");
    X509 *before;

    old.until = FORGE_NOW - 1;
    before =
        forge_issue(&old, f->authority.root_key, NULL, f->authority.root_key);
    assert_int_equal(
        judge(f->trust, f->leaf, f->authority.intermediate, before, NULL),
        ATTEST_FINE);
    X509_free(before);
}

static void
another_name_of_the_roots_key_is_not_the_root(void **state)
{
    struct family *f = *state;
    const struct forge_certificate says =
        forge_authority_template("CN=Other Root");
    X509 *between = f->authority.intermediate;
    struct attest_trust *part = forge_trust(&between, 1);
    X509 *other =
        forge_issue(&says, f->authority.root_key, NULL, f->authority.root_key);

    assert_int_equal(judge(f->trust, f->leaf, between, other, NULL),
                     ATTEST_CHAIN);
    assert_int_equal(judge(part, f->leaf, between, other, NULL), ATTEST_CHAIN);
    X509_free(other);
    attest_trust_free(part);
}

static void
an_intermediate_may_be_trusted_and_its_root_sent(void **state)
{
    struct family *f = *state;
    X509 *root = f->authority.root;
    X509 *between = f->authority.intermediate;
    struct attest_trust *part = forge_trust(&between, 1);
    struct forge_authority same;

    forge_authority_init(&same); /* of the same names */
    assert_int_equal(judge(part, f->leaf, NULL, NULL, NULL), ATTEST_FINE);
    assert_int_equal(judge(part, f->leaf, between, NULL, NULL), ATTEST_FINE);
    assert_int_equal(judge(part, f->leaf, between, root, NULL), ATTEST_FINE);
    assert_int_equal(judge(part, f->leaf, between, root, root), ATTEST_CHAIN);
    assert_int_equal(judge(part, f->leaf, between, same.root, NULL),
                     ATTEST_CHAIN);
    assert_int_equal(judge(part, f->leaf, between, between, NULL),
                     ATTEST_CHAIN);
    forge_authority_done(&same);
    attest_trust_free(part);
}

static void
a_leaf_may_be_trusted_but_issues_nothing(void **state)
{
    struct family *f = *state;
    struct attest_trust *part = forge_trust(&f->leaf, 1);
    X509 *below = forge_issue(&f->leaf_says, f->leaf_key, f->leaf, f->leaf_key);

    assert_int_equal(judge(part, f->leaf, NULL, NULL, NULL), ATTEST_FINE);
    assert_int_equal(judge(part, below, NULL, NULL, NULL), ATTEST_CHAIN);
    assert_int_equal(judge(part, below, f->leaf, NULL, NULL), ATTEST_CHAIN);
    X509_free(below);
    attest_trust_free(part);
}

static void
every_certificate_is_valid_now(void **state)
{
    struct family *f = *state;
    const tg_time_s tomorrow = FORGE_NOW + (tg_time_s)FORGE_DAY;
    struct forge_certificate leaf = forge_leaf_template();
    struct forge_certificate between =
        forge_authority_template("CN=Other Intermediate");

    leaf.from = tomorrow;
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_CHAIN);
    leaf.from = FORGE_NOW;
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_FINE);
    leaf.until = FORGE_NOW - 1;
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_CHAIN);
    assert_int_equal(judge_between(f, &between, FORGE_P256), ATTEST_FINE);
    between.from = tomorrow;
    assert_int_equal(judge_between(f, &between, FORGE_P256), ATTEST_CHAIN);
    between.from = FORGE_NOW - 2;
    between.until = FORGE_NOW - 1;
    assert_int_equal(judge_between(f, &between, FORGE_P256), ATTEST_CHAIN);
}

static void
roots_count_as_long_as_they_are_valid(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_authority_template("CN=Short Root");
    X509 *root, *leaf;
    struct attest_trust *trust;

    says.until = FORGE_NOW + 5;
    root =
        forge_issue(&says, f->authority.root_key, NULL, f->authority.root_key);
    leaf = forge_issue(&f->leaf_says, f->leaf_key, root, f->authority.root_key);
    trust = forge_trust(&root, 1);
    assert_int_equal(judge_at(trust, (X509 *[5]){leaf}, FORGE_NOW),
                     ATTEST_FINE);
    assert_int_equal(judge_at(trust, (X509 *[5]){leaf}, FORGE_NOW + 6),
                     ATTEST_CHAIN);
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(root);
}

static void
only_authorities_issue(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_authority_template("CN=Between");

    assert_int_equal(judge_between(f, &says, FORGE_P256), ATTEST_FINE);
    says.key_usage = "critical,digitalSignature";
    assert_int_equal(judge_between(f, &says, FORGE_P256), ATTEST_CHAIN);
    says.key_usage = NULL;
    assert_int_equal(judge_between(f, &says, FORGE_P256), ATTEST_FINE);
    says.basic = FORGE_BASIC_END;
    assert_int_equal(judge_between(f, &says, FORGE_P256), ATTEST_CHAIN);
    says.basic = FORGE_BASIC_NONE;
    assert_int_equal(judge_between(f, &says, FORGE_P256), ATTEST_CHAIN);
    says.key_usage = "critical,keyCertSign";
    assert_int_equal(judge_between(f, &says, FORGE_P256), ATTEST_CHAIN);
}

static void
a_path_is_as_long_as_its_authorities_allow(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_authority_template("CN=Between");

    for (int length = 1; length >= 0; length--) {
        struct forge_certificate above = forge_authority_template("CN=Above");
        X509 *upper, *lower, *leaf;

        above.path_length = length;
        upper = forge_issue(&above, f->authority.key, f->authority.root,
                            f->authority.root_key);
        lower = forge_issue(&says, f->leaf_key, upper, f->authority.key);
        leaf = forge_issue(&f->leaf_says, f->leaf_key, lower, f->leaf_key);
        assert_int_equal(judge(f->trust, leaf, lower, upper, NULL),
                         length == 1 ? ATTEST_FINE : ATTEST_CHAIN);
        X509_free(leaf);
        X509_free(lower);
        X509_free(upper);
    }
}

static void
names_stay_within_their_constraints(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_authority_template("CN=Between");
    struct tg_buf constraints = TG_BUF_EMPTY;

    /* permitted: directory names below C=AA, and then below C=BB */
    for (int turn = 0; turn < 2; turn++) {
        says.extension_count = 0;
        tg_buf_clear(&constraints);
        forge_hex(&constraints, turn == 0 ? "3015 a013 3011 a40f 300d 310b 3009"
                                            "0603550406 1302 4141"
                                          : "3015 a013 3011 a40f 300d 310b 3009"
                                            "0603550406 1302 4242");
        forge_add_extension(&says, "2.5.29.30", tg_span_buf(&constraints),
                            true);
        assert_int_equal(judge_between(f, &says, FORGE_P256),
                         turn == 0 ? ATTEST_FINE : ATTEST_CHAIN);
    }
    tg_buf_free(&constraints);
}

static void
a_critical_extension_that_nobody_knows_is_refused(void **state)
{
    struct family *f = *state;
    const struct tg_span content = TG_SPAN_LITERAL("\x05\x00");
    struct forge_certificate leaf = forge_leaf_template();
    struct forge_certificate between = forge_authority_template("CN=Between");

    forge_add_extension(&leaf, "1.2.3.4", content, false);
    forge_add_extension(&between, "1.2.3.4", content, false);
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_FINE);
    assert_int_equal(judge_between(f, &between, FORGE_P256), ATTEST_FINE);
    leaf.extensions[0].is_critical = true;
    between.extensions[0].is_critical = true;
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_CHAIN);
    assert_int_equal(judge_between(f, &between, FORGE_P256), ATTEST_CHAIN);
}

static void
sha1_and_weak_keys_are_refused_below_a_root(void **state)
{
    struct family *f = *state;
    struct forge_certificate leaf = forge_leaf_template();
    struct forge_certificate between = forge_authority_template("CN=Between");
    EVP_PKEY *weak = forge_key(FORGE_RSA_1024);
    X509 *made =
        forge_issue(&leaf, weak, f->authority.intermediate, f->authority.key);

    assert_int_equal(
        judge(f->trust, made, f->authority.intermediate, NULL, NULL),
        ATTEST_CHAIN);
    assert_int_equal(judge_between(f, &between, FORGE_RSA), ATTEST_FINE);
    assert_int_equal(judge_between(f, &between, FORGE_RSA_1024), ATTEST_CHAIN);
    between.digest = "SHA1";
    assert_int_equal(judge_between(f, &between, FORGE_RSA), ATTEST_CHAIN);
    leaf.digest = "SHA1";
    assert_int_equal(judge_leaf(f, &leaf), ATTEST_CHAIN);
    X509_free(made);
    EVP_PKEY_free(weak);
}

static void
a_root_may_have_signed_itself_with_sha1(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_authority_template("CN=Old Root");
    EVP_PKEY *key = forge_key(FORGE_RSA);
    X509 *root, *leaf;
    struct attest_trust *trust;

    says.digest = "SHA1";
    root = forge_issue(&says, key, NULL, key);
    leaf = forge_issue(&f->leaf_says, f->leaf_key, root, key);
    trust = forge_trust(&root, 1);
    assert_int_equal(judge(trust, leaf, NULL, NULL, NULL), ATTEST_FINE);
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(root);
    EVP_PKEY_free(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chain_to_a_root_holds_with_and_without_the_root),
        TEST(nobody_is_trusted_without_roots_or_by_another_with_their_names),
        TEST(two_roots_of_one_name_are_both_trusted),
        TEST(a_chain_with_a_gap_or_in_another_order_is_refused),
        TEST(a_wrong_hint_to_the_issuers_key_does_not_matter),
        TEST(two_intermediates_in_the_wrong_order_are_refused),
        TEST(a_certificate_that_is_not_needed_is_refused),
        TEST(another_name_of_the_roots_key_is_not_the_root),
        TEST(a_root_that_was_renewed_counts_as_the_one_it_was),
        TEST(an_intermediate_may_be_trusted_and_its_root_sent),
        TEST(a_leaf_may_be_trusted_but_issues_nothing),
        TEST(every_certificate_is_valid_now),
        TEST(roots_count_as_long_as_they_are_valid),
        TEST(only_authorities_issue),
        TEST(a_path_is_as_long_as_its_authorities_allow),
        TEST(names_stay_within_their_constraints),
        TEST(a_critical_extension_that_nobody_knows_is_refused),
        TEST(sha1_and_weak_keys_are_refused_below_a_root),
        TEST(a_root_may_have_signed_itself_with_sha1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which chains of certificates lead to whom the operator trusts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "forge.h"

/* A root, an intermediate, a leaf, and trust in the root. */
struct family {
    struct forge_authority authority;
    EVP_PKEY *leaf_key;
    struct forge_certificate leaf_says;
    X509 *leaf;
    struct attest_trust *trust;
};

static int
set_up(void **state)
{
    static struct family family;
    struct family *f = &family;

    *f = (struct family){.leaf_says = forge_leaf_template()};
    forge_authority_init(&f->authority);
    f->leaf_key = forge_key(FORGE_P256);
    f->leaf = forge_issue(&f->leaf_says, f->leaf_key, f->authority.intermediate,
                          f->authority.key);
    f->trust = forge_trust(&f->authority.root, 1);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct family *f = *state;

    attest_trust_free(f->trust);
    X509_free(f->leaf);
    EVP_PKEY_free(f->leaf_key);
    forge_authority_done(&f->authority);
    return 0;
}

/* The verdict over up to four certificates, leaf first, NULL behind. */
static enum attest_reason
judge_at(const struct attest_trust *trust, X509 *const sent[5], tg_time_s now)
{
    struct certificate_chain chain = {0};

    for (size_t i = 0; i < 5 && sent[i] != NULL; i++)
        chain.certificates[chain.count++] = sent[i];
    return attest_trust_check(trust, &chain, now);
}

static enum attest_reason
judge(const struct attest_trust *trust, X509 *a, X509 *b, X509 *c, X509 *d)
{
    X509 *const sent[5] = {a, b, c, d};

    return judge_at(trust, sent, FORGE_NOW);
}

/* A leaf that says something else, below the intermediate; freed. */
static enum attest_reason
judge_leaf(const struct family *f, const struct forge_certificate *says)
{
    X509 *leaf = forge_issue(says, f->leaf_key, f->authority.intermediate,
                             f->authority.key);
    enum attest_reason reason =
        judge(f->trust, leaf, f->authority.intermediate, NULL, NULL);

    X509_free(leaf);
    return reason;
}

/* An intermediate that says something else, and a leaf below it; freed. */
static enum attest_reason
judge_between(const struct family *f, const struct forge_certificate *says,
              enum forge_kind kind)
{
    EVP_PKEY *key = forge_key(kind);
    X509 *between =
        forge_issue(says, key, f->authority.root, f->authority.root_key);
    X509 *leaf = forge_issue(&f->leaf_says, f->leaf_key, between, key);
    enum attest_reason reason = judge(f->trust, leaf, between, NULL, NULL);

    X509_free(leaf);
    X509_free(between);
    EVP_PKEY_free(key);
    return reason;
}

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

static void
a_revoked_serial_anywhere_in_the_chain_is_refused(void **state)
{
    struct family *f = *state;
    struct forge_certificate says[3] = {
        forge_leaf_template(),
        forge_authority_template("CN=Between"),
        forge_authority_template("CN=Root"),
    };
    EVP_PKEY *key = f->authority.key;
    X509 *root, *between, *leaf;

    says[0].serial = "01";
    says[1].serial = "00ABCDEF0123456789ABCDEF0123456789ABCDEF01";
    says[2].serial = "F92009E853B6B045";
    root = forge_issue(&says[2], key, NULL, key);
    between = forge_issue(&says[1], key, root, key);
    leaf = forge_issue(&says[0], f->leaf_key, between, key);
    for (int turn = 0; turn < 4; turn++) {
        static const char *const lines[] = {
            "# nobody's\n02\n0100\n", "ff\nee\ndd\ncc\nbb\n0001 # a phone\n",
            "ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01",
            "f92009e853b6b045\n"};
        struct attest_trust *trust = forge_trust(&root, 1);

        forge_revoke(trust, "77");
        forge_revoke(trust, lines[turn]);
        assert_int_equal(judge(trust, leaf, between, NULL, NULL),
                         turn == 0 ? ATTEST_FINE : ATTEST_REVOKED);
        assert_int_equal(judge(trust, leaf, between, root, NULL),
                         turn == 0 ? ATTEST_FINE : ATTEST_REVOKED);
        attest_trust_free(trust);
    }
    X509_free(leaf);
    X509_free(between);
    X509_free(root);
}

/* Of two roots with one name, the one that fits has the last word. */
static void
a_root_of_the_same_name_does_not_hide_a_revocation(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_leaf_template();
    struct forge_authority same;
    X509 *leaf;

    forge_authority_init(&same);
    says.serial = "4711";
    leaf = forge_issue(&says, f->leaf_key, f->authority.intermediate,
                       f->authority.key);
    for (int turn = 0; turn < 2; turn++) {
        X509 *const roots[2] = {turn ? same.root : f->authority.root,
                                turn ? f->authority.root : same.root};
        struct attest_trust *both = forge_trust(roots, 2);

        forge_revoke(both, "4711");
        assert_int_equal(
            judge(both, leaf, f->authority.intermediate, NULL, NULL),
            ATTEST_REVOKED);
        attest_trust_free(both);
    }
    X509_free(leaf);
    forge_authority_done(&same);
}

/* The list has no such numbers; the beginning of one is another. */
static void
a_serial_longer_than_any_in_the_list_is_not_revoked(void **state)
{
    struct family *f = *state;
    struct forge_certificate says = forge_leaf_template();

    says.serial = "0102030405060708090a0b0c0d0e0f10"
                  "1112131415161718191a1b1c1d1e1f2021";
    forge_revoke(f->trust, "0102030405060708090a0b0c0d0e0f10"
                           "1112131415161718191a1b1c1d1e1f20\n"
                           "02030405060708090a0b0c0d0e0f10"
                           "1112131415161718191a1b1c1d1e1f2021");
    assert_int_equal(judge_leaf(f, &says), ATTEST_FINE);
}

/* What was renewed has another serial than the root; and so has what is above
 * a root that is an intermediate. */
static void
a_revoked_serial_that_is_only_sent_is_refused_too(void **state)
{
    struct family *f = *state;
    struct forge_certificate says =
        forge_authority_template("C=AA,O=Test Maker,CN=Test Root");
    X509 *again;

    says.serial = "4711";
    again =
        forge_issue(&says, f->authority.root_key, NULL, f->authority.root_key);
    assert_int_equal(
        judge(f->trust, f->leaf, f->authority.intermediate, again, NULL),
        ATTEST_FINE);
    forge_revoke(f->trust, "4711\n");
    assert_int_equal(
        judge(f->trust, f->leaf, f->authority.intermediate, again, NULL),
        ATTEST_REVOKED);
    assert_int_equal(
        judge(f->trust, f->leaf, f->authority.intermediate, NULL, NULL),
        ATTEST_FINE);
    X509_free(again);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
        TEST(a_revoked_serial_anywhere_in_the_chain_is_refused),
        TEST(a_root_of_the_same_name_does_not_hide_a_revocation),
        TEST(a_serial_longer_than_any_in_the_list_is_not_revoked),
        TEST(a_revoked_serial_that_is_only_sent_is_refused_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

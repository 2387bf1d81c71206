/* Certificates whose serials the operator has listed as revoked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "attest_family.h"
#include "forge.h"

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_revoked_serial_anywhere_in_the_chain_is_refused),
        TEST(a_root_of_the_same_name_does_not_hide_a_revocation),
        TEST(a_serial_longer_than_any_in_the_list_is_not_revoked),
        TEST(a_revoked_serial_that_is_only_sent_is_refused_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* `fido-u2f`: every step of WebAuthn Level 3 §8.6. */
#include "attest_format_kit.h"

static void
a_good_statement_is_accepted(void **state)
{
    struct forge f = begin();

    (void)state;
    assert_int_equal(judge(&f), ATTEST_FINE);
}

/* step 1 */
static void
members_are_those_of_the_syntax(void **state)
{
    static const char *const members[] = {"sig", "x5c"};
    struct forge f;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        f = begin();
        f.without = members[i];
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
        f = begin();
        f.without = members[i];
        forge_cbor_text(&f.more, "alg");
        forge_cbor_integer(&f.more, -7);
        f.more_count = 1;
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
    }
    f = begin();
    forge_cbor_text(&f.more, "alg");
    forge_cbor_integer(&f.more, -7);
    f.more_count = 1;
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    f.raw_statement = "a2 63736967 6130 63783563 81 4130";
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
}

/* §8.6 does not look at it; DECISION(11). */
static void
an_aaguid_does_not_matter(void **state)
{
    struct forge f = begin();

    (void)state;
    f.aaguid[0] = 1;
    assert_int_equal(judge(&f), ATTEST_FINE);
}

/* step 2 */
static void
there_is_exactly_one_certificate(void **state)
{
    struct forge f = begin();

    (void)state;
    f.issuer = kit.authority.intermediate;
    f.issuer_key = kit.authority.key;
    f.above[f.above_count++] = kit.authority.intermediate;
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    f.raw_statement = "a2 63736967 4100 63783563 80";
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    f.raw_statement = "a2 63736967 4100 63783563 81 4130";
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
}

static void
the_certificates_key_is_on_p256(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P384, FORGE_RSA,
                                            FORGE_ED25519, FORGE_SECP256K1};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct forge f = begin();

        EVP_PKEY_free(f.leaf_key);
        f.leaf_key = forge_key(kinds[i]);
        assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    }
}

/* step 4 */
static void
the_credentials_key_is_on_p256(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P384, FORGE_P521, FORGE_RSA,
                                            FORGE_ED25519};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct forge f = begin();

        EVP_PKEY_free(f.key);
        f.key = forge_key(kinds[i]);
        assert_int_equal(judge(&f), ATTEST_KEY);
    }
}

/* step 5 */
static void
each_part_of_what_is_signed_counts(void **state)
{
    struct forge f = begin();
    EVP_PKEY *other = forge_key(FORGE_P256);

    (void)state;
    f.sign_other_data = true; /* clientDataHash */
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    f = begin();
    f.make = forge_make_packed; /* the data of another format, and alg */
    f.without = "alg";
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    f = begin();
    forge_cose_key(&f.cose_key, other, -7); /* another key */
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    EVP_PKEY_free(other);
}

/* The RP ID's hash and the credential's identifier are changed after all was
 * signed. */
static void
a_statement_of_other_authenticator_data_is_refused(void **state)
{
    static const size_t places[] = {0, 37 + 16 + 2};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct forge f = begin();
        struct attest_statement statement;
        struct attest_verdict verdict;

        assert_int_equal(
            attest_statement_read(forge_finish(&f), &statement, &verdict),
            ATTEST_FINE);
        assert_int_equal(
            attest_check_fido_u2f(&statement, &kit.policy, FORGE_NOW),
            ATTEST_FINE);
        /* the spans borrow of bytes that are ours */
        ((uint8_t *)(uintptr_t)statement.auth.bytes.ptr)[places[i]] ^= 1;
        assert_int_equal(
            attest_check_fido_u2f(&statement, &kit.policy, FORGE_NOW),
            ATTEST_SIGNATURE);
        attest_statement_done(&statement);
        forge_end(&f);
    }
}

/* step 6 */
static void
a_wrong_signature_is_refused(void **state)
{
    struct forge f = begin();
    EVP_PKEY *other = forge_key(FORGE_P256);
    X509 *leaf = forge_issue(&f.leaf, other, f.issuer, f.issuer_key);

    (void)state;
    f.spoil_signature = true;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    f = begin();
    f.instead_of_leaf = leaf;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    X509_free(leaf);
    EVP_PKEY_free(other);
}

/* §7.1 step 24 */
static void
the_certificate_leads_to_a_root_now(void **state)
{
    struct forge f = begin();

    (void)state;
    f.issuer = kit.authority.intermediate;
    f.issuer_key = kit.authority.key;
    assert_int_equal(judge(&f), ATTEST_CHAIN);
    f = begin();
    f.leaf.from = FORGE_NOW + 1;
    assert_int_equal(judge(&f), ATTEST_CHAIN);
}

/* Makers have given out the certificates that sign, without a root. */
static void
the_very_certificate_may_be_trusted(void **state)
{
    struct forge f = begin();
    struct attest_policy other = kit.policy;
    struct attest_trust *trust;
    struct forge_certificate alone = forge_leaf_template();
    X509 *leaf;

    (void)state;
    alone.basic = FORGE_BASIC_NONE;
    leaf = forge_issue(&alone, f.leaf_key, NULL, f.leaf_key);
    trust = forge_trust(&leaf, 1);
    other.trust = trust;
    f.instead_of_leaf = leaf;
    assert_int_equal(judge_by(&other, &f), ATTEST_FINE);
    f = begin();
    assert_int_equal(judge_by(&other, &f), ATTEST_CHAIN);
    attest_trust_free(trust);
    X509_free(leaf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_statement_is_accepted),
        cmocka_unit_test(members_are_those_of_the_syntax),
        cmocka_unit_test(an_aaguid_does_not_matter),
        cmocka_unit_test(there_is_exactly_one_certificate),
        cmocka_unit_test(the_certificates_key_is_on_p256),
        cmocka_unit_test(the_credentials_key_is_on_p256),
        cmocka_unit_test(each_part_of_what_is_signed_counts),
        cmocka_unit_test(a_statement_of_other_authenticator_data_is_refused),
        cmocka_unit_test(a_wrong_signature_is_refused),
        cmocka_unit_test(the_certificate_leads_to_a_root_now),
        cmocka_unit_test(the_very_certificate_may_be_trusted),
    };

    kit.format = ATTEST_FIDO_U2F;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* `packed`: every step of WebAuthn Level 3 §8.2 and §8.2.1. */
#include "attest_format_kit.h"

#include <string.h>

#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"

static struct forge
begin_self(void)
{
    struct forge f = begin();

    f.make = forge_make_packed_self;
    return f;
}

static void
every_kind_of_key_attests_to_every_kind(void **state)
{
    (void)state;
    for (int kind = FORGE_P256; kind <= FORGE_ED448; kind++) {
        struct forge f = begin();

        EVP_PKEY_free(f.key);
        EVP_PKEY_free(f.leaf_key);
        f.key = forge_key((enum forge_kind)kind);
        f.leaf_key = forge_key((enum forge_kind)(FORGE_ED448 - kind));
        assert_int_equal(judge(&f), ATTEST_FINE);
    }
}

/* step 1 */
static void
members_are_those_of_the_syntax(void **state)
{
    static const char *const members[] = {"alg", "sig"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct forge f = begin();

        f.without = members[i];
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
        f = begin_self();
        f.without = members[i];
        kit.policy.packed_self = true;
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
        kit.policy.packed_self = false;
    }
}

/* step 1, and the second edition: no ECDAA */
static void
other_members_are_refused(void **state)
{
    static const char *const names[] = {"ecdaaKeyId", "ver"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct forge f = i < 2 ? begin() : begin_self();

        forge_cbor_text(&f.more, names[i % 2]);
        forge_cbor_bytes(&f.more, TG_SPAN_LITERAL("key"));
        f.more_count = 1;
        kit.policy.packed_self = true;
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
        kit.policy.packed_self = false;
    }
}

static void
members_have_the_kinds_of_the_syntax(void **state)
{
    /* {"alg": -7, "sig": h'00', "x5c": …}: a map, text, empty, of text */
    static const char *const statements[] = {
        "a3 63616c67 26 63736967 4100 63783563 a0",
        "a3 63616c67 26 63736967 4100 63783563 6100",
        "a3 63616c67 26 63736967 4100 63783563 80",
        "a3 63616c67 26 63736967 4100 63783563 81 6130",
        "a3 63616c67 26 63736967 6130 63783563 81 4100",
        "a3 63616c67 4126 63736967 4100 63783563 81 4100",
        ("a3 63616c67 26 63736967 4100 63783563 89 4100410041004100"
         "41004100410041004100"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct forge f = begin();

        f.raw_statement = statements[i];
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
    }
}

/* step 2, first item */
static void
a_wrong_signature_is_refused(void **state)
{
    struct forge f = begin();

    (void)state;
    f.spoil_signature = true;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    f = begin();
    f.sign_other_data = true;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
}

static void
the_leaf_must_be_whose_key_has_signed(void **state)
{
    struct forge f = begin();
    EVP_PKEY *other = forge_key(FORGE_P256);
    X509 *leaf = forge_issue(&f.leaf, other, f.issuer, f.issuer_key);

    (void)state;
    f.instead_of_leaf = leaf;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    X509_free(leaf);
    EVP_PKEY_free(other);
}

static void
the_algorithm_must_be_one_of_the_leafs_key(void **state)
{
    static const int64_t algorithms[] = {-8, -35, -36, -257, -37, -65535};

    (void)state;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        struct forge f = begin();

        f.statement_algorithm = algorithms[i];
        assert_int_equal(judge(&f), ATTEST_ALGORITHM);
    }
}

/* step 2, second item: §8.2.1 */
static void
the_subject_of_the_leaf_says_what_it_is(void **state)
{
    static const struct {
        const char *subject;
        enum attest_reason expected;
    } cases[] = {
        {"CN=d,OU=Authenticator Attestation,O=m,C=SE", ATTEST_FINE},
        {"C=AZ,O=m,OU=Authenticator Attestation,CN=d", ATTEST_FINE},
        {"C=AA,O=m,OU=Authenticator Attestation,CN=d,L=city", ATTEST_FINE},
        {"O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=A,O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AAA,O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=m,OU=Authenticator Attestation,CN=", ATTEST_CERTIFICATE},
        {"C=aa,O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=A1,O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=1A,O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,C=BB,O=m,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=m,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=m,OU=authenticator attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=m,OU=Authenticator Attestation CA,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=m,OU=x,OU=Authenticator Attestation,CN=d", ATTEST_CERTIFICATE},
        {"C=AA,O=m,OU=Authenticator Attestation", ATTEST_CERTIFICATE},
        {"", ATTEST_CERTIFICATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct forge f = begin();

        f.leaf.subject = cases[i].subject;
        assert_int_equal(judge(&f), cases[i].expected);
    }
}

static void
the_leaf_is_of_version_3_and_no_authority(void **state)
{
    struct forge f = begin();

    (void)state;
    f.leaf.basic = FORGE_BASIC_CA;
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    f = begin();
    f.leaf.basic = FORGE_BASIC_NONE;
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    f = begin();
    f.leaf.version = 2; /* has extensions all the same */
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    f = begin();
    f.leaf.basic = FORGE_BASIC_NONE;
    f.leaf.version = 1;
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
}

/* step 2, third item */
static void
a_model_in_the_leaf_is_the_model_that_speaks(void **state)
{
    static const struct {
        const char *content;
        bool is_critical;
        enum attest_reason expected;
    } cases[] = {
        {"0410 0102030405060708090a0b0c0d0e0f10", false, ATTEST_FINE},
        {"0410 0102030405060708090a0b0c0d0e0f10", true, ATTEST_BINDING},
        {"0410 0102030405060708090a0b0c0d0e0f11", false, ATTEST_BINDING},
        {"0310 0102030405060708090a0b0c0d0e0f10", false, ATTEST_BINDING},
        {"0411 0102030405060708090a0b0c0d0e0f1000", false, ATTEST_BINDING},
        {"0410 0102030405060708090a0b0c0d0e0f1000", false, ATTEST_BINDING},
        {"040f 0102030405060708090a0b0c0d0e0f", false, ATTEST_BINDING},
        {"0102030405060708090a0b0c0d0e0f10", false, ATTEST_BINDING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct forge f = begin();

        forge_hex(&f.extension, cases[i].content);
        forge_add_extension(&f.leaf, OID_AAGUID, tg_span_buf(&f.extension),
                            cases[i].is_critical);
        assert_int_equal(judge(&f), cases[i].expected);
    }
}

static void
two_models_in_a_leaf_are_refused(void **state)
{
    struct forge f = begin();

    (void)state;
    forge_hex(&f.extension, "0410 0102030405060708090a0b0c0d0e0f10");
    for (int i = 0; i < 2; i++)
        forge_add_extension(&f.leaf, OID_AAGUID, tg_span_buf(&f.extension),
                            false);
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
}

/* §7.1 step 24 */
static void
the_leaf_leads_to_a_root_now(void **state)
{
    (void)state;
    check_that_the_leaf_leads_to_a_root_now();
}

static void
what_is_no_certificate_is_refused(void **state)
{
    struct forge f = begin();

    (void)state;
    /* "x5c": [h'30'] */
    f.raw_statement = "a3 63616c67 26 63736967 4100 63783563 81 4130";
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
}

/* step 3 */
static void
self_attestation_is_refused_unless_the_policy_has_it(void **state)
{
    struct forge f = begin_self();

    (void)state;
    assert_int_equal(judge(&f), ATTEST_FORMAT_REFUSED);
    kit.policy.packed_self = true;
    for (int kind = FORGE_P256; kind <= FORGE_ED448; kind++) {
        f = begin_self();
        EVP_PKEY_free(f.key);
        f.key = forge_key((enum forge_kind)kind);
        assert_int_equal(judge(&f), ATTEST_FINE);
    }
    kit.policy.packed_self = false;
}

/* step 3, first and second item */
static void
self_attestation_is_signed_by_the_credential_with_its_algorithm(void **state)
{
    struct forge f = begin_self();
    EVP_PKEY *other;

    (void)state;
    kit.policy.packed_self = true;
    f.statement_algorithm = -35;
    assert_int_equal(judge(&f), ATTEST_ALGORITHM);
    f = begin_self();
    f.statement_algorithm = -9; /* of P-256 too, but not the credential's */
    assert_int_equal(judge(&f), ATTEST_ALGORITHM);
    f = begin_self();
    f.spoil_signature = true;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    f = begin_self();
    f.sign_other_data = true;
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    f = begin_self();
    other = forge_key(FORGE_P256);
    forge_cose_key(&f.cose_key, other, -7);
    assert_int_equal(judge(&f), ATTEST_SIGNATURE);
    EVP_PKEY_free(other);
    kit.policy.packed_self = false;
}

/* x5c decides which kind it is: what has one is not judged as self. */
static void
a_certificate_on_top_is_not_overlooked(void **state)
{
    struct forge f = begin();

    (void)state;
    kit.policy.packed_self = true;
    EVP_PKEY_free(f.leaf_key);
    f.leaf_key = NULL; /* the credential's key, certified by */
    f.issuer = NULL;   /* itself */
    f.issuer_key = f.key;
    f.above_count = 0;
    assert_int_equal(judge(&f), ATTEST_CHAIN);
    kit.policy.packed_self = false;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_attests_to_every_kind),
        cmocka_unit_test(members_are_those_of_the_syntax),
        cmocka_unit_test(other_members_are_refused),
        cmocka_unit_test(members_have_the_kinds_of_the_syntax),
        cmocka_unit_test(a_wrong_signature_is_refused),
        cmocka_unit_test(the_leaf_must_be_whose_key_has_signed),
        cmocka_unit_test(the_algorithm_must_be_one_of_the_leafs_key),
        cmocka_unit_test(the_subject_of_the_leaf_says_what_it_is),
        cmocka_unit_test(the_leaf_is_of_version_3_and_no_authority),
        cmocka_unit_test(a_model_in_the_leaf_is_the_model_that_speaks),
        cmocka_unit_test(two_models_in_a_leaf_are_refused),
        cmocka_unit_test(the_leaf_leads_to_a_root_now),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(self_attestation_is_refused_unless_the_policy_has_it),
        cmocka_unit_test(
            self_attestation_is_signed_by_the_credential_with_its_algorithm),
        cmocka_unit_test(a_certificate_on_top_is_not_overlooked),
    };

    kit.format = ATTEST_PACKED;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

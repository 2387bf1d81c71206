/* tpm: a forged statement is accepted, and each that is wrong in one thing is
 * refused for it. The steps are those of WebAuthn Level 3 §8.3. */
#include "attest_kit.h"

#include "forge_tpm.h"

/* A statement, what the TPM says in it, and who judges. */
struct fixture {
    struct attest_kit kit;
    struct forge_tpm tpm;
    struct forge forge;
};

static int
set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;

    attest_kit_init(&f->kit, ATTEST_TPM);
    f->tpm = forge_tpm_template();
    forge_begin_tpm(&f->forge, &f->tpm, &f->kit.authority);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    forge_end(&f->forge);
    forge_tpm_done(&f->tpm);
    attest_kit_done(&f->kit);
    return 0;
}

/* Judge, and have another statement for the next case of the same test. */
static enum attest_reason
judge(struct fixture *f)
{
    enum attest_reason reason = attest_kit_verify(&f->kit, &f->forge);
    void *state = f;

    tear_down(&state);
    set_up(&state);
    return reason;
}

static void
use_key(struct fixture *f, enum forge_kind kind)
{
    EVP_PKEY_free(f->forge.key);
    f->forge.key = forge_key(kind);
}

static void
use_attestation_key(struct fixture *f, enum forge_kind kind)
{
    EVP_PKEY_free(f->forge.leaf_key);
    f->forge.leaf_key = forge_key(kind);
}

static void
right_statements_about_each_kind_of_key_are_accepted(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P256, FORGE_P384, FORGE_P521,
                                            FORGE_RSA};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        use_key(f, kinds[i]);
        assert_int_equal(judge(f), ATTEST_FINE);
    }
}

static void
right_statements_by_each_kind_of_key_are_accepted(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P256, FORGE_P384, FORGE_P521,
                                            FORGE_RSA};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        use_attestation_key(f, kinds[i]);
        assert_int_equal(judge(f), ATTEST_FINE);
    }
}

/* Step 1 */
static void
a_statement_with_members_missing_or_added_is_refused(void **state)
{
    static const char *const members[] = {"ver", "alg",      "x5c",
                                          "sig", "certInfo", "pubArea"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        f->forge.without = members[i];
        assert_int_equal(judge(f), ATTEST_STATEMENT);
        /* with as many members as there should be */
        f->forge.without = members[i];
        forge_cbor_text(&f->forge.more, "more");
        forge_cbor_text(&f->forge.more, "2.0");
        f->forge.more_count = 1;
        assert_int_equal(judge(f), ATTEST_STATEMENT);
    }
    forge_cbor_text(&f->forge.more, "ecdaaKeyId");
    forge_cbor_bytes(&f->forge.more, TG_SPAN_LITERAL("key"));
    f->forge.more_count = 1;
    assert_int_equal(judge(f), ATTEST_STATEMENT);
}

static void
another_version_than_two_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.version = "1.2";
    assert_int_equal(judge(f), ATTEST_STATEMENT);
    f->tpm.version = "2.0 ";
    assert_int_equal(judge(f), ATTEST_STATEMENT);
}

/* Step 2 */
static void
a_public_area_that_is_not_encoded_right_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.pub_behind = "00";
    assert_int_equal(judge(f), ATTEST_STATEMENT);
}

static void
a_public_area_of_another_key_is_refused(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P256, FORGE_P384,
                                            FORGE_ED25519, FORGE_RSA};
    struct fixture *f = *state;
    EVP_PKEY *ec = forge_key(FORGE_P256);
    EVP_PKEY *rsa = forge_key(FORGE_RSA_1024);

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        f->tpm.other_key = ec;
        use_key(f, kinds[i]);
        assert_int_equal(judge(f), ATTEST_KEY);
        f->tpm.other_key = rsa;
        use_key(f, kinds[i]);
        assert_int_equal(judge(f), ATTEST_KEY);
    }
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
}

static void
a_public_area_that_names_another_curve_is_refused(void **state)
{
    static const char *const curves[] = {"0004", "0005", "0000", "0010",
                                         "0020"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        f->tpm.key_bits = curves[i];
        assert_int_equal(judge(f), ATTEST_KEY);
    }
}

static void
the_exponent_of_an_rsa_key_counts(void **state)
{
    struct fixture *f = *state;

    f->tpm.exponent = "00010001";
    use_key(f, FORGE_RSA);
    assert_int_equal(judge(f), ATTEST_FINE);
    f->tpm.exponent = "00000003";
    use_key(f, FORGE_RSA);
    assert_int_equal(judge(f), ATTEST_KEY);
}

/* Some TPMs pad coordinates, some do not. */
static void
zeros_in_front_of_coordinates_do_not_count(void **state)
{
    struct fixture *f = *state;

    f->tpm.zeros = 2;
    assert_int_equal(judge(f), ATTEST_FINE);
}

static void
a_key_that_cannot_sign_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.attributes &= ~(1u << 18);
    assert_int_equal(judge(f), ATTEST_KEY_PROPERTIES);
    f->tpm.attributes = 1u << 18; /* enough: DECISION(11) */
    assert_int_equal(judge(f), ATTEST_FINE);
}

/* Step 4, §8.3.1 */
static void
a_certificate_of_another_version_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.leaf.version = 2;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
}

static void
a_certificate_with_a_subject_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.leaf.subject = "CN=TPM";
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
}

static void
a_certificate_that_does_not_name_a_tpm_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.names = NULL;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.names = "3126" TPM_MANUFACTURER TPM_VERSION;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.names_not_critical = true;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
}

static void
a_certificate_for_another_purpose_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.purposes = NULL;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.purposes = "";
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.purposes = TPM_OTHER_PURPOSE;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.purposes = TPM_AIK_PURPOSE "0500";
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.purposes_behind = "00";
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->tpm.purposes = TPM_OTHER_PURPOSE TPM_AIK_PURPOSE;
    assert_int_equal(judge(f), ATTEST_FINE);
}

static void
a_certificate_of_an_authority_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.leaf.basic = FORGE_BASIC_CA;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
    f->forge.leaf.basic = FORGE_BASIC_NONE;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
}

static void
a_certificate_of_another_aaguid_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.aaguid = "0410 0102030405060708090a0b0c0d0e0f10";
    assert_int_equal(judge(f), ATTEST_FINE);
    f->tpm.aaguid = "0410 0102030405060708090a0b0c0d0e0f11";
    assert_int_equal(judge(f), ATTEST_BINDING);
}

static void
a_wrong_signature_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.spoil_signature = true;
    assert_int_equal(judge(f), ATTEST_SIGNATURE);
}

/* With SHA-1 many TPMs still sign: DECISION(11). */
static void
an_algorithm_that_is_not_supported_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.statement_algorithm = -65535;
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
    f->forge.statement_algorithm = -7; /* of an RSA key */
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
    use_attestation_key(f, FORGE_ED25519); /* which says nothing of a hash */
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
}

static void
a_tpm_that_signs_with_sha1_is_accepted_where_it_is_wanted(void **state)
{
    struct fixture *f = *state;

    f->kit.policy.tpm_sha1 = true;
    f->forge.statement_algorithm = -65535;
    assert_int_equal(judge(f), ATTEST_FINE);
    f->kit.policy.tpm_sha1 = true;
    f->forge.statement_algorithm = -65535;
    f->forge.spoil_signature = true;
    assert_int_equal(judge(f), ATTEST_SIGNATURE);
    f->kit.policy.tpm_sha1 = true;
    f->forge.statement_algorithm = -65535;
    use_attestation_key(f, FORGE_P256);
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
}

static void
other_algorithms_stay_what_they_are_where_sha1_is_wanted(void **state)
{
    struct fixture *f = *state;

    f->kit.policy.tpm_sha1 = true;
    assert_int_equal(judge(f), ATTEST_FINE);
    f->kit.policy.tpm_sha1 = true;
    use_attestation_key(f, FORGE_P256);
    assert_int_equal(judge(f), ATTEST_FINE);
    f->kit.policy.tpm_sha1 = true;
    f->forge.statement_algorithm = -37; /* PS256 */
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
}

/* Step 5 */
static void
what_the_tpm_has_not_made_itself_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.magic = "ff544348";
    assert_int_equal(judge(f), ATTEST_STATEMENT);
}

static void
another_attestation_than_that_of_a_key_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.attest_type = "8018";
    assert_int_equal(judge(f), ATTEST_STATEMENT);
}

static void
extra_data_of_another_registration_are_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.sign_other_data = true;
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.other_extra_data = true;
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.extra_data = "0000";
    assert_int_equal(judge(f), ATTEST_BINDING);
}

static void
the_name_of_another_key_is_refused(void **state)
{
    struct fixture *f = *state;

    f->tpm.other_name = true;
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.name_prefix = "000c";
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.name = "0000";
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.name = "0001 00";
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.name = "0002 000b";
    assert_int_equal(judge(f), ATTEST_BINDING);
    f->tpm.name = "0004 81010001"; /* a handle */
    assert_int_equal(judge(f), ATTEST_BINDING);
}

static void
a_name_is_a_hash_that_is_trusted(void **state)
{
    static const unsigned right[] = {0x000b, 0x000c, 0x000d};
    static const unsigned wrong[] = {0x0004, 0x0010, 0x0012, 0x0027, 0x0000};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        f->tpm.name_alg = right[i];
        assert_int_equal(judge(f), ATTEST_FINE);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        f->tpm.name_alg = wrong[i];
        assert_int_equal(judge(f), ATTEST_ALGORITHM);
    }
}

/* §7.1 step 24 */
static void
a_chain_that_leads_to_nobody_trusted_is_refused(void **state)
{
    struct fixture *f = *state;
    struct forge_authority other;

    forge_authority_init(&other);
    f->forge.issuer = other.intermediate;
    f->forge.issuer_key = other.key;
    f->forge.above[0] = other.intermediate;
    assert_int_equal(judge(f), ATTEST_CHAIN);
    forge_authority_done(&other);
}

static void
a_revoked_certificate_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.leaf.serial = "0123456789ABCDEF";
    forge_revoke(f->kit.trust, "123456789abcdef\n");
    assert_int_equal(judge(f), ATTEST_REVOKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_statements_about_each_kind_of_key_are_accepted),
        TEST(right_statements_by_each_kind_of_key_are_accepted),
        TEST(a_statement_with_members_missing_or_added_is_refused),
        TEST(another_version_than_two_is_refused),
        TEST(a_public_area_that_is_not_encoded_right_is_refused),
        TEST(a_public_area_of_another_key_is_refused),
        TEST(a_public_area_that_names_another_curve_is_refused),
        TEST(the_exponent_of_an_rsa_key_counts),
        TEST(zeros_in_front_of_coordinates_do_not_count),
        TEST(a_key_that_cannot_sign_is_refused),
        TEST(a_certificate_of_another_version_is_refused),
        TEST(a_certificate_with_a_subject_is_refused),
        TEST(a_certificate_that_does_not_name_a_tpm_is_refused),
        TEST(a_certificate_for_another_purpose_is_refused),
        TEST(a_certificate_of_an_authority_is_refused),
        TEST(a_certificate_of_another_aaguid_is_refused),
        TEST(a_wrong_signature_is_refused),
        TEST(an_algorithm_that_is_not_supported_is_refused),
        TEST(a_tpm_that_signs_with_sha1_is_accepted_where_it_is_wanted),
        TEST(other_algorithms_stay_what_they_are_where_sha1_is_wanted),
        TEST(what_the_tpm_has_not_made_itself_is_refused),
        TEST(another_attestation_than_that_of_a_key_is_refused),
        TEST(extra_data_of_another_registration_are_refused),
        TEST(the_name_of_another_key_is_refused),
        TEST(a_name_is_a_hash_that_is_trusted),
        TEST(a_chain_that_leads_to_nobody_trusted_is_refused),
        TEST(a_revoked_certificate_is_refused),
    };

    return cmocka_run_group_tests_name("attest tpm", tests, NULL, NULL);
}

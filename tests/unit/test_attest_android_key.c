/* android-key: a forged statement is accepted, and each that is wrong in one
 * thing is refused for it. The steps are those of WebAuthn Level 3 §8.4. */
#include "attest_kit.h"

#include "forge_android.h"

/* A statement, what Android says in it, and who judges. */
struct fixture {
    struct attest_kit kit;
    struct forge_android android;
    struct forge forge;
};

static int
set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;

    attest_kit_init(&f->kit, ATTEST_ANDROID_KEY);
    f->android = forge_android_template();
    forge_begin_android(&f->forge, &f->android, &f->kit.authority);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    forge_end(&f->forge);
    attest_kit_done(&f->kit);
    return 0;
}

static enum attest_reason
judge(struct fixture *f)
{
    return attest_kit_verify(&f->kit, &f->forge);
}

/* Another statement for the next case of the same test. */
static void
again(struct fixture *f)
{
    bool is_software = f->kit.policy.android_software;
    void *state = f;

    tear_down(&state);
    set_up(&state);
    f->kit.policy.android_software = is_software;
}

static void
judge_lists(struct fixture *f, const char *software, const char *hardware,
            enum attest_reason expected)
{
    enum attest_reason reason;

    f->android.software = software;
    f->android.hardware = hardware;
    reason = judge(f);
    if (reason != expected)
        fail_msg("software %s, hardware %s: %d", software, hardware, reason);
    again(f);
}

static void
a_right_statement_is_accepted(void **state)
{
    assert_int_equal(judge(*state), ATTEST_FINE);
}

static void
statements_of_other_kinds_of_keys_are_accepted(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P384, FORGE_P521, FORGE_RSA};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        EVP_PKEY_free(f->forge.key);
        f->forge.key = forge_key(kinds[i]);
        assert_int_equal(judge(f), ATTEST_FINE);
        again(f);
    }
}

/* The root may be sent too, as Android does. */
static void
a_statement_with_the_root_in_it_is_accepted(void **state)
{
    struct fixture *f = *state;

    f->forge.above[f->forge.above_count++] = f->kit.authority.root;
    assert_int_equal(judge(f), ATTEST_FINE);
}

/* Step 1 */
static void
a_statement_with_members_missing_or_added_is_refused(void **state)
{
    static const char *const members[] = {"alg", "sig", "x5c"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        f->forge.without = members[i];
        assert_int_equal(judge(f), ATTEST_STATEMENT);
        again(f);
        /* with as many members as there should be */
        f->forge.without = members[i];
        forge_cbor_text(&f->forge.more, "ver");
        forge_cbor_text(&f->forge.more, "2.0");
        f->forge.more_count = 1;
        assert_int_equal(judge(f), ATTEST_STATEMENT);
        again(f);
    }
    forge_cbor_text(&f->forge.more, "ver");
    forge_cbor_text(&f->forge.more, "2.0");
    f->forge.more_count = 1;
    assert_int_equal(judge(f), ATTEST_STATEMENT);
}

/* Step 2 */
static void
a_wrong_signature_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.spoil_signature = true;
    assert_int_equal(judge(f), ATTEST_SIGNATURE);
}

static void
a_signature_over_other_data_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.sign_other_data = true;
    assert_int_equal(judge(f), ATTEST_SIGNATURE);
}

static void
an_algorithm_that_is_not_the_keys_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.statement_algorithm = -257;
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
    again(f);
    f->forge.statement_algorithm = -65535;
    assert_int_equal(judge(f), ATTEST_ALGORITHM);
}

/* Step 3: signed by the leaf, whose key is another than the credential's. */
static void
a_leaf_with_another_key_is_refused(void **state)
{
    struct fixture *f = *state;

    f->forge.leaf_key = forge_key(FORGE_P256);
    assert_int_equal(judge(f), ATTEST_KEY);
}

/* Step 4 */
static void
another_challenge_than_the_client_datas_hash_is_refused(void **state)
{
    struct fixture *f = *state;

    f->android.other_challenge = true;
    assert_int_equal(judge(f), ATTEST_BINDING);
}

static void
a_leaf_without_a_description_is_refused(void **state)
{
    struct fixture *f = *state;

    f->android.without_description = true;
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
}

static void
a_description_that_is_not_encoded_right_is_refused(void **state)
{
    struct fixture *f = *state;

    f->android.behind_all = "00";
    assert_int_equal(judge(f), ATTEST_CERTIFICATE);
}

/* Judge a leaf whose issuer has so many descriptions itself. */
static enum attest_reason
judge_below(struct fixture *f, size_t descriptions, enum forge_basic basic)
{
    enum attest_reason reason;
    struct forge_certificate says = forge_authority_template("CN=Attest Key");
    struct tg_buf description = TG_BUF_EMPTY;
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *above;

    says.basic = basic;
    forge_android_description(&description, &f->android,
                              TG_SPAN_LITERAL("another challenge"));
    for (size_t i = 0; i < descriptions; i++)
        forge_add_extension(&says, "1.3.6.1.4.1.11129.2.1.17",
                            tg_span_buf(&description), false);
    above = forge_issue(&says, key, f->kit.authority.intermediate,
                        f->kit.authority.key);
    f->forge.issuer = above;
    f->forge.issuer_key = key;
    f->forge.above[0] = above;
    f->forge.above[f->forge.above_count++] = f->kit.authority.intermediate;
    reason = judge(f);
    X509_free(above);
    EVP_PKEY_free(key);
    tg_buf_free(&description);
    return reason;
}

static void
a_leaf_below_another_device_key_is_fine(void **state)
{
    assert_int_equal(judge_below(*state, 0, FORGE_BASIC_CA), ATTEST_FINE);
}

/* As the keys from the factory of some phones have it; DECISION(11). */
static void
a_leaf_below_who_may_not_issue_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(judge_below(f, 0, FORGE_BASIC_END), ATTEST_CHAIN);
    again(f);
    assert_int_equal(judge_below(f, 0, FORGE_BASIC_NONE), ATTEST_CHAIN);
}

/* Android: the description nearest to the root is the one to believe. */
static void
a_description_above_the_leaf_is_refused(void **state)
{
    assert_int_equal(judge_below(*state, 1, FORGE_BASIC_CA),
                     ATTEST_CERTIFICATE);
}

static void
two_descriptions_above_the_leaf_are_refused(void **state)
{
    assert_int_equal(judge_below(*state, 2, FORGE_BASIC_CA),
                     ATTEST_CERTIFICATE);
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

/* Step 5: for nobody's ears but of whom the roots vouch for. */
static void
what_is_wrong_with_a_key_is_said_last(void **state)
{
    struct fixture *f = *state;
    struct forge_authority other;

    forge_authority_init(&other);
    attest_trust_free(f->kit.trust);
    f->kit.trust = forge_trust(&other.root, 1);
    f->kit.policy.trust = f->kit.trust;
    f->android.hardware = "";
    assert_int_equal(judge(f), ATTEST_CHAIN);
    forge_authority_done(&other);
}

/* Step 5, first part */
static void
a_key_for_all_applications_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *good = ANDROID_SIGN ANDROID_GENERATED;
    const char *bad = ANDROID_SIGN ANDROID_GENERATED ANDROID_ALL_APPLICATIONS;

    for (int software = 0; software < 2; software++) {
        f->kit.policy.android_software = software != 0;
        judge_lists(f, "", good, ATTEST_FINE);
        judge_lists(f, "", bad, ATTEST_KEY_PROPERTIES);
        judge_lists(f, ANDROID_ALL_APPLICATIONS, good, ATTEST_KEY_PROPERTIES);
    }
}

/* Step 5, second part */
static void
a_key_that_was_not_made_in_hardware_is_refused(void **state)
{
    struct fixture *f = *state;

    judge_lists(f, "", ANDROID_SIGN ANDROID_IMPORTED, ATTEST_KEY_PROPERTIES);
    judge_lists(f, "", ANDROID_SIGN, ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_GENERATED, ANDROID_SIGN, ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_GENERATED, ANDROID_SIGN ANDROID_IMPORTED,
                ATTEST_KEY_PROPERTIES);
}

static void
a_key_that_hardware_does_not_keep_to_sign_with_is_refused(void **state)
{
    struct fixture *f = *state;

    judge_lists(f, "", ANDROID_SIGN_AND_VERIFY ANDROID_GENERATED, ATTEST_FINE);
    judge_lists(f, "", ANDROID_GENERATED, ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_SIGN, ANDROID_GENERATED, ATTEST_KEY_PROPERTIES);
    judge_lists(f, "", ANDROID_VERIFY ANDROID_GENERATED, ATTEST_KEY_PROPERTIES);
    judge_lists(f, "", ANDROID_SIGN_AND_DECRYPT ANDROID_GENERATED,
                ATTEST_KEY_PROPERTIES);
}

static void
what_software_says_of_itself_does_not_count_for_hardware(void **state)
{
    struct fixture *f = *state;
    const char *good = ANDROID_SIGN ANDROID_GENERATED;

    judge_lists(f, good, "", ATTEST_KEY_PROPERTIES);
    /* nor does it spoil what hardware says */
    judge_lists(f, ANDROID_VERIFY ANDROID_IMPORTED, good, ATTEST_FINE);
}

/* §8.4: the union of the lists, where the operator allows it. */
static void
what_software_says_counts_where_it_is_allowed(void **state)
{
    struct fixture *f = *state;
    const char *good = ANDROID_SIGN ANDROID_GENERATED;

    f->kit.policy.android_software = true;
    judge_lists(f, good, "", ATTEST_FINE);
    judge_lists(f, "", good, ATTEST_FINE);
    judge_lists(f, ANDROID_SIGN, ANDROID_GENERATED, ATTEST_FINE);
    judge_lists(f, ANDROID_GENERATED, ANDROID_SIGN, ATTEST_FINE);
    judge_lists(f, good, good, ATTEST_FINE);
    judge_lists(f, "", "", ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_SIGN, "", ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_GENERATED, "", ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_IMPORTED, good, ATTEST_KEY_PROPERTIES);
    judge_lists(f, good, ANDROID_IMPORTED, ATTEST_KEY_PROPERTIES);
    judge_lists(f, ANDROID_SIGN_AND_DECRYPT, good, ATTEST_KEY_PROPERTIES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_statement_is_accepted),
        TEST(statements_of_other_kinds_of_keys_are_accepted),
        TEST(a_statement_with_the_root_in_it_is_accepted),
        TEST(a_statement_with_members_missing_or_added_is_refused),
        TEST(a_wrong_signature_is_refused),
        TEST(a_signature_over_other_data_is_refused),
        TEST(an_algorithm_that_is_not_the_keys_is_refused),
        TEST(a_leaf_with_another_key_is_refused),
        TEST(another_challenge_than_the_client_datas_hash_is_refused),
        TEST(a_leaf_without_a_description_is_refused),
        TEST(a_description_that_is_not_encoded_right_is_refused),
        TEST(a_leaf_below_another_device_key_is_fine),
        TEST(a_leaf_below_who_may_not_issue_is_refused),
        TEST(a_description_above_the_leaf_is_refused),
        TEST(two_descriptions_above_the_leaf_are_refused),
        TEST(a_chain_that_leads_to_nobody_trusted_is_refused),
        TEST(a_revoked_certificate_is_refused),
        TEST(what_is_wrong_with_a_key_is_said_last),
        TEST(a_key_for_all_applications_is_refused),
        TEST(a_key_that_was_not_made_in_hardware_is_refused),
        TEST(a_key_that_hardware_does_not_keep_to_sign_with_is_refused),
        TEST(what_software_says_of_itself_does_not_count_for_hardware),
        TEST(what_software_says_counts_where_it_is_allowed),
    };

    return cmocka_run_group_tests_name("attest android-key", tests, NULL, NULL);
}

/* `apple-appattest`: every step that Apple asks for. */
#include "attest_format_kit.h"

#include <string.h>

static void
a_good_statement_is_accepted(void **state)
{
    struct forge f = begin();

    (void)state;
    assert_int_equal(judge(&f), ATTEST_FINE);
}

static void
members_are_certificates_and_a_receipt(void **state)
{
    static const char *const members[] = {"x5c", "receipt"};
    struct forge f;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        f = begin();
        f.without = members[i];
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
        f = begin();
        f.without = members[i];
        forge_cbor_text(&f.more, "other");
        forge_cbor_bytes(&f.more, TG_SPAN_LITERAL("bytes"));
        f.more_count = 1;
        assert_int_equal(judge(&f), ATTEST_STATEMENT);
    }
    f = begin();
    forge_cbor_text(&f.more, "alg");
    forge_cbor_integer(&f.more, -7);
    f.more_count = 1;
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    f.raw_statement = "a2 63783563 81 4130 67 72656365697074 4100";
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
}

/* step 1 */
static void
the_leaf_leads_to_a_root_now(void **state)
{
    (void)state;
    check_that_the_leaf_leads_to_a_root_now();
}

/* steps 2 to 4 */
static void
the_nonce_is_of_this_statement(void **state)
{
    struct forge f = begin();

    (void)state;
    f.sign_other_data = true;
    assert_int_equal(judge(&f), ATTEST_BINDING);
    f = begin();
    forge_hex(&f.sequence, "3000");
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
}

/* step 5, and the credential's key */
static void
the_leaf_is_of_the_credentials_key(void **state)
{
    struct forge f = begin();
    struct tg_buf point = TG_BUF_EMPTY;
    uint8_t digest[ATTEST_HASH_LEN];

    (void)state;
    /* the credential is named by the leaf's key, then by its own */
    f.leaf_key = forge_key(FORGE_P256);
    assert_int_equal(judge(&f), ATTEST_KEY);
    f = begin();
    f.leaf_key = forge_key(FORGE_P256);
    forge_point(&point, f.key);
    forge_sha256(tg_span_buf(&point), digest);
    forge_append(&f.credential_id, (struct tg_span)TG_SPAN_ARRAY(digest));
    assert_int_equal(judge(&f), ATTEST_KEY);
    tg_buf_free(&point);
}

static void
the_key_is_on_p256(void **state)
{
    struct forge f = begin();

    (void)state;
    EVP_PKEY_free(f.key);
    f.key = forge_key(FORGE_P384);
    assert_int_equal(judge(&f), ATTEST_KEY);
}

/* step 7 */
static void
the_counter_is_zero(void **state)
{
    struct forge f = begin();

    (void)state;
    f.counter = 1;
    assert_int_equal(judge(&f), ATTEST_BINDING);
}

/* step 8 */
static void
apps_in_development_are_refused_unless_the_policy_has_them(void **state)
{
    static const char *const others[] = {"appattestdevelop",
                                         "appattest\0\0\0\0\0\0\1"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct forge f = begin();

        memcpy(f.aaguid, others[i % 2], sizeof(f.aaguid));
        kit.policy.apple_development = i >= 2;
        assert_int_equal(judge(&f), i == 2 ? ATTEST_FINE : ATTEST_BINDING);
        kit.policy.apple_development = false;
    }
}

/* Since iOS 27 they say how the app was distributed. */
static void
extensions_may_lack_their_flag_here_and_nowhere_else(void **state)
{
    struct forge f = begin();

    (void)state;
    forge_hex(&f.auth_more, "a1 616b 4401000000");
    assert_int_equal(judge(&f), ATTEST_FINE);
    f = begin();
    forge_hex(&f.auth_more, "a1 616b 4401000000");
    f.flags |= 0x80;
    assert_int_equal(judge(&f), ATTEST_FINE);
    f = begin();
    forge_hex(&f.auth_more, "a1 616b 4401000000 00");
    assert_int_equal(judge(&f), ATTEST_MALFORMED);
    f = begin();
    forge_hex(&f.auth_more, "00");
    assert_int_equal(judge(&f), ATTEST_MALFORMED);
    forge_begin(&f, ATTEST_APPLE, &kit.authority);
    forge_hex(&f.auth_more, "a1 616b 4401000000");
    assert_int_equal(judge(&f), ATTEST_MALFORMED);
}

/* step 9 */
static void
the_credential_is_named_by_its_key(void **state)
{
    struct forge f = begin();
    struct tg_buf point = TG_BUF_EMPTY;
    uint8_t digest[ATTEST_HASH_LEN];

    (void)state;
    forge_append(&f.credential_id, TG_SPAN_LITERAL("another"));
    assert_int_equal(judge(&f), ATTEST_BINDING);
    f = begin();
    forge_point(&point, f.key);
    forge_sha256(tg_span_buf(&point), digest);
    forge_append(&f.credential_id, (struct tg_span)TG_SPAN_ARRAY(digest));
    assert_int_equal(judge(&f), ATTEST_FINE);
    f = begin();
    digest[0] ^= 1;
    forge_append(&f.credential_id, (struct tg_span)TG_SPAN_ARRAY(digest));
    assert_int_equal(judge(&f), ATTEST_BINDING);
    tg_buf_free(&point);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_statement_is_accepted),
        cmocka_unit_test(members_are_certificates_and_a_receipt),
        cmocka_unit_test(the_leaf_leads_to_a_root_now),
        cmocka_unit_test(the_nonce_is_of_this_statement),
        cmocka_unit_test(the_leaf_is_of_the_credentials_key),
        cmocka_unit_test(the_key_is_on_p256),
        cmocka_unit_test(the_counter_is_zero),
        cmocka_unit_test(
            apps_in_development_are_refused_unless_the_policy_has_them),
        cmocka_unit_test(extensions_may_lack_their_flag_here_and_nowhere_else),
        cmocka_unit_test(the_credential_is_named_by_its_key),
    };

    kit.format = ATTEST_APPLE_APPATTEST;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

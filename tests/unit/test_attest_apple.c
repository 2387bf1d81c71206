/* `apple`: every step of WebAuthn Level 3 §8.8; and `none`, §8.7. */
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
    struct forge f = begin();

    (void)state;
    f.without = "x5c";
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    f.raw_statement = "a1 63783563 80";
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    f.raw_statement = "a1 63783563 81 4130";
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    f = begin();
    forge_cbor_text(&f.more, "sig");
    forge_cbor_bytes(&f.more, TG_SPAN_LITERAL("sig"));
    f.more_count = 1;
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
    f = begin();
    forge_cbor_text(&f.more, "alg");
    forge_cbor_integer(&f.more, -7);
    forge_cbor_text(&f.more, "sig");
    forge_cbor_bytes(&f.more, TG_SPAN_LITERAL("sig"));
    f.more_count = 2;
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
}

/* What the first devices have made. */
static void
an_algorithm_may_be_there_if_it_is_the_credentials(void **state)
{
    static const int64_t algorithms[] = {-7, -35};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct forge f = begin();

        forge_cbor_text(&f.more, "alg");
        forge_cbor_integer(&f.more, algorithms[i]);
        f.more_count = 1;
        assert_int_equal(judge(&f), i == 0 ? ATTEST_FINE : ATTEST_ALGORITHM);
    }
}

/* steps 2 to 4 */
static void
the_nonce_is_of_this_statement(void **state)
{
    struct forge f = begin();

    (void)state;
    f.sign_other_data = true;
    assert_int_equal(judge(&f), ATTEST_BINDING);
}

static void
the_nonce_stands_where_apple_puts_it(void **state)
{
    /* none of these has what is wanted, whatever the nonce were */
    static const char *const contents[] = {
        "00",
        "3000",
        "0402 0000",
        "3004 a102 0400 00",   /* behind the sequence */
        "3006 a102 0400 0500", /* behind [1] */
        "3006 a104 0400 0500", /* behind the octets */
        "3004 a202 0400",      /* [2] */
        "3004 2102 0400",      /* BOOLEAN, constructed, for [1] */
        "3004 8102 0400",      /* [1] IMPLICIT */
        "3004 a102 0300",      /* BIT STRING */
        "3004 3002 0400",      /* a sequence for [1] */
        "3104 a102 0400",      /* SET */
        "3080 a102 0400 0000", /* indefinite */
        "308104 a102 0400",    /* a long length */
    };
    struct forge f;

    (void)state;
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        f = begin();
        forge_hex(&f.sequence, contents[i]);
        assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    }
    f = begin();
    forge_hex(&f.sequence, "3004 a102 0400"); /* an empty nonce */
    assert_int_equal(judge(&f), ATTEST_BINDING);
}

/* The nonce is there, and bytes that a lax reader would skip. */
static void
nothing_stands_beside_the_nonce(void **state)
{
    enum { INNERMOST, MIDDLE, OUTERMOST, NOWHERE };

    (void)state;
    for (int place = INNERMOST; place <= NOWHERE; place++) {
        struct forge f = begin();
        struct tg_buf octets = TG_BUF_EMPTY, tagged = TG_BUF_EMPTY;
        struct tg_buf data = TG_BUF_EMPTY;
        uint8_t nonce[ATTEST_HASH_LEN];

        forge_finish(&f); /* to know its data, which stays the same */
        forge_signed_data(&f, &data);
        forge_sha256(tg_span_buf(&data), nonce);
        forge_der(&octets, 0x04, (struct tg_span)TG_SPAN_ARRAY(nonce));
        if (place == INNERMOST)
            forge_hex(&octets, "0500");
        forge_der(&tagged, 0xa1, tg_span_buf(&octets));
        if (place == MIDDLE)
            forge_hex(&tagged, "0500");
        forge_der(&f.sequence, 0x30, tg_span_buf(&tagged));
        if (place == OUTERMOST)
            forge_hex(&f.sequence, "0500");
        f.leaf.extension_count = 0;
        tg_buf_clear(&f.client_data);
        tg_buf_clear(&f.auth_data);
        tg_buf_clear(&f.extension);
        tg_buf_clear(&f.statement);
        tg_buf_clear(&f.object);
        tg_buf_clear(&f.header);
        assert_int_equal(judge(&f),
                         place == NOWHERE ? ATTEST_FINE : ATTEST_CERTIFICATE);
        tg_buf_free(&octets);
        tg_buf_free(&tagged);
        tg_buf_free(&data);
    }
}

static void
a_leaf_without_nonce_or_with_two_is_refused(void **state)
{
    struct forge f = begin();
    struct forge_certificate plain = forge_leaf_template();
    X509 *leaf = forge_issue(&plain, f.key, f.issuer, f.issuer_key);

    (void)state;
    f.instead_of_leaf = leaf;
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    f = begin();
    forge_add_extension(&f.leaf, "1.2.840.113635.100.8.2",
                        TG_SPAN_LITERAL("\x05\x00"), false);
    assert_int_equal(judge(&f), ATTEST_CERTIFICATE);
    X509_free(leaf);
}

/* step 5 */
static void
the_leaf_is_of_the_credentials_key(void **state)
{
    struct forge f = begin();

    (void)state;
    f.leaf_key = forge_key(FORGE_P256);
    assert_int_equal(judge(&f), ATTEST_KEY);
    f = begin();
    f.leaf_key = forge_key(FORGE_RSA);
    assert_int_equal(judge(&f), ATTEST_KEY);
}

/* step 6 */
static void
the_leaf_leads_to_a_root_now(void **state)
{
    (void)state;
    check_that_the_leaf_leads_to_a_root_now();
}

static void
a_revoked_leaf_is_refused(void **state)
{
    struct forge f = begin();
    struct attest_policy strict = kit.policy;
    struct attest_trust *trust;

    (void)state;
    trust = forge_trust(&kit.authority.root, 1);
    forge_revoke(trust, "0815\n");
    strict.trust = trust;
    f.leaf.serial = "0815";
    assert_int_equal(judge_by(&strict, &f), ATTEST_REVOKED);
    f = begin();
    f.leaf.serial = "0816";
    assert_int_equal(judge_by(&strict, &f), ATTEST_FINE);
    attest_trust_free(trust);
}

static void
none_says_nothing(void **state)
{
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_NONE, &kit.authority);
    assert_int_equal(judge(&f), ATTEST_FINE);
    forge_begin(&f, ATTEST_NONE, &kit.authority);
    f.raw_statement = "a1 63736967 4100";
    assert_int_equal(judge(&f), ATTEST_STATEMENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_statement_is_accepted),
        cmocka_unit_test(members_are_those_of_the_syntax),
        cmocka_unit_test(an_algorithm_may_be_there_if_it_is_the_credentials),
        cmocka_unit_test(the_nonce_is_of_this_statement),
        cmocka_unit_test(the_nonce_stands_where_apple_puts_it),
        cmocka_unit_test(nothing_stands_beside_the_nonce),
        cmocka_unit_test(a_leaf_without_nonce_or_with_two_is_refused),
        cmocka_unit_test(the_leaf_is_of_the_credentials_key),
        cmocka_unit_test(the_leaf_leads_to_a_root_now),
        cmocka_unit_test(a_revoked_leaf_is_refused),
        cmocka_unit_test(none_says_nothing),
    };

    kit.format = ATTEST_APPLE;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

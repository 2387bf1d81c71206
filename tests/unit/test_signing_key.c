/* Signing keys: what is signed can be verified by OpenSSL alone, and what is
 * no key of ours is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/param_build.h>

#include "crypto/signing_key.h"
#include "key_kit.h"

#define BEGIN "-----BEGIN PRIVATE" " KEY-----\n"
#define END   "-----END PRIVATE" " KEY-----\n"

static struct signing_key *
parsed(const EVP_PKEY *native)
{
    struct tg_buf pem = kit_pem(native, NULL);
    struct signing_key *key = NULL;

    assert_int_equal(signing_key_parse(tg_span_buf(&pem), &key), TG_OK);
    tg_buf_free(&pem);
    return key;
}

static void
check_signature(EVP_PKEY *native, size_t len)
{
    struct signing_key *key = parsed(native);
    struct tg_buf out = TG_BUF_EMPTY;
    struct tg_span made;

    assert_int_equal(tg_buf_text(&out, "kept"), TG_OK);
    assert_int_equal(
        signing_key_sign(key, TG_SPAN_LITERAL("to be signed"), &out), TG_OK);
    assert_int_equal(out.len, 4 + len);
    assert_memory_equal(out.ptr, "kept", 4);
    made = (struct tg_span){out.ptr + 4, len};
    assert_true(kit_is_signed(native, TG_SPAN_LITERAL("to be signed"), made));
    assert_false(kit_is_signed(native, TG_SPAN_LITERAL("something"), made));
    tg_buf_free(&out);
    signing_key_free(key);
}

/* RFC 7518 §3.4. Many, since r and s have leading zeros now and then. */
static void
es256_signatures_are_64_bytes_and_verify(void **state)
{
    EVP_PKEY *native = kit_make_ec();

    (void)state;
    for (int i = 0; i < 300; i++)
        check_signature(native, SIGNING_KEY_ES256_LEN);
    EVP_PKEY_free(native);
}

/* RFC 7518 §3.3 */
static void
rs256_signatures_are_as_long_as_the_modulus_and_verify(void **state)
{
    EVP_PKEY *native = kit_make_rsa(2048);

    (void)state;
    check_signature(native, 256);
    EVP_PKEY_free(native);
}

static void
the_point_is_that_of_the_key(void **state)
{
    EVP_PKEY *native = kit_make_ec();
    EVP_PKEY *rsa = kit_make_rsa(2048);
    struct signing_key *key = parsed(native);
    struct signing_key *rsa_key = parsed(rsa);
    uint8_t expected[SIGNING_KEY_POINT_LEN];
    uint8_t point[SIGNING_KEY_POINT_LEN];
    size_t len;

    (void)state;
    assert_int_equal(EVP_PKEY_get_octet_string_param(native, "pub", expected,
                                                     sizeof(expected), &len),
                     1);
    assert_int_equal(len, sizeof(expected));
    assert_int_equal(signing_key_kind(key), SIGNING_KEY_ES256);
    assert_int_equal(signing_key_point(key, point), TG_OK);
    assert_memory_equal(point, expected, sizeof(point));

    assert_int_equal(signing_key_kind(rsa_key), SIGNING_KEY_RS256);
    assert_int_equal(signing_key_point(rsa_key, point), TG_E_STATE);
    signing_key_free(rsa_key);
    signing_key_free(key);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(native);
}

/* Takes `native`. */
static void
expect_refusal(EVP_PKEY *native, const char *passphrase, enum tg_err expected)
{
    struct tg_buf pem = kit_pem(native, passphrase);
    struct signing_key *key = NULL;

    assert_int_equal(signing_key_parse(tg_span_buf(&pem), &key), expected);
    assert_null(key);
    tg_buf_free(&pem);
    EVP_PKEY_free(native);
}

static void
keys_of_other_kinds_and_sizes_are_unknown(void **state)
{
    (void)state;
    expect_refusal(EVP_EC_gen("P-384"), NULL, TG_E_UNKNOWN);
    expect_refusal(EVP_EC_gen("secp256k1"), NULL, TG_E_UNKNOWN);
    expect_refusal(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL,
                   TG_E_UNKNOWN);
    expect_refusal(kit_make_rsa(1024), NULL, TG_E_UNKNOWN);
}

/* The number of one key, the point of another: the service would know that
 * public half, and believe no signature. */
static void
halves_of_two_keys_are_no_key(void **state)
{
    EVP_PKEY *one = kit_make_ec();
    EVP_PKEY *two = kit_make_ec();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *mixed = NULL;
    OSSL_PARAM *params;
    BIGNUM *number = NULL;
    uint8_t point[SIGNING_KEY_POINT_LEN];
    size_t len;

    (void)state;
    assert_int_equal(EVP_PKEY_get_bn_param(one, "priv", &number), 1);
    assert_int_equal(EVP_PKEY_get_octet_string_param(two, "pub", point,
                                                     sizeof(point), &len), 1);
    OSSL_PARAM_BLD_push_utf8_string(build, "group", "P-256", 0);
    OSSL_PARAM_BLD_push_BN(build, "priv", number);
    OSSL_PARAM_BLD_push_octet_string(build, "pub", point, len);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(
        EVP_PKEY_fromdata(ctx, &mixed, EVP_PKEY_KEYPAIR, params), 1);
    expect_refusal(mixed, NULL, TG_E_AUTH);

    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(number);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(two);
    EVP_PKEY_free(one);
}

static void
an_encrypted_key_is_refused_and_nobody_is_asked(void **state)
{
    (void)state;
    expect_refusal(kit_make_ec(), "a passphrase", TG_E_FORMAT);
}

static void
what_is_no_private_key_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "no key",
        "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n",
        (BEGIN "AAAA\n" END),
        (BEGIN),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct signing_key *key = NULL;

        assert_int_equal(signing_key_parse(tg_span_text(texts[i]), &key),
                         TG_E_FORMAT);
        assert_null(key);
    }
    signing_key_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(es256_signatures_are_64_bytes_and_verify),
        cmocka_unit_test(
            rs256_signatures_are_as_long_as_the_modulus_and_verify),
        cmocka_unit_test(the_point_is_that_of_the_key),
        cmocka_unit_test(keys_of_other_kinds_and_sizes_are_unknown),
        cmocka_unit_test(halves_of_two_keys_are_no_key),
        cmocka_unit_test(an_encrypted_key_is_refused_and_nobody_is_asked),
        cmocka_unit_test(what_is_no_private_key_is_refused),
    };

    return cmocka_run_group_tests_name("signing key", tests, NULL, NULL);
}

/* Signatures: what a key of the algorithm's kind has signed is accepted, and
 * nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "attest/signature.h"
#include "forge.h"

static const struct tg_span whole = TG_SPAN_LITERAL("authenticator data, hash");
static const struct tg_span parts[] = {TG_SPAN_LITERAL("authenticator data"),
                                       TG_SPAN_LITERAL(""),
                                       TG_SPAN_LITERAL(", hash")};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static void
check(enum forge_kind kind, int64_t algorithm)
{
    EVP_PKEY *key = forge_key(kind);
    EVP_PKEY *other = forge_key(kind);
    bool is_shared = EVP_PKEY_eq(key, other) == 1;
    struct tg_buf made = TG_BUF_EMPTY;
    struct tg_span cut;

    forge_sign(&made, key, forge_algorithm(key), whole);
    cut = (struct tg_span){made.ptr, made.len - 1};
    assert_int_equal(signature_verify(algorithm, key, parts, PARTS,
                                      tg_span_buf(&made)),
                     ATTEST_FINE);
    assert_int_equal(signature_verify(algorithm, key, parts, PARTS - 1,
                                      tg_span_buf(&made)),
                     ATTEST_SIGNATURE);
    assert_int_equal(signature_verify(algorithm, key, parts, PARTS, cut),
                     ATTEST_SIGNATURE);
    assert_int_equal(
        signature_verify(algorithm, key, parts, PARTS, TG_SPAN_EMPTY),
        ATTEST_SIGNATURE);
    if (!is_shared)
        assert_int_equal(signature_verify(algorithm, other, parts, PARTS,
                                          tg_span_buf(&made)),
                         ATTEST_SIGNATURE);
    made.ptr[made.len / 2] ^= 1;
    assert_int_equal(signature_verify(algorithm, key, parts, PARTS,
                                      tg_span_buf(&made)),
                     ATTEST_SIGNATURE);
    made.ptr[made.len / 2] ^= 1;
    assert_int_equal(tg_buf_byte(&made, 0), TG_OK); /* one byte behind */
    assert_int_equal(signature_verify(algorithm, key, parts, PARTS,
                                      tg_span_buf(&made)),
                     ATTEST_SIGNATURE);
    tg_buf_free(&made);
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
}

static void
signatures_of_every_algorithm_are_verified(void **state)
{
    (void)state;
    check(FORGE_P256, COSE_ES256);
    check(FORGE_P256, COSE_ESP256);
    check(FORGE_P384, COSE_ES384);
    check(FORGE_P384, COSE_ESP384);
    check(FORGE_P521, COSE_ES512);
    check(FORGE_P521, COSE_ESP512);
    check(FORGE_ED25519, COSE_EDDSA);
    check(FORGE_ED25519, COSE_ED25519);
    check(FORGE_ED448, COSE_ED448);
    check(FORGE_RSA, COSE_RS256);
}

static void
check_mismatch(enum forge_kind kind, int64_t algorithm)
{
    EVP_PKEY *key = forge_key(kind);
    struct tg_buf made = TG_BUF_EMPTY;

    forge_sign(&made, key, forge_algorithm(key), whole);
    assert_int_equal(signature_verify(algorithm, key, parts, PARTS,
                                      tg_span_buf(&made)),
                     ATTEST_ALGORITHM);
    tg_buf_free(&made);
    EVP_PKEY_free(key);
}

static void
an_algorithm_with_a_key_of_another_is_refused(void **state)
{
    (void)state;
    check_mismatch(FORGE_P256, COSE_RS256);
    check_mismatch(FORGE_P256, COSE_ES384);
    check_mismatch(FORGE_P384, COSE_ES256);
    check_mismatch(FORGE_P521, COSE_ES256);
    check_mismatch(FORGE_SECP256K1, COSE_ES256);
    check_mismatch(FORGE_RSA, COSE_ES256);
    check_mismatch(FORGE_RSA, COSE_EDDSA);
    check_mismatch(FORGE_ED25519, COSE_ED448);
    check_mismatch(FORGE_ED448, COSE_EDDSA);
    check_mismatch(FORGE_ED25519, COSE_ES256);
}

static void
algorithms_that_are_not_supported_are_refused(void **state)
{
    (void)state;
    check_mismatch(FORGE_RSA, -65535); /* RS1 */
    check_mismatch(FORGE_RSA, -37);    /* PS256 */
    check_mismatch(FORGE_RSA, -258);   /* RS384 */
    check_mismatch(FORGE_P256, -47);   /* ES256K */
    check_mismatch(FORGE_P256, 0);
}

/* The right digest is part of the algorithm. */
static void
another_digest_is_another_signature(void **state)
{
    EVP_PKEY *key = forge_key(FORGE_RSA);
    struct tg_buf made = TG_BUF_EMPTY;

    (void)state;
    forge_sign(&made, key, -65535, whole); /* with SHA-1 */
    assert_int_equal(signature_verify(COSE_RS256, key, parts, PARTS,
                                      tg_span_buf(&made)),
                     ATTEST_SIGNATURE);
    tg_buf_free(&made);
    EVP_PKEY_free(key);
}

/* An RSA key that was never made, as a certificate could hold it. */
static EVP_PKEY *
rsa_of(int bits, const char *exponent)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_new();
    BIGNUM *e = NULL;

    assert_int_equal(BN_set_bit(n, bits - 1), 1);
    assert_int_equal(BN_set_bit(n, 0), 1);
    assert_true(BN_hex2bn(&e, exponent) > 0);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n),
                     1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e),
                     1);
    params = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params),
                     1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return key;
}

static void
check_rsa(int bits, const char *exponent, enum attest_reason expected)
{
    static const uint8_t signature[2048] = {1};
    EVP_PKEY *key = rsa_of(bits, exponent);

    assert_int_equal(
        signature_verify(COSE_RS256, key, parts, PARTS,
                         (struct tg_span){signature, (size_t)bits / 8}),
        expected);
    EVP_PKEY_free(key);
}

static void
rsa_keys_that_are_weak_or_costly_are_refused_unused(void **state)
{
    (void)state;
    check_rsa(2048, "010001", ATTEST_SIGNATURE);
    check_rsa(8192, "010001", ATTEST_SIGNATURE);
    check_rsa(2048, "ffffffff", ATTEST_SIGNATURE);
    check_rsa(1024, "010001", ATTEST_ALGORITHM);
    check_rsa(2040, "010001", ATTEST_ALGORITHM);
    check_rsa(8200, "010001", ATTEST_ALGORITHM);
    check_rsa(16384, "010001", ATTEST_ALGORITHM);
    check_rsa(2048, "0100000001", ATTEST_ALGORITHM);
    check_rsa(2048, "010000", ATTEST_ALGORITHM);
    check_rsa(2048, "1", ATTEST_ALGORITHM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_every_algorithm_are_verified),
        cmocka_unit_test(an_algorithm_with_a_key_of_another_is_refused),
        cmocka_unit_test(algorithms_that_are_not_supported_are_refused),
        cmocka_unit_test(another_digest_is_another_signature),
        cmocka_unit_test(rsa_keys_that_are_weak_or_costly_are_refused_unused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

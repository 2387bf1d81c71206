/* OpenSSL with the few kinds of keys that statements have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "attest/library.h"
#include "forge.h"

/* Else everything would hold, and take three times as long. */
static void
it_is_not_openssls_own_context(void **state)
{
    (void)state;
    assert_non_null(library_context());
    assert_ptr_equal(library_context(), library_context());
}

/* DER of a certificate for this key, that it has signed itself. */
static X509 *
read_back(EVP_PKEY *key)
{
    const struct forge_certificate says = forge_authority_template("CN=Any");
    X509 *made = forge_issue(&says, key, NULL, key);
    unsigned char *der = NULL;
    int len = i2d_X509(made, &der);
    X509 *read;

    assert_true(len > 0);
    read = library_certificate((struct tg_span){der, (size_t)len});
    assert_non_null(read);
    assert_int_equal(X509_cmp(made, read), 0);
    OPENSSL_free(der);
    X509_free(made);
    return read;
}

static void
keys_of_every_kind_are_read_and_verify(void **state)
{
    static const enum forge_kind kinds[] = {FORGE_P256,    FORGE_P384,
                                            FORGE_P521,    FORGE_RSA,
                                            FORGE_ED25519, FORGE_ED448};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        EVP_PKEY *key = forge_key(kinds[i]);
        X509 *read = read_back(key);

        assert_non_null(X509_get0_pubkey(read));
        assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(read), key), 1);
        assert_int_equal(X509_verify(read, X509_get0_pubkey(read)), 1);
        assert_int_equal(X509_verify(read, key), 1);
        X509_free(read);
        EVP_PKEY_free(key);
    }
}

static void
a_key_of_another_kind_is_none(void **state)
{
    EVP_PKEY *authority = forge_key(FORGE_P256);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    const struct forge_certificate says = forge_leaf_template();
    X509 *issuer = read_back(authority);
    X509 *made = forge_issue(&says, key, issuer, authority);
    unsigned char *der = NULL;
    int len = i2d_X509(made, &der);
    X509 *read = library_certificate((struct tg_span){der, (size_t)len});

    (void)state;
    assert_non_null(read);
    assert_null(X509_get0_pubkey(read));
    ERR_clear_error();
    X509_free(read);
    OPENSSL_free(der);
    X509_free(made);
    X509_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority);
}

static void
a_curve_takes_points_of_its_own_only(void **state)
{
    static const struct {
        enum forge_kind kind;
        const char *group;
    } curves[] = {{FORGE_P256, SN_X9_62_prime256v1},
                  {FORGE_P384, SN_secp384r1},
                  {FORGE_P521, SN_secp521r1}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY *key = forge_key(curves[i].kind);
        struct tg_buf point = TG_BUF_EMPTY;

        forge_point(&point, key);
        for (size_t k = 0; k < 3; k++) {
            EVP_PKEY *made = library_curve(curves[k].group);

            assert_non_null(made);
            assert_int_equal(
                EVP_PKEY_set1_encoded_public_key(made, point.ptr, point.len),
                i == k);
            assert_int_equal(EVP_PKEY_eq(made, key) == 1, i == k);
            EVP_PKEY_free(made);
        }
        tg_buf_free(&point);
        EVP_PKEY_free(key);
    }
    assert_null(library_curve(SN_secp256k1));
    ERR_clear_error();
}

static void
what_is_cut_or_has_more_behind_is_no_certificate(void **state)
{
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *whole = read_back(key);
    uint8_t bytes[2048] = {0};
    unsigned char *end = bytes;
    int len = i2d_X509(whole, &end);

    (void)state;
    assert_in_range(len, 1, sizeof(bytes) - 1);
    for (size_t n = 0; n <= (size_t)len + 1; n++) {
        X509 *read = library_certificate((struct tg_span){bytes, n});

        assert_int_equal(read != NULL, n == (size_t)len);
        X509_free(read);
    }
    ERR_clear_error();
    X509_free(whole);
    EVP_PKEY_free(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_not_openssls_own_context),
        cmocka_unit_test(keys_of_every_kind_are_read_and_verify),
        cmocka_unit_test(a_key_of_another_kind_is_none),
        cmocka_unit_test(a_curve_takes_points_of_its_own_only),
        cmocka_unit_test(what_is_cut_or_has_more_behind_is_no_certificate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

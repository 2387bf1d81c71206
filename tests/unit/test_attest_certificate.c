/* Certificates as anybody may send them, and what formats ask of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "forge.h"

enum { MANY_NAMES = 350, SOME_NAMES = 60, NAME_LEN = 5, MOST_SENT = 9 };

static struct forge_authority authority;

/* What certificate_chain_read() says of these DER strings; if it is fine, they
 * were as many. */
static enum attest_reason
read_der(const struct tg_buf *der, size_t count)
{
    enum attest_reason reason;
    struct certificate_chain chain;
    struct tg_buf statement = TG_BUF_EMPTY;
    struct cbor_item map;

    forge_cbor_map(&statement, 1);
    forge_cbor_text(&statement, "x5c");
    forge_cbor_array(&statement, count);
    for (size_t i = 0; i < count; i++)
        forge_cbor_bytes(&statement, tg_span_buf(&der[i]));
    assert_int_equal(cbor_parse(tg_span_buf(&statement), CBOR_ANY_ORDER, &map),
                     TG_OK);
    reason = certificate_chain_read(&map, &chain);
    if (reason == ATTEST_FINE) {
        assert_int_equal(chain.count, count);
        certificate_chain_done(&chain);
    }
    tg_buf_free(&statement);
    return reason;
}

static X509 *
issue_for(EVP_PKEY *key)
{
    const struct forge_certificate says = forge_leaf_template();

    return forge_issue(&says, key, authority.root, authority.root_key);
}

/* The same certificate `count` times. */
static enum attest_reason
read_times(X509 *certificate, size_t count)
{
    struct tg_buf der[MOST_SENT] = {TG_BUF_EMPTY};
    enum attest_reason reason;

    for (size_t i = 0; i < count; i++)
        forge_certificate_der(&der[i], certificate);
    reason = read_der(der, count);
    for (size_t i = 0; i < count; i++)
        tg_buf_free(&der[i]);
    return reason;
}

/* A certificate for this key, alone; both are freed. */
static enum attest_reason
read_with_key(EVP_PKEY *key)
{
    X509 *certificate = issue_for(key);
    enum attest_reason reason = read_times(certificate, 1);

    X509_free(certificate);
    EVP_PKEY_free(key);
    return reason;
}

static void
one_to_eight_certificates_are_read(void **state)
{
    (void)state;
    assert_int_equal(read_times(authority.root, 0), ATTEST_STATEMENT);
    for (size_t count = 1; count <= ATTEST_CHAIN_MOST; count++)
        assert_int_equal(read_times(authority.root, count), ATTEST_FINE);
    assert_int_equal(read_times(authority.root, MOST_SENT), ATTEST_STATEMENT);
}

static void
what_is_no_array_of_bytes_is_refused(void **state)
{
    static const char *const statements[] = {
        "a0",
        "a1 63783563 4130",
        "a1 63783563 a0",
        "a1 63783563 a1 00 4130",
        "a1 63783563 f6",
        "a1 63783563 81 6130",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct tg_buf bytes = TG_BUF_EMPTY;
        struct certificate_chain chain;
        struct cbor_item map;

        forge_hex(&bytes, statements[i]);
        assert_int_equal(cbor_parse(tg_span_buf(&bytes), CBOR_ANY_ORDER, &map),
                         TG_OK);
        assert_int_equal(certificate_chain_read(&map, &chain),
                         ATTEST_STATEMENT);
        tg_buf_free(&bytes);
    }
}

static void
bytes_in_front_of_inside_and_behind_are_refused(void **state)
{
    struct tg_buf der = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(read_der(&der, 1), ATTEST_CERTIFICATE);
    forge_certificate_der(&der, authority.root);
    assert_int_equal(read_der(&der, 1), ATTEST_FINE);
    forge_append(&der, TG_SPAN_LITERAL("\0\0"));
    assert_int_equal(read_der(&der, 1), ATTEST_CERTIFICATE);
    der.len -= 3;
    assert_int_equal(read_der(&der, 1), ATTEST_CERTIFICATE);
    der.ptr[0] = 0x31;
    assert_int_equal(read_der(&der, 1), ATTEST_CERTIFICATE);
    tg_buf_free(&der);
}

/* BER: OpenSSL reads it, too; a certificate would come in many forms. */
static void
read_ber(const struct tg_buf *ber)
{
    const unsigned char *at = ber->ptr;
    X509 *read = d2i_X509(NULL, &at, (long)ber->len);

    assert_non_null(read);
    X509_free(read);
    assert_int_equal(read_der(ber, 1), ATTEST_CERTIFICATE);
}

enum { HEAD = 4 }; /* 30 82, two bytes of length */

static void
indefinite_lengths_are_refused(void **state)
{
    struct tg_buf der = TG_BUF_EMPTY, ber = TG_BUF_EMPTY;

    (void)state;
    forge_certificate_der(&der, authority.root);
    assert_int_equal(der.ptr[1], 0x82);
    forge_hex(&ber, "3080");
    forge_append(&ber, (struct tg_span){der.ptr + HEAD, der.len - HEAD});
    forge_hex(&ber, "0000");
    read_ber(&ber);
    tg_buf_free(&ber);
    tg_buf_free(&der);
}

/* Where the last item of a certificate begins: its signature. */
static size_t
signature_of(const struct tg_buf *der)
{
    size_t at = der->len - 2;

    while (der->ptr[at] != 0x03 || at + 2 + der->ptr[at + 1] != der->len)
        at--;
    return at;
}

/* Of all of it and of the signature: nobody has signed these. */
static void
lengths_in_more_bytes_than_needed_are_refused(void **state)
{
    struct tg_buf der = TG_BUF_EMPTY, ber = TG_BUF_EMPTY;
    size_t at, len;

    (void)state;
    forge_certificate_der(&der, authority.root);
    assert_int_equal(der.ptr[1], 0x82);
    forge_hex(&ber, "308300");
    forge_append(&ber, (struct tg_span){der.ptr + 2, der.len - 2});
    read_ber(&ber);

    ber.len = 0;
    at = signature_of(&der) + 1;
    forge_append(&ber, (struct tg_span){der.ptr, at});
    forge_hex(&ber, "81");
    forge_append(&ber, (struct tg_span){der.ptr + at, der.len - at});
    len = ber.len - HEAD;
    ber.ptr[2] = (uint8_t)(len >> 8);
    ber.ptr[3] = (uint8_t)len;
    read_ber(&ber);
    tg_buf_free(&ber);
    tg_buf_free(&der);
}

/* A certificate with this many parts of its name, 12 bytes each. */
static X509 *
with_names(size_t count)
{
    static char subject[MANY_NAMES * NAME_LEN + 1];
    struct forge_certificate says = forge_leaf_template();

    subject[0] = '\0';
    for (size_t i = 0; i < count; i++)
        memcpy(subject + i * NAME_LEN, "OU=x,", NAME_LEN + 1);
    says.subject = subject;
    return forge_issue(&says, authority.root_key, authority.root,
                       authority.root_key);
}

/* OpenSSL makes hundreds of bytes of each small item. */
static void
certificates_of_many_small_parts_are_refused(void **state)
{
    X509 *some = with_names(SOME_NAMES);
    X509 *many = with_names(MANY_NAMES);

    (void)state;
    assert_int_equal(read_times(some, 1), ATTEST_FINE);
    assert_int_equal(read_times(some, 2), ATTEST_CERTIFICATE);
    assert_int_equal(read_times(many, 1), ATTEST_CERTIFICATE);
    X509_free(many);
    X509_free(some);
}

static void
chains_as_they_are_may_be_long(void **state)
{
    X509 *leaf = issue_for(authority.key);

    (void)state;
    assert_int_equal(read_times(leaf, ATTEST_CHAIN_MOST - 1), ATTEST_FINE);
    X509_free(leaf);
}

/* An RSA key of so many bits, with an exponent of so many, which nobody has
 * the private half of. */
static EVP_PKEY *
make_rsa(int bits, int exponent_bits)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = BN_new(), *e = BN_new();
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    assert_int_equal(
        BN_rand(e, exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n),
                     1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e),
                     1);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params),
                     1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(e);
    BN_free(n);
    return key;
}

static void
keys_that_cost_much_are_refused(void **state)
{
    (void)state;
    assert_int_equal(read_with_key(make_rsa(8192, 17)), ATTEST_FINE);
    assert_int_equal(read_with_key(make_rsa(8193, 17)), ATTEST_CERTIFICATE);
    assert_int_equal(read_with_key(make_rsa(2048, 32)), ATTEST_FINE);
    assert_int_equal(read_with_key(make_rsa(2048, 33)), ATTEST_CERTIFICATE);
}

static void
keys_on_other_curves_are_refused(void **state)
{
    static const char *const curves[] = {"secp256k1", "P-224", "sect283r1",
                                         "brainpoolP256r1"};

    (void)state;
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        assert_int_equal(
            read_with_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[i])),
            ATTEST_CERTIFICATE);
    assert_int_equal(read_with_key(EVP_PKEY_Q_keygen(NULL, NULL, "X25519")),
                     ATTEST_CERTIFICATE);
    for (int kind = FORGE_P256; kind <= FORGE_ED448; kind++)
        assert_int_equal(read_with_key(forge_key((enum forge_kind)kind)),
                         ATTEST_FINE);
}

static void
a_curve_that_is_spelled_out_is_refused(void **state)
{
    EVP_PKEY *key = forge_key(FORGE_P256);

    (void)state;
    assert_int_equal(EVP_PKEY_set_utf8_string_param(
                         key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
                     1);
    assert_int_equal(read_with_key(key), ATTEST_CERTIFICATE);
}

/* A key that OpenSSL cannot read: its algorithm is changed in the DER. */
static void
a_key_of_an_unknown_kind_is_refused(void **state)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                  0x0d, 0x01, 0x01, 0x01};
    struct tg_buf der = TG_BUF_EMPTY;
    EVP_PKEY *key = forge_key(FORGE_RSA);
    X509 *certificate = issue_for(key);
    uint8_t *found;

    (void)state;
    forge_certificate_der(&der, certificate);
    found = memmem(der.ptr, der.len, rsa, sizeof(rsa));
    assert_non_null(found);
    found[sizeof(rsa) - 1] = 0x63;
    assert_int_equal(read_der(&der, 1), ATTEST_CERTIFICATE);
    X509_free(certificate);
    EVP_PKEY_free(key);
    tg_buf_free(&der);
}

/* RFC 5280 §4.2; critical or not, the same content or other. */
static void
a_certificate_with_an_extension_twice_is_refused(void **state)
{
    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        struct forge_certificate says = forge_leaf_template();
        X509 *certificate;

        forge_add_extension(&says, "1.2.3.4", TG_SPAN_LITERAL("one"), false);
        forge_add_extension(&says, "1.2.3.5", TG_SPAN_LITERAL("one"), false);
        forge_add_extension(&says, twice ? "1.2.3.4" : "1.2.3.6",
                            TG_SPAN_LITERAL("two"), false);
        certificate = forge_issue(&says, authority.key, NULL, authority.key);
        assert_int_equal(read_times(certificate, 1),
                         twice ? ATTEST_CERTIFICATE : ATTEST_FINE);
        X509_free(certificate);
    }
}

static void
an_extension_is_found_by_its_oid_if_it_is_there_once(void **state)
{
    struct forge_certificate says = forge_leaf_template();
    struct tg_span content = TG_SPAN_LITERAL("old");
    bool is_critical = true;
    X509 *certificate;

    (void)state;
    forge_add_extension(&says, "1.2.3.4", TG_SPAN_LITERAL("one"), false);
    forge_add_extension(&says, "1.2.3.5", TG_SPAN_LITERAL("two"), true);
    forge_add_extension(&says, "1.2.3.6", TG_SPAN_LITERAL("three"), false);
    forge_add_extension(&says, "1.2.3.6", TG_SPAN_LITERAL("four"), false);
    certificate = forge_issue(&says, authority.key, NULL, authority.key);
    assert_false(
        certificate_extension(certificate, "1.2.3", &content, &is_critical));
    assert_false(
        certificate_extension(certificate, "1.2.3.6", &content, &is_critical));
    assert_true(tg_span_is(content, "old") && is_critical);
    assert_true(
        certificate_extension(certificate, "1.2.3.4", &content, &is_critical));
    assert_true(tg_span_is(content, "one") && !is_critical);
    assert_true(
        certificate_extension(certificate, "1.2.3.5", &content, &is_critical));
    assert_true(tg_span_is(content, "two") && is_critical);
    X509_free(certificate);
}

static bool
is_end_entity(const struct forge_certificate *says)
{
    X509 *certificate = forge_issue(says, authority.key, NULL, authority.key);
    bool is = certificate_is_end_entity(certificate);

    X509_free(certificate);
    return is;
}

static void
an_end_entity_says_so(void **state)
{
    struct forge_certificate says = forge_leaf_template();

    (void)state;
    assert_true(is_end_entity(&says));
    says.version = 2;
    assert_false(is_end_entity(&says));
    says.version = 3;
    says.basic = FORGE_BASIC_CA;
    assert_false(is_end_entity(&says));
    says.basic = FORGE_BASIC_NONE;
    assert_false(is_end_entity(&says));
    /* and something that is broken is nothing: key usage, which is no DER */
    says.basic = FORGE_BASIC_END;
    forge_add_extension(&says, "2.5.29.15", TG_SPAN_LITERAL("\x01"), false);
    assert_false(is_end_entity(&says));
}

static void
keys_are_compared_by_what_they_are(void **state)
{
    X509 *certificate = issue_for(authority.key);
    EVP_PKEY *rsa = forge_key(FORGE_RSA);

    (void)state;
    assert_true(certificate_has_key(certificate, authority.key));
    assert_false(certificate_has_key(certificate, authority.root_key));
    assert_false(certificate_has_key(certificate, rsa));
    EVP_PKEY_free(rsa);
    X509_free(certificate);
}

static int
set_up(void **state)
{
    (void)state;
    forge_authority_init(&authority);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    forge_authority_done(&authority);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_to_eight_certificates_are_read),
        cmocka_unit_test(what_is_no_array_of_bytes_is_refused),
        cmocka_unit_test(bytes_in_front_of_inside_and_behind_are_refused),
        cmocka_unit_test(indefinite_lengths_are_refused),
        cmocka_unit_test(lengths_in_more_bytes_than_needed_are_refused),
        cmocka_unit_test(certificates_of_many_small_parts_are_refused),
        cmocka_unit_test(chains_as_they_are_may_be_long),
        cmocka_unit_test(keys_that_cost_much_are_refused),
        cmocka_unit_test(keys_on_other_curves_are_refused),
        cmocka_unit_test(a_curve_that_is_spelled_out_is_refused),
        cmocka_unit_test(a_key_of_an_unknown_kind_is_refused),
        cmocka_unit_test(a_certificate_with_an_extension_twice_is_refused),
        cmocka_unit_test(an_extension_is_found_by_its_oid_if_it_is_there_once),
        cmocka_unit_test(an_end_entity_says_so),
        cmocka_unit_test(keys_are_compared_by_what_they_are),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

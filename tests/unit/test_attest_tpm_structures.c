/* TPMT_PUBLIC and TPMS_ATTEST: what is taken, and that nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/tpm_structures.h"
#include "forge_tpm.h"

static EVP_PKEY *ec;
static EVP_PKEY *rsa;

/* The bytes are left behind in `bytes`, from which *out borrows. */
static enum tg_err
read_public(const struct forge_tpm *tpm, const EVP_PKEY *key,
            struct tg_buf *bytes, struct tpm_public *out)
{
    tg_buf_clear(bytes);
    forge_tpm_public(bytes, tpm, key);
    return tpm_public_read(tg_span_buf(bytes), out);
}

static void
check_public_refused(const struct forge_tpm *tpm, const EVP_PKEY *key)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_public public = {.type = 77};

    assert_int_equal(read_public(tpm, key, &bytes, &public), TG_E_FORMAT);
    assert_int_equal(public.type, 77);
    tg_buf_free(&bytes);
}

static void
check_public_taken(const struct forge_tpm *tpm, const EVP_PKEY *key)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_public public;

    assert_int_equal(read_public(tpm, key, &bytes, &public), TG_OK);
    tg_buf_free(&bytes);
}

/* In a block of its own size, where a sanitizer sees one byte too many. */
static struct tg_span
copy_of(const struct tg_buf *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, bytes->ptr, len);
    return (struct tg_span){copy, len};
}

/* TPM 2.0 Part 2 §12.2.4 */
static void
an_ecc_key_is_taken(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tg_buf point = TG_BUF_EMPTY;
    struct tpm_public public;

    (void)state;
    assert_int_equal(read_public(&tpm, ec, &bytes, &public), TG_OK);
    assert_int_equal(public.type, TPM_ALG_ECC);
    assert_int_equal(public.name_alg, TPM_ALG_SHA256);
    assert_int_equal(public.attributes, 0x00060472);
    assert_int_equal(public.curve, TPM_ECC_NIST_P256);
    forge_point(&point, ec);
    assert_true(tg_span_equal(public.x, (struct tg_span){point.ptr + 1, 32}));
    assert_true(tg_span_equal(public.y, (struct tg_span){point.ptr + 33, 32}));
    tg_buf_free(&point);
    tg_buf_free(&bytes);
}

static void
an_rsa_key_is_taken(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_public public;

    (void)state;
    assert_int_equal(read_public(&tpm, rsa, &bytes, &public), TG_OK);
    assert_int_equal(public.type, TPM_ALG_RSA);
    assert_int_equal(public.key_bits, 2048);
    assert_int_equal(public.exponent, 65537); /* written 0 */
    assert_int_equal(public.x.len, 256);
    assert_ptr_equal(public.x.ptr + public.x.len, bytes.ptr + bytes.len);
    tpm.exponent = "00010003";
    assert_int_equal(read_public(&tpm, rsa, &bytes, &public), TG_OK);
    assert_int_equal(public.exponent, 65539);
    tg_buf_free(&bytes);
}

static void
a_signing_scheme_may_be_fixed(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();

    (void)state;
    tpm.scheme = "0018 000b"; /* ECDSA with SHA-256 */
    check_public_taken(&tpm, ec);
    check_public_refused(&tpm, rsa);
    tpm.scheme = "0014 000b"; /* RSASSA */
    check_public_taken(&tpm, rsa);
    check_public_refused(&tpm, ec);
    tpm.scheme = "0018"; /* without its hash */
    check_public_refused(&tpm, ec);
}

static void
what_no_signing_key_has_is_refused(void **state)
{
    static const char *const schemes[] = {"0015", "0017 000b", "0019 000b",
                                          "001a 000b 0001", "ffff 000b"};
    struct forge_tpm tpm;

    (void)state;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        tpm = forge_tpm_template();
        tpm.scheme = schemes[i];
        check_public_refused(&tpm, ec);
        check_public_refused(&tpm, rsa);
    }
    tpm = forge_tpm_template();
    tpm.symmetric = "0006 0080 0043"; /* AES-128 in CFB */
    check_public_refused(&tpm, ec);
    check_public_refused(&tpm, rsa);
    tpm.symmetric = "0006";
    check_public_refused(&tpm, ec);
    tpm = forge_tpm_template();
    tpm.kdf = "0020 000b";
    check_public_refused(&tpm, ec);
    tpm.kdf = "0020";
    check_public_refused(&tpm, ec);
}

static void
keys_of_other_types_are_refused(void **state)
{
    static const char *const types[] = {"0008", "0025", "0000", "ffff"};
    struct forge_tpm tpm = forge_tpm_template();
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_public public;

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        tpm.type = types[i];
        check_public_refused(&tpm, ec);
    }
    forge_hex(&bytes, "0008 000b 00060472 0000"); /* and no more */
    assert_int_equal(tpm_public_read(tg_span_buf(&bytes), &public),
                     TG_E_FORMAT);
    tg_buf_free(&bytes);
    tpm.type = "0001";
    check_public_refused(&tpm, ec);
    tpm.type = "0023";
    check_public_refused(&tpm, rsa);
}

static void
sizes_are_kept_to(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();
    char policy[6 + 2 * 65] = "0041 ";

    (void)state;
    tpm.key_bits = "0400"; /* of a modulus of 2048 */
    check_public_refused(&tpm, rsa);
    tpm = forge_tpm_template();
    tpm.zeros = 256;
    tpm.key_bits = "1000"; /* 4096 */
    check_public_taken(&tpm, rsa);
    tpm.zeros = 257;
    tpm.key_bits = "1008";
    check_public_refused(&tpm, rsa);
    tpm = forge_tpm_template();
    tpm.zeros = 66 - 32;
    check_public_taken(&tpm, ec);
    tpm.zeros++;
    check_public_refused(&tpm, ec);
    tpm = forge_tpm_template();
    memset(policy + 5, '1', 2 * 65);
    tpm.auth_policy = policy;
    check_public_refused(&tpm, ec);
    memcpy(policy, "0040", 4);
    policy[5 + 2 * 64] = '\0';
    check_public_taken(&tpm, ec);
}

static void
nothing_is_behind_a_public_area_and_nothing_is_missing(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_public public;

    (void)state;
    forge_tpm_public(&bytes, &tpm, ec);
    for (size_t len = 0; len < bytes.len; len++) {
        struct tg_span copy = copy_of(&bytes, len);

        assert_int_equal(tpm_public_read(copy, &public), TG_E_FORMAT);
        free((void *)(uintptr_t)copy.ptr);
    }
    tg_buf_free(&bytes);
    tpm.pub_behind = "00";
    check_public_refused(&tpm, ec);
    check_public_refused(&tpm, rsa);
}

static const struct tg_span hash = TG_SPAN_LITERAL("what the hash would be");
static const struct tg_span pub_area = TG_SPAN_LITERAL("a public area");

static enum tg_err
read_attest(const struct forge_tpm *tpm, struct tg_buf *bytes,
            struct tpm_certified *out)
{
    tg_buf_clear(bytes);
    forge_tpm_attest(bytes, tpm, hash, pub_area);
    return tpm_certified_read(tg_span_buf(bytes), out);
}

static void
check_attest_refused(const struct forge_tpm *tpm)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_certified certified = {.name.len = 77};

    assert_int_equal(read_attest(tpm, &bytes, &certified), TG_E_FORMAT);
    assert_int_equal(certified.name.len, 77);
    tg_buf_free(&bytes);
}

/* TPM 2.0 Part 2 §10.12 */
static void
extra_data_and_name_are_taken(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_certified certified;

    (void)state;
    assert_int_equal(read_attest(&tpm, &bytes, &certified), TG_OK);
    assert_true(tg_span_equal(certified.extra_data, hash));
    assert_int_equal(certified.name.len, 2 + 32);
    assert_int_equal(certified.name.ptr[1], TPM_ALG_SHA256);
    tpm.signer = "0000";
    tpm.qualified_name = "0000";
    tpm.extra_data = "0000";
    tpm.clock = "ffffffffffffffff ffffffff ffffffff ff ffffffffffffffff";
    assert_int_equal(read_attest(&tpm, &bytes, &certified), TG_OK);
    assert_int_equal(certified.extra_data.len, 0);
    tg_buf_free(&bytes);
}

/* §8.3: what software asks a TPM to sign never begins like this. */
static void
what_the_tpm_has_not_made_itself_is_refused(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();

    (void)state;
    tpm.magic = "ff544348";
    check_attest_refused(&tpm);
    tpm.magic = "00544347";
    check_attest_refused(&tpm);
}

static void
another_attestation_than_that_of_a_key_is_refused(void **state)
{
    static const char *const types[] = {"8014", "8015", "8016", "8018",
                                        "8019", "801a", "801c", "0017"};
    struct forge_tpm tpm = forge_tpm_template();

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        tpm.attest_type = types[i];
        check_attest_refused(&tpm);
    }
}

static void
nothing_is_behind_an_attestation_and_nothing_is_missing(void **state)
{
    struct forge_tpm tpm = forge_tpm_template();
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct tpm_certified certified;

    (void)state;
    forge_tpm_attest(&bytes, &tpm, hash, pub_area);
    for (size_t len = 0; len < bytes.len; len++) {
        struct tg_span copy = copy_of(&bytes, len);

        assert_int_equal(tpm_certified_read(copy, &certified), TG_E_FORMAT);
        free((void *)(uintptr_t)copy.ptr);
    }
    tg_buf_free(&bytes);
    tpm.info_behind = "00";
    check_attest_refused(&tpm);
}

static void
names_and_data_keep_to_their_sizes(void **state)
{
    char text[5 + 2 * 67 + 1] = "0043 ";
    struct forge_tpm tpm;

    (void)state;
    memset(text + 5, '1', 2 * 67);
    tpm = forge_tpm_template();
    tpm.signer = text;
    check_attest_refused(&tpm);
    tpm = forge_tpm_template();
    tpm.extra_data = text;
    check_attest_refused(&tpm);
    tpm = forge_tpm_template();
    tpm.name = text;
    check_attest_refused(&tpm);
    tpm = forge_tpm_template();
    tpm.qualified_name = text;
    check_attest_refused(&tpm);
}

static int
make_keys(void **state)
{
    (void)state;
    ec = forge_key(FORGE_P256);
    rsa = forge_key(FORGE_RSA);
    return 0;
}

static int
free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ecc_key_is_taken),
        cmocka_unit_test(an_rsa_key_is_taken),
        cmocka_unit_test(a_signing_scheme_may_be_fixed),
        cmocka_unit_test(what_no_signing_key_has_is_refused),
        cmocka_unit_test(keys_of_other_types_are_refused),
        cmocka_unit_test(sizes_are_kept_to),
        cmocka_unit_test(
            nothing_is_behind_a_public_area_and_nothing_is_missing),
        cmocka_unit_test(extra_data_and_name_are_taken),
        cmocka_unit_test(what_the_tpm_has_not_made_itself_is_refused),
        cmocka_unit_test(another_attestation_than_that_of_a_key_is_refused),
        cmocka_unit_test(
            nothing_is_behind_an_attestation_and_nothing_is_missing),
        cmocka_unit_test(names_and_data_keep_to_their_sizes),
    };

    return cmocka_run_group_tests_name("attest tpm structures", tests,
                                       make_keys, free_keys);
}

/* COSE keys: those that WebAuthn allows are read, and every other is refused,
 * whatever is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/cose.h"
#include "forge.h"

static enum attest_reason
read_key(const struct tg_buf *cbor, struct cose_key *key)
{
    struct cbor_item item;

    assert_int_equal(cbor_parse(tg_span_buf(cbor), CBOR_CANONICAL, &item),
                     TG_OK);
    return cose_key_read(&item, key);
}

/* Takes `cbor`. */
static void
check_refused(struct tg_buf *cbor, enum attest_reason expected)
{
    struct cose_key key;

    assert_int_equal(read_key(cbor, &key), expected);
    tg_buf_free(cbor);
}

static void
check_kind(enum forge_kind kind, int64_t algorithm, int64_t curve)
{
    EVP_PKEY *native = forge_key(kind);
    struct tg_buf cbor = TG_BUF_EMPTY;
    struct cose_key key;

    forge_cose_key(&cbor, native, algorithm);
    assert_true(cose_is_supported(algorithm));
    assert_int_equal(read_key(&cbor, &key), ATTEST_FINE);
    assert_int_equal(key.algorithm, algorithm);
    assert_int_equal(key.curve, curve);
    assert_int_equal(EVP_PKEY_eq(key.pkey, native), 1);
    cose_key_done(&key);
    tg_buf_free(&cbor);
    EVP_PKEY_free(native);
}

static void
keys_of_every_algorithm_are_read(void **state)
{
    (void)state;
    check_kind(FORGE_P256, COSE_ES256, 1);
    check_kind(FORGE_P256, COSE_ESP256, 1);
    check_kind(FORGE_P384, COSE_ES384, 2);
    check_kind(FORGE_P384, COSE_ESP384, 2);
    check_kind(FORGE_P521, COSE_ES512, 3);
    check_kind(FORGE_P521, COSE_ESP512, 3);
    check_kind(FORGE_ED25519, COSE_EDDSA, 6);
    check_kind(FORGE_ED25519, COSE_ED25519, 6);
    check_kind(FORGE_ED448, COSE_ED448, 7);
    check_kind(FORGE_RSA, COSE_RS256, 0);
}

static void
check_pair(enum forge_kind kind, int64_t algorithm,
           enum attest_reason expected)
{
    EVP_PKEY *native = forge_key(kind);
    struct tg_buf cbor = TG_BUF_EMPTY;

    forge_cose_key(&cbor, native, algorithm);
    check_refused(&cbor, expected);
    EVP_PKEY_free(native);
}

/* WebAuthn Level 3 §5.8.5 */
static void
a_curve_goes_with_its_own_algorithm_only(void **state)
{
    (void)state;
    check_pair(FORGE_P384, COSE_ES256, ATTEST_KEY);
    check_pair(FORGE_P256, COSE_ES384, ATTEST_KEY);
    check_pair(FORGE_P256, COSE_ES512, ATTEST_KEY);
    check_pair(FORGE_P521, COSE_ES256, ATTEST_KEY);
    check_pair(FORGE_ED448, COSE_EDDSA, ATTEST_KEY);
    check_pair(FORGE_ED25519, COSE_ED448, ATTEST_KEY);
    check_pair(FORGE_P256, COSE_EDDSA, ATTEST_KEY);
    check_pair(FORGE_P256, COSE_RS256, ATTEST_KEY);
    check_pair(FORGE_RSA, COSE_ES256, ATTEST_KEY);
    check_pair(FORGE_SECP256K1, COSE_ES256, ATTEST_KEY);
}

static void
other_algorithms_are_not_supported(void **state)
{
    static const int64_t others[] = {0, -37 /* PS256 */, -47 /* ES256K */,
                                     -65535 /* RS1 */, -258 /* RS384 */, 7};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(cose_is_supported(others[i]));
        check_pair(FORGE_P256, others[i], ATTEST_ALGORITHM);
        check_pair(FORGE_RSA, others[i], ATTEST_ALGORITHM);
    }
}

/* An EC2 key of these coordinates. */
static struct tg_buf
ec2(struct tg_span x, struct tg_span y)
{
    struct tg_buf out = TG_BUF_EMPTY;

    forge_hex(&out, "a5 01 02 03 26 20 01 21");
    forge_cbor_bytes(&out, x);
    forge_hex(&out, "22");
    forge_cbor_bytes(&out, y);
    return out;
}

struct coordinates {
    struct tg_buf point; /* 4 ‖ x ‖ y */
    struct tg_span x;
    struct tg_span y;
};

static struct coordinates
new_coordinates(void)
{
    EVP_PKEY *native = forge_key(FORGE_P256);
    struct coordinates c = {.point = TG_BUF_EMPTY};

    forge_point(&c.point, native);
    c.x = (struct tg_span){c.point.ptr + 1, 32};
    c.y = (struct tg_span){c.point.ptr + 33, 32};
    EVP_PKEY_free(native);
    return c;
}

static void
a_point_that_is_not_on_the_curve_is_refused(void **state)
{
    static const uint8_t zeros[32];
    struct coordinates c = new_coordinates();
    struct tg_span zero = TG_SPAN_ARRAY(zeros);
    struct cose_key key;
    struct tg_buf cbor = ec2(c.x, c.y);

    (void)state;
    assert_int_equal(read_key(&cbor, &key), ATTEST_FINE);
    assert_true(tg_span_equal(key.x, c.x));
    assert_true(tg_span_equal(key.y, c.y));
    cose_key_done(&key);
    tg_buf_free(&cbor);
    cbor = ec2(c.y, c.x);
    check_refused(&cbor, ATTEST_KEY);
    cbor = ec2(zero, zero);
    check_refused(&cbor, ATTEST_KEY);
    c.point.ptr[64] ^= 1;
    cbor = ec2(c.x, c.y);
    check_refused(&cbor, ATTEST_KEY);
    tg_buf_free(&c.point);
}

static void
coordinates_have_the_length_of_their_field(void **state)
{
    struct coordinates c = new_coordinates();
    struct tg_buf longer = TG_BUF_EMPTY;
    struct tg_buf cbor = ec2(c.x, (struct tg_span){c.y.ptr, 31});

    (void)state;
    check_refused(&cbor, ATTEST_KEY);
    cbor = ec2((struct tg_span){c.x.ptr, 31}, c.y);
    check_refused(&cbor, ATTEST_KEY);
    cbor = ec2(TG_SPAN_EMPTY, TG_SPAN_EMPTY);
    check_refused(&cbor, ATTEST_KEY);
    forge_hex(&longer, "00");
    forge_append(&longer, c.x);
    cbor = ec2(tg_span_buf(&longer), c.y);
    check_refused(&cbor, ATTEST_KEY);
    /* what is right, and a byte behind it */
    tg_buf_clear(&longer);
    forge_append(&longer, c.x);
    forge_hex(&longer, "00");
    cbor = ec2(tg_span_buf(&longer), c.y);
    check_refused(&cbor, ATTEST_KEY);
    tg_buf_clear(&longer);
    forge_append(&longer, c.y);
    forge_hex(&longer, "00");
    cbor = ec2(c.x, tg_span_buf(&longer));
    check_refused(&cbor, ATTEST_KEY);
    tg_buf_free(&longer);
    tg_buf_free(&c.point);
}

/* RFC 9053 §7.1.1: y is then a sign; WebAuthn Level 3 §5.8.5 forbids it. */
static void
a_compressed_point_is_refused(void **state)
{
    struct coordinates c = new_coordinates();
    struct tg_buf cbor = TG_BUF_EMPTY;

    (void)state;
    forge_hex(&cbor, "a5 01 02 03 26 20 01 21");
    forge_cbor_bytes(&cbor, c.x);
    forge_hex(&cbor, "22 f5");
    check_refused(&cbor, ATTEST_KEY);
    tg_buf_free(&c.point);
}

/* `before` and `after` around a good key's members; the first byte is the
 * head of the map. */
static void
check_members(const char *before, const char *after,
              enum attest_reason expected)
{
    struct coordinates c = new_coordinates();
    struct tg_buf cbor = TG_BUF_EMPTY;

    forge_hex(&cbor, before);
    forge_hex(&cbor, "21");
    forge_cbor_bytes(&cbor, c.x);
    forge_hex(&cbor, "22");
    forge_cbor_bytes(&cbor, c.y);
    forge_hex(&cbor, after);
    if (expected == ATTEST_FINE) {
        struct cose_key key;

        assert_int_equal(read_key(&cbor, &key), ATTEST_FINE);
        cose_key_done(&key);
        tg_buf_free(&cbor);
    } else {
        check_refused(&cbor, expected);
    }
    tg_buf_free(&c.point);
}

/* WebAuthn Level 3 §6.5.1: alg is there and no other optional parameter. */
static void
members_are_those_of_the_type_and_no_others(void **state)
{
    (void)state;
    check_members("a5 01 02 03 26 20 01", "", ATTEST_FINE);
    check_members("a4 01 02 20 01", "", ATTEST_KEY);    /* no alg */
    check_members("a4 03 26 20 01", "", ATTEST_KEY);    /* no kty */
    check_members("a4 01 02 03 26", "", ATTEST_KEY);    /* no crv */
    check_members("a6 01 02 03 26 04 81 02 20 01", "", ATTEST_KEY);
    check_members("a6 01 02 03 26 20 01", "23 40", ATTEST_KEY); /* d */
    check_members("a6 01 02 03 26 20 01", "61 61 00", ATTEST_KEY);
}

static void
members_are_of_their_kind(void **state)
{
    struct cbor_item text = {.kind = CBOR_TEXT};
    struct cose_key key;

    (void)state;
    assert_int_equal(cose_key_read(&text, &key), ATTEST_MALFORMED);
    check_members("a5 01 63 4f4b50 03 26 20 01", "", ATTEST_KEY);
    check_members("a5 01 02 03 65 4553323536 20 01", "", ATTEST_KEY);
    check_members("a5 01 02 03 26 20 65 502d323536", "", ATTEST_KEY);
    check_members("a5 01 01 03 26 20 01", "", ATTEST_KEY); /* kty OKP */
    check_members("a5 01 03 03 26 20 01", "", ATTEST_KEY); /* kty RSA */
    check_members("a5 01 02 03 27 20 06", "", ATTEST_KEY); /* kty EC2 */
    check_members("a5 01 02 03 26 20 02", "", ATTEST_KEY); /* crv P-384 */
    check_members("a5 01 02 03 26 20 08", "", ATTEST_KEY); /* secp256k1 */
}

static void
okp_keys_have_their_length_and_members(void **state)
{
    static const uint8_t x[58] = {7};
    struct tg_buf cbor = TG_BUF_EMPTY;

    (void)state;
    forge_hex(&cbor, "a4 01 01 03 27 20 06 21");
    forge_cbor_bytes(&cbor, (struct tg_span){x, 31});
    check_refused(&cbor, ATTEST_KEY);
    forge_hex(&cbor, "a4 01 01 03 27 20 06 21");
    forge_cbor_bytes(&cbor, (struct tg_span){x, 33});
    check_refused(&cbor, ATTEST_KEY);
    forge_hex(&cbor, "a4 01 01 03 27 20 04 21"); /* X25519 */
    forge_cbor_bytes(&cbor, (struct tg_span){x, 32});
    check_refused(&cbor, ATTEST_KEY);
    forge_hex(&cbor, "a5 01 01 03 27 20 06 21");
    forge_cbor_bytes(&cbor, (struct tg_span){x, 32});
    forge_hex(&cbor, "22 f4");
    check_refused(&cbor, ATTEST_KEY);
    forge_hex(&cbor, "a4 01 01 03 38 34 20 07 21");
    forge_cbor_bytes(&cbor, (struct tg_span){x, 58});
    check_refused(&cbor, ATTEST_KEY);
}

/* A key with a modulus of `len` bytes, odd unless `last` is even. */
static void
check_rsa(size_t len, uint8_t first, uint8_t last, const char *exponent,
          enum attest_reason expected)
{
    struct tg_buf cbor = TG_BUF_EMPTY;
    uint8_t n[1100] = {0};
    struct cose_key key;

    n[0] = first;
    n[len - 1] = last;
    forge_hex(&cbor, "a4 01 03 03 390100 20");
    forge_cbor_bytes(&cbor, (struct tg_span){n, len});
    forge_hex(&cbor, "21");
    forge_hex(&cbor, exponent);
    if (expected == ATTEST_FINE) {
        assert_int_equal(read_key(&cbor, &key), ATTEST_FINE);
        cose_key_done(&key);
        tg_buf_free(&cbor);
    } else {
        check_refused(&cbor, expected);
    }
}

static void
rsa_keys_are_neither_weak_nor_costly(void **state)
{
    (void)state;
    check_rsa(256, 0x80, 1, "43 010001", ATTEST_FINE);
    check_rsa(1024, 0xff, 1, "43 010001", ATTEST_FINE);
    check_rsa(256, 0x7f, 1, "43 010001", ATTEST_KEY); /* 2047 bits */
    check_rsa(128, 0xff, 1, "43 010001", ATTEST_KEY);
    check_rsa(1025, 0x01, 1, "43 010001", ATTEST_KEY); /* 8193 bits */
    check_rsa(257, 0x00, 1, "43 010001", ATTEST_KEY);  /* zero in front */
    check_rsa(256, 0x80, 2, "43 010001", ATTEST_KEY);  /* even */
    check_rsa(256, 0x80, 1, "41 03", ATTEST_FINE);
    check_rsa(256, 0x80, 1, "44 ffffffff", ATTEST_FINE);
    check_rsa(256, 0x80, 1, "45 0100000001", ATTEST_KEY); /* 33 bits */
    check_rsa(256, 0x80, 1, "41 01", ATTEST_KEY);
    check_rsa(256, 0x80, 1, "41 02", ATTEST_KEY);
    check_rsa(256, 0x80, 1, "40", ATTEST_KEY);
    check_rsa(256, 0x80, 1, "44 00010001", ATTEST_KEY);
    check_rsa(256, 0x80, 1, "1a 00010001", ATTEST_KEY); /* no bytes */
}

static void
rsa_keys_have_no_other_members(void **state)
{
    static const uint8_t n[256] = {[0] = 0x80, [255] = 1};
    struct tg_buf cbor = TG_BUF_EMPTY;

    (void)state;
    forge_hex(&cbor, "a5 01 03 03 390100 20");
    forge_cbor_bytes(&cbor, (struct tg_span)TG_SPAN_ARRAY(n));
    forge_hex(&cbor, "21 43 010001 22 41 05"); /* d */
    check_refused(&cbor, ATTEST_KEY);
    check_pair(FORGE_RSA_1024, COSE_RS256, ATTEST_KEY);
}

/* Any 32 bytes would do for Ed25519. */
static void
a_coordinate_is_no_text(void **state)
{
    static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct tg_buf cbor = TG_BUF_EMPTY;
    struct cose_key key;

    (void)state;
    forge_hex(&cbor, "a4 01 01 03 27 20 06 21");
    forge_cbor_bytes(&cbor, tg_span_text(text));
    assert_int_equal(read_key(&cbor, &key), ATTEST_FINE);
    cose_key_done(&key);
    cbor.len = 8;
    forge_cbor_text(&cbor, text);
    check_refused(&cbor, ATTEST_KEY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_every_algorithm_are_read),
        cmocka_unit_test(a_coordinate_is_no_text),
        cmocka_unit_test(a_curve_goes_with_its_own_algorithm_only),
        cmocka_unit_test(other_algorithms_are_not_supported),
        cmocka_unit_test(a_point_that_is_not_on_the_curve_is_refused),
        cmocka_unit_test(coordinates_have_the_length_of_their_field),
        cmocka_unit_test(a_compressed_point_is_refused),
        cmocka_unit_test(members_are_those_of_the_type_and_no_others),
        cmocka_unit_test(members_are_of_their_kind),
        cmocka_unit_test(okp_keys_have_their_length_and_members),
        cmocka_unit_test(rsa_keys_are_neither_weak_nor_costly),
        cmocka_unit_test(rsa_keys_have_no_other_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

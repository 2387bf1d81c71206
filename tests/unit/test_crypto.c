/* crypto: published vectors, and what must fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"

/* The bytes of a hexadecimal text; returns how many. */
static size_t
from_hex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++) {
        unsigned value;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        out[i] = (uint8_t)value;
    }
    return len;
}

static void
assert_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    uint8_t expected[256];

    assert_int_equal(from_hex(hex, expected), len);
    assert_memory_equal(bytes, expected, len);
}

/* FIPS 180-4's example "abc", in one part and in two */
static void
sha256_of_parts_is_that_of_the_whole(void **state)
{
    const struct tg_span whole = TG_SPAN_LITERAL("abc");
    const struct tg_span parts[] = {TG_SPAN_LITERAL("a"), TG_SPAN_EMPTY,
                                    TG_SPAN_LITERAL("bc")};
    static const char digest[] = "ba7816bf8f01cfea414140de5dae2223"
                                 "b00361a396177a9cb410ff61f20015ad";
    uint8_t out[SHA256_LEN];

    (void)state;
    assert_int_equal(hash_sha256(&whole, 1, out), TG_OK);
    assert_hex(out, sizeof(out), digest);
    assert_int_equal(hash_sha256(parts, 3, out), TG_OK);
    assert_hex(out, sizeof(out), digest);
}

/* RFC 4231 §4.3 and §4.7 (a key longer than a block) */
static void
hmac_vectors_hold(void **state)
{
    const struct tg_span parts[] = {TG_SPAN_LITERAL("what do ya want "),
                                    TG_SPAN_LITERAL("for nothing?")};
    const struct tg_span large = TG_SPAN_LITERAL(
        "Test Using Larger Than Block-Size Key - Hash Key First");
    uint8_t key[131];
    uint8_t out[SHA256_LEN];

    (void)state;
    assert_int_equal(hash_hmac(TG_SPAN_LITERAL("Jefe"), parts, 2, out), TG_OK);
    assert_hex(out, sizeof(out),
               "5bdcc146bf60754e6a042426089575c7"
               "5a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    assert_int_equal(hash_hmac(TG_SPAN_ARRAY(key), &large, 1, out), TG_OK);
    assert_hex(out, sizeof(out),
               "60e431591ee0b67f0d8a26aacbf5b77f"
               "8e0bc6213728c5140546040f0ee37f54");
}

/* FIPS 180-4's example "abc"; RFC 4231 §4.3 and §4.7 */
static void
sha512_vectors_hold(void **state)
{
    const struct tg_span parts[] = {TG_SPAN_LITERAL("a"),
                                    TG_SPAN_LITERAL("bc")};
    const struct tg_span what = TG_SPAN_LITERAL("what do ya want for nothing?");
    const struct tg_span large = TG_SPAN_LITERAL(
        "Test Using Larger Than Block-Size Key - Hash Key First");
    uint8_t key[131];
    uint8_t out[SHA512_LEN];

    (void)state;
    assert_int_equal(hash_sha512(parts, 2, out), TG_OK);
    assert_hex(out, sizeof(out),
               "ddaf35a193617abacc417349ae204131"
               "12e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd"
               "454d4423643ce80e2a9ac94fa54ca49f");
    assert_int_equal(hash_hmac_sha512(TG_SPAN_LITERAL("Jefe"), &what, 1, out),
                     TG_OK);
    assert_hex(out, sizeof(out),
               "164b7a7bfcf819e2e395fbe73b56e0a3"
               "87bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fd"
               "caeab1a34d4a6b4b636e070a38bce737");
    memset(key, 0xaa, sizeof(key));
    assert_int_equal(hash_hmac_sha512(TG_SPAN_ARRAY(key), &large, 1, out),
                     TG_OK);
    assert_hex(out, sizeof(out),
               "80b24263c7c1a3ebb71493c1dd7be8b4"
               "9b46d1f41b4aeec1121b013783f8f352"
               "6b56d037e05f2598bd0fd2215d6a1e52"
               "95e64f73f63f0aec8b915a985d786598");
}

/* RFC 5869 appendix A.3: no salt, no info; its first 32 bytes of output */
static void
hkdf_vector_holds(void **state)
{
    uint8_t secret[22];
    uint8_t prk[SHA256_LEN];
    uint8_t out[SHA256_LEN];

    (void)state;
    memset(secret, 0x0b, sizeof(secret));
    assert_int_equal(
        hash_hkdf_extract(TG_SPAN_EMPTY, TG_SPAN_ARRAY(secret), prk), TG_OK);
    assert_hex(prk, sizeof(prk),
               "19ef24a32c717b167f33a91d6f648bdf"
               "96596776afdb6377ac434c1c293ccb04");
    assert_int_equal(hash_hkdf_expand(prk, "", out, sizeof(out)), TG_OK);
    assert_hex(out, sizeof(out),
               "8da4e775a563c18f715f802a063c5a31"
               "b8a11f5c5ee1879ec3454e5f3c738d2d");
}

static struct aead_key
key_of(const char *hex)
{
    struct aead_key key = {{0}, 0};

    key.len = from_hex(hex, key.bytes);
    return key;
}

/* The GCM specification's test cases 4 (AES-128) and 16 (AES-256) */
static void
aead_opens_the_published_vectors_of_both_key_sizes(void **state)
{
    static const struct {
        const char *key;
        const char *sealed_tail; /* ciphertext ‖ tag */
    } cases[] = {
        {"feffe9928665731c6d6a8f9467308308",
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
         "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
         "5bc94fbc3221a5db94fae95ae7121a47"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    uint8_t associated[20];

    (void)state;
    from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", associated);
    for (size_t i = 0; i < 2; i++) {
        const struct aead_key key = key_of(cases[i].key);
        struct tg_buf out = TG_BUF_EMPTY;
        uint8_t sealed[128];
        size_t len = from_hex("cafebabefacedbaddecaf888", sealed);

        len += from_hex(cases[i].sealed_tail, sealed + len);
        assert_int_equal(aead_open(&key, TG_SPAN_ARRAY(associated),
                                   (struct tg_span){sealed, len}, &out),
                         TG_OK);
        assert_hex(out.ptr, out.len,
                   "d9313225f88406e5a55909c5aff5269a"
                   "86a7a9531534f7da2e4c303d8a318a72"
                   "1c3c0c95956809532fcf0e2449a6b525"
                   "b16aedf5aa0de657ba637b39");
        tg_buf_free(&out);
    }
}

/* §11 */
static void
what_was_sealed_opens_and_a_change_anywhere_is_refused(void **state)
{
    const struct aead_key key = key_of("000102030405060708090a0b0c0d0e0f");
    const struct tg_span plain = TG_SPAN_LITERAL("provisioning information");
    const struct tg_span associated = TG_SPAN_LITERAL("bound");
    struct tg_buf sealed = TG_BUF_EMPTY;
    struct tg_buf out = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(aead_seal(&key, associated, plain, &sealed), TG_OK);
    assert_int_equal(sealed.len, AEAD_IV_LEN + plain.len + AEAD_TAG_LEN);
    assert_int_equal(aead_open(&key, associated, tg_span_buf(&sealed), &out),
                     TG_OK);
    assert_true(tg_span_equal(tg_span_buf(&out), plain));
    tg_buf_clear(&out);

    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 1;
        assert_int_equal(
            aead_open(&key, associated, tg_span_buf(&sealed), &out),
            TG_E_AUTH);
        assert_int_equal(out.len, 0);
        sealed.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(aead_open(&key, associated,
                                   (struct tg_span){sealed.ptr, len}, &out),
                         TG_E_AUTH);
    assert_int_equal(
        aead_open(&key, TG_SPAN_EMPTY, tg_span_buf(&sealed), &out), TG_E_AUTH);
    tg_buf_free(&out);
    tg_buf_free(&sealed);
}

static void
a_refused_opening_leaves_no_plaintext_behind(void **state)
{
    const struct aead_key key = key_of("000102030405060708090a0b0c0d0e0f");
    const struct tg_span plain = TG_SPAN_LITERAL("provisioning information");
    struct tg_buf sealed = TG_BUF_EMPTY;
    struct tg_buf out = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(aead_seal(&key, TG_SPAN_EMPTY, plain, &sealed), TG_OK);
    sealed.ptr[sealed.len - 1] ^= 1;
    assert_int_equal(
        aead_open(&key, TG_SPAN_EMPTY, tg_span_buf(&sealed), &out), TG_E_AUTH);
    for (size_t i = 0; i < plain.len; i++)
        assert_int_equal(out.ptr[i], 0);
    tg_buf_free(&out);
    tg_buf_free(&sealed);
}

static void
two_sealings_of_the_same_bytes_differ(void **state)
{
    const struct aead_key key = key_of("000102030405060708090a0b0c0d0e0f");
    const struct tg_span plain = TG_SPAN_LITERAL("same");
    struct tg_buf a = TG_BUF_EMPTY;
    struct tg_buf b = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(aead_seal(&key, TG_SPAN_EMPTY, plain, &a), TG_OK);
    assert_int_equal(aead_seal(&key, TG_SPAN_EMPTY, plain, &b), TG_OK);
    assert_memory_not_equal(a.ptr, b.ptr, AEAD_IV_LEN);
    tg_buf_free(&a);
    tg_buf_free(&b);
}

/* THREATS 2 and 4: identifiers come from the system's random source */
static void
random_uuids_are_version_4_and_do_not_repeat(void **state)
{
    enum { COUNT = 1000 };
    static struct tg_uuid drawn[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(random_uuid(&drawn[i]), TG_OK);
        assert_int_equal(drawn[i].bytes[6] >> 4, 4);
        assert_int_equal(drawn[i].bytes[8] >> 6, 2);
        for (size_t j = 0; j < i; j++)
            assert_false(tg_uuid_equal(&drawn[i], &drawn[j]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_parts_is_that_of_the_whole),
        cmocka_unit_test(hmac_vectors_hold),
        cmocka_unit_test(sha512_vectors_hold),
        cmocka_unit_test(hkdf_vector_holds),
        cmocka_unit_test(aead_opens_the_published_vectors_of_both_key_sizes),
        cmocka_unit_test(
            what_was_sealed_opens_and_a_change_anywhere_is_refused),
        cmocka_unit_test(a_refused_opening_leaves_no_plaintext_behind),
        cmocka_unit_test(two_sealings_of_the_same_bytes_differ),
        cmocka_unit_test(random_uuids_are_version_4_and_do_not_repeat),
    };

    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}

/* Sealed payloads, and the provisioning information in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tigress/payload.h>
#include <tigress/provisioning.h>

#include "base/bytes.h"

enum { SECRET_MAX = 32 };

static const uint8_t zeros[64];

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

/* §11: McGrew and Viega, The Galois/Counter Mode of Operation, appendix B,
 * test cases 2, 3 and 14 (those have no associated data), laid out as
 * IV ‖ ciphertext ‖ tag */
static void
published_vectors_open(void **state)
{
    static const struct {
        const char *type;
        const char *key;
        const char *sealed;
        const char *plain;
    } cases[] = {
        {"AEAD_AES_128_GCM", "00000000000000000000000000000000",
         "000000000000000000000000"
         "0388dace60b6a392f328c2b971b2fe78"
         "ab6e47d42cec13bdf53a67b21257bddf",
         "00000000000000000000000000000000"},
        {"AEAD_AES_128_GCM", "feffe9928665731c6d6a8f9467308308",
         "cafebabefacedbaddecaf888"
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
         "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
         "4d5c2af327cd64a62cf35abd2ba6fab4",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
         "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"},
        {"AEAD_AES_256_GCM",
         "0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000"
         "cea7403d4d606b6e074ec5d3baf39d18"
         "d0d1c8a799996bf0265b98b5d48ab919",
         "00000000000000000000000000000000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t key[SECRET_MAX];
        uint8_t sealed[128];
        uint8_t plain[128];
        size_t key_len = from_hex(cases[i].key, key);
        size_t sealed_len = from_hex(cases[i].sealed, sealed);
        size_t plain_len = from_hex(cases[i].plain, plain);
        struct tg_buf out = TG_BUF_EMPTY;

        assert_int_equal(
            tg_payload_open((struct tg_span){key, key_len}, cases[i].type,
                            (struct tg_span){sealed, sealed_len}, &out),
            TG_OK);
        assert_int_equal(out.len, plain_len);
        assert_memory_equal(out.ptr, plain, plain_len);
        tg_buf_free(&out);
    }
}

static void
seal(struct tg_span secret, const char *text, struct tg_buf *out)
{
    assert_int_equal(tg_payload_seal(secret, tg_span_text(text), out), TG_OK);
}

/* §11 */
static void
any_changed_bit_is_noticed(void **state)
{
    const struct tg_span secrets[] = {{zeros, 16}, {zeros, 32}};
    static const char *const types[] = {"AEAD_AES_128_GCM",
                                        "AEAD_AES_256_GCM"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tg_buf sealed = TG_BUF_EMPTY;
        struct tg_buf plain = TG_BUF_EMPTY;

        seal(secrets[i], "attack at dawn", &sealed);
        assert_int_equal(sealed.len, 14 + TG_PAYLOAD_OVERHEAD);
        for (size_t bit = 0; bit < sealed.len * 8; bit++) {
            sealed.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(tg_payload_open(secrets[i], types[i],
                                             tg_span_buf(&sealed), &plain),
                             TG_E_AUTH);
            assert_int_equal(plain.len, 0);
            sealed.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(tg_payload_open(secrets[i], types[i],
                                         tg_span_buf(&sealed), &plain),
                         TG_OK);
        assert_true(tg_span_is(tg_span_buf(&plain), "attack at dawn"));
        tg_buf_free(&plain);
        tg_buf_free(&sealed);
    }
}

/* §11 */
static void
two_seals_of_one_text_differ(void **state)
{
    const struct tg_span secret = {zeros, 16};
    struct tg_buf a = TG_BUF_EMPTY;
    struct tg_buf b = TG_BUF_EMPTY;

    (void)state;
    seal(secret, "same", &a);
    seal(secret, "same", &b);
    assert_false(tg_span_equal((struct tg_span){a.ptr, 12},
                               (struct tg_span){b.ptr, 12}));
    tg_buf_free(&a);
    tg_buf_free(&b);
}

/* §11 */
static void
secret_and_type_must_fit(void **state)
{
    const struct tg_span s16 = {zeros, 16};
    const struct tg_span s32 = {zeros, 32};
    struct tg_buf sealed = TG_BUF_EMPTY;
    struct tg_buf plain = TG_BUF_EMPTY;

    (void)state;
    seal(s32, "x", &sealed);
    assert_int_equal(tg_payload_open(s32, "AEAD_AES_128_GCM",
                                     tg_span_buf(&sealed), &plain),
                     TG_E_AUTH);
    assert_int_equal(tg_payload_open(s16, "AEAD_AES_256_GCM",
                                     tg_span_buf(&sealed), &plain),
                     TG_E_AUTH);
    assert_int_equal(tg_payload_open(s32, "AEAD_AES_512_GCM",
                                     tg_span_buf(&sealed), &plain),
                     TG_E_UNKNOWN);
    assert_int_equal(tg_payload_open((struct tg_span){zeros, 24},
                                     "AEAD_AES_256_GCM",
                                     tg_span_buf(&sealed), &plain),
                     TG_E_FORMAT);
    assert_int_equal(tg_payload_seal((struct tg_span){zeros, 24},
                                     TG_SPAN_EMPTY, &plain),
                     TG_E_FORMAT);
    assert_int_equal(plain.len, 0);
    tg_buf_free(&sealed);
}

/* Threat 2 */
static void
drawn_secrets_have_their_length_and_differ(void **state)
{
    static const struct {
        enum tg_algorithm algorithm;
        size_t len;
    } cases[] = {{TG_AEAD_AES_128_GCM, 16}, {TG_AEAD_AES_256_GCM, 32}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tg_buf a = TG_BUF_EMPTY;
        struct tg_buf b = TG_BUF_EMPTY;

        assert_int_equal(tg_payload_draw_secret(cases[i].algorithm, &a),
                         TG_OK);
        assert_int_equal(tg_payload_draw_secret(cases[i].algorithm, &b),
                         TG_OK);
        assert_int_equal(a.len, cases[i].len);
        assert_false(tg_span_equal(tg_span_buf(&a), tg_span_buf(&b)));
        tg_buf_free(&a);
        tg_buf_free(&b);
    }
}

/* R-CREATE-1: 64 KiB of data, the overhead included */
static void
a_payload_that_no_relay_takes_is_not_sealed(void **state)
{
    static uint8_t plain[TG_PAYLOAD_MAX];
    const struct tg_span secret = {zeros, 16};
    struct tg_buf out = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(
        tg_payload_seal(
            secret,
            (struct tg_span){plain, TG_PAYLOAD_MAX - TG_PAYLOAD_OVERHEAD + 1},
            &out),
        TG_E_LIMIT);
    assert_int_equal(
        tg_payload_seal(
            secret,
            (struct tg_span){plain, TG_PAYLOAD_MAX - TG_PAYLOAD_OVERHEAD},
            &out),
        TG_OK);
    assert_int_equal(out.len, TG_PAYLOAD_MAX);
    tg_buf_free(&out);
}

/* §11 */
static void
what_is_no_provisioning_information_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "{}", "[]", "1", "{\"format\":\"f\"}", "{\"content\":{}}",
        "{\"format\":7,\"content\":{}}", "{\"format\":\"\",\"content\":{}}",
        "{\"format\":null,\"content\":{}}", "{\"format\":\"f\",\"content\":[]}",
        "{\"format\":\"f\",\"content\":null}",
        "{\"format\":\"f\",\"content\":{}}x",
        "{\"format\":\"f\",\"format\":\"f\",\"content\":{}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":7}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":\"both\","
        "\"sequence\":1,\"previous\":\"\"}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":"
        "\"initiator\",\"sequence\":0,\"previous\":\"\"}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":"
        "\"initiator\",\"sequence\":1000000001,\"previous\":\"\"}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":"
        "\"initiator\",\"sequence\":1.0,\"previous\":\"\"}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":"
        "\"initiator\",\"sequence\":1}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":"
        "\"initiator\",\"sequence\":1,\"previous\":\"AAAA\"}}",
        "{\"format\":\"f\",\"content\":{},\"tigress\":{\"direction\":"
        "\"initiator\",\"sequence\":1,\"previous\":\"%\"}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_provisioning *message = NULL;

        if (tg_provisioning_parse(tg_span_text(cases[i]), &message) !=
            TG_E_FORMAT)
            fail_msg("accepted: %s", cases[i]);
        assert_null(message);
    }
}

/* §11: other members are allowed */
static void
provisioning_information_is_taken_apart(void **state)
{
    static const char text[] =
        "{ \"x\": [1], \"content\": {\"a\": {\"b\": \"\xc3\xa4\"}},"
        " \"format\": \"f\" }";
    struct tg_provisioning *message;

    (void)state;
    assert_int_equal(tg_provisioning_parse(tg_span_text(text), &message),
                     TG_OK);
    assert_string_equal(tg_provisioning_format_name(message), "f");
    assert_true(tg_span_is(tg_provisioning_content(message),
                           "{\"a\":{\"b\":\"\xc3\xa4\"}}"));
    assert_true(tg_span_is(tg_provisioning_text(message), text));
    assert_int_equal(tg_provisioning_sequence(message), 0);
    tg_provisioning_free(message);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_open),
        cmocka_unit_test(any_changed_bit_is_noticed),
        cmocka_unit_test(two_seals_of_one_text_differ),
        cmocka_unit_test(secret_and_type_must_fit),
        cmocka_unit_test(drawn_secrets_have_their_length_and_differ),
        cmocka_unit_test(a_payload_that_no_relay_takes_is_not_sealed),
        cmocka_unit_test(what_is_no_provisioning_information_is_refused),
        cmocka_unit_test(provisioning_information_is_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

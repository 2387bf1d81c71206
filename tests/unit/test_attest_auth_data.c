/* Authenticator data: every byte of it is accounted for, or it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/auth_data.h"
#include "forge.h"

enum { FRONT_LEN = ATTEST_HASH_LEN + 5, WITHOUT_KEY = FRONT_LEN + 16 + 2 };

/* Authenticator data with this credential identifier's length and what comes
 * behind the key, in hexadecimal. */
static struct tg_buf
make(uint8_t flags, size_t id_len, const char *behind)
{
    static const uint8_t filler[CREDENTIAL_ID_MOST + 1] = {9};
    const uint8_t len[] = {(uint8_t)(id_len >> 8), (uint8_t)id_len};
    EVP_PKEY *key = forge_key(FORGE_P256);
    struct tg_buf out = TG_BUF_EMPTY;

    forge_append(&out, (struct tg_span){filler, ATTEST_HASH_LEN});
    forge_append(&out, (struct tg_span){&flags, 1});
    forge_hex(&out, "01020304");
    forge_hex(&out, "000102030405060708090a0b0c0d0e0f");
    forge_append(&out, (struct tg_span)TG_SPAN_ARRAY(len));
    forge_append(&out, (struct tg_span){filler, id_len});
    forge_cose_key(&out, key, COSE_ES256);
    forge_hex(&out, behind);
    EVP_PKEY_free(key);
    return out;
}

static void
check(uint8_t flags, size_t id_len, const char *behind,
      enum attest_reason expected)
{
    struct tg_buf bytes = make(flags, id_len, behind);
    struct auth_data data;

    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data), expected);
    if (expected == ATTEST_FINE)
        auth_data_done(&data);
    tg_buf_free(&bytes);
}

static void
fields_are_where_they_belong(void **state)
{
    struct tg_buf bytes = make(0x45, 7, "");
    struct auth_data data;

    (void)state;
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data), ATTEST_FINE);
    assert_true(tg_span_equal(data.bytes, tg_span_buf(&bytes)));
    assert_ptr_equal(data.rp_id_hash, bytes.ptr);
    assert_int_equal(data.flags, 0x45);
    assert_int_equal(data.counter, 0x01020304);
    assert_ptr_equal(data.aaguid, bytes.ptr + FRONT_LEN);
    assert_ptr_equal(data.credential_id.ptr, bytes.ptr + WITHOUT_KEY);
    assert_int_equal(data.credential_id.len, 7);
    assert_int_equal(data.key.algorithm, COSE_ES256);
    assert_non_null(data.key.pkey);
    auth_data_done(&data);
    tg_buf_free(&bytes);
}

static void
what_is_cut_off_anywhere_is_refused(void **state)
{
    struct tg_buf bytes = make(0xc5, 5, "a1 61 61 f5");
    struct auth_data data;

    (void)state;
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data), ATTEST_FINE);
    auth_data_done(&data);
    for (size_t len = 0; len < bytes.len; len++) {
        /* In a block of its size: a sanitizer sees what is read behind it. */
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, bytes.ptr, len);
        assert_int_equal(auth_data_read((struct tg_span){cut, len}, &data),
                         ATTEST_MALFORMED);
        free(cut);
    }
    tg_buf_free(&bytes);
}

static void
a_statement_without_a_credential_is_refused(void **state)
{
    struct tg_buf bytes = make(0x05, 5, "");
    struct auth_data data;

    (void)state;
    check(0x05, 5, "", ATTEST_MALFORMED);
    assert_int_equal(
        auth_data_read((struct tg_span){bytes.ptr, FRONT_LEN}, &data),
        ATTEST_MALFORMED);
    tg_buf_free(&bytes);
}

/* §7.1 step 17 */
static void
what_cannot_be_backed_up_is_not_backed_up(void **state)
{
    (void)state;
    check(0x45 | AUTH_BACKUP_STATE, 5, "", ATTEST_MALFORMED);
    check(0x45 | AUTH_BACKUP_ELIGIBLE, 5, "", ATTEST_FINE);
    check(0x45 | AUTH_BACKUP_ELIGIBLE | AUTH_BACKUP_STATE, 5, "", ATTEST_FINE);
}

/* §7.1 step 25 */
static void
a_credential_identifier_has_1_to_1023_bytes(void **state)
{
    (void)state;
    check(0x45, 0, "", ATTEST_MALFORMED);
    check(0x45, 1, "", ATTEST_FINE);
    check(0x45, CREDENTIAL_ID_MOST, "", ATTEST_FINE);
    check(0x45, CREDENTIAL_ID_MOST + 1, "", ATTEST_MALFORMED);
}

/* What comes then would do for a key. */
static void
an_identifier_that_ends_behind_the_data_is_refused(void **state)
{
    struct tg_buf bytes = make(0x45, 1, "");
    size_t key = WITHOUT_KEY + 1;
    struct auth_data data;

    (void)state;
    memmove(bytes.ptr + key - 1, bytes.ptr + key, bytes.len - key);
    bytes.len--;
    bytes.ptr[WITHOUT_KEY - 1] = (uint8_t)(bytes.len - WITHOUT_KEY + 1);
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data),
                     ATTEST_MALFORMED);
    tg_buf_free(&bytes);
}

static void
extensions_are_there_if_their_flag_is_set(void **state)
{
    (void)state;
    check(0xc5, 5, "a0", ATTEST_FINE);
    check(0xc5, 5, "a1 61 61 f5", ATTEST_FINE);
    check(0xc5, 5, "", ATTEST_MALFORMED);
    check(0x45, 5, "00", ATTEST_MALFORMED);
}

/* Whoever asked knows which format may have such. */
static void
extensions_without_their_flag_are_told(void **state)
{
    static const char *const behind[] = {"", "a0", "a0"};
    static const uint8_t flags[] = {0x45, 0x45, 0xc5};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tg_buf bytes = make(flags[i], 5, behind[i]);
        struct auth_data data;

        assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data),
                         ATTEST_FINE);
        assert_int_equal(data.has_unannounced, i == 1);
        auth_data_done(&data);
        tg_buf_free(&bytes);
    }
}

static void
extensions_are_one_map_and_nothing_behind(void **state)
{
    (void)state;
    check(0xc5, 5, "a0 00", ATTEST_MALFORMED);
    check(0xc5, 5, "a0 a0", ATTEST_MALFORMED);
    check(0xc5, 5, "80", ATTEST_MALFORMED);
    check(0xc5, 5, "f6", ATTEST_MALFORMED);
    check(0xc5, 5, "bf ff", ATTEST_MALFORMED);
}

/* §6.5.1: the key is in the canonical form. */
static void
a_key_whose_members_come_in_another_order_is_refused(void **state)
{
    struct tg_buf bytes = make(0x45, 5, "");
    struct auth_data data;
    uint8_t *key = bytes.ptr + WITHOUT_KEY + 5;

    (void)state;
    /* a5 01 02 03 26 …: alg before kty */
    assert_memory_equal(key, "\xa5\x01\x02\x03\x26", 5);
    memcpy(key, "\xa5\x03\x26\x01\x02", 5);
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data),
                     ATTEST_MALFORMED);
    tg_buf_free(&bytes);
}

static void
a_bad_key_is_told_from_bad_encoding(void **state)
{
    struct tg_buf bytes = make(0x45, 5, "");
    struct auth_data data;

    (void)state;
    bytes.ptr[bytes.len - 1] ^= 1; /* of y */
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data), ATTEST_KEY);
    bytes.ptr[WITHOUT_KEY + 5 + 4] = 0x27; /* alg */
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data), ATTEST_KEY);
    bytes.ptr[WITHOUT_KEY + 5 + 4] = 0x00;
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data),
                     ATTEST_ALGORITHM);
    bytes.ptr[WITHOUT_KEY + 5] = 0x81; /* an array */
    assert_int_equal(auth_data_read(tg_span_buf(&bytes), &data),
                     ATTEST_MALFORMED);
    tg_buf_free(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_where_they_belong),
        cmocka_unit_test(what_is_cut_off_anywhere_is_refused),
        cmocka_unit_test(a_statement_without_a_credential_is_refused),
        cmocka_unit_test(what_cannot_be_backed_up_is_not_backed_up),
        cmocka_unit_test(a_credential_identifier_has_1_to_1023_bytes),
        cmocka_unit_test(an_identifier_that_ends_behind_the_data_is_refused),
        cmocka_unit_test(extensions_are_there_if_their_flag_is_set),
        cmocka_unit_test(extensions_without_their_flag_are_told),
        cmocka_unit_test(extensions_are_one_map_and_nothing_behind),
        cmocka_unit_test(a_key_whose_members_come_in_another_order_is_refused),
        cmocka_unit_test(a_bad_key_is_told_from_bad_encoding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

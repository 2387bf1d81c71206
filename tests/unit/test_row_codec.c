/* The encoding of rows: strict. */
#include "row/row_codec.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "row/row.h"
#include "row_kit.h"

enum { ROUNDS = 300 };

static void
any_mailbox_survives_encoding_and_decoding(void **state)
{
    (void)state;
    seed(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct tg_buf bytes = TG_BUF_EMPTY;
        struct mailbox before, after;

        draw_mailbox(&before);
        assert_int_equal(row_encode_mailbox(&before, &bytes), TG_OK);
        assert_int_equal(row_decode_mailbox(tg_span_buf(&bytes), &after),
                         TG_OK);
        assert_mailbox_same(&before, &after);
        tg_buf_free(&bytes);
    }
}

/* Fails, and has not touched what it was given. */
static void
assert_refused(struct tg_span bytes)
{
    struct mailbox untouched, mb;

    memset(&untouched, 0xa5, sizeof(untouched));
    memcpy(&mb, &untouched, sizeof(mb));
    assert_int_equal(row_decode_mailbox(bytes, &mb), TG_E_FORMAT);
    assert_memory_equal(&mb, &untouched, sizeof(mb));
}

static void
an_encoding_cut_short_or_extended_is_refused(void **state)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct mailbox mb;

    (void)state;
    seed(2);
    draw_mailbox(&mb);
    mb.payload.data.len = 100;
    assert_int_equal(row_encode_mailbox(&mb, &bytes), TG_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        /* Of its own size, so that a sanitizer sees a read past the end. */
        uint8_t *copy = malloc(len > 0 ? len : 1);

        assert_non_null(copy);
        memcpy(copy, bytes.ptr, len);
        assert_refused((struct tg_span){copy, len});
        free(copy);
    }
    assert_int_equal(tg_buf_byte(&bytes, 0), TG_OK);
    assert_refused(tg_span_buf(&bytes));
    tg_buf_free(&bytes);
}

/* Where single bytes lie in the encoding of a mailbox without recipient and
 * relinquish; see write_mailbox(). */
enum {
    AT_FORM = 0,
    AT_FLAGS = 1,
    AT_EXPIRES = 2,
    AT_VERSION = 10,
    AT_RIGHTS = 18,
    AT_TYPE_LEN = 51
};

static void
bytes_that_mean_nothing_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {AT_FORM, 0},       {AT_FORM, 2},      {AT_FORM, 255},
        {AT_FLAGS, 4},      {AT_FLAGS, 0x80},  {AT_EXPIRES, 0x80},
        {AT_RIGHTS, 8},     {AT_RIGHTS, 0xff}, {AT_TYPE_LEN, 0},
        {AT_TYPE_LEN, 65},  {AT_TYPE_LEN, 255},
    };
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct mailbox mb;

    (void)state;
    seed(3);
    draw_mailbox(&mb);
    mb.has_recipient = mb.has_relinquish = false;
    mb.payload.type.len = 16;
    assert_int_equal(row_encode_mailbox(&mb, &bytes), TG_OK);
    assert_int_equal(bytes.ptr[AT_TYPE_LEN], 16);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t before = bytes.ptr[cases[i].at];

        bytes.ptr[cases[i].at] = cases[i].value;
        assert_refused(tg_span_buf(&bytes));
        bytes.ptr[cases[i].at] = before;
    }
    memset(bytes.ptr + AT_VERSION, 0, 8); /* versions start at 1 */
    assert_refused(tg_span_buf(&bytes));
    tg_buf_free(&bytes);
}

static void
what_is_over_a_limit_is_not_encoded(void **state)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct mailbox mb;

    (void)state;
    seed(4);
    draw_mailbox(&mb);
    mb.payload.type = (struct tg_span){pool, LIMIT_PAYLOAD_TYPE + 1};
    assert_int_equal(row_encode_mailbox(&mb, &bytes), TG_E_LIMIT);
    assert_int_equal(bytes.len, 0);
    draw_mailbox(&mb);
    mb.display.image_url = (struct tg_span){pool, LIMIT_IMAGE_URL + 1};
    assert_int_equal(row_encode_mailbox(&mb, &bytes), TG_E_LIMIT);
    assert_int_equal(bytes.len, 0);
    tg_buf_free(&bytes);
}

static void
the_memory_of_a_create_survives_and_is_read_strictly(void **state)
{
    const struct create_memory before = {
        .exists = true,
        .mailbox = {{{1, 2, 3, 4}}},
        .expires = EXPIRES,
        .push_supported = true,
    };
    struct tg_buf bytes = TG_BUF_EMPTY;
    struct create_memory after;

    (void)state;
    assert_int_equal(row_encode_create(&before, &bytes), TG_OK);
    assert_int_equal(row_decode_create(tg_span_buf(&bytes), &after), TG_OK);
    assert_true(after.exists);
    assert_true(after.push_supported);
    assert_int_equal(after.expires, EXPIRES);
    assert_memory_equal(&after.mailbox, &before.mailbox,
                        sizeof(after.mailbox));
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(
            row_decode_create((struct tg_span){bytes.ptr, len}, &after),
            TG_E_FORMAT);
    bytes.ptr[1] = 2; /* an unknown flag */
    assert_int_equal(row_decode_create(tg_span_buf(&bytes), &after),
                     TG_E_FORMAT);
    bytes.ptr[1] = 1;
    assert_int_equal(tg_buf_byte(&bytes, 0), TG_OK);
    assert_int_equal(row_decode_create(tg_span_buf(&bytes), &after),
                     TG_E_FORMAT);
    tg_buf_free(&bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_mailbox_survives_encoding_and_decoding),
        cmocka_unit_test(an_encoding_cut_short_or_extended_is_refused),
        cmocka_unit_test(bytes_that_mean_nothing_are_refused),
        cmocka_unit_test(what_is_over_a_limit_is_not_encoded),
        cmocka_unit_test(the_memory_of_a_create_survives_and_is_read_strictly),
    };

    return cmocka_run_group_tests_name("row codec", tests, NULL, NULL);
}

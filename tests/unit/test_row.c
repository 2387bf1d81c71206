/* Rows: sealed so that nothing about them can be changed or read without the
 * identifier and the hour's key. Their encoding is test_row_codec.c's. */
#include "row/row.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "row_kit.h"
#include "store/mem.h"

/* ---- keys -------------------------------------------------------------- */

static const struct row_salt salt = {{1, 2, 3}};

static struct mailbox_id
mailbox_number(uint8_t number)
{
    struct mailbox_id id = {{{0x99}}};

    id.uuid.bytes[15] = number;
    return id;
}

static void
keys_depend_on_identifier_salt_and_purpose(void **state)
{
    const struct row_salt other_salt = {{3, 2, 1}};
    const struct mailbox_id id = mailbox_number(1);
    const struct mailbox_id other_id = mailbox_number(2);
    const struct request_id request = {{{0x77}}};
    struct row_keys keys, again, other;

    (void)state;
    assert_int_equal(row_keys_mailbox(&salt, &id, &keys), TG_OK);
    assert_int_equal(row_keys_mailbox(&salt, &id, &again), TG_OK);
    assert_memory_equal(&keys, &again, sizeof(keys));
    assert_memory_not_equal(keys.lookup.bytes, keys.sealing, STORE_KEY_LEN);

    assert_int_equal(row_keys_mailbox(&salt, &other_id, &other), TG_OK);
    assert_memory_not_equal(&keys.lookup, &other.lookup, STORE_KEY_LEN);
    assert_memory_not_equal(keys.sealing, other.sealing, ROW_KEY_LEN);
    assert_int_equal(row_keys_mailbox(&other_salt, &id, &other), TG_OK);
    assert_memory_not_equal(&keys.lookup, &other.lookup, STORE_KEY_LEN);
    assert_memory_not_equal(keys.sealing, other.sealing, ROW_KEY_LEN);

    assert_int_equal(row_keys_create(&salt, &id.uuid, &request, &keys), TG_OK);
    assert_int_equal(row_keys_create(&salt, &other_id.uuid, &request, &other),
                     TG_OK);
    assert_memory_not_equal(&keys.lookup, &other.lookup, STORE_KEY_LEN);
    assert_memory_not_equal(keys.sealing, other.sealing, ROW_KEY_LEN);
}

/* THREATS 24 */
static void
a_claim_looks_different_in_each_mailbox(void **state)
{
    const struct mailbox_id id = mailbox_number(1);
    const struct mailbox_id other_id = mailbox_number(2);
    const struct tg_uuid claim = {{0x42}};
    struct claim_mark mark, again, other;

    (void)state;
    assert_int_equal(row_claim_mark(&claim, &id, &mark), TG_OK);
    assert_int_equal(row_claim_mark(&claim, &id, &again), TG_OK);
    assert_int_equal(row_claim_mark(&claim, &other_id, &other), TG_OK);
    assert_memory_equal(&mark, &again, sizeof(mark));
    assert_memory_not_equal(&mark, &other, sizeof(mark));
}

/* ---- sealing ----------------------------------------------------------- */

struct sealed {
    struct store store;
    struct hour_keys hours;
    struct row_keys keys;
    struct mailbox mb;
    struct tg_buf blob;
};

static void
seal_one(struct sealed *s, uint32_t seed_value, size_t payload_len)
{
    const struct mailbox_id id = mailbox_number(1);

    memset(s, 0, sizeof(*s));
    assert_int_equal(mem_open(&s->store, &s->hours), TG_OK);
    assert_int_equal(row_keys_mailbox(&salt, &id, &s->keys), TG_OK);
    seed(seed_value);
    draw_mailbox(&s->mb);
    s->mb.display.title.len = 16;
    s->mb.display.description.len = 16;
    s->mb.display.image_url.len = 16;
    s->mb.initiator_token = (struct notification_token){0};
    s->mb.recipient_token = (struct notification_token){0};
    s->mb.initiator_memory.count = s->mb.recipient_memory.count = 0;
    s->mb.payload.data = (struct tg_span){pool, payload_len};
    assert_int_equal(
        row_seal_mailbox(&s->keys, &s->hours, &s->mb, &s->blob), TG_OK);
}

static void
done(struct sealed *s)
{
    tg_buf_free(&s->blob);
    s->store.close(s->store.self);
}

static enum tg_err
open_with(const struct sealed *s, const struct row_keys *keys,
          tg_time_s expires, struct tg_span blob)
{
    const struct store_row row = {expires, blob};
    struct tg_buf plain = TG_BUF_EMPTY;
    struct mailbox mb;
    enum tg_err err = row_open_mailbox(keys, &s->hours, &row, &plain, &mb);

    if (err == TG_OK)
        assert_mailbox_same(&s->mb, &mb);
    else
        assert_null(plain.ptr);
    tg_buf_free(&plain);
    return err;
}

static void
a_sealed_mailbox_opens_with_its_keys(void **state)
{
    static const size_t lens[] = {1, 300, 1000, 1700, 1800, 4000, 60000,
                                  LIMIT_PAYLOAD_DATA_MOST};
    struct sealed s;

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        seal_one(&s, 10 + (uint32_t)i, lens[i]);
        assert_int_equal(open_with(&s, &s.keys, s.mb.expires,
                                   tg_span_buf(&s.blob)),
                         TG_OK);
        done(&s);
    }
}

static void
a_row_changed_in_any_byte_does_not_open(void **state)
{
    struct sealed s;

    (void)state;
    seal_one(&s, 20, 300);
    for (size_t i = 0; i < s.blob.len; i++) {
        s.blob.ptr[i] ^= (uint8_t)(1 << (i % 8));
        assert_int_equal(open_with(&s, &s.keys, s.mb.expires,
                                   tg_span_buf(&s.blob)),
                         TG_E_AUTH);
        s.blob.ptr[i] ^= (uint8_t)(1 << (i % 8));
    }
    for (size_t len = 0; len < s.blob.len; len++)
        assert_int_equal(open_with(&s, &s.keys, s.mb.expires,
                                   (struct tg_span){s.blob.ptr, len}),
                         TG_E_AUTH);
    assert_int_equal(
        open_with(&s, &s.keys, s.mb.expires, tg_span_buf(&s.blob)), TG_OK);
    done(&s);
}

static void
a_row_in_another_place_or_with_another_end_does_not_open(void **state)
{
    struct row_keys moved;
    struct sealed s;

    (void)state;
    seal_one(&s, 21, 300);
    moved = s.keys;
    moved.lookup.bytes[0] ^= 1;
    assert_int_equal(
        open_with(&s, &moved, s.mb.expires, tg_span_buf(&s.blob)), TG_E_AUTH);
    moved = s.keys;
    moved.sealing[ROW_KEY_LEN - 1] ^= 1;
    assert_int_equal(
        open_with(&s, &moved, s.mb.expires, tg_span_buf(&s.blob)), TG_E_AUTH);
    /* Within the same hour: the hour's key would fit. */
    assert_int_equal(open_with(&s, &s.keys, s.mb.expires ^ 1,
                               tg_span_buf(&s.blob)),
                     TG_E_AUTH);
    done(&s);
}

/* D-C */
static void
without_the_key_of_its_hour_a_row_is_gone(void **state)
{
    struct hour_key key;
    struct sealed s;

    (void)state;
    seal_one(&s, 22, 300);
    assert_int_equal(s.hours.destroy(s.hours.self,
                                     s.mb.expires + HOUR_SECONDS),
                     TG_OK);
    assert_int_equal(
        open_with(&s, &s.keys, s.mb.expires, tg_span_buf(&s.blob)),
        TG_E_NOT_FOUND);
    assert_int_equal(s.hours.get(s.hours.self, s.mb.expires, true, &key),
                     TG_OK);
    assert_int_equal(
        open_with(&s, &s.keys, s.mb.expires, tg_span_buf(&s.blob)),
        TG_E_AUTH);
    done(&s);
}

/* The length tells the class alone. */
static void
mailboxes_of_like_size_make_blobs_of_one_length(void **state)
{
    struct sealed small, like, large;

    (void)state;
    seal_one(&small, 23, 1300);
    seal_one(&like, 23, 1600);
    seal_one(&large, 23, 2000);
    assert_int_equal(small.blob.len, like.blob.len);
    assert_true(large.blob.len > like.blob.len);
    done(&small);
    done(&like);
    done(&large);
}

static void
sealing_twice_gives_different_blobs(void **state)
{
    struct tg_buf again = TG_BUF_EMPTY;
    struct sealed s;

    (void)state;
    seal_one(&s, 24, 300);
    assert_int_equal(row_seal_mailbox(&s.keys, &s.hours, &s.mb, &again),
                     TG_OK);
    assert_int_equal(again.len, s.blob.len);
    assert_memory_not_equal(again.ptr, s.blob.ptr, again.len);
    tg_buf_free(&again);
    done(&s);
}

static void
a_mailbox_and_the_memory_of_a_create_are_not_taken_for_each_other(void **state)
{
    const struct create_memory memory = {.exists = true, .expires = EXPIRES};
    struct tg_buf blob = TG_BUF_EMPTY;
    struct create_memory found;
    struct store_row row;
    struct sealed s;

    (void)state;
    seal_one(&s, 25, 300);
    assert_int_equal(row_seal_create(&s.keys, &s.hours, &memory, &blob),
                     TG_OK);
    row = (struct store_row){EXPIRES, tg_span_buf(&blob)};
    assert_int_equal(row_open_create(&s.keys, &s.hours, &row, &found), TG_OK);
    assert_int_equal(open_with(&s, &s.keys, EXPIRES, row.blob), TG_E_FORMAT);
    row = (struct store_row){s.mb.expires, tg_span_buf(&s.blob)};
    assert_int_equal(row_open_create(&s.keys, &s.hours, &row, &found),
                     TG_E_FORMAT);
    tg_buf_free(&blob);
    done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_depend_on_identifier_salt_and_purpose),
        cmocka_unit_test(a_claim_looks_different_in_each_mailbox),
        cmocka_unit_test(a_sealed_mailbox_opens_with_its_keys),
        cmocka_unit_test(a_row_changed_in_any_byte_does_not_open),
        cmocka_unit_test(
            a_row_in_another_place_or_with_another_end_does_not_open),
        cmocka_unit_test(without_the_key_of_its_hour_a_row_is_gone),
        cmocka_unit_test(mailboxes_of_like_size_make_blobs_of_one_length),
        cmocka_unit_test(sealing_twice_gives_different_blobs),
        cmocka_unit_test(
            a_mailbox_and_the_memory_of_a_create_are_not_taken_for_each_other),
    };

    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}

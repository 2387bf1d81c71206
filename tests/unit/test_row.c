/* Rows: encoded strictly, sealed so that nothing about them can be changed or
 * read without the identifier and the hour's key. */
#include "row/row.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "row/row_codec.h"
#include "store/mem.h"

enum { EXPIRES = 1000000000, ROUNDS = 300 };

/* ---- random mailboxes --------------------------------------------------- */

/* Reproducible: the seed is fixed, and a failure names the round. */
static uint32_t random_state;

static uint32_t
draw(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

static uint8_t pool[LIMIT_PAYLOAD_DATA_MOST];

static struct tg_span
draw_span(size_t least, size_t most)
{
    size_t len = least + draw((uint32_t)(most - least + 1));
    size_t from = draw((uint32_t)(sizeof(pool) - len + 1));

    return (struct tg_span){pool + from, len};
}

static void
draw_bytes(void *out, size_t len)
{
    memcpy(out, draw_span(len, len).ptr, len);
}

static void
draw_memory(struct request_memory *memory)
{
    memory->count = draw(LIMIT_REMEMBERED_REQUESTS + 1);
    for (size_t i = 0; i < memory->count; i++) {
        draw_bytes(&memory->requests[i].id, sizeof(struct request_id));
        memory->requests[i].version = draw(1000);
        memory->requests[i].push_supported = draw(2) != 0;
    }
}

static void
draw_token(struct notification_token *token)
{
    if (draw(2) == 0)
        return;
    token->type = draw_span(1, LIMIT_TOKEN_TYPE);
    token->data = draw_span(1, LIMIT_TOKEN_DATA);
}

static void
draw_mailbox(struct mailbox *mb)
{
    memset(mb, 0, sizeof(*mb));
    mb->exists = true;
    mb->expires = EXPIRES + draw(3600);
    mb->version = 1 + draw(1000);
    mb->rights = (uint8_t)draw(8);
    draw_bytes(&mb->initiator, sizeof(mb->initiator));
    if ((mb->has_recipient = draw(2) != 0))
        draw_bytes(&mb->recipient, sizeof(mb->recipient));
    if ((mb->has_relinquish = draw(2) != 0)) {
        draw_bytes(&mb->relinquish_claim, sizeof(mb->relinquish_claim));
        draw_bytes(&mb->relinquish_id, sizeof(mb->relinquish_id));
    }
    mb->payload.type = draw_span(1, LIMIT_PAYLOAD_TYPE);
    mb->payload.data =
        draw_span(1, draw(8) == 0 ? LIMIT_PAYLOAD_DATA_MOST : 2000);
    mb->display.title = draw_span(0, 512);
    mb->display.description = draw_span(0, 2048);
    mb->display.image_url = draw_span(0, LIMIT_IMAGE_URL);
    draw_token(&mb->initiator_token);
    draw_token(&mb->recipient_token);
    draw_memory(&mb->initiator_memory);
    draw_memory(&mb->recipient_memory);
}

static void
seed(uint32_t value)
{
    random_state = value;
    for (size_t i = 0; i < sizeof(pool); i++)
        pool[i] = (uint8_t)draw(256);
}

static void
assert_memory_same(const struct request_memory *a,
                   const struct request_memory *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_memory_equal(&a->requests[i].id, &b->requests[i].id,
                            sizeof(struct request_id));
        assert_int_equal(a->requests[i].version, b->requests[i].version);
        assert_int_equal(a->requests[i].push_supported,
                         b->requests[i].push_supported);
    }
}

static void
assert_mailbox_same(const struct mailbox *a, const struct mailbox *b)
{
    assert_int_equal(a->exists, b->exists);
    assert_int_equal(a->expires, b->expires);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->rights, b->rights);
    assert_memory_equal(&a->initiator, &b->initiator, CLAIM_MARK_LEN);
    assert_int_equal(a->has_recipient, b->has_recipient);
    assert_memory_equal(&a->recipient, &b->recipient, CLAIM_MARK_LEN);
    assert_int_equal(a->has_relinquish, b->has_relinquish);
    assert_memory_equal(&a->relinquish_claim, &b->relinquish_claim,
                        CLAIM_MARK_LEN);
    assert_memory_equal(&a->relinquish_id, &b->relinquish_id,
                        sizeof(a->relinquish_id));
    assert_true(tg_span_equal(a->payload.type, b->payload.type));
    assert_true(tg_span_equal(a->payload.data, b->payload.data));
    assert_true(tg_span_equal(a->display.title, b->display.title));
    assert_true(
        tg_span_equal(a->display.description, b->display.description));
    assert_true(tg_span_equal(a->display.image_url, b->display.image_url));
    assert_true(tg_span_equal(a->initiator_token.type,
                              b->initiator_token.type));
    assert_true(tg_span_equal(a->initiator_token.data,
                              b->initiator_token.data));
    assert_true(tg_span_equal(a->recipient_token.type,
                              b->recipient_token.type));
    assert_true(tg_span_equal(a->recipient_token.data,
                              b->recipient_token.data));
    assert_memory_same(&a->initiator_memory, &b->initiator_memory);
    assert_memory_same(&a->recipient_memory, &b->recipient_memory);
}

/* ---- the encoding ------------------------------------------------------ */

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
        cmocka_unit_test(any_mailbox_survives_encoding_and_decoding),
        cmocka_unit_test(an_encoding_cut_short_or_extended_is_refused),
        cmocka_unit_test(bytes_that_mean_nothing_are_refused),
        cmocka_unit_test(what_is_over_a_limit_is_not_encoded),
        cmocka_unit_test(the_memory_of_a_create_survives_and_is_read_strictly),
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

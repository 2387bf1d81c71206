/* See pg_wakes.h. */
#include "store/postgres/pg_wakes.h"

#include <assert.h>
#include <string.h>

/* So every batch's keys fit into one. */
static_assert((int)PG_WAKES_MOST >= (int)STORE_BATCH_MOST,
              "a batch may wake more than that");

enum { NUMBER_LEN = 8, BYTES_MOST = STORE_KEY_LEN + 2 * NUMBER_LEN };

static void
put_number(uint8_t out[NUMBER_LEN], uint64_t number)
{
    for (size_t i = 0; i < NUMBER_LEN; i++)
        out[i] = (uint8_t)(number >> (8 * (NUMBER_LEN - 1 - i)));
}

static uint64_t
get_number(const uint8_t *bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < NUMBER_LEN; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* How many bytes one of this kind has; 0: there is no such kind. */
static size_t
length_of(uint8_t kind)
{
    switch (kind) {
    case PG_WAKE_LOOK:
    case PG_WAKE_END:
        return STORE_KEY_LEN;
    case PG_WAKE_NEWER:
        return BYTES_MOST;
    default:
        return 0;
    }
}

enum tg_err
pg_wakes_add(struct tg_buf *text, const struct pg_wake *wake)
{
    uint8_t bytes[BYTES_MOST];
    enum tg_err err = tg_buf_byte(text, (uint8_t)wake->kind);

    memcpy(bytes, wake->key.bytes, STORE_KEY_LEN);
    put_number(bytes + STORE_KEY_LEN, wake->claim);
    put_number(bytes + STORE_KEY_LEN + NUMBER_LEN, wake->ticket);
    if (err != TG_OK)
        return err;
    return tg_base64_encode(
        (struct tg_span){bytes, length_of((uint8_t)wake->kind)}, text);
}

static void
read_bytes(const uint8_t *bytes, struct pg_wake *out)
{
    memcpy(out->key.bytes, bytes, STORE_KEY_LEN);
    if (out->kind != PG_WAKE_NEWER)
        return;
    out->claim = get_number(bytes + STORE_KEY_LEN);
    out->ticket = get_number(bytes + STORE_KEY_LEN + NUMBER_LEN);
}

enum tg_err
pg_wakes_next(struct tg_span *text, struct pg_wake *wake)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    size_t len, digits;
    enum tg_err err;

    if (text->len == 0)
        return TG_E_NOT_FOUND;
    len = length_of(text->ptr[0]);
    digits = TG_BASE64_LEN(len);
    if (len == 0 || text->len < 1 + digits)
        return TG_E_FORMAT;
    err = tg_base64_decode((struct tg_span){text->ptr + 1, digits}, &bytes);
    if (err == TG_OK && bytes.len != len)
        err = TG_E_FORMAT;
    if (err == TG_OK) {
        *wake = (struct pg_wake){.kind = (enum pg_wake_kind)text->ptr[0]};
        read_bytes(bytes.ptr, wake);
        text->ptr += 1 + digits;
        text->len -= 1 + digits;
    }
    tg_buf_free(&bytes);
    return err;
}

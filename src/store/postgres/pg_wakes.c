/* See pg_wakes.h. */
#include "store/postgres/pg_wakes.h"

#include <assert.h>
#include <string.h>

/* So every batch's keys fit into one. */
static_assert((int)PG_WAKES_MOST >= (int)STORE_BATCH_MOST,
              "a batch may wake more than that");

enum { LOOK = 'l', END = 'e' };

enum tg_err
pg_wakes_add(struct tg_buf *text, const struct store_key *key,
             enum store_wake wake)
{
    enum tg_err err =
        tg_buf_byte(text, wake == STORE_WAKE_TO_END ? END : LOOK);

    return err == TG_OK ? tg_base64_encode(TG_SPAN_ARRAY(key->bytes), text)
                        : err;
}

static enum tg_err
parse(struct tg_span one, struct store_key *key, enum store_wake *wake)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    enum tg_err err;

    if (one.ptr[0] != LOOK && one.ptr[0] != END)
        return TG_E_FORMAT;
    err = tg_base64_decode((struct tg_span){one.ptr + 1, one.len - 1}, &bytes);
    if (err == TG_OK && bytes.len != STORE_KEY_LEN)
        err = TG_E_FORMAT;
    if (err == TG_OK) {
        memcpy(key->bytes, bytes.ptr, STORE_KEY_LEN);
        *wake = one.ptr[0] == END ? STORE_WAKE_TO_END : STORE_WAKE_TO_LOOK;
    }
    tg_buf_free(&bytes);
    return err;
}

enum tg_err
pg_wakes_next(struct tg_span *text, struct store_key *key,
              enum store_wake *wake)
{
    enum tg_err err;

    if (text->len == 0)
        return TG_E_NOT_FOUND;
    if (text->len < PG_WAKES_EACH)
        return TG_E_FORMAT;
    err = parse((struct tg_span){text->ptr, PG_WAKES_EACH}, key, wake);
    if (err == TG_OK) {
        text->ptr += PG_WAKES_EACH;
        text->len -= PG_WAKES_EACH;
    }
    return err;
}

/* See pg_wakes.h. */
#include "store/postgres/pg_wakes.h"

#include <assert.h>
#include <string.h>

/* So every batch's keys fit into one. */
static_assert((int)PG_WAKES_MOST >= (int)STORE_BATCH_MOST,
              "a batch may wake more than that");

enum tg_err
pg_wakes_add(struct tg_buf *text, const struct store_key *key)
{
    return tg_base64_encode(TG_SPAN_ARRAY(key->bytes), text);
}

enum tg_err
pg_wakes_next(struct tg_span *text, struct store_key *out)
{
    struct tg_buf key = TG_BUF_EMPTY;
    enum tg_err err;

    if (text->len == 0)
        return TG_E_NOT_FOUND;
    if (text->len < PG_WAKES_EACH)
        return TG_E_FORMAT;
    err = tg_base64_decode((struct tg_span){text->ptr, PG_WAKES_EACH}, &key);
    if (err == TG_OK && key.len != STORE_KEY_LEN)
        err = TG_E_FORMAT;
    if (err == TG_OK) {
        memcpy(out->bytes, key.ptr, STORE_KEY_LEN);
        text->ptr += PG_WAKES_EACH;
        text->len -= PG_WAKES_EACH;
    }
    tg_buf_free(&key);
    return err;
}

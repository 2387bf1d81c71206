/* See doorbell.h. */
#include "doorbell/doorbell.h"

#include <string.h>

#include "crypto/hash.h"

enum {
    KIND_RING = 'R',
    KIND_DEAD = 'D',
    UNTIL_LEN = 8,
    MINUTE_S = 60
};

/* No minute is rounded up beyond what the field holds. */
static const tg_time_s until_most = INT64_MAX - MINUTE_S;

static bool
is_bell(const struct doorbell *bell)
{
    return bell->until >= 0 && bell->until <= until_most &&
           bell->type.len >= 1 && bell->type.len <= DOORBELL_TYPE_MOST &&
           bell->data.len >= 1 && bell->data.len <= DOORBELL_DATA_MOST;
}

enum tg_err
doorbell_mark(struct tg_span type, struct tg_span data,
              struct doorbell_mark *out)
{
    static const uint8_t between[] = {0};
    const struct tg_span parts[] = {type, TG_SPAN_ARRAY(between), data};
    uint8_t digest[SHA256_LEN];
    enum tg_err err;

    /* A type holds no NUL, so the two are apart. */
    if (memchr(type.ptr, 0, type.len) != NULL)
        return TG_E_FORMAT;
    if ((err = hash_sha256(parts, 3, digest)) != TG_OK)
        return err;
    memcpy(out->bytes, digest, sizeof(out->bytes));
    return TG_OK;
}

/* ---- writing ----------------------------------------------------------- */

enum tg_err
doorbell_write_ring(const struct doorbell *bell, struct tg_buf *out)
{
    uint8_t head[1 + UNTIL_LEN + 1] = {KIND_RING};
    uint64_t until;
    enum tg_err err;

    if (!is_bell(bell))
        return TG_E_LIMIT;
    until = ((uint64_t)bell->until + MINUTE_S - 1) / MINUTE_S * MINUTE_S;
    for (size_t i = 0; i < UNTIL_LEN; i++)
        head[1 + i] = (uint8_t)(until >> (8 * (UNTIL_LEN - 1 - i)));
    head[1 + UNTIL_LEN] = (uint8_t)bell->type.len;
    if ((err = tg_buf_append(out, TG_SPAN_ARRAY(head))) != TG_OK ||
        (err = tg_buf_append(out, bell->type)) != TG_OK ||
        (err = tg_buf_byte(out, (uint8_t)(bell->data.len >> 8))) != TG_OK ||
        (err = tg_buf_byte(out, (uint8_t)bell->data.len)) != TG_OK)
        return err;
    return tg_buf_append(out, bell->data);
}

enum tg_err
doorbell_write_dead(const struct doorbell_mark *mark, struct tg_buf *out)
{
    enum tg_err err = tg_buf_byte(out, KIND_DEAD);

    return err != TG_OK ? err : tg_buf_append(out, TG_SPAN_ARRAY(mark->bytes));
}

/* ---- reading ----------------------------------------------------------- */

/* The next `len` bytes of what is left; false when there are not so many. */
static bool
cut(struct tg_span *left, size_t len, struct tg_span *out)
{
    if (left->len < len)
        return false;
    *out = (struct tg_span){left->ptr, len};
    *left = (struct tg_span){left->ptr + len, left->len - len};
    return true;
}

/* A number of `width` bytes. */
static bool
cut_number(struct tg_span *left, size_t width, uint64_t *out)
{
    struct tg_span bytes;

    if (!cut(left, width, &bytes))
        return false;
    *out = 0;
    for (size_t i = 0; i < width; i++)
        *out = *out << 8 | bytes.ptr[i];
    return true;
}

static bool
is_kind(struct tg_span *left, uint8_t kind)
{
    struct tg_span first;

    return cut(left, 1, &first) && first.ptr[0] == kind;
}

enum tg_err
doorbell_read_ring(struct tg_span packet, struct doorbell *out)
{
    struct doorbell bell;
    struct tg_span left = packet;
    uint64_t until, type_len, data_len;

    if (!is_kind(&left, KIND_RING) || !cut_number(&left, UNTIL_LEN, &until) ||
        !cut_number(&left, 1, &type_len) ||
        !cut(&left, type_len, &bell.type) ||
        !cut_number(&left, 2, &data_len) ||
        !cut(&left, data_len, &bell.data) || left.len != 0)
        return TG_E_FORMAT;
    if (until > (uint64_t)until_most)
        return TG_E_LIMIT;
    bell.until = (tg_time_s)until;
    if (!is_bell(&bell))
        return TG_E_LIMIT;
    *out = bell;
    return TG_OK;
}

enum tg_err
doorbell_read_dead(struct tg_span packet, struct doorbell_mark *out)
{
    struct tg_span left = packet;
    struct tg_span mark;

    if (!is_kind(&left, KIND_DEAD) || !cut(&left, DOORBELL_MARK_LEN, &mark) ||
        left.len != 0)
        return TG_E_FORMAT;
    memcpy(out->bytes, mark.ptr, sizeof(out->bytes));
    return TG_OK;
}

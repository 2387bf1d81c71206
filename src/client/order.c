/* See <tigress/order.h>. */
#include <tigress/order.h>

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/provisioning.h"

/* The layout of tg_order_save(): version, role, flags, count, the highest
 * sequence (8 bytes, big-endian), the accepted hash, `count` written hashes. */
enum {
    SAVED_VERSION = 1,
    SAVED_HEAD_LEN = 12 + SHA256_LEN,
    FLAG_ACCEPTED = 1,
    FLAG_WROTE = 2
};

struct hash {
    uint8_t bytes[SHA256_LEN];
};

struct tg_order {
    enum tg_role role;
    bool has_accepted;
    bool has_written;      /* ever */
    int64_t highest;       /* sequence, of both sides */
    struct hash accepted;  /* the other side's last message */
    size_t written_count;  /* what the other side may still name */
    struct hash written[TG_ORDER_WRITTEN_MAX]; /* oldest first */
};

enum tg_err
tg_order_new(enum tg_role role, struct tg_order **out)
{
    struct tg_order *order = tg_alloc(sizeof(*order));

    if (order == NULL)
        return TG_E_NOMEM;
    order->role = role;
    *out = order;
    return TG_OK;
}

void
tg_order_free(struct tg_order *order)
{
    tg_free(order);
}

enum tg_err
tg_order_save(const struct tg_order *order, struct tg_buf *out)
{
    uint8_t head[12] = {
        SAVED_VERSION, (uint8_t)order->role,
        (uint8_t)((order->has_accepted ? FLAG_ACCEPTED : 0) |
                  (order->has_written ? FLAG_WROTE : 0)),
        (uint8_t)order->written_count};
    size_t hashes_len = order->written_count * SHA256_LEN;
    enum tg_err err;

    for (int i = 0; i < 8; i++)
        head[4 + i] = (uint8_t)((uint64_t)order->highest >> (56 - 8 * i));
    if ((err = tg_buf_reserve(out, SAVED_HEAD_LEN + hashes_len)) != TG_OK)
        return err;
    memcpy(out->ptr + out->len, head, sizeof(head));
    memcpy(out->ptr + out->len + 12, order->accepted.bytes, SHA256_LEN);
    memcpy(out->ptr + out->len + SAVED_HEAD_LEN, order->written, hashes_len);
    out->len += SAVED_HEAD_LEN + hashes_len;
    return TG_OK;
}

static bool
is_saved_form(struct tg_span saved)
{
    return saved.len >= SAVED_HEAD_LEN && saved.ptr[0] == SAVED_VERSION &&
           (saved.ptr[1] == TG_INITIATOR || saved.ptr[1] == TG_RECIPIENT) &&
           saved.ptr[2] <= (FLAG_ACCEPTED | FLAG_WROTE) &&
           saved.ptr[3] <= TG_ORDER_WRITTEN_MAX &&
           saved.len == SAVED_HEAD_LEN + (size_t)saved.ptr[3] * SHA256_LEN;
}

enum tg_err
tg_order_load(struct tg_span saved, struct tg_order **out)
{
    struct tg_order *order;
    uint64_t highest = 0;

    if (!is_saved_form(saved))
        return TG_E_FORMAT;
    for (int i = 0; i < 8; i++)
        highest = highest << 8 | saved.ptr[4 + i];
    if (highest > PROVISIONING_SEQUENCE_MAX)
        return TG_E_FORMAT;
    if ((order = tg_alloc(sizeof(*order))) == NULL)
        return TG_E_NOMEM;
    order->role = (enum tg_role)saved.ptr[1];
    order->has_accepted = (saved.ptr[2] & FLAG_ACCEPTED) != 0;
    order->has_written = (saved.ptr[2] & FLAG_WROTE) != 0;
    order->written_count = saved.ptr[3];
    order->highest = (int64_t)highest;
    memcpy(order->accepted.bytes, saved.ptr + 12, SHA256_LEN);
    memcpy(order->written, saved.ptr + SAVED_HEAD_LEN,
           order->written_count * SHA256_LEN);
    *out = order;
    return TG_OK;
}

static void
remember_written(struct tg_order *order, const struct hash *hash)
{
    if (order->written_count == TG_ORDER_WRITTEN_MAX) {
        memmove(order->written, order->written + 1,
                (TG_ORDER_WRITTEN_MAX - 1) * sizeof(*hash));
        order->written_count--;
    }
    order->written[order->written_count++] = *hash;
    order->has_written = true;
}

enum tg_err
tg_order_write(struct tg_order *order, const char *format,
               struct tg_span content, struct tg_buf *out)
{
    struct provisioning_place place = {
        .direction = order->role,
        .sequence = order->highest + 1,
        .has_previous = order->has_accepted,
    };
    struct hash hash;
    struct tg_span text;
    size_t before = out->len;
    enum tg_err err;

    if (place.sequence > PROVISIONING_SEQUENCE_MAX)
        return TG_E_LIMIT;
    memcpy(place.previous, order->accepted.bytes, SHA256_LEN);
    if ((err = provisioning_format(format, content, &place, out)) != TG_OK)
        return err;
    text = (struct tg_span){out->ptr + before, out->len - before};
    if ((err = hash_sha256(&text, 1, hash.bytes)) != TG_OK) {
        out->len = before;
        return err;
    }
    order->highest = place.sequence;
    remember_written(order, &hash);
    return TG_OK;
}

/* Judge `previous`. *named is the index of the message that it names. */
static bool
previous_fits(const struct tg_order *order,
              const struct provisioning_place *place, size_t *named)
{
    *named = 0;
    if (!place->has_previous)
        return !order->has_written;
    for (size_t i = 0; i < order->written_count; i++) {
        if (memcmp(order->written[i].bytes, place->previous, SHA256_LEN) == 0) {
            *named = i;
            return true;
        }
    }
    return false;
}

/* What was written before the message that the other side has seen can never
 * be named again. */
static void
forget_before(struct tg_order *order, size_t named)
{
    order->written_count -= named;
    memmove(order->written, order->written + named,
            order->written_count * sizeof(order->written[0]));
}

enum tg_err
tg_order_accept(struct tg_order *order, const struct tg_provisioning *message,
                bool accept_plain)
{
    const struct provisioning_place *place = provisioning_place(message);
    struct tg_span text = tg_provisioning_text(message);
    struct hash hash;
    size_t named = 0;
    enum tg_err err;

    if (place == NULL) {
        if (!accept_plain)
            return TG_E_REPLAY;
    } else if (place->direction == order->role ||
               place->sequence <= order->highest ||
               !previous_fits(order, place, &named)) {
        return TG_E_REPLAY;
    }
    if ((err = hash_sha256(&text, 1, hash.bytes)) != TG_OK)
        return err;
    if (place != NULL) {
        order->highest = place->sequence;
        forget_before(order, named);
    }
    order->accepted = hash;
    order->has_accepted = true;
    return TG_OK;
}

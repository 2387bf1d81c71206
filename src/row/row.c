/* See row.h. The encodings are in row_codec.c, the keys in row_keys.c. */
#include "row/row.h"

#include <assert.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "row/row_codec.h"

/* Behind the encoding comes this byte, then zeros up to the size class. */
enum { PAD_MARK = 0x80 };

enum { PAGE = 4096 };

/* Sizes of a padded encoding. The small ones fit a store with pages of 4 KiB:
 * with nonce, tag and a store's own 40 bytes, three rows of 1280 or two of
 * 1920 share a page and need no page of their own. The first is for the memory
 * of a create. */
static const size_t small_classes[] = {64, 512, 1280, 1920};

/* Above them whole pages, less what comes around the encoding; above 32 KiB
 * coarser still. */
enum { AROUND = 128, FINE_STEP = PAGE, COARSE_STEP = 8 * PAGE };

static size_t
round_up(size_t len, size_t step)
{
    return (len + step - 1) / step * step;
}

static size_t
padded_len(size_t len)
{
    size_t count = sizeof(small_classes) / sizeof(small_classes[0]);

    for (size_t i = 0; i < count; i++)
        if (len <= small_classes[i])
            return small_classes[i];
    if (len + AROUND <= COARSE_STEP)
        return round_up(len + AROUND, FINE_STEP) - AROUND;
    return round_up(len + AROUND, COARSE_STEP) - AROUND;
}

static enum tg_err
pad(struct tg_buf *plain)
{
    size_t padded = padded_len(plain->len + 1);
    enum tg_err err;

    if ((err = tg_buf_reserve(plain, padded - plain->len)) != TG_OK)
        return err;
    plain->ptr[plain->len] = PAD_MARK;
    memset(plain->ptr + plain->len + 1, 0, padded - plain->len - 1);
    plain->len = padded;
    return TG_OK;
}

/* What lies in front of the padding. */
static enum tg_err
unpad(struct tg_span padded, struct tg_span *out)
{
    size_t len = padded.len;

    while (len > 0 && padded.ptr[len - 1] == 0)
        len--;
    if (len == 0 || padded.ptr[len - 1] != PAD_MARK ||
        padded.len != padded_len(len))
        return TG_E_FORMAT;
    *out = (struct tg_span){padded.ptr, len - 1};
    return TG_OK;
}

/* The key of one row: of no use without the hour's key, nor without the
 * identifier that the sealing key comes from. */
static enum tg_err
row_key(const struct row_keys *keys, const struct hour_keys *hours,
        tg_time_s expires, bool create, struct aead_key *out)
{
    TG_WIPED(struct hour_key, hour);
    const struct tg_span sealing = TG_SPAN_ARRAY(keys->sealing);
    enum tg_err err;

    if ((err = hours->get(hours->self, expires, create, &hour)) != TG_OK)
        return err;
    out->len = SHA256_LEN;
    return hash_hmac(TG_SPAN_ARRAY(hour.bytes), &sealing, 1, out->bytes);
}

/* Lookup key ‖ expiry second: a row cannot be moved to another place, nor
 * given a longer life. */
struct associated {
    uint8_t bytes[STORE_KEY_LEN + 8];
};

static struct associated
associated_data(const struct row_keys *keys, tg_time_s expires)
{
    struct associated ad;

    memcpy(ad.bytes, keys->lookup.bytes, STORE_KEY_LEN);
    for (size_t i = 0; i < 8; i++)
        ad.bytes[STORE_KEY_LEN + i] =
            (uint8_t)((uint64_t)expires >> (8 * (7 - i)));
    return ad;
}

static enum tg_err
seal(const struct row_keys *keys, const struct hour_keys *hours,
     tg_time_s expires, struct tg_buf *plain, struct tg_buf *blob)
{
    TG_WIPED(struct aead_key, key);
    const struct associated ad = associated_data(keys, expires);
    enum tg_err err;

    if ((err = pad(plain)) != TG_OK)
        return err;
    if ((err = row_key(keys, hours, expires, true, &key)) != TG_OK)
        return err;
    return aead_seal(&key, TG_SPAN_ARRAY(ad.bytes), tg_span_buf(plain), blob);
}

static enum tg_err
open_row(const struct row_keys *keys, const struct hour_keys *hours,
         const struct store_row *row, struct tg_buf *plain,
         struct tg_span *encoding)
{
    TG_WIPED(struct aead_key, key);
    const struct associated ad = associated_data(keys, row->expires);
    enum tg_err err;

    if ((err = row_key(keys, hours, row->expires, false, &key)) != TG_OK)
        return err;
    if ((err = aead_open(&key, TG_SPAN_ARRAY(ad.bytes), row->blob, plain)) !=
        TG_OK)
        return err;
    return unpad(tg_span_buf(plain), encoding);
}

enum tg_err
row_seal_mailbox(const struct row_keys *keys, const struct hour_keys *hours,
                 const struct mailbox *mb, struct tg_buf *blob)
{
    struct tg_buf plain = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = row_encode_mailbox(mb, &plain)) == TG_OK)
        err = seal(keys, hours, mb->expires, &plain, blob);
    tg_buf_free(&plain);
    return err;
}

enum tg_err
row_open_mailbox(const struct row_keys *keys, const struct hour_keys *hours,
                 const struct store_row *row, struct tg_buf *plain,
                 struct mailbox *mb)
{
    struct tg_buf opened = TG_BUF_EMPTY;
    struct tg_span encoding;
    struct mailbox decoded;
    enum tg_err err;

    if ((err = open_row(keys, hours, row, &opened, &encoding)) != TG_OK)
        goto out;
    if ((err = row_decode_mailbox(encoding, &decoded)) != TG_OK)
        goto out;
    if (decoded.expires != row->expires) {
        err = TG_E_FORMAT;
        goto out;
    }
    *mb = decoded;
    *plain = opened;
    opened = TG_BUF_EMPTY;
out:
    tg_buf_free(&opened);
    return err;
}

enum tg_err
row_seal_create(const struct row_keys *keys, const struct hour_keys *hours,
                const struct create_memory *memory, struct tg_buf *blob)
{
    struct tg_buf plain = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = row_encode_create(memory, &plain)) == TG_OK)
        err = seal(keys, hours, memory->expires, &plain, blob);
    tg_buf_free(&plain);
    return err;
}

enum tg_err
row_open_create(const struct row_keys *keys, const struct hour_keys *hours,
                const struct store_row *row, struct create_memory *memory)
{
    struct tg_buf opened = TG_BUF_EMPTY;
    struct tg_span encoding;
    struct create_memory decoded;
    enum tg_err err;

    if ((err = open_row(keys, hours, row, &opened, &encoding)) != TG_OK)
        goto out;
    if ((err = row_decode_create(encoding, &decoded)) != TG_OK)
        goto out;
    if (decoded.expires != row->expires) {
        err = TG_E_FORMAT;
        goto out;
    }
    *memory = decoded;
out:
    tg_buf_free(&opened);
    return err;
}

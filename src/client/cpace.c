/* See cpace.h. */
#include "client/cpace.h"

static const char dsi[] = "CPaceRistretto255";
static const char dsi_isk[] = "CPaceRistretto255_ISK";
static const char mac_label[] = "CPaceMac";

enum { BLOCK_LEN = 128 /* what SHA-512 takes at a time */ };

static enum tg_err
append_length(size_t len, struct tg_buf *out)
{
    enum tg_err err;

    for (; len >= 0x80; len >>= 7)
        if ((err = tg_buf_byte(out, (uint8_t)(len | 0x80))) != TG_OK)
            return err;
    return tg_buf_byte(out, (uint8_t)len);
}

static size_t
length_of_length(size_t len)
{
    size_t count = 1;

    for (; len >= 0x80; len >>= 7)
        count++;
    return count;
}

enum tg_err
cpace_lv_cat(const struct tg_span *parts, size_t count, struct tg_buf *out)
{
    enum tg_err err;

    for (size_t i = 0; i < count; i++)
        if ((err = append_length(parts[i].len, out)) != TG_OK ||
            (err = tg_buf_append(out, parts[i])) != TG_OK)
            return err;
    return TG_OK;
}

/* So many zeros that the password and what is before it fill a block: its
 * length does not show in the time of the first one. */
static size_t
padding_len(size_t prs_len)
{
    size_t used = 1 + sizeof(dsi) - 1 + length_of_length(prs_len) + prs_len + 1;

    return used < BLOCK_LEN ? BLOCK_LEN - used : 0;
}

enum tg_err
cpace_generator_string(const struct cpace_inputs *in, struct tg_buf *out)
{
    static const uint8_t zeros[BLOCK_LEN];
    const struct tg_span parts[] = {
        tg_span_text(dsi), in->prs, {zeros, padding_len(in->prs.len)}, in->ci,
        in->sid};

    return cpace_lv_cat(parts, 5, out);
}

enum tg_err
cpace_generator(const struct cpace_inputs *in, struct group_element *out)
{
    TG_WIPED(struct cpace_key, uniform);
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_span span;
    enum tg_err err;

    _Static_assert(sizeof(uniform.bytes) == GROUP_UNIFORM_LEN,
                   "a digest is what an element is derived from");
    if ((err = cpace_generator_string(in, &text)) != TG_OK)
        goto out;
    span = tg_span_buf(&text);
    if ((err = hash_sha512(&span, 1, uniform.bytes)) != TG_OK)
        goto out;
    err = group_derive(uniform.bytes, out);
out:
    tg_buf_free(&text);
    return err;
}

enum tg_err
cpace_transcript(const struct cpace_message *a, const struct cpace_message *b,
                 struct tg_buf *out)
{
    const struct tg_span parts[] = {a->share, a->associated, b->share,
                                    b->associated};

    return cpace_lv_cat(parts, 4, out);
}

enum tg_err
cpace_isk(struct tg_span sid, const struct group_element *product,
          struct tg_span transcript, struct cpace_key *out)
{
    const struct tg_span head[] = {
        tg_span_text(dsi_isk), sid, TG_SPAN_ARRAY(product->bytes)};
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = cpace_lv_cat(head, 3, &text)) == TG_OK) {
        const struct tg_span parts[] = {tg_span_buf(&text), transcript};

        err = hash_sha512(parts, 2, out->bytes);
    }
    tg_buf_free(&text);
    return err;
}

enum tg_err
cpace_tag(struct tg_span sid, const struct cpace_key *isk,
          const struct cpace_message *message, uint8_t out[SHA512_LEN])
{
    const struct tg_span key_parts[] = {tg_span_text(mac_label), sid,
                                        TG_SPAN_ARRAY(isk->bytes)};
    const struct tg_span parts[] = {message->share, message->associated};
    TG_WIPED(struct cpace_key, mac_key);
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_span span;
    enum tg_err err;

    if ((err = cpace_lv_cat(parts, 2, &text)) != TG_OK)
        goto out;
    if ((err = hash_sha512(key_parts, 3, mac_key.bytes)) != TG_OK)
        goto out;
    span = tg_span_buf(&text);
    err = hash_hmac_sha512(TG_SPAN_ARRAY(mac_key.bytes), &span, 1, out);
out:
    tg_buf_free(&text);
    return err;
}

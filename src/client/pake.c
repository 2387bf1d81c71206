/* See <tigress/pin.h>: the state of one run of CPace. cpace.c computes.
 *
 * The generator is not kept: after the share is made nobody needs the PIN. As
 * soon as the other share is there both tags are made, and with that the
 * scalar is not needed any more either, and is wiped. */
#include "client/pake.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

enum { INPUT_MOST = 65536 };

/* The layout of tg_pake_save(): version, role, stage, the share; then, begun:
 * the scalar, and the session and the associated data, each behind its length
 * (4 bytes, big-endian); or, finished: our tag and the other's. */
enum {
    SAVED_VERSION = 1,
    SAVED_HEAD_LEN = 3 + TG_PAKE_SHARE_LEN,
    SAVED_LENGTH_LEN = 4,
    STAGE_BEGUN = 1,
    STAGE_FINISHED = 2
};

struct tg_pake {
    enum tg_role role;
    bool is_finished;
    struct group_element share;

    /* until it is finished */
    struct group_scalar scalar;
    struct tg_buf session;
    struct tg_buf associated;

    /* from then on */
    uint8_t tag[TG_PAKE_TAG_LEN];      /* ours */
    uint8_t expected[TG_PAKE_TAG_LEN]; /* the other's */
};

_Static_assert((int)TG_PAKE_SHARE_LEN == (int)GROUP_ELEMENT_LEN &&
               (int)TG_PAKE_TAG_LEN == (int)SHA512_LEN,
               "the sizes of the public header");

void
tg_pake_free(struct tg_pake *pake)
{
    if (pake == NULL)
        return;
    tg_buf_free(&pake->session);
    tg_buf_free(&pake->associated);
    tg_wipe(pake, sizeof(*pake));
    tg_free(pake);
}

/* The share, for which the password is needed. */
static enum tg_err
make_share(struct tg_pake *pake, const struct cpace_inputs *in)
{
    TG_WIPED(struct group_element, generator);
    enum tg_err err;

    if ((err = cpace_generator(in, &generator)) != TG_OK)
        return err;
    err = group_multiply(&pake->scalar, &generator, &pake->share);
    return err == TG_E_AUTH ? TG_E_CRYPTO : err; /* nobody's fault outside */
}

enum tg_err
pake_begin(enum tg_role role, const struct cpace_inputs *in,
           struct tg_span associated, const struct group_scalar *scalar,
           struct tg_pake **out)
{
    struct tg_pake *pake;
    enum tg_err err;

    assert(role == TG_INITIATOR || role == TG_RECIPIENT);
    if (in->prs.len > INPUT_MOST || in->ci.len > INPUT_MOST ||
        in->sid.len > INPUT_MOST || associated.len > INPUT_MOST)
        return TG_E_LIMIT;
    if ((pake = tg_alloc(sizeof(*pake))) == NULL)
        return TG_E_NOMEM;
    pake->role = role;
    pake->scalar = *scalar;
    if ((err = tg_buf_append(&pake->session, in->sid)) != TG_OK)
        goto out;
    if ((err = tg_buf_append(&pake->associated, associated)) != TG_OK)
        goto out;
    if ((err = make_share(pake, in)) != TG_OK)
        goto out;
    *out = pake;
    pake = NULL;
out:
    tg_pake_free(pake);
    return err;
}

enum tg_err
tg_pake_begin(enum tg_role role, const char *pin, struct tg_span context,
              struct tg_span session, struct tg_span associated,
              struct tg_pake **out)
{
    TG_WIPED(struct group_scalar, scalar);
    struct cpace_inputs in = {.ci = context, .sid = session};
    enum tg_err err;

    if (!tg_pin_is(pin))
        return TG_E_FORMAT;
    in.prs = (struct tg_span){(const uint8_t *)pin, TG_PIN_DIGITS};
    if ((err = group_draw_scalar(&scalar)) != TG_OK)
        return err;
    return pake_begin(role, &in, associated, &scalar, out);
}

struct tg_span
tg_pake_share(const struct tg_pake *pake)
{
    return TG_SPAN_ARRAY(pake->share.bytes);
}

/* ISK, for which our scalar is needed. */
static enum tg_err
make_key(const struct tg_pake *pake, const struct cpace_message *own,
         const struct cpace_message *other, struct cpace_key *out)
{
    const bool is_a = pake->role == TG_INITIATOR;
    TG_WIPED(struct group_element, product);
    struct group_element share;
    struct tg_buf transcript = TG_BUF_EMPTY;
    enum tg_err err;

    memcpy(share.bytes, other->share.ptr, sizeof(share.bytes));
    if ((err = group_multiply(&pake->scalar, &share, &product)) != TG_OK)
        goto out;
    err = cpace_transcript(is_a ? own : other, is_a ? other : own,
                           &transcript);
    if (err != TG_OK)
        goto out;
    err = cpace_isk(tg_span_buf(&pake->session), &product,
                    tg_span_buf(&transcript), out);
out:
    tg_buf_free(&transcript);
    return err;
}

enum tg_err
tg_pake_finish(struct tg_pake *pake, struct tg_span other_share,
               struct tg_span other_associated)
{
    const struct cpace_message own = {tg_pake_share(pake),
                                      tg_span_buf(&pake->associated)};
    const struct cpace_message other = {other_share, other_associated};
    const struct tg_span sid = tg_span_buf(&pake->session);
    TG_WIPED(struct cpace_key, isk);
    enum tg_err err;

    if (pake->is_finished)
        return TG_E_STATE;
    if (other_associated.len > INPUT_MOST)
        return TG_E_LIMIT;
    /* Who echoes our share and data could echo our tag as well: both tags
     * would be the same. */
    if (other_share.len != TG_PAKE_SHARE_LEN ||
        tg_span_equal(other_share, own.share))
        return TG_E_AUTH;
    if ((err = make_key(pake, &own, &other, &isk)) != TG_OK)
        return err;
    if ((err = cpace_tag(sid, &isk, &own, pake->tag)) != TG_OK)
        return err;
    if ((err = cpace_tag(sid, &isk, &other, pake->expected)) != TG_OK)
        return err;
    pake->is_finished = true;
    tg_wipe(&pake->scalar, sizeof(pake->scalar));
    tg_buf_free(&pake->session);
    tg_buf_free(&pake->associated);
    return TG_OK;
}

enum tg_err
tg_pake_tag(const struct tg_pake *pake, struct tg_buf *out)
{
    if (!pake->is_finished)
        return TG_E_STATE;
    return tg_buf_append(out, TG_SPAN_ARRAY(pake->tag));
}

enum tg_err
tg_pake_check(const struct tg_pake *pake, struct tg_span tag)
{
    if (!pake->is_finished)
        return TG_E_STATE;
    if (tag.len != TG_PAKE_TAG_LEN ||
        !tg_equal_secret(tag.ptr, pake->expected, TG_PAKE_TAG_LEN))
        return TG_E_AUTH;
    return TG_OK;
}

static enum tg_err
append_sized(struct tg_buf *out, const struct tg_buf *part)
{
    const uint8_t len[SAVED_LENGTH_LEN] = {
        (uint8_t)(part->len >> 24), (uint8_t)(part->len >> 16),
        (uint8_t)(part->len >> 8), (uint8_t)part->len};
    enum tg_err err;

    if ((err = tg_buf_append(out, TG_SPAN_ARRAY(len))) != TG_OK)
        return err;
    return tg_buf_append(out, tg_span_buf(part));
}

static enum tg_err
append_stage(const struct tg_pake *pake, struct tg_buf *out)
{
    enum tg_err err;

    if (pake->is_finished) {
        if ((err = tg_buf_append(out, TG_SPAN_ARRAY(pake->tag))) != TG_OK)
            return err;
        return tg_buf_append(out, TG_SPAN_ARRAY(pake->expected));
    }
    err = tg_buf_append(out, TG_SPAN_ARRAY(pake->scalar.bytes));
    if (err != TG_OK || (err = append_sized(out, &pake->session)) != TG_OK)
        return err;
    return append_sized(out, &pake->associated);
}

enum tg_err
tg_pake_save(const struct tg_pake *pake, struct tg_buf *out)
{
    const uint8_t head[] = {
        SAVED_VERSION, (uint8_t)pake->role,
        pake->is_finished ? STAGE_FINISHED : STAGE_BEGUN};
    const size_t before = out->len;
    enum tg_err err;

    if ((err = tg_buf_append(out, TG_SPAN_ARRAY(head))) != TG_OK)
        return err;
    if ((err = tg_buf_append(out, tg_pake_share(pake))) != TG_OK ||
        (err = append_stage(pake, out)) != TG_OK) {
        tg_wipe(out->ptr + before, out->len - before);
        out->len = before;
    }
    return err;
}

/* Move `len` bytes from the front of *rest to *out; false when there are
 * fewer. */
static bool
take(struct tg_span *rest, size_t len, struct tg_span *out)
{
    if (rest->len < len)
        return false;
    *out = (struct tg_span){rest->ptr, len};
    rest->ptr += len;
    rest->len -= len;
    return true;
}

static bool
take_array(struct tg_span *rest, uint8_t *out, size_t len)
{
    struct tg_span part;

    if (!take(rest, len, &part))
        return false;
    memcpy(out, part.ptr, len);
    return true;
}

static enum tg_err
take_sized(struct tg_span *rest, struct tg_buf *out)
{
    uint8_t bytes[SAVED_LENGTH_LEN];
    struct tg_span part;
    size_t len = 0;

    if (!take_array(rest, bytes, sizeof(bytes)))
        return TG_E_FORMAT;
    for (size_t i = 0; i < sizeof(bytes); i++)
        len = len << 8 | bytes[i];
    if (len > INPUT_MOST || !take(rest, len, &part))
        return TG_E_FORMAT;
    return tg_buf_append(out, part);
}

static enum tg_err
take_stage(struct tg_pake *pake, struct tg_span *rest)
{
    enum tg_err err;

    if (pake->is_finished)
        return take_array(rest, pake->tag, sizeof(pake->tag)) &&
                       take_array(rest, pake->expected, sizeof(pake->expected))
                   ? TG_OK
                   : TG_E_FORMAT;
    if (!take_array(rest, pake->scalar.bytes, sizeof(pake->scalar.bytes)) ||
        !group_is_scalar(&pake->scalar))
        return TG_E_FORMAT;
    if ((err = take_sized(rest, &pake->session)) != TG_OK)
        return err;
    return take_sized(rest, &pake->associated);
}

static bool
is_saved_head(struct tg_span saved)
{
    return saved.len >= SAVED_HEAD_LEN && saved.ptr[0] == SAVED_VERSION &&
           (saved.ptr[1] == TG_INITIATOR || saved.ptr[1] == TG_RECIPIENT) &&
           (saved.ptr[2] == STAGE_BEGUN || saved.ptr[2] == STAGE_FINISHED);
}

enum tg_err
tg_pake_load(struct tg_span saved, struct tg_pake **out)
{
    struct tg_span rest = saved;
    struct tg_pake *pake;
    uint8_t head[3];
    enum tg_err err = TG_E_FORMAT;

    if (!is_saved_head(saved))
        return TG_E_FORMAT;
    if ((pake = tg_alloc(sizeof(*pake))) == NULL)
        return TG_E_NOMEM;
    if (!take_array(&rest, head, sizeof(head)) ||
        !take_array(&rest, pake->share.bytes, sizeof(pake->share.bytes)) ||
        !group_is_element(&pake->share))
        goto out;
    pake->role = (enum tg_role)head[1];
    pake->is_finished = head[2] == STAGE_FINISHED;
    if ((err = take_stage(pake, &rest)) != TG_OK)
        goto out;
    if (rest.len > 0) {
        err = TG_E_FORMAT;
        goto out;
    }
    *out = pake;
    pake = NULL;
out:
    tg_pake_free(pake);
    return err;
}

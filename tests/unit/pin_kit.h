/* What the tests of <tigress/pin.h> share: two sides that agree. */
#ifndef UNIT_PIN_KIT_H
#define UNIT_PIN_KIT_H

#include <tigress/pin.h>

#include "base/bytes.h"

#define PIN "042917"
#define CONTEXT TG_SPAN_LITERAL("a car key's PIN")
#define SESSION TG_SPAN_LITERAL("a session")
#define OFFER TG_SPAN_LITERAL("the offer")
#define REQUEST TG_SPAN_LITERAL("the request")

/* What one side thinks, and what it was told of the other. */
struct side {
    enum tg_role role;
    const char *pin;
    struct tg_span context;
    struct tg_span session;
    struct tg_span own;
    struct tg_span other;
};

static inline const struct side *
owner_side(void)
{
    static struct side side;

    side = (struct side){TG_INITIATOR, PIN, CONTEXT, SESSION, OFFER, REQUEST};
    return &side;
}

static inline const struct side *
friend_side(void)
{
    static struct side side;

    side = (struct side){TG_RECIPIENT, PIN, CONTEXT, SESSION, REQUEST, OFFER};
    return &side;
}

static inline struct tg_pake *
begin(const struct side *side)
{
    struct tg_pake *pake = NULL;

    assert_int_equal(tg_pake_begin(side->role, side->pin, side->context,
                                   side->session, side->own, &pake),
                     TG_OK);
    return pake;
}

/* What `by` proves, as `to` judges it. */
static inline enum tg_err
judge(const struct tg_pake *to, const struct tg_pake *by)
{
    struct tg_buf tag = TG_BUF_EMPTY;
    enum tg_err err;

    assert_int_equal(tg_pake_tag(by, &tag), TG_OK);
    assert_int_equal(tag.len, TG_PAKE_TAG_LEN);
    err = tg_pake_check(to, tg_span_buf(&tag));
    tg_buf_free(&tag);
    return err;
}

#endif

/* See first.h. */
#include "first.h"

/* Whether this device had something of the share before now. */
static bool
is_known(struct tg_share *share)
{
    struct tg_buf last = TG_BUF_EMPTY;
    bool known = deliver_last(share, &last) != TG_E_NOT_FOUND;

    tg_buf_free(&last);
    return known;
}

static void
forget(struct session *s, const struct tg_share *share)
{
    long long id = tg_share_id(share);

    if (tg_wallet_forget_share(s->wallet, id) != TG_OK)
        output_note(&s->out, "It is still listed as share %lld.", id);
}

/* What cannot be opened here, or is of no kind that is known; also what was
 * written for a device that has begun with it and then gave it back. */
static bool
is_of_no_use(enum tg_err err)
{
    return err == TG_E_UNKNOWN || err == TG_E_AUTH || err == TG_E_FORMAT ||
           err == TG_E_REPLAY;
}

static void
leave(struct session *s, struct tg_share *share, enum tg_err err)
{
    long long id = tg_share_id(share);

    if (err == TG_E_REFUSED || err == TG_E_GONE) {
        forget(s, share);
    } else if (is_of_no_use(err)) {
        if (tg_share_relinquish(share) == TG_OK)
            forget(s, share);
        else
            output_note(&s->out, "It could not be given back yet: \"tigress "
                                 "relinquish %lld\" does.", id);
    } else {
        output_note(&s->out, "It is share %lld: \"tigress resume %lld\" tries "
                             "again.", id, id);
    }
}

int
first_read(struct session *s, struct deliver *d, struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err = tg_share_receive(share, &message);
    int status;

    if (err != TG_OK && is_known(share))
        return session_fail(s, ABOUT_SHARE, err);
    if (err != TG_OK) {
        status = session_fail(s, ABOUT_FIRST, err);
        leave(s, share, err);
        return status;
    }
    output_note_text(&s->out, "Title", tg_share_title(share));
    output_note_text(&s->out, "Description", tg_share_description(share));
    status = deliver_message(s, d, share, message);
    tg_provisioning_free(message);
    return status;
}

/* tigress resume [SHARE] */
#include "commands.h"
#include "each.h"
#include "first.h"
#include "link.h"
#include "relay.h"

/* A share that was only made now has a link that nobody has seen. */
static int
print_resumed(struct session *s, const struct tg_share *share, bool was_new)
{
    if (was_new && tg_share_role(share) == TG_INITIATOR &&
        tg_share_state(share) == TG_SHARE_OPEN)
        return link_announce(s, share, "resumed", false);
    if (s->out.json) {
        struct output_object o = output_begin("resumed");

        output_number(&o, "share", tg_share_id(share));
        output_end(&o);
    }
    output_note(&s->out, "Share %lld: the interrupted step is done.",
                (long long)tg_share_id(share));
    return STATUS_DONE;
}

/* A recipient whose first reading failed has no step that was begun: reading
 * may simply be repeated (R-READ-3). */
static bool
is_unread(struct tg_share *share)
{
    struct tg_buf last = TG_BUF_EMPTY;
    enum tg_err err = deliver_last(share, &last);

    tg_buf_free(&last);
    return tg_share_role(share) == TG_RECIPIENT && err == TG_E_NOT_FOUND;
}

static int
resume(struct session *s, struct tg_share *share, void *self)
{
    struct deliver to_stdout = {NULL, -1};
    bool was_new = tg_share_state(share) == TG_SHARE_NEW;
    enum tg_err err;
    int status;

    (void)self;
    if (tg_share_is_pending(share)) {
        err = tg_share_resume(share);
        if (err != TG_OK)
            return relay_fail(s, share, ABOUT_SHARE, err);
        status = print_resumed(s, share, was_new);
        if (status != STATUS_DONE)
            return status;
    }
    if (session_has_ended(share) || !is_unread(share))
        return STATUS_DONE;
    return first_read(s, &to_stdout, share);
}

int
cmd_resume(struct session *s)
{
    struct tg_share *share = NULL;
    int status = session_open(s, SESSION_KNOWN);

    if (status != STATUS_DONE)
        return status;
    if (s->options->operand_count == 1)
        return each_share(s, resume, NULL);
    status = session_share(s, s->options->operands[1], &share);
    if (status == STATUS_DONE)
        status = resume(s, share, NULL);
    tg_share_close(share);
    return status;
}

/* tigress qr SHARE */
#include "commands.h"
#include "link.h"

/* A link is of use while somebody can still take the share with it. */
static bool
is_usable(const struct tg_share *share)
{
    return !session_has_ended(share) ||
           tg_share_state(share) == TG_SHARE_RELINQUISHED;
}

int
cmd_qr(struct session *s)
{
    struct tg_share *share = NULL;
    int status = session_open(s, SESSION_KNOWN);

    if (status == STATUS_DONE)
        status = session_share(s, s->options->operands[1], &share);
    if (status != STATUS_DONE)
        return status;
    if (is_usable(share))
        status = link_print(s, share, "link", true);
    else
        status = output_fail(&s->out, ABOUT_SHARE, TG_E_GONE, NULL);
    tg_share_close(share);
    return status;
}

/* tigress forget SHARE */
#include <time.h>

#include "commands.h"
#include "ending.h"

/* A share that others can still take is not forgotten: nobody could cancel it
 * any more. One that was never read here is the other side's alone. */
static bool
is_over(const struct tg_share *share)
{
    int64_t expires = tg_share_expires_s(share);

    if (expires == 0)
        return session_has_ended(share) ||
               tg_share_role(share) == TG_RECIPIENT;
    return session_has_ended(share) || expires <= (int64_t)time(NULL);
}

int
cmd_forget(struct session *s)
{
    struct tg_share *share = NULL;
    enum tg_err err = TG_E_STATE;
    int status = session_open(s, SESSION_KNOWN);

    if (status == STATUS_DONE)
        status = session_share(s, s->options->operands[1], &share);
    if (status != STATUS_DONE)
        return status;
    if (is_over(share))
        err = tg_wallet_forget_share(s->wallet, tg_share_id(share));
    if (err == TG_OK)
        ending_print(s, tg_share_id(share), "forgotten",
                     "The share is no longer in the wallet.");
    else
        status = output_fail(&s->out, ABOUT_SHARE, err, NULL);
    tg_share_close(share);
    return status;
}

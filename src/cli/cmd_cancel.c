/* tigress cancel SHARE */
#include "commands.h"
#include "ending.h"

int
cmd_cancel(struct session *s)
{
    static const struct ending cancel = {
        tg_share_cancel, "cancelled",
        "The share is called off. A credential that was already made from it "
        "must be revoked where it is used."};

    return ending_run(s, &cancel);
}

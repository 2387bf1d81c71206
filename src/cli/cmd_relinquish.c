/* tigress relinquish SHARE */
#include "commands.h"
#include "ending.h"

int
cmd_relinquish(struct session *s)
{
    static const struct ending relinquish = {
        tg_share_relinquish, "relinquished",
        "The share is given back: another device can take it with the same "
        "link."};

    return ending_run(s, &relinquish);
}

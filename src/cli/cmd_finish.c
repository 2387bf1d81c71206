/* tigress finish SHARE */
#include "commands.h"
#include "ending.h"

int
cmd_finish(struct session *s)
{
    static const struct ending finish = {
        tg_share_finish, "finished",
        "The share is finished; nothing of it is left at the relay."};

    return ending_run(s, &finish);
}

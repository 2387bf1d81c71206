/* tigress list */
#include "commands.h"
#include "describe.h"
#include "each.h"
#include "text.h"

static int
print(struct session *s, struct tg_share *share, void *self)
{
    char until[OUTPUT_TIME_SIZE];
    bool *any = self;

    if (s->out.json) {
        struct output_object o = output_begin("share");

        describe_members(&o, share);
        output_end(&o);
        return STATUS_DONE;
    }
    if (!*any && !s->out.quiet)
        printf("%5s  %-8s  %-12s  %-20s  %s\n", "SHARE", "ROLE", "STATE",
               "ENDS", "TITLE");
    *any = true;
    describe_time(tg_share_expires_s(share), until);
    printf("%5lld  %-8s  %-12s  %-20s  ", (long long)tg_share_id(share),
           describe_role(share), tg_share_state_name(tg_share_state(share)),
           until);
    text_print(stdout, text_of(tg_share_title(share)));
    putchar('\n');
    return STATUS_DONE;
}

int
cmd_list(struct session *s)
{
    bool any = false;
    int status = session_open(s, SESSION_KNOWN);

    if (status == STATUS_DONE)
        status = each_share(s, print, &any);
    if (status == STATUS_DONE && !any)
        output_note(&s->out, "There is no share in this wallet.");
    return status;
}

/* See ending.h. */
#include "ending.h"

void
ending_print(const struct session *s, int64_t id, const char *event,
             const char *sentence)
{
    if (s->out.json) {
        struct output_object o = output_begin(event);

        output_number(&o, "share", id);
        output_end(&o);
    }
    output_note(&s->out, "%s", sentence);
}

int
ending_run(struct session *s, const struct ending *ending)
{
    struct tg_share *share = NULL;
    enum tg_err err;
    int status = session_open(s, SESSION_KNOWN);

    if (status == STATUS_DONE)
        status = session_share(s, s->options->operands[1], &share);
    if (status != STATUS_DONE)
        return status;
    err = ending->call(share);
    if (err == TG_OK)
        ending_print(s, tg_share_id(share), ending->event, ending->sentence);
    else
        status = session_fail(s, ABOUT_SHARE, err);
    tg_share_close(share);
    return status;
}

/* tigress update SHARE FILE */
#include "commands.h"
#include "input.h"

static int
print_sent(struct session *s, const struct tg_share *share)
{
    if (s->out.json) {
        struct output_object o = output_begin("sent");

        output_number(&o, "share", tg_share_id(share));
        output_end(&o);
    }
    output_note(&s->out, "Sent.");
    return STATUS_DONE;
}

static int
send_message(struct session *s, const struct tg_provisioning *message)
{
    struct tg_share *share = NULL;
    enum tg_err err;
    int status = session_share(s, s->options->operands[1], &share);

    if (status != STATUS_DONE)
        return status;
    err = tg_share_send(share, tg_provisioning_format_name(message),
                        tg_provisioning_content(message));
    if (err == TG_OK)
        status = print_sent(s, share);
    else
        status = session_fail(s, ABOUT_SHARE, err);
    if (err != TG_OK && tg_share_is_pending(share))
        output_note(&s->out, "It is kept and will be sent by \"tigress resume "
                             "%lld\".", (long long)tg_share_id(share));
    tg_share_close(share);
    return status;
}

int
cmd_update(struct session *s)
{
    struct tg_provisioning *message = NULL;
    int status = input_read(s, s->options->operands[2], &message);

    if (status != STATUS_DONE)
        return status;
    status = session_open(s, SESSION_KNOWN);
    if (status == STATUS_DONE)
        status = send_message(s, message);
    tg_provisioning_free(message);
    return status;
}

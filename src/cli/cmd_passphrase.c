/* tigress passphrase */
#include "commands.h"
#include "passphrase.h"

static int
announce(struct session *s, bool sealed)
{
    if (s->out.json) {
        struct output_object o = output_begin("passphrase");

        output_flag(&o, "sealed", sealed);
        output_end(&o);
    }
    if (sealed)
        output_note(&s->out, "The wallet is sealed. Nobody can open it "
                             "without the passphrase, you neither.");
    else
        output_note(&s->out, "The wallet has no passphrase any more: who can "
                             "read its file can use it.");
    return STATUS_DONE;
}

static int
set(struct session *s, const struct files_text *text)
{
    struct tg_span passphrase = {(const uint8_t *)text->ptr, text->len};
    enum tg_err err = tg_wallet_set_passphrase(s->wallet, passphrase);

    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_WALLET, err, NULL);
    return announce(s, text->len > 0);
}

int
cmd_passphrase(struct session *s)
{
    struct files_text text = FILES_TEXT_EMPTY;
    const struct options *o = s->options;
    int status;

    if (o->remove && o->new_passphrase_file != NULL)
        return output_usage(&s->out, "--remove and --new-passphrase-file do "
                                     "not go together.");
    status = session_open(s, SESSION_TO_SHARE);
    if (status == STATUS_DONE && !o->remove)
        status = passphrase_choose(s, &text);
    if (status == STATUS_DONE)
        status = set(s, &text);
    files_text_free(&text);
    return status;
}

/* See passphrase.h. */
#include "passphrase.h"

#include <errno.h>
#include <string.h>

#include "terminal.h"

enum { FILE_MAX = 4096, TRIES = 3 };

static bool
is_standard_input(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* Whether the command reads standard input for something else. */
static bool
needs_input(const struct options *o, enum options_scope command)
{
    switch ((int)command) {
    case OPTIONS_SHARE: return is_standard_input(o->operands[1]);
    case OPTIONS_UPDATE: return is_standard_input(o->operands[2]);
    case OPTIONS_RECEIVE:
        return o->url_file == NULL || is_standard_input(o->url_file);
    default: return is_standard_input(o->new_passphrase_file);
    }
}

int
passphrase_check(struct session *s, enum options_scope command)
{
    if (is_standard_input(s->options->passphrase_file) &&
        needs_input(s->options, command))
        return output_usage(&s->out, "Standard input can be one thing only: "
                                     "put the passphrase in a file.");
    return STATUS_DONE;
}

/* The first line, without its end: blanks belong to a passphrase. */
static void
cut_line(struct files_text *text)
{
    char *end = memchr(text->ptr, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->ptr);

    if (len > 0 && text->ptr[len - 1] == '\r')
        len--;
    explicit_bzero(text->ptr + len, text->len - len);
    text->len = len;
}

static int
read_file(struct session *s, const char *path, struct files_text *out)
{
    enum tg_err err = files_read(path, FILE_MAX, out);

    if (err == TG_E_IO)
        return output_unreadable(
            &s->out, is_standard_input(path) ? NULL : path, errno);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_WALLET, err, NULL);
    cut_line(out);
    return STATUS_DONE;
}

static int
ask(struct session *s, const char *question, struct files_text *out)
{
    enum tg_err err = terminal_ask(question, TG_PASSPHRASE_MAX, out);

    if (err == TG_E_NOT_FOUND)
        err = TG_E_SEALED;
    if (err == TG_E_IO)
        return output_refuse(&s->out, STATUS_SEALED, "passphrase-needed",
                             "The passphrase cannot be read from this "
                             "terminal.");
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_WALLET, err, NULL);
    return STATUS_DONE;
}

static enum tg_err
try(struct session *s, struct files_text *text)
{
    struct tg_span passphrase = {(const uint8_t *)text->ptr, text->len};
    enum tg_err err = tg_wallet_unlock(s->wallet, passphrase);

    files_text_free(text);
    return err;
}

int
passphrase_unlock(struct session *s)
{
    static const char *const questions[TRIES] = {
        "Passphrase of the wallet: ",
        "That is not it. Passphrase of the wallet: ",
        "That is not it. Passphrase of the wallet: "};
    const char *path = s->options->passphrase_file;
    struct files_text text = FILES_TEXT_EMPTY;
    enum tg_err err = TG_E_AUTH;
    int status;

    for (int i = 0; i < TRIES && err == TG_E_AUTH; i++) {
        status = path != NULL ? read_file(s, path, &text)
                              : ask(s, questions[i], &text);
        if (status != STATUS_DONE)
            return status;
        err = try(s, &text);
        if (path != NULL)
            break;
    }
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_WALLET, err, NULL);
    return STATUS_DONE;
}

static bool
is_same(const struct files_text *a, const struct files_text *b)
{
    return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

static int
ask_twice(struct session *s, struct files_text *out)
{
    struct files_text again = FILES_TEXT_EMPTY;
    int status = ask(s, "New passphrase: ", out);

    if (status == STATUS_DONE && out->len > 0)
        status = ask(s, "The same again: ", &again);
    if (status == STATUS_DONE && out->len > 0 && !is_same(out, &again))
        status = output_refuse(&s->out, STATUS_USAGE, "different",
                               "The two were not the same. Nothing was "
                               "changed.");
    files_text_free(&again);
    return status;
}

int
passphrase_choose(struct session *s, struct files_text *out)
{
    const char *path = s->options->new_passphrase_file;
    int status = path != NULL ? read_file(s, path, out) : ask_twice(s, out);

    if (status == STATUS_DONE && out->len == 0)
        status = output_usage(&s->out, "A passphrase cannot be empty. To do "
                                       "without one: --remove.");
    if (status != STATUS_DONE)
        files_text_free(out);
    return status;
}

/* tigress receive */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "commands.h"
#include "deliver.h"
#include "files.h"

/* More than a share URL may have, so that a longer one is told apart from one
 * with much white space around it. */
enum { LINK_MAX_READ = 4096 };

/* Read one line from the terminal without showing it: it would stay in the
 * window for whoever scrolls back. */
static enum tg_err
read_hidden(struct files_text *out)
{
    struct termios shown;
    struct termios hidden;
    char line[LINK_MAX_READ];
    ssize_t len;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return TG_E_IO;
    hidden = shown;
    /* Without ISIG an interrupt cannot leave the terminal without echo. */
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0)
        return TG_E_IO;
    fputs("Paste the link (it is not shown), then press Enter: ", stderr);
    len = read(STDIN_FILENO, line, sizeof line - 1);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    if (len < 0)
        return TG_E_IO;
    out->ptr = strndup(line, (size_t)len);
    explicit_bzero(line, sizeof line);
    if (out->ptr == NULL)
        return TG_E_NOMEM;
    out->len = strcspn(out->ptr, "\r\n");
    return TG_OK;
}

static int
read_link(struct session *s, struct tg_share_url **out)
{
    const char *path = s->options->url_file;
    struct files_text text = FILES_TEXT_EMPTY;
    enum tg_err err;

    if (path == NULL && isatty(STDIN_FILENO))
        err = read_hidden(&text);
    else
        err = files_read_line(path == NULL ? "-" : path, LINK_MAX_READ,
                              &text);
    if (err == TG_OK)
        err = tg_share_url_parse(
            (struct tg_span){(const uint8_t *)text.ptr, text.len}, out);
    files_text_free(&text);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_LINK, err,
                           err == TG_E_IO ? strerror(errno) : NULL);
    return STATUS_DONE;
}

/* Whether this device had the share before now: then a refusal is about the
 * share, and nothing is given back or forgotten. */
static bool
is_known(struct tg_share *share)
{
    struct tg_buf last = TG_BUF_EMPTY;
    bool known = deliver_last(share, &last) != TG_E_NOT_FOUND;

    tg_buf_free(&last);
    return known;
}

/* What cannot be opened or understood here is left for another device (§11),
 * and what never was ours leaves the wallet. */
static void
leave(struct session *s, struct tg_share *share, enum tg_err err)
{
    int64_t id = tg_share_id(share);
    bool forget = err == TG_E_REFUSED || err == TG_E_GONE;

    if (err == TG_E_UNKNOWN || err == TG_E_AUTH || err == TG_E_FORMAT) {
        enum tg_err given_back = tg_share_relinquish(share);

        forget = given_back == TG_OK;
        if (!forget)
            output_note(&s->out, "It could not be given back yet: \"tigress "
                                 "relinquish %lld\" does.", (long long)id);
    }
    tg_share_close(share);
    if (forget && tg_wallet_forget_share(s->wallet, id) != TG_OK)
        output_note(&s->out, "It is still listed as share %lld.",
                    (long long)id);
}

static int
fail(struct session *s, struct tg_share *share, enum tg_err err)
{
    int64_t id = tg_share_id(share);
    int status;

    if (err == TG_E_NO_NEWS || is_known(share)) {
        status = session_fail(s, ABOUT_SHARE, err);
        tg_share_close(share);
        return status;
    }
    status = session_fail(s, ABOUT_FIRST, err);
    if (status == STATUS_UNREACHABLE)
        output_note(&s->out, "It is share %lld: \"tigress resume %lld\" tries "
                             "again.", (long long)id, (long long)id);
    leave(s, share, err);
    return status;
}

/* The information is safe on this device: the mailbox may go (§12). */
static int
finish(struct session *s, struct tg_share *share)
{
    enum tg_err err;

    if (!s->options->finish)
        return STATUS_DONE;
    err = tg_share_finish(share);
    return err == TG_OK ? STATUS_DONE : session_fail(s, ABOUT_SHARE, err);
}

static int
receive(struct session *s, struct deliver *d, const struct tg_share_url *url)
{
    struct tg_share *share = NULL;
    struct tg_provisioning *message = NULL;
    enum tg_err err = tg_share_accept(s->wallet, s->client, url, &share);
    int status;

    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_LINK, err, tg_share_url_relay(url));
    err = tg_share_receive(share, &message);
    if (err != TG_OK)
        return fail(s, share, err);
    output_note_text(&s->out, "Title", tg_share_title(share));
    output_note_text(&s->out, "Description", tg_share_description(share));
    status = deliver_message(s, d, share, message);
    if (status == STATUS_DONE)
        status = finish(s, share);
    tg_provisioning_free(message);
    tg_share_close(share);
    return status;
}

int
cmd_receive(struct session *s)
{
    struct tg_share_url *url = NULL;
    struct deliver d;
    int status = read_link(s, &url);

    if (status != STATUS_DONE)
        return status;
    status = deliver_begin(s, &d);
    if (status == STATUS_DONE)
        status = session_open(s);
    if (status == STATUS_DONE)
        status = receive(s, &d, url);
    deliver_end(&d);
    tg_share_url_free(url);
    return status;
}

/* tigress receive */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "first.h"

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
    out->len = strlen(out->ptr);
    files_cut_line(out);
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
    if (err == TG_E_IO)
        return output_unreadable(&s->out, path, errno);
    if (err == TG_OK)
        err = tg_share_url_parse(
            (struct tg_span){(const uint8_t *)text.ptr, text.len}, out);
    files_text_free(&text);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_LINK, err, NULL);
    return STATUS_DONE;
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
    enum tg_err err = tg_share_accept(s->wallet, s->client, url, &share);
    int status;

    if (err != TG_OK) {
        status = output_fail(&s->out, ABOUT_LINK, err, NULL);
        if (err == TG_E_UNTRUSTED)
            output_note_text(&s->out, "Its relay", tg_share_url_relay(url));
        return status;
    }
    status = first_read(s, d, share);
    if (status == STATUS_DONE)
        status = finish(s, share);
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
        status = session_open(s, SESSION_TO_RECEIVE);
    if (status == STATUS_DONE)
        status = receive(s, &d, url);
    deliver_end(&d);
    tg_share_url_free(url);
    return status;
}

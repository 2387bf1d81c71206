/* tigress receive */
#include <errno.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "first.h"
#include "terminal.h"

/* More than a share URL may have, so that a longer one is told apart from one
 * with much white space around it. */
enum { LINK_MAX_READ = 4096 };

/* At a terminal it is not shown: it would stay in the window for whoever
 * scrolls back. */
static int
ask(struct session *s, struct files_text *out)
{
    enum tg_err err = terminal_ask("Paste the link (it is not shown), then "
                                   "press Enter: ", LINK_MAX_READ, out);

    if (err == TG_E_NOT_FOUND || err == TG_E_IO)
        return output_refuse(&s->out, STATUS_USAGE, "unreadable",
                             "The link cannot be read from this terminal: "
                             "put it in a file, and name that with "
                             "--url-file.");
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_LINK, err, NULL);
    files_cut_line(out);
    return STATUS_DONE;
}

static int
read_text(struct session *s, struct files_text *out)
{
    const char *path = s->options->url_file;
    enum tg_err err;

    if (path == NULL && isatty(STDIN_FILENO))
        return ask(s, out);
    err = files_read_line(path == NULL ? "-" : path, LINK_MAX_READ, out);
    if (err == TG_E_IO)
        return output_unreadable(&s->out, path, errno);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_LINK, err, NULL);
    return STATUS_DONE;
}

static int
read_link(struct session *s, struct tg_share_url **out)
{
    struct files_text text = FILES_TEXT_EMPTY;
    enum tg_err err;
    int status = read_text(s, &text);

    if (status != STATUS_DONE)
        return status;
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

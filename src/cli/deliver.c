/* See deliver.h. */
#include "deliver.h"

#include "files.h"
#include "text.h"

/* Under this name the last message is kept with its share. */
#define LAST "tigress.received"

int
deliver_begin(struct session *s, struct deliver *d)
{
    enum tg_err err;

    *d = (struct deliver){NULL, -1};
    if (s->options->out == NULL)
        return STATUS_DONE;
    err = files_create(s->options->out, &d->fd);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_OUTPUT, err, s->options->out);
    d->path = s->options->out;
    return STATUS_DONE;
}

void
deliver_end(struct deliver *d)
{
    if (d->fd >= 0)
        files_discard(d->path, d->fd);
    d->fd = -1;
}

int
deliver_save(struct session *s, struct deliver *d, struct tg_span text)
{
    enum tg_err err = files_finish(d->path, d->fd, text);

    d->fd = -1;
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_OUTPUT, err, d->path);
    return STATUS_DONE;
}

/* {"format":…,"content":…} and a line end: what an input file looks like.
 * The caller wipes and frees. */
static enum tg_err
compose(const struct tg_provisioning *message, struct files_text *out)
{
    struct files_text text = FILES_TEXT_EMPTY;
    FILE *to = open_memstream(&text.ptr, &text.len);

    if (to == NULL)
        return TG_E_NOMEM;
    fputs("{\"format\":", to);
    text_print_json(to, text_of(tg_provisioning_format_name(message)));
    fputs(",\"content\":", to);
    text_print_compact(to, tg_provisioning_content(message));
    fputs("}\n", to);
    if (fclose(to) != 0) {
        files_text_free(&text);
        return TG_E_NOMEM;
    }
    *out = text;
    return TG_OK;
}

static void
print_event(const struct deliver *d, const struct tg_share *share,
            const struct tg_provisioning *message)
{
    struct output_object o = output_begin("message");

    output_number(&o, "share", tg_share_id(share));
    output_text(&o, "title", tg_share_title(share));
    output_text(&o, "format", tg_provisioning_format_name(message));
    if (d->path == NULL)
        output_json(&o, "content", tg_provisioning_content(message));
    else
        output_text(&o, "file", d->path);
    output_end(&o);
}

/* To the file or to standard output, and say so. */
static int
hand_over(struct session *s, struct deliver *d, const struct tg_share *share,
          const struct tg_provisioning *message, struct tg_span text)
{
    if (d->path != NULL) {
        int status = deliver_save(s, d, text);

        if (status != STATUS_DONE)
            return status;
    }
    if (s->out.json)
        print_event(d, share, message);
    else if (d->path == NULL)
        fwrite(text.ptr, 1, text.len, stdout);
    if (fflush(stdout) != 0)
        return output_fail(&s->out, ABOUT_OUTPUT, TG_E_IO, NULL);
    output_note(&s->out, "Share %lld: the other side has sent something new.",
                (long long)tg_share_id(share));
    if (d->path != NULL)
        output_note_text(&s->out, "Saved in", d->path);
    return STATUS_DONE;
}

int
deliver_message(struct session *s, struct deliver *d, struct tg_share *share,
                const struct tg_provisioning *message)
{
    struct files_text text = FILES_TEXT_EMPTY;
    struct tg_span span;
    enum tg_err err = compose(message, &text);
    int status;

    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    span = (struct tg_span){(const uint8_t *)text.ptr, text.len};
    err = tg_share_put(share, LAST, span);
    if (err != TG_OK) {
        status = output_fail(&s->out, ABOUT_SHARE, err, NULL);
        goto out;
    }
    status = hand_over(s, d, share, message, span);
    if (status != STATUS_DONE)
        goto out;
    err = tg_share_handled(share);
    if (err != TG_OK)
        status = output_fail(&s->out, ABOUT_SHARE, err, NULL);
out:
    files_text_free(&text);
    return status;
}

enum tg_err
deliver_last(struct tg_share *share, struct tg_buf *out)
{
    return tg_share_get(share, LAST, out);
}

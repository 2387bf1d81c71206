/* See link.h. */
#include "link.h"

#include <string.h>
#include <unistd.h>

#include "qr.h"

static bool
wants_colour(const struct options *options)
{
    const char *when = options->color == NULL ? "auto" : options->color;

    if (strcmp(when, "auto") == 0)
        return isatty(STDOUT_FILENO) == 1;
    return strcmp(when, "always") == 0;
}

static void
print_event(const struct tg_share *share, const char *event, const char *url)
{
    struct output_object o = output_begin(event);

    output_number(&o, "share", tg_share_id(share));
    output_text(&o, "url", url);
    output_text(&o, "relay", tg_share_relay(share));
    if (tg_share_expires_s(share) != 0)
        output_time(&o, "expires", tg_share_expires_s(share));
    output_end(&o);
}

int
link_print(struct session *s, const struct tg_share *share, const char *event,
           bool qr)
{
    struct tg_buf url = TG_BUF_EMPTY;
    enum tg_err err = tg_share_invitation(share, &url);

    if (err == TG_OK && s->out.json) {
        print_event(share, event, (const char *)url.ptr);
    } else if (err == TG_OK) {
        puts((const char *)url.ptr);
        if (qr)
            err = qr_draw(stdout, (const char *)url.ptr,
                          wants_colour(s->options));
    }
    tg_buf_free(&url);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    return STATUS_DONE;
}

int
link_announce(struct session *s, const struct tg_share *share,
              const char *event, bool qr)
{
    char until[OUTPUT_TIME_SIZE];

    output_format_time(tg_share_expires_s(share), until);
    output_note(&s->out, "Share %lld is ready until %s. The first device that "
                         "opens this link gets it:",
                (long long)tg_share_id(share), until);
    return link_print(s, share, event, qr);
}

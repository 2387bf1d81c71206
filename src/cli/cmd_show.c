/* tigress show SHARE */
#include "commands.h"
#include "deliver.h"
#include "describe.h"
#include "text.h"

static void
print_line(const char *label, const char *text)
{
    printf("%-13s", label);
    text_print(stdout, text_of(text));
    putchar('\n');
}

static void
print_time(const char *label, int64_t seconds)
{
    char text[OUTPUT_TIME_SIZE];

    describe_time(seconds, text);
    print_line(label, text);
}

static const char *
vertical_name(const struct tg_share *share)
{
    switch (tg_share_vertical(share)) {
    case TG_VERTICAL_GENERAL: return "general";
    case TG_VERTICAL_HOME: return "home";
    case TG_VERTICAL_CAR: return "car";
    }
    return "general";
}

static void
print_text(const struct tg_share *share, struct tg_span last)
{
    printf("%-13s%lld\n", "share", (long long)tg_share_id(share));
    print_line("role", describe_role(share));
    print_line("state", tg_share_state_name(tg_share_state(share)));
    print_line("vertical", vertical_name(share));
    print_line("title", tg_share_title(share));
    print_line("description", tg_share_description(share));
    print_line("image", tg_share_image_url(share));
    print_line("relay", tg_share_relay(share));
    print_time("begun", tg_share_created_s(share));
    print_time("ends", tg_share_expires_s(share));
    print_line("interrupted", tg_share_is_pending(share) ? "yes" : "no");
    if (last.len == 0)
        return;
    printf("%-13s", "received");
    fwrite(last.ptr, 1, last.len, stdout); /* ends with a line feed */
}

static void
print_event(const struct tg_share *share, struct tg_span last)
{
    struct output_object o = output_begin("share");

    describe_members(&o, share);
    output_text(&o, "vertical", vertical_name(share));
    output_text(&o, "description", tg_share_description(share));
    output_text(&o, "image", tg_share_image_url(share));
    output_time(&o, "begun", tg_share_created_s(share));
    if (last.len > 0)
        output_json(&o, "received", last);
    else
        output_text(&o, "received", NULL);
    output_end(&o);
}

/* With --out only the information is wanted. */
static int
show(struct session *s, const struct tg_share *share, struct deliver *d,
     struct tg_span last)
{
    if (d->path != NULL && last.len == 0)
        return output_fail(&s->out, ABOUT_SHARE, TG_E_NO_NEWS, NULL);
    if (d->path != NULL)
        return deliver_save(s, d, last);
    if (s->out.json)
        print_event(share, last);
    else
        print_text(share, last);
    return STATUS_DONE;
}

int
cmd_show(struct session *s)
{
    struct tg_share *share = NULL;
    struct tg_buf last = TG_BUF_EMPTY;
    struct deliver d = {NULL, -1};
    enum tg_err err;
    int status = session_open(s, SESSION_KNOWN);

    if (status == STATUS_DONE)
        status = session_share(s, s->options->operands[1], &share);
    if (status != STATUS_DONE)
        return status;
    err = deliver_last(share, &last);
    if (err != TG_OK && err != TG_E_NOT_FOUND)
        status = output_fail(&s->out, ABOUT_SHARE, err, NULL);
    if (status == STATUS_DONE)
        status = deliver_begin(s, &d);
    if (status == STATUS_DONE)
        status = show(s, share, &d, (struct tg_span){last.ptr, last.len});
    deliver_end(&d);
    tg_buf_free(&last);
    tg_share_close(share);
    return status;
}

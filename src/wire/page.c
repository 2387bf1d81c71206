/* See page.h. No script, no link, no form: everything from the mailbox is
 * text or, for the image, one attribute; and the policy header lets a browser
 * fetch nothing but that image. */
#include "wire/page.h"

#include <string.h>

#include "wire/answer.h"
#include "wire/image_url.h"
#include "wire/page_style.h"

enum {
    HTML_FRAME = 4096,    /* all that is not from the mailbox */
    HTML_ESCAPE_MOST = 6, /* bytes that one byte may become */
    POLICY_FRAME = 512,
    PERCENT_MOST = 3,
    TIMES_SHOWN = 3       /* how often each text is on the page, at most */
};

#define POLICY_START                                                         \
    "default-src 'none'; style-src 'sha256-" PAGE_STYLE_HASH "'; "           \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define POLICY_IMAGE "; img-src https://"

#define HTML_HEAD                                                            \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" \
    "<meta name=\"viewport\" content=\"width=device-width, "                 \
    "initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n"       \
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
#define HTML_STYLE "<style>" PAGE_STYLE "</style>\n"
#define HTML_END   "</div>\n</main>\n</body>\n</html>\n"

struct tg_span
page_style(void)
{
    return TG_SPAN_LITERAL(PAGE_STYLE);
}

/* ---- escaping ---------------------------------------------------------- */

/* The reference for a character that means something in text or in a quoted
 * attribute; NULL when it stands for itself. */
static const char *
reference(uint8_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static enum tg_err
append_escaped(struct tg_buf *html, struct tg_span text)
{
    size_t done = 0;
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < text.len && err == TG_OK; i++) {
        const char *ref = reference(text.ptr[i]);

        if (ref == NULL)
            continue;
        err = tg_buf_append(html,
                            (struct tg_span){text.ptr + done, i - done});
        if (err == TG_OK)
            err = tg_buf_text(html, ref);
        done = i + 1;
    }
    if (err != TG_OK)
        return err;
    return tg_buf_append(html,
                         (struct tg_span){text.ptr + done, text.len - done});
}

/* Literal, escaped text, literal. */
static enum tg_err
append_between(struct tg_buf *html, const char *before, struct tg_span text,
               const char *after)
{
    enum tg_err err;

    if ((err = tg_buf_text(html, before)) != TG_OK)
        return err;
    if ((err = append_escaped(html, text)) != TG_OK)
        return err;
    return tg_buf_text(html, after);
}

/* ---- image and policy -------------------------------------------------- */

/* `lower` is in lower case, as the site's list is. */
static bool
host_is(struct tg_span host, struct tg_span lower)
{
    if (host.len != lower.len)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + ('a' - 'A'));
        if (c != lower.ptr[i])
            return false;
    }
    return true;
}

static bool
host_is_listed(struct tg_span host, const struct wire_site *site)
{
    for (size_t i = 0; i < site->image_host_count; i++)
        if (host_is(host, site->image_hosts[i]))
            return true;
    return site->image_host_count == 0;
}

/* Whether the page may show the image. A policy cannot name an IPv6 literal
 * (CSP Level 3 §2.3.1, host-source), so such an image is left out, too. */
static bool
image_is_shown(struct tg_span text, const struct wire_site *site,
               struct image_url *url)
{
    if (image_url_parse(text, url) != TG_OK)
        return false;
    return url->host.ptr[0] != '[' && host_is_listed(url->host, site);
}

/* What a source expression's path may have as it is. The rest, `;` and `,`
 * above all, would end it: percent-encoded, browsers decode it again. */
static bool
is_policy_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != 0 && strchr("-._~/%:@!$&()+=", c) != NULL);
}

static void
append_policy_path(struct wire_answer *answer, struct tg_span path)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = path.ptr[i];
        const uint8_t encoded[] = {'%', (uint8_t)digits[c >> 4],
                                   (uint8_t)digits[c & 15]};

        if (is_policy_character(c))
            answer_text(answer, (struct tg_span){&c, 1});
        else
            answer_text(answer, TG_SPAN_ARRAY(encoded));
    }
}

/* R-PRE-3. `image` NULL: none is shown. */
static void
add_policy(struct wire_answer *answer, const struct image_url *image)
{
    size_t start = answer->text.len;

    answer_text(answer, TG_SPAN_LITERAL(POLICY_START));
    if (image != NULL) {
        answer_text(answer, TG_SPAN_LITERAL(POLICY_IMAGE));
        answer_text(answer, image->host);
        if (image->port.len > 0)
            answer_text(answer, TG_SPAN_LITERAL(":"));
        answer_text(answer, image->port);
        append_policy_path(answer, image->path);
    }
    answer_header_text(answer, "Content-Security-Policy", start);
}

static enum tg_err
begin_page(unsigned status, const struct wire_ids *ids,
           const struct image_url *image, struct wire_answer *out)
{
    size_t room = POLICY_FRAME;
    enum tg_err err;

    if (image != NULL)
        room += image->host.len + image->port.len +
                image->path.len * PERCENT_MOST;
    if ((err = answer_begin(status, ids, room, out)) != TG_OK)
        return err;
    answer_header(out, "Content-Type", "text/html; charset=utf-8");
    answer_header(out, "Referrer-Policy", "no-referrer");
    answer_header(out, "X-Frame-Options", "DENY");
    answer_header(out, "X-Robots-Tag", "noindex");
    add_policy(out, image);
    return TG_OK;
}

/* ---- the preview ------------------------------------------------------- */

static enum tg_err
append_url(struct tg_buf *html, const struct wire_site *site,
           const struct mailbox_id *id)
{
    char text[TG_UUID_TEXT_LEN + 1];
    enum tg_err err;

    tg_uuid_format(&id->uuid, text);
    err = append_between(html, "<meta property=\"og:url\" content=\"",
                         site->public_origin, "/v1/m/");
    return err == TG_OK ? append_between(html, "", tg_span_text(text),
                                         "\">\n")
                        : err;
}

/* R-PRE-2: what a messenger reads. */
static enum tg_err
append_head(struct tg_buf *html, const struct wire_outcome *outcome,
            const struct wire_site *site, bool with_image)
{
    const struct display_info *display = &outcome->mailbox->display;
    enum tg_err err;

    err = append_between(html, HTML_HEAD "<title>", display->title,
                         "</title>\n");
    if (err == TG_OK)
        err = append_between(html, "<meta property=\"og:title\" content=\"",
                             display->title, "\">\n");
    if (err == TG_OK)
        err = append_between(
            html, "<meta property=\"og:description\" content=\"",
            display->description, "\">\n");
    if (err == TG_OK && with_image)
        err = append_between(html, "<meta property=\"og:image\" content=\"",
                             display->image_url, "\">\n");
    if (err == TG_OK)
        err = tg_buf_text(
            html, "<meta property=\"og:type\" content=\"website\">\n");
    if (err == TG_OK)
        err = append_url(html, site, outcome->mailbox_id);
    return err == TG_OK ? tg_buf_text(html, HTML_STYLE "</head>\n") : err;
}

/* `22 November 2026, 10:00 UTC` from `2026-11-22T10:00:00Z`. */
static enum tg_err
append_time(struct tg_buf *html, tg_time_s t)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    char text[TG_TIME_TEXT_LEN + 1];
    int month;
    int day;

    tg_time_format(t, text);
    month = (text[5] - '0') * 10 + (text[6] - '0');
    day = (text[8] - '0') * 10 + (text[9] - '0');
    return tg_buf_printf(html,
                         "<time datetime=\"%s\">%d %s %.4s, %.5s UTC</time>",
                         text, day, months[month - 1], text, text + 11);
}

static enum tg_err
append_body(struct tg_buf *html, const struct mailbox *mb, bool with_image)
{
    enum tg_err err = tg_buf_text(html, "<body>\n<main>\n");

    if (err == TG_OK && with_image)
        err = append_between(html, "<img alt=\"\" src=\"",
                             mb->display.image_url, "\">\n");
    if (err == TG_OK)
        err = append_between(html, "<div class=\"text\">\n<h1>",
                             mb->display.title, "</h1>\n");
    if (err == TG_OK)
        err = append_between(html, "<p>", mb->display.description, "</p>\n");
    if (err == TG_OK)
        err = tg_buf_text(html, "<p class=\"until\">You can accept it until ");
    if (err == TG_OK)
        err = append_time(html, mb->expires);
    if (err == TG_OK)
        err = tg_buf_text(
            html,
            ".</p>\n<h2>What to do next</h2>\n"
            "<p>Open the link on your phone: the wallet app that it belongs "
            "to takes over from there. Only the first device that accepts "
            "gets it, so do not pass the link on.</p>\n"
            "<p class=\"small\">You did not expect this? Ignore it. Looking "
            "at this page accepts nothing.</p>\n" HTML_END);
    return err;
}

static size_t
preview_room(const struct wire_outcome *outcome, const struct wire_site *site)
{
    const struct display_info *display = &outcome->mailbox->display;
    size_t texts = display->title.len + display->description.len +
                   display->image_url.len + site->public_origin.len;

    return HTML_FRAME + texts * TIMES_SHOWN * HTML_ESCAPE_MOST;
}

enum tg_err
page_preview(const struct wire_outcome *outcome, const struct wire_site *site,
             struct wire_answer *out)
{
    struct tg_span url_text = outcome->mailbox->display.image_url;
    struct wire_answer answer;
    struct image_url url;
    bool with_image = image_is_shown(url_text, site, &url);
    enum tg_err err;

    err = begin_page(200, outcome->ids, with_image ? &url : NULL, &answer);
    if (err != TG_OK)
        return err;
    err = tg_buf_reserve(&answer.body, preview_room(outcome, site));
    if (err == TG_OK)
        err = append_head(&answer.body, outcome, site, with_image);
    if (err == TG_OK)
        err = append_body(&answer.body, outcome->mailbox, with_image);
    if (err != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}

/* ---- nothing there ----------------------------------------------------- */

#define GONE                                                                 \
    HTML_HEAD "<title>This share is no longer available</title>\n"           \
    HTML_STYLE "</head>\n<body>\n<main>\n<div class=\"text\">\n"             \
    "<h1>This share is no longer available</h1>\n"                           \
    "<p class=\"until\">It has been used, withdrawn, or its time is over; "  \
    "or the link is not complete.</p>\n"                                     \
    "<h2>What to do next</h2>\n"                                             \
    "<p class=\"small\">If you still need it, ask the person who sent you "  \
    "the link to share it again.</p>\n" HTML_END

enum tg_err
page_gone(const struct wire_ids *ids, struct wire_answer *out)
{
    struct wire_answer answer;
    enum tg_err err;

    if ((err = begin_page(404, ids, NULL, &answer)) != TG_OK)
        return err;
    if ((err = tg_buf_text(&answer.body, GONE)) != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}

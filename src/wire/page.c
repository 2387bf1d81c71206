/* See page.h. No script, no form, no link but the operator's: everything from
 * the mailbox is text or, for the image, one attribute; and the policy header
 * lets a browser fetch nothing but that image. */
#include "wire/page.h"

#include "wire/answer.h"
#include "wire/document.h"
#include "wire/html.h"
#include "wire/page_policy.h"
#include "wire/page_style.h"
#include "wire/text.h"
#include "wire/words.h"

enum {
    HTML_FRAME = 6144, /* all that is not from the mailbox */
    TIMES_SHOWN = 4    /* how often each text is on the page, at most */
};

/* format-detection: Safari would make a link of a number in a title. */
#define HTML_META                                                            \
    "<head>\n<meta charset=\"utf-8\">\n"                                     \
    "<meta name=\"viewport\" content=\"width=device-width, "                 \
    "initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n"       \
    "<meta name=\"referrer\" content=\"no-referrer\">\n"                     \
    "<meta name=\"format-detection\" content=\"telephone=no, date=no, "     \
    "address=no, email=no\">\n"
#define HTML_STYLE "<style>" PAGE_STYLE "</style>\n</head>\n<body>\n<main>\n"
#define HTML_END   "</div>\n</main>\n</body>\n</html>\n"

#define PROPERTY(name) "<meta property=\"og:" name "\" content=\""
#define PICTURE_SIZE                                                         \
    PROPERTY("image:width") PICTURE_WIDTH "\">\n"                            \
    PROPERTY("image:height") PICTURE_HEIGHT "\">\n"

/* Some messengers show the picture large for this alone. */
#define LARGE_CARD                                                           \
    "<meta name=\"twitter:card\" content=\"summary_large_image\">\n"

struct tg_span
page_style(void)
{
    return TG_SPAN_LITERAL(PAGE_STYLE);
}

/* ---- what all pages have ----------------------------------------------- */

/* `image` NULL: none is shown. */
static enum tg_err
begin_answer(unsigned status, const struct wire_ids *ids,
             const struct words *words, const struct page_image *image,
             struct wire_answer *out)
{
    enum tg_err err;

    err = answer_begin(status, ids, page_policy_room(image), out);
    if (err != TG_OK)
        return err;
    answer_header(out, "Content-Type", "text/html; charset=utf-8");
    answer_header(out, "Content-Language", words->language);
    answer_header(out, "Vary", "Accept-Language");
    answer_header(out, "Referrer-Policy", "no-referrer");
    answer_header(out, "X-Frame-Options", "DENY");
    answer_header(out, "X-Robots-Tag", "noindex");
    page_add_policy(out, image);
    return TG_OK;
}

static enum tg_err
append_start(struct tg_buf *html, const struct words *words,
             struct tg_span title)
{
    enum tg_err err = html_words(html, "<!DOCTYPE html>\n<html lang=\"",
                                 words->language, "\">\n" HTML_META);

    return err == TG_OK ? html_between(html, "<title>", title, "</title>\n")
                        : err;
}

static enum tg_err
append_image(struct tg_buf *html, const char *before,
             const struct page_image *image)
{
    enum tg_err err = html_between(html, before, image->parts[0], "");

    return err == TG_OK ? html_between(html, "", image->parts[1], "\">\n")
                        : err;
}

/* ---- the preview: for messengers --------------------------------------- */

static enum tg_err
append_url(struct tg_buf *html, const struct wire_site *site,
           const struct mailbox_id *id)
{
    char text[TG_UUID_TEXT_LEN + 1];
    enum tg_err err;

    tg_uuid_format(&id->uuid, text);
    err = html_between(html, PROPERTY("url"), site->public_origin, "/v1/m/");
    return err == TG_OK ? html_words(html, "", text, "\">\n") : err;
}

/* R-PRE-2 */
static enum tg_err
append_properties(struct tg_buf *html, const struct wire_outcome *outcome,
                  struct tg_span title, const struct wire_site *site,
                  const struct page_image *image)
{
    enum tg_err err;

    err = html_between(html, PROPERTY("title"), title, "\">\n");
    if (err == TG_OK)
        err = html_between(html, PROPERTY("description"),
                           outcome->mailbox->display.description, "\">\n");
    if (err == TG_OK)
        err = append_image(html, PROPERTY("image"), image);
    if (err == TG_OK && image->is_ours)
        err = tg_buf_text(html, PICTURE_SIZE);
    if (err == TG_OK)
        err = html_between(html, PROPERTY("image:alt"), title, "\">\n");
    if (err == TG_OK)
        err = tg_buf_text(html, PROPERTY("type") "website\">\n" LARGE_CARD);
    return err == TG_OK ? append_url(html, site, outcome->mailbox_id) : err;
}

/* ---- the preview: for people ------------------------------------------- */

/* `22 November 2026, 10:00 UTC` from `2026-11-22T10:00:00Z`. */
static enum tg_err
append_time(struct tg_buf *html, const struct words_time *words, tg_time_s t)
{
    char text[TG_TIME_TEXT_LEN + 1];
    int month;
    int day;

    tg_time_format(t, text);
    month = (text[5] - '0') * 10 + (text[6] - '0');
    day = (text[8] - '0') * 10 + (text[9] - '0');
    return tg_buf_printf(html,
                         "<time datetime=\"%s\">%d%s%s%s%.4s%s%.5s%s</time>",
                         text, day, words->after_day,
                         words->months[month - 1], words->after_month, text,
                         words->after_year, text + 11, words->after_clock);
}

static enum tg_err
append_until(struct tg_buf *html, const struct words *words, tg_time_s t)
{
    enum tg_err err = html_words(html, "<p class=\"until\">",
                                 words->before_until, "");

    if (err == TG_OK)
        err = append_time(html, &words->time, t);
    return err == TG_OK ? html_words(html, "", words->after_until, "</p>\n")
                        : err;
}

/* Who wrote the title may have written nothing that shows: mailboxes of other
 * versions have such. Then it is what the credential is. */
static enum tg_err
append_heading(struct tg_buf *html, struct tg_span title,
               const struct words_vertical *vertical)
{
    enum tg_err err;

    if (text_is_blank(title))
        return html_words(html, "<h1>", vertical->kind, "</h1>\n");
    err = html_words(html, "<p class=\"kind\">", vertical->kind, "</p>\n");
    if (err == TG_OK)
        err = html_between(html, "<h1 dir=\"auto\" lang=\"\">", title,
                           "</h1>\n");
    return err;
}

/* In whatever direction its letters run (dir=auto), and in a language that
 * nobody has told us (lang empty). */
static enum tg_err
append_offer(struct tg_buf *html, const struct display_info *display,
             const struct words_vertical *vertical,
             const struct page_image *image)
{
    enum tg_err err = append_image(html, "<img alt=\"\" src=\"", image);

    if (err == TG_OK)
        err = tg_buf_text(html, "<div class=\"text\">\n");
    if (err == TG_OK)
        err = append_heading(html, display->title, vertical);
    return err == TG_OK ? html_between(html, "<p dir=\"auto\" lang=\"\">",
                                       display->description, "</p>\n")
                        : err;
}

/* Where a wallet app is to be had, if the operator says so. */
static enum tg_err
append_store(struct tg_buf *html, struct tg_span url, const char *text)
{
    enum tg_err err;

    if (url.len == 0)
        return TG_OK;
    err = html_between(html, "<p><a rel=\"noreferrer\" href=\"", url, "\">");
    return err == TG_OK ? html_words(html, "", text, "</a></p>\n") : err;
}

static enum tg_err
append_advice(struct tg_buf *html, const struct words *words,
              const struct words_vertical *vertical)
{
    const struct {
        const char *before, *words, *after;
    } parts[] = {
        {"<h2>", words->next, "</h2>\n<ol>\n"},
        {"<li>", vertical->open, "</li>\n"},
        {"<li>", vertical->accept, "</li>\n"},
        {"<li>", words->once, "</li>\n</ol>\n"},
        {"<p>", words->stuck, "</p>\n"},
    };
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (err == TG_OK)
            err = html_words(html, parts[i].before, parts[i].words,
                             parts[i].after);
    return err;
}

static enum tg_err
append_preview(struct tg_buf *html, const struct wire_outcome *outcome,
               const struct wire_site *site, const struct page_image *image)
{
    const struct wire_reader *reader = outcome->reader;
    const struct words *words = words_in(reader->language);
    const struct words_vertical *vertical =
        &words->verticals[reader->vertical];
    const struct mailbox *mb = outcome->mailbox;
    struct tg_span title = text_is_blank(mb->display.title)
                               ? tg_span_text(vertical->kind)
                               : mb->display.title;
    enum tg_err err = append_start(html, words, title);

    if (err == TG_OK)
        err = append_properties(html, outcome, title, site, image);
    if (err == TG_OK)
        err = tg_buf_text(html, HTML_STYLE);
    if (err == TG_OK)
        err = append_offer(html, &mb->display, vertical, image);
    if (err == TG_OK)
        err = append_until(html, words, mb->expires);
    if (err == TG_OK)
        err = append_advice(html, words, vertical);
    if (err == TG_OK)
        err = append_store(html, site->apple_store, words->apple_store);
    if (err == TG_OK)
        err = append_store(html, site->android_store, words->android_store);
    if (err == TG_OK)
        err = html_words(html, "<h2>", words->unwanted, "</h2>\n");
    return err == TG_OK ? html_words(html, "<p class=\"small\">",
                                     words->decline, "</p>\n" HTML_END)
                        : err;
}

static size_t
preview_room(const struct wire_outcome *outcome, const struct wire_site *site)
{
    const struct display_info *display = &outcome->mailbox->display;
    size_t texts = display->title.len + display->description.len +
                   display->image_url.len + site->public_origin.len +
                   site->apple_store.len + site->android_store.len;

    return HTML_FRAME + texts * TIMES_SHOWN * HTML_ESCAPE_MOST;
}

enum tg_err
page_preview(const struct wire_outcome *outcome, const struct wire_site *site,
             struct wire_answer *out)
{
    struct page_image image;
    struct wire_answer answer;
    enum tg_err err;

    page_image_choose(outcome, site, &image);
    err = begin_answer(200, outcome->ids, words_in(outcome->reader->language),
                       &image, &answer);
    if (err != TG_OK)
        return err;
    err = tg_buf_reserve(&answer.body, preview_room(outcome, site));
    if (err == TG_OK)
        err = append_preview(&answer.body, outcome, site, &image);
    if (err != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}

/* ---- nothing there ----------------------------------------------------- */

static enum tg_err
append_gone(struct tg_buf *html, const struct words *words)
{
    enum tg_err err = append_start(html, words, tg_span_text(words->gone));

    if (err == TG_OK)
        err = html_words(html, HTML_STYLE "<div class=\"text\">\n<h1>",
                         words->gone, "</h1>\n");
    if (err == TG_OK)
        err = html_words(html, "<p class=\"until\">", words->why_gone,
                         "</p>\n");
    if (err == TG_OK)
        err = html_words(html, "<h2>", words->next, "</h2>\n");
    return err == TG_OK ? html_words(html, "<p class=\"small\">",
                                     words->ask_again, "</p>\n" HTML_END)
                        : err;
}

enum tg_err
page_gone(const struct wire_ids *ids, const struct wire_reader *reader,
          struct wire_answer *out)
{
    const struct words *words = words_in(reader->language);
    struct wire_answer answer;
    enum tg_err err;

    if ((err = begin_answer(404, ids, words, NULL, &answer)) != TG_OK)
        return err;
    if ((err = append_gone(&answer.body, words)) != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}

/* See html.h. */
#include "wire/html.h"

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
    if (err != TG_OK || done == text.len) /* an empty text may be NULL */
        return err;
    return tg_buf_append(html,
                         (struct tg_span){text.ptr + done, text.len - done});
}

enum tg_err
html_between(struct tg_buf *html, const char *before, struct tg_span text,
             const char *after)
{
    enum tg_err err;

    if ((err = tg_buf_text(html, before)) != TG_OK)
        return err;
    if ((err = append_escaped(html, text)) != TG_OK)
        return err;
    return tg_buf_text(html, after);
}

enum tg_err
html_words(struct tg_buf *html, const char *before, const char *words,
           const char *after)
{
    enum tg_err err;

    if ((err = tg_buf_text(html, before)) != TG_OK)
        return err;
    if ((err = tg_buf_text(html, words)) != TG_OK)
        return err;
    return tg_buf_text(html, after);
}

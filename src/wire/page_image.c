/* See page_image.h. */
#include "wire/page_image.h"

#include "wire/document.h"

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

/* What a browser writes anew the policy cannot name; an address not at all
 * (CSP Level 3 §6.7.2.8, "host-part matches"). */
static bool
is_shown(struct tg_span text, const struct wire_site *site,
         struct image_url *url)
{
    if (image_url_parse(text, url) != TG_OK)
        return false;
    return !image_url_is_rewritten(url) && host_is_listed(url->host, site);
}

/* Whether it is one of the relay's own that whoever shares has named. */
static bool
is_picture(struct tg_span text, const struct wire_site *site,
           enum wire_document picture)
{
    struct tg_span origin = site->public_origin;
    struct tg_span start = {text.ptr, origin.len};

    if (text.len < origin.len || !tg_span_equal(start, origin))
        return false;
    return tg_span_is(
        (struct tg_span){text.ptr + origin.len, text.len - origin.len},
        document_path(picture));
}

void
page_image_choose(const struct wire_outcome *outcome,
                  const struct wire_site *site, struct page_image *out)
{
    struct tg_span text = outcome->mailbox->display.image_url;
    enum wire_document picture = document_picture(outcome->reader->vertical);
    bool is_ours = false;

    for (unsigned i = 0; i < WIRE_VERTICALS && !is_ours; i++) {
        enum wire_document named = document_picture((enum wire_vertical)i);

        is_ours = is_picture(text, site, named);
        picture = is_ours ? named : picture;
    }
    *out = (struct page_image){.parts = {text}};
    if (!is_ours && is_shown(text, site, &out->url))
        return;
    out->is_ours = true;
    out->parts[0] = site->public_origin;
    out->parts[1] = tg_span_text(document_path(picture));
}

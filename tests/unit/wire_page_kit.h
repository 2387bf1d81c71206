/* What the tests of pages share: sites, and previews of what they say. */
#ifndef WIRE_PAGE_KIT_H
#define WIRE_PAGE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"
#include "wire/page.h"

static const struct tg_span listed_hosts[] = {
    TG_SPAN_LITERAL("img.example"), TG_SPAN_LITERAL("cdn.example")};

static const struct wire_site open_site = {
    .public_origin = TG_SPAN_LITERAL("https://relay.example"),
};
static const struct wire_site strict_site = {
    .public_origin = TG_SPAN_LITERAL("https://relay.example"),
    .image_hosts = listed_hosts,
    .image_host_count = 2,
};

static const struct wire_reader english = {LANGUAGE_ENGLISH, VERTICAL_GENERAL};

static inline struct wire_answer
preview_for(const struct wire_reader *reader, const struct wire_site *site,
            const char *title, const char *description, const char *image_url)
{
    struct mailbox mailbox = {
        .exists = true,
        .expires = 1644332242, /* 2022-02-08T14:57:22Z */
        .display = {tg_span_text(title), tg_span_text(description),
                    tg_span_text(image_url)},
    };
    struct mailbox_id id = {kit_uuid(ID_SENT)};
    struct wire_ids ids = {0};
    struct wire_outcome outcome = {.call = CALL_DISPLAY,
                                   .outcome = RELAY_DONE,
                                   .mailbox = &mailbox,
                                   .mailbox_id = &id,
                                   .ids = &ids,
                                   .reader = reader};
    struct wire_answer out;

    assert_int_equal(wire_answer(&outcome, site, &out), TG_OK);
    return out;
}

static inline struct wire_answer
preview(const struct wire_site *site, const char *title,
        const char *description, const char *image_url)
{
    return preview_for(&english, site, title, description, image_url);
}

static inline struct wire_answer
preview_of_image(const struct wire_site *site, const char *url)
{
    return preview(site, "t", "d", url);
}

static inline void
assert_has(const struct wire_answer *out, const char *part)
{
    if (!kit_has(tg_span_buf(&out->body), part))
        fail_msg("no “%s” in:\n%.*s", part, (int)out->body.len,
                 (const char *)out->body.ptr);
}

static inline void
assert_has_not(const struct wire_answer *out, const char *part)
{
    if (kit_has(tg_span_buf(&out->body), part))
        fail_msg("“%s” in:\n%.*s", part, (int)out->body.len,
                 (const char *)out->body.ptr);
}

#endif

/* The one picture of a page: the mailbox's own, when the operator and the
 * browser's policy allow it, or else the relay's for the vertical. Internal to
 * wire/. */
#ifndef WIRE_PAGE_IMAGE_H
#define WIRE_PAGE_IMAGE_H

#include "wire/image_url.h"
#include "wire/wire.h"

struct page_image {
    bool is_ours;         /* of known size */
    struct image_url url; /* the mailbox's, taken apart */
    /* The whole URL, for attributes: one after the other, borrowed. */
    struct tg_span parts[2];
};

void page_image_choose(const struct wire_outcome *outcome,
                       const struct wire_site *site, struct page_image *out);

#endif

/* What a browser may fetch for a page: its one image and nothing else
 * (R-PRE-3). Internal to wire/. */
#ifndef WIRE_PAGE_POLICY_H
#define WIRE_PAGE_POLICY_H

#include "wire/image_url.h"
#include "wire/wire.h"

/* Whether the page may show the image. */
bool page_image_is_shown(struct tg_span text, const struct wire_site *site,
                         struct image_url *url);

/* Add the header. `image` NULL: none is shown. Room that it takes in the
 * answer's text: page_policy_room(). */
void page_add_policy(struct wire_answer *answer,
                     const struct image_url *image);
size_t page_policy_room(const struct image_url *image);

#endif

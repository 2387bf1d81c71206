/* What a browser may fetch for a page: its one image and nothing else
 * (R-PRE-3). Internal to wire/. */
#ifndef WIRE_PAGE_POLICY_H
#define WIRE_PAGE_POLICY_H

#include "wire/page_image.h"

/* Add the header. `image` NULL: none is shown. Room that it takes in the
 * answer's text: page_policy_room(). */
void page_add_policy(struct wire_answer *answer,
                     const struct page_image *image);
size_t page_policy_room(const struct page_image *image);

#endif

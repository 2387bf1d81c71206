/* The URL of the preview's image: judged once at create (R-CREATE-2), taken
 * apart again for the page's policy (R-PRE-3). */
#ifndef WIRE_IMAGE_URL_H
#define WIRE_IMAGE_URL_H

#include <stdbool.h>

#include "base/bytes.h"

/* Borrowed from the URL's text. */
struct image_url {
    struct tg_span host; /* without port, as written */
    struct tg_span port; /* empty when none */
    struct tg_span path; /* with its slash, without query; may be empty */
};

/* An absolute https URL (RFC 3986), ASCII, with a host and without user
 * information. Stricter than browsers, so that none of them reads another
 * host than we do: no percent-encoding in the host, no empty label, no
 * backslash, no characters outside the grammar.
 * TG_E_FORMAT, TG_E_LIMIT (LIMIT_IMAGE_URL); *out is then untouched. */
TG_MUST_USE enum tg_err image_url_parse(struct tg_span text,
                                        struct image_url *out);

/* Whether browsers write such a URL anew before they use it (URL Standard §4),
 * so that a policy with what was written would not match:
 * - its host is an address: a literal one in brackets, or a name whose last
 *   label is a number, decimal or behind `0x`. 127.1 becomes 127.0.0.1;
 * - its path has a segment of one or two dots, which may be `%2e`. */
bool image_url_is_rewritten(const struct image_url *url);

/* NULL when images may come from `host`, as the host of such a URL; otherwise
 * what is wrong with it and what would be right, a literal that goes on with
 * “… is no host of images: ”. */
const char *image_url_host_fault(struct tg_span host);

#endif

/* Text in HTML: everything that is not ours is escaped on its way. */
#ifndef WIRE_HTML_H
#define WIRE_HTML_H

#include "base/bytes.h"

enum { HTML_ESCAPE_MOST = 6 }; /* bytes that one byte may become */

/* Append `before`, `text` escaped, `after`. TG_E_NOMEM. */
TG_MUST_USE enum tg_err html_between(struct tg_buf *html, const char *before,
                                     struct tg_span text, const char *after);

/* The same with our own words between, as they are. TG_E_NOMEM. */
TG_MUST_USE enum tg_err html_words(struct tg_buf *html, const char *before,
                                   const char *words, const char *after);

#endif

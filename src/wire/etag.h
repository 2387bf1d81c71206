/* Entity tags (RFC 9110 §8.8.3) and the lists of them in conditions. */
#ifndef WIRE_ETAG_H
#define WIRE_ETAG_H

#include "base/bytes.h"
#include "relay/mailbox.h"

/* How tags are compared (RFC 9110 §8.8.3.2): strongly, a weak tag never
 * matches; weakly, weakness does not count. */
enum etag_comparison { ETAG_STRONG, ETAG_WEAK };

/* Parse the value of If-Match or If-None-Match: `*` or a list of tags. Those
 * that can match no version of ours are left out.
 * TG_E_FORMAT; TG_E_LIMIT when more than LIMIT_ETAGS are left. *out is then
 * untouched. Source: RFC 9110 §13.1.1, §13.1.2; list syntax §5.6.1.2. */
TG_MUST_USE enum tg_err etag_parse_condition(struct tg_span value,
                                             enum etag_comparison comparison,
                                             struct etag_condition *out);

/* Write the tag of a version: its number, quoted; and a NUL. */
enum { ETAG_TEXT_MOST = 22 };
size_t etag_format(uint64_t version, char out[ETAG_TEXT_MOST + 1]);

#endif

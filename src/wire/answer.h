/* What every answer begins with, and its headers. Internal to wire/. */
#ifndef WIRE_ANSWER_H
#define WIRE_ANSWER_H

#include "wire/wire.h"

/* Start an answer: status, the headers that all have (R-TLS-2, R-HDR-1), and
 * room for `text_room` bytes of header values that are no literals.
 *   ids  echoed request id; may be NULL
 * TG_E_NOMEM: nothing to release. */
TG_MUST_USE enum tg_err answer_begin(unsigned status,
                                     const struct wire_ids *ids,
                                     size_t text_room,
                                     struct wire_answer *out);

/* Add a header with a literal value, or change it if it is there. */
void answer_header(struct wire_answer *answer, const char *name,
                   const char *value);

/* Add a header whose value is what answer->text has from `start` on. It was
 * written within the room asked for at the beginning. */
void answer_header_text(struct wire_answer *answer, const char *name,
                        size_t start);

/* Add a header whose value lives longer than the answer. */
void answer_header_span(struct wire_answer *answer, const char *name,
                        struct tg_span value);

/* Append to answer->text, within its room. */
void answer_text(struct wire_answer *answer, struct tg_span text);

/* Preference-Applied with the seconds that were granted (R-WAIT-1), if the call
 * asked for any; needs ANSWER_WAIT_MOST bytes of room. `ids` may be NULL. */
enum { ANSWER_WAIT_MOST = sizeof("wait=60") };
void answer_wait(struct wire_answer *answer, const struct wire_ids *ids);

/* ETag of a version; needs ETAG_TEXT_MOST bytes of room. */
void answer_etag(struct wire_answer *answer, uint64_t version);

#endif

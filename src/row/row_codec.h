/* The plain encodings of what a row holds: compact, versioned, strict.
 *
 * All integers are big-endian. Lengths are bounded by relay/limits.h in both
 * directions, flags that are not defined are refused, and every byte belongs
 * to something. row_encode_mailbox() and row_decode_mailbox() are declared in
 * row.h; these are their siblings for the memory of a create.
 */
#ifndef ROW_ROW_CODEC_H
#define ROW_ROW_CODEC_H

#include "relay/mailbox.h"

/* TG_E_NOMEM; appends. */
TG_MUST_USE enum tg_err row_encode_create(const struct create_memory *memory,
                                          struct tg_buf *out);

/* TG_E_FORMAT: *memory is untouched. */
TG_MUST_USE enum tg_err row_decode_create(struct tg_span bytes,
                                          struct create_memory *memory);

#endif

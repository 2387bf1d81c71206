/* Reading the value of an HTTP field from its front: `rest` is what is left.
 * Source: RFC 9110 §5.6. */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

void field_skip(struct tg_span *rest, size_t count);
void field_skip_space(struct tg_span *rest);

/* A token; false, with an empty one, when there is none. */
bool field_take_token(struct tg_span *rest, struct tg_span *token);

/* A token, or what stands between the quotes of a quoted string. False when
 * there is neither. */
bool field_take_word(struct tg_span *rest, struct tg_span *word);

/* Space and then `wanted`; false, with the space gone, when it is not there. */
bool field_skip_one(struct tg_span *rest, uint8_t wanted);

/* Whether nothing stands here, after space: the next `,` or `;` does, or the
 * end. */
bool field_is_left_out(struct tg_span *rest);

/* name [ "=" word ]; *word is empty when there is none. */
bool field_take_pair(struct tg_span *rest, struct tg_span *name,
                     struct tg_span *word);

#endif

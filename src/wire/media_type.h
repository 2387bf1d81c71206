/* Media types of request bodies (RFC 9110 §8.3.1). */
#ifndef WIRE_MEDIA_TYPE_H
#define WIRE_MEDIA_TYPE_H

#include <stdbool.h>

#include "base/bytes.h"

/* application/json, in any letter case. A charset parameter must say utf-8;
 * other parameters have no meaning for JSON and are ignored, if well-formed. */
bool media_type_is_json(struct tg_span value);

#endif

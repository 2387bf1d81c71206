/* Text that people will read: how long it is and what must not be in it. */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <stdbool.h>

#include "base/bytes.h"

/* The number of code points of valid UTF-8. */
size_t text_length(struct tg_span text);

/* Whether valid UTF-8 has a character that could break a line, hide, or make
 * the rest read otherwise than it is written: C0, C1, DEL, U+2028, U+2029 and
 * the bidirectional controls of UAX #9. Source: R-CREATE-2, §13. */
bool text_has_controls(struct tg_span text);

/* Whether valid UTF-8 has nothing that anybody could see: white space and what
 * is not drawn (White_Space and Default_Ignorable_Code_Point of Unicode 15),
 * and the empty Braille pattern. Empty text has nothing, too. Source: §13. */
bool text_is_blank(struct tg_span text);

#endif

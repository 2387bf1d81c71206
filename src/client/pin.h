/* How a random number becomes a PIN: for a test of its bounds. */
#ifndef CLIENT_PIN_H
#define CLIENT_PIN_H

#include <tigress/pin.h>

#include "base/bytes.h"

/* The PIN of a number that was drawn; false, *out untouched, when it is one of
 * those that would make some PINs likelier: draw again. */
bool pin_from_number(uint32_t number, char out[TG_PIN_TEXT]);

#endif

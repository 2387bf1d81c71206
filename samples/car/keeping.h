/* What a person can do with the invitations and keys of a friend's device,
 * besides going on with them. */
#ifndef CAR_KEEPING_H
#define CAR_KEEPING_H

#include "borrowing.h"
#include "opening.h"

/* One line about it. */
borrowing_step keeping_show;

/* Turn an invitation down, for good; give it back, so that another device can
 * take it; revoke the key that came. */
borrowing_step keeping_decline, keeping_give_back, keeping_revoke;

/* For opening_ask(): the best of the keys that were lent to this device. */
opening_chooser keeping_choose;

#endif

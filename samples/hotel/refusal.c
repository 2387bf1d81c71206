/* See refusal.h. */
#include "refusal.h"

#include <string.h>

const char *
refusal_name(enum refusal why)
{
    switch (why) {
    case REFUSAL_NONE: return "none";
    case REFUSAL_FORMAT: return "format";
    case REFUSAL_DESK: return "desk";
    case REFUSAL_TOO_EARLY: return "too-early";
    case REFUSAL_TOO_LATE: return "too-late";
    case REFUSAL_ROOM: return "room";
    case REFUSAL_DOOR: return "door";
    case REFUSAL_SIGNATURE: return "signature";
    case REFUSAL_STALE: return "stale";
    case REFUSAL_CANCELLED: return "cancelled";
    case REFUSAL_BOOKING: return "booking";
    case REFUSAL_BEYOND: return "beyond";
    case REFUSAL_REQUEST: return "request";
    case REFUSAL_LIMIT: return "limit";
    case REFUSAL_TOKEN: return "token";
    case REFUSAL_REDEEMED: return "redeemed";
    case REFUSAL_TERMS: return "terms";
    case REFUSAL_COUNT: break;
    }
    return "?";
}

const char *
refusal_text(enum refusal why)
{
    switch (why) {
    case REFUSAL_NONE: return "Nothing is wrong.";
    case REFUSAL_FORMAT: return "The message cannot be read.";
    case REFUSAL_DESK: return "The key was not issued by this hotel.";
    case REFUSAL_TOO_EARLY: return "The stay has not begun yet.";
    case REFUSAL_TOO_LATE: return "The stay is over.";
    case REFUSAL_ROOM: return "The key is for another room.";
    case REFUSAL_DOOR: return "The key does not open this door.";
    case REFUSAL_SIGNATURE:
        return "The signature was not made with that key for this purpose.";
    case REFUSAL_STALE: return "The answer came too late.";
    case REFUSAL_CANCELLED:
        return "This key was cancelled. Ask the guest who gave it to you.";
    case REFUSAL_BOOKING:
        return "The hotel does not know this booking. Check the booking file.";
    case REFUSAL_BEYOND:
        return "That is more than was booked: choose doors and days of your "
               "booking.";
    case REFUSAL_REQUEST:
        return "This was asked for before, with other doors or days.";
    case REFUSAL_LIMIT:
        return "There are too many keys for this booking: cancel one first.";
    case REFUSAL_TOKEN: return "The hotel does not know this invitation.";
    case REFUSAL_REDEEMED:
        return "Another device has already fetched the key of this "
               "invitation.";
    case REFUSAL_TERMS: return "This is not the key that was offered.";
    case REFUSAL_COUNT: break;
    }
    return "Refused.";
}

enum refusal
refusal_find(const char *name)
{
    for (int i = 0; i < REFUSAL_COUNT; i++)
        if (strcmp(refusal_name((enum refusal)i), name) == 0)
            return (enum refusal)i;
    return REFUSAL_FORMAT;
}

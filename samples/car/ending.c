/* See ending.h. */
#include "ending.h"

#include <string.h>

#include "text.h"

#define DATA "ending"

const char *
ending_name(enum ending ending)
{
    switch (ending) {
    case ENDING_NONE: return "none";
    case ENDING_CLOSED: return "closed";
    case ENDING_DECLINED: return "declined";
    case ENDING_EXPIRED: return "expired";
    case ENDING_UNCLEAR: return "unclear";
    case ENDING_CANCELLED: return "cancelled";
    case ENDING_REFUSED: return "refused";
    case ENDING_PIN: return "pin";
    case ENDING_BROKEN: return "broken";
    case ENDING_FAILED: return "failed";
    }
    return "?";
}

enum tg_err
ending_keep(struct tg_share *share, enum ending ending)
{
    if (ending_get(share) != ENDING_NONE)
        return TG_OK;
    return tg_share_put(share, DATA, text_span_of(ending_name(ending)));
}

enum ending
ending_get(struct tg_share *share)
{
    struct tg_buf name = TG_BUF_EMPTY;
    enum ending found = ENDING_NONE;

    if (tg_share_get(share, DATA, &name) == TG_OK)
        for (int i = ENDING_CLOSED; i <= ENDING_FAILED; i++)
            if (strcmp((const char *)name.ptr, ending_name((enum ending)i)) ==
                0)
                found = (enum ending)i;
    tg_buf_free(&name);
    return found;
}

const char *
ending_text_lent(enum ending ending)
{
    switch (ending) {
    case ENDING_NONE: return "It goes on.";
    case ENDING_CLOSED:
        return "The friend's device has ended the exchange after the key was "
               "signed. Whether it kept the key is not known here: revoke it "
               "if the friend should not have it.";
    case ENDING_DECLINED:
        return "The friend has turned the invitation down. No key was given.";
    case ENDING_EXPIRED:
        return "The time of the invitation is over. No key was given.";
    case ENDING_UNCLEAR:
        return "The time of the invitation is over. The friend's device may "
               "have fetched the key just before: revoke it if the friend "
               "should not have it.";
    case ENDING_CANCELLED: return "You have cancelled it.";
    case ENDING_REFUSED:
        return "The other device asked for something else than you offered. "
               "It did not get that, and the share is over.";
    case ENDING_PIN:
        return "The PIN was wrong three times. The share is over; nobody got "
               "a key. If your friend did not mistype it, a stranger has the "
               "link. To try again, share again: there will be a new link and "
               "a new PIN.";
    case ENDING_BROKEN: break;
    case ENDING_FAILED:
        return "The relay did not take it. Share again under another name.";
    }
    return "It is over.";
}

const char *
ending_text_borrowed(enum ending ending)
{
    switch (ending) {
    case ENDING_NONE: return "It goes on.";
    case ENDING_DECLINED: return "You have declined it.";
    case ENDING_REFUSED:
        return "The owner's device does not accept what this device asked "
               "for, and has ended the invitation. Ask the owner for a new "
               "one.";
    case ENDING_PIN:
        return "The PIN was wrong three times, so the owner's device has "
               "ended the invitation. Ask the owner for a new one, and for "
               "its new PIN.";
    case ENDING_BROKEN:
        return "What the owner's device sent is not what was agreed. This "
               "device has ended the invitation and took no key.";
    case ENDING_CLOSED:
    case ENDING_EXPIRED:
    case ENDING_UNCLEAR:
    case ENDING_CANCELLED:
    case ENDING_FAILED: break;
    }
    return "The invitation is no longer there: it was used or cancelled, or "
           "its time is over. Ask the owner for a new one.";
}

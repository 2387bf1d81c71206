/* See refusal.h. */
#include "refusal.h"

const char *
refusal_name(enum refusal why)
{
    switch (why) {
    case REFUSAL_NONE: return "none";
    case REFUSAL_FORMAT: return "format";
    case REFUSAL_CHAIN: return "chain";
    case REFUSAL_BEYOND: return "beyond";
    case REFUSAL_TOO_EARLY: return "too-early";
    case REFUSAL_TOO_LATE: return "too-late";
    case REFUSAL_VEHICLE: return "vehicle";
    case REFUSAL_ENTITLEMENT: return "entitlement";
    case REFUSAL_SIGNATURE: return "signature";
    case REFUSAL_STALE: return "stale";
    case REFUSAL_SHARE: return "share";
    case REFUSAL_TERMS: return "terms";
    case REFUSAL_KEY: return "key";
    case REFUSAL_PIN: return "pin";
    case REFUSAL_REVOKED: return "revoked";
    case REFUSAL_UNREGISTERED: return "unregistered";
    case REFUSAL_USES: return "uses";
    }
    return "?";
}

const char *
refusal_text(enum refusal why)
{
    switch (why) {
    case REFUSAL_NONE: return "Nothing is wrong.";
    case REFUSAL_FORMAT: return "The message cannot be read.";
    case REFUSAL_CHAIN:
        return "The key was not issued under this vehicle's maker.";
    case REFUSAL_BEYOND:
        return "The key claims more than its issuer may give.";
    case REFUSAL_TOO_EARLY: return "The key is not valid yet.";
    case REFUSAL_TOO_LATE: return "The key is no longer valid.";
    case REFUSAL_VEHICLE: return "The key is for another vehicle.";
    case REFUSAL_ENTITLEMENT: return "The key does not allow this.";
    case REFUSAL_SIGNATURE:
        return "The signature was not made with that key for this purpose.";
    case REFUSAL_STALE: return "The answer came too late.";
    case REFUSAL_SHARE: return "The message belongs to another share.";
    case REFUSAL_TERMS: return "This is not what was offered.";
    case REFUSAL_KEY: return "The certificate is for another device's key.";
    case REFUSAL_PIN: return "The other device does not know the PIN.";
    case REFUSAL_REVOKED: return "The key was revoked.";
    case REFUSAL_UNREGISTERED:
        return "The vehicle's maker does not know this key yet.";
    case REFUSAL_USES: return "All the uses of this key are used up.";
    }
    return "Refused.";
}

int
refusal_report(struct report *report, enum refusal why)
{
    return report_refused(report, refusal_name(why), refusal_text(why));
}

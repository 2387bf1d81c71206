/* See challenge.h. */
#include "challenge.h"

enum tg_err
challenge_words(const char *vehicle, enum entitlement action,
                const char *nonce, struct text *out)
{
    return text_print(out, "tigress-car-challenge-v1\n%s\n%s\n%s\n", vehicle,
                      entitlements_name(action), nonce);
}

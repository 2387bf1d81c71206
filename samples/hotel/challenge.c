/* See challenge.h. */
#include "challenge.h"

enum tg_err
challenge_words(const char *door_id, const char *nonce, struct text *out)
{
    return text_print(out, "tigress-hotel-door-v1\n%s\n%s\n", door_id, nonce);
}

enum tg_err
challenge_redeem_words(const char *token, const char *public_key,
                       struct text *out)
{
    return text_print(out, "tigress-hotel-redeem-v1\n%s\n%s\n", token,
                      public_key);
}

/* PINs; see <tigress/pin.h>. What is done with one is pake.c's. */
#include "client/pin.h"

#include "crypto/random.h"

enum {
    PINS = 1000000,
    TRIES = 64 /* one in 4440 fails: so many mean that the source is broken */
};

/* As many numbers for each PIN; those from here on are left over. */
#define UNBIASED_END (UINT32_MAX - UINT32_MAX % PINS)

struct drawn {
    uint32_t number;
};

bool
pin_from_number(uint32_t number, char out[TG_PIN_TEXT])
{
    if (number >= UNBIASED_END)
        return false;
    out[TG_PIN_DIGITS] = '\0';
    for (int i = TG_PIN_DIGITS - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return true;
}

/* Rejection sampling. */
enum tg_err
tg_pin_draw(char out[TG_PIN_TEXT])
{
    TG_WIPED(struct drawn, drawn);
    enum tg_err err;

    for (int i = 0; i < TRIES; i++) {
        if ((err = random_bytes(&drawn.number, sizeof(drawn.number))) != TG_OK)
            return err;
        if (pin_from_number(drawn.number, out))
            return TG_OK;
    }
    return TG_E_RANDOM;
}

bool
tg_pin_is(const char *text)
{
    for (int i = 0; i < TG_PIN_DIGITS; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return text[TG_PIN_DIGITS] == '\0';
}

/* See backoff.h. */
#include "push/backoff.h"

#include "crypto/random.h"

enum {
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MOST_MS = 5 * 60 * 1000,
    BACKOFF_DOUBLINGS = 9
};

/* Full jitter: anything between nothing and a bound that doubles. */
tg_mono_ms
backoff(unsigned tries)
{
    unsigned doublings = tries < BACKOFF_DOUBLINGS ? tries : BACKOFF_DOUBLINGS;
    uint64_t most = (uint64_t)BACKOFF_FIRST_MS << doublings;
    uint64_t random;

    if (most > BACKOFF_MOST_MS)
        most = BACKOFF_MOST_MS;
    if (random_bytes(&random, sizeof(random)) != TG_OK)
        return (tg_mono_ms)most;
    return (tg_mono_ms)(random % (most + 1));
}

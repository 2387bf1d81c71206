/* See random.h. getrandom(2): no file descriptor, no state of ours, blocks
 * only before the system has gathered entropy once. */
#include "crypto/random.h"

#include <errno.h>
#include <sys/random.h>

enum tg_err
random_bytes(void *out, size_t len)
{
    uint8_t *at = out;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return TG_E_RANDOM;
        at += got;
        len -= (size_t)got;
    }
    return TG_OK;
}

enum tg_err
random_uuid(struct tg_uuid *out)
{
    uint8_t bytes[TG_UUID_LEN];
    enum tg_err err;

    if ((err = random_bytes(bytes, sizeof(bytes))) != TG_OK)
        return err;
    tg_uuid_v4(bytes, out);
    tg_wipe(bytes, sizeof(bytes));
    return TG_OK;
}

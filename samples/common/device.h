/* What all devices that share have in common: a state directory with a wallet
 * of shares, and the one relay that they are set up to trust.
 *
 *   relays         the allow-list of libtigress; here with one entry
 *   relay-ca.pem   who may certify that relay; absent: the system's list
 *   authenticator  names the directory of one in software, for relays that
 *                  want a device that its maker vouches for; absent: none
 *   wallet.db      the shares, kept by libtigress
 */
#ifndef COMMON_DEVICE_H
#define COMMON_DEVICE_H

#include <tigress/tigress.h>

#include "report.h"
#include "state.h"

enum { DEVICE_RELAY_MAX = 255 };

/* The option of a program's `init` for device_place.attest. */
#define DEVICE_ATTEST \
    {"attest", "DIR", "authenticator for development; it proves nothing", \
     false}

struct device {
    struct state state;
    char relay[DEVICE_RELAY_MAX + 1]; /* "host" or "host:port" */
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct tg_wallet *wallet;
    struct authenticator *authenticator; /* NULL: none */
};

/* What a device is set up with. */
struct device_place {
    const char *relay;   /* to trust */
    const char *ca_file; /* whose certificates; NULL: the system's */
    const char *attest;  /* directory of an authenticator, which is made if it
                            is not there; NULL: none. For development: it
                            proves nothing. A phone would ask its system */
};

/* Store it. TG_E_FORMAT when the relay is no "host" or "host:port";
 * TG_E_NOT_FOUND for a missing file; TG_E_LIMIT. */
TG_MUST_USE enum tg_err device_set_up(const struct state *state,
                                      const struct device_place *place);

/* Open what was set up. TG_E_NOT_FOUND when it was not. The wallet may want
 * its passphrase first: device_unlock(). Released with device_close(). */
TG_MUST_USE enum tg_err device_open(const char *path, struct device *out);

/* The same for a state directory that is open; it is taken over, and closed
 * also after an error. */
TG_MUST_USE enum tg_err device_open_in(const struct state *state,
                                       struct device *out);
void device_close(struct device *device);

/* Give the wallet its passphrase, if it has one: the first line of `file`, or
 * with NULL what is typed at the terminal. REPORT_DONE, or another exit status
 * after having said why; nothing was done then. */
int device_unlock(struct device *device, struct report *report,
                  const char *file);

/* Seal the wallet under a new passphrase, which is asked for twice at the
 * terminal; one that has a passphrase already is unlocked and keeps it. Returns
 * as device_unlock(). */
int device_protect(struct device *device, struct report *report,
                   const char *file);

/* Go on: call `step`, which returns an exit status, and while that is
 * REPORT_WAITING and time is left wait until the relay has news of a share,
 * and call it again. The relay is not asked again and again: it answers when
 * the other side has acted. Returns the last status.
 *
 *   only     wait for this share alone; 0: for every one that goes on
 *   wait_s   0: do not wait
 */
int device_continue(struct device *device, struct report *report,
                    int64_t only, int64_t wait_s, int (*step)(void *self),
                    void *self);

/* That nothing can follow in this share. */
bool device_share_has_ended(const struct tg_share *share);

/* End with what a failed call to the relay, or of the library, means. */
int device_error(const struct device *device, struct report *report,
                 enum tg_err err, const char *doing);

#endif

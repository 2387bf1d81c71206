/* What all devices that share have in common: a state directory with a wallet of shares, and the one relay that they are set up to trust.
 *
 *   relays         the allow-list of libtigress; here with one entry
 *   relay-ca.pem   who may certify that relay; absent: the system's list
 *   wallet.db      the shares, kept by libtigress
 */
#ifndef COMMON_DEVICE_H
#define COMMON_DEVICE_H

#include <tigress/tigress.h>

#include "report.h"
#include "state.h"

enum { DEVICE_RELAY_MAX = 255 };

struct device {
    struct state state;
    char relay[DEVICE_RELAY_MAX + 1]; /* "host" or "host:port" */
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct tg_wallet *wallet;
};

/* Store which relay to trust, and with `ca_file` (or NULL) whose certificates.
 * TG_E_FORMAT for what is no "host" or "host:port"; TG_E_NOT_FOUND for a
 * missing file. */
TG_MUST_USE enum tg_err device_set_up(const struct state *state,
                                      const char *relay, const char *ca_file);

/* Open what was set up. TG_E_NOT_FOUND when it was not. Released with
 * device_close(). */
TG_MUST_USE enum tg_err device_open(const char *path, struct device *out);
void device_close(struct device *device);

/* That nothing can follow in this share. */
bool device_share_has_ended(const struct tg_share *share);

/* End with what a failed call to the relay, or of the library, means. */
int device_error(const struct device *device, struct report *report,
                 enum tg_err err, const char *doing);

#endif

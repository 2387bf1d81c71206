/* What an owner's and a friend's device have in common: a state directory with
 * a wallet of shares, and the one relay that they are set up to trust.
 *
 *   relays         the allow-list of libtigress; here with one entry
 *   relay-ca.pem   who may certify that relay; absent: the system's list
 *   wallet.db      the shares, kept by libtigress
 */
#ifndef CAR_DEVICE_H
#define CAR_DEVICE_H

#include <openssl/x509.h>

#include <tigress/tigress.h>

#include "messages.h"
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

/* The KeyCreationRequest of a share, kept with it on either side: `json` is its
 * content. Reading: TG_E_NOT_FOUND while there is none. */
TG_MUST_USE enum tg_err device_keep_offer(struct tg_share *share,
                                          struct tg_span json);
TG_MUST_USE enum tg_err device_offer(struct tg_share *share,
                                     struct key_creation_request *out);

/* That nothing can follow in this share. */
bool device_share_has_ended(const struct tg_share *share);

/* The certificates in a file of the state directory, as certificate_from_pem().
 * Also the errors of state_read(). */
TG_MUST_USE enum tg_err device_read_chain(const struct state *state,
                                          const char *name,
                                          STACK_OF(X509) **out);
TG_MUST_USE enum tg_err device_write_certificate(const struct state *state,
                                                 const char *name,
                                                 const X509 *certificate);

/* `stem`-`id`.pem: a file that belongs to one share. */
enum { DEVICE_FILE_MAX = 64 };
void device_share_file(const char *stem, int64_t id,
                       char out[static DEVICE_FILE_MAX]);

/* End with what a failed call to the relay, or of the library, means. */
int device_error(const struct device *device, struct report *report,
                 enum tg_err err, const char *doing);

#endif

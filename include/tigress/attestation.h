/* Device attestation: some relays make mailboxes only for devices that their
 * makers vouch for. What a device can say of itself is a matter of its
 * platform (App Attest, Android's key attestation, WebAuthn), so the library
 * asks a port for it, which the caller fills:
 *
 *     static enum tg_err
 *     attest(void *self, const struct tg_attestation_request *request,
 *            struct tg_attestation_statement *out)
 *     {
 *         … tg_attestation_client_data(request, &client_data);
 *         … let the platform make an attestation object over its SHA-256
 *         return tg_attestation_give(out, client_data, object);
 *     }
 *
 *     static const struct tg_attestation_provider provider = {
 *         .attest = attest,
 *     };
 *
 *     tg_relay_client_set_attestation(client, &provider);
 *
 * From then on the making of a mailbox carries a statement, to relays that do
 * not say that they ignore it. It is bound to that one mailbox, its content and
 * this request; a provider should use a new key for each, since relays could
 * otherwise tell which mailboxes are of the same device.
 * Source: PROTOCOL §9, D9.
 */
#ifndef TIGRESS_ATTESTATION_H
#define TIGRESS_ATTESTATION_H

#include <stddef.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TG_ATTESTATION_CHALLENGE_LEN = 32 };

/* What a statement must be about. Everything is borrowed for the call. */
struct tg_attestation_request {
    uint8_t challenge[TG_ATTESTATION_CHALLENGE_LEN];
    const char *origin;         /* to name: "https://relay.example" */
    const char *rp_id;          /* to name: "relay.example", or an App ID */
    const char *const *formats; /* that the relay checks, such as "packed",
                                   ended by NULL; NULL: it has not said */
};

/* Where the statement goes. */
struct tg_attestation_statement;

struct tg_attestation_provider {
    /* Make a statement and hand it over with tg_attestation_give(). It may
     * take its time: the caller of the library waits for it. It may be asked
     * more than once for one mailbox, since a call is repeated after a crash.
     *
     * What it returns:
     *   TG_OK                       it was given
     *   TG_E_NETWORK, TG_E_BUSY     not now: where the relay demands a
     *                               statement, the step stays begun
     *   TG_E_NOMEM                  the same everywhere
     *   anything else               this device cannot, or not in a format
     *                               that the relay checks: TG_E_UNKNOWN
     * Where the relay does not demand a statement, and none could be made for
     * another reason than TG_E_NOMEM, the mailbox is made without.
     */
    enum tg_err (*attest)(void *self,
                          const struct tg_attestation_request *request,
                          struct tg_attestation_statement *out);
    void *self;         /* given to it; borrowed */
    const char *origin; /* NULL: "https://" and the relay's host[:port] */
    const char *rp_id;  /* NULL: the relay's host */
};

/* Hand over what WebAuthn calls the response of a registration. Both are
 * copied; a second call replaces the first. TG_E_NOMEM, TG_E_FORMAT (one of
 * them is empty). */
TG_API TG_MUST_USE enum tg_err
tg_attestation_give(struct tg_attestation_statement *statement,
                    struct tg_span client_data_json,
                    struct tg_span attestation_object);

/* Append the client data for a request, for platforms that want it, or its
 * SHA-256, from the app: JSON of type webauthn.create with challenge and
 * origin, which must be UTF-8. TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err
tg_attestation_client_data(const struct tg_attestation_request *request,
                           struct tg_buf *out);

#ifdef __cplusplus
}
#endif
#endif

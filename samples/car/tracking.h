/* Telling the maker's server of a key: that it exists, that it is to be refused
 * from now on. For the owner's and the friend's device, and the server, which
 * judges by the same words. */
#ifndef CAR_TRACKING_H
#define CAR_TRACKING_H

#include <openssl/x509.h>

#include "state.h"
#include "web.h"

/* Files of a device: what tracking_set_up() has left. */
#define TRACKING_SERVER_FILE "maker-server"
#define TRACKING_CA_FILE     "maker-ca.pem"

#define TRACKING_KEYS_PATH   "/v1/keys"
#define TRACKING_REVOKE_PATH "/v1/keys/revoke"

enum tracking_what { TRACKING_REGISTER, TRACKING_REVOKE };

enum { TRACKING_CHECK_MAX = 32 }; /* bytes of the name of a check */

/* Store which server is the maker's, and with `ca_file` (or NULL) who certifies
 * it. TG_E_FORMAT for what is no "https://host[:port]", TG_E_NOT_FOUND for a
 * missing file, TG_E_IO, TG_E_FULL, TG_E_NOMEM. */
TG_MUST_USE enum tg_err tracking_set_up(const struct state *state,
                                        const char *url, const char *ca_file);

/* The server that was set up; TG_E_NOT_FOUND when none was. Released with
 * web_free(). */
TG_MUST_USE enum tg_err tracking_open(const struct state *state,
                                      struct web **out);

/* Register the first key of `chain`, which is `key` (it signs). Again is fine.
 *
 *   chain   leaf first, without the root
 *   check   written on TG_E_REFUSED only: which check failed, as refusal.h
 *           names them; "revoked": this key is refused for good
 *
 * TG_OK: the maker has it on its disk. TG_E_REFUSED: it will not have it.
 * TG_E_NETWORK, TG_E_BUSY, TG_E_TLS, TG_E_PROTOCOL: it does not know it, or its
 * answer was lost: the same again, later. TG_E_NOMEM, TG_E_CRYPTO.
 */
TG_MUST_USE enum tg_err
tracking_register(struct web *web, STACK_OF(X509) *chain, EVP_PKEY *key,
                  char check[static TRACKING_CHECK_MAX + 1]);

/* Revoke the first key of `chain` for good, registered or not.
 *
 *   signer  the place of `key` in the chain: 0 the key itself, 1 its issuer, …
 *
 * Otherwise as tracking_register().
 */
TG_MUST_USE enum tg_err
tracking_revoke(struct web *web, STACK_OF(X509) *chain, unsigned signer,
                EVP_PKEY *key, char check[static TRACKING_CHECK_MAX + 1]);

/* What a result of the two means and what to do: a sentence for a person. */
const char *tracking_text(enum tg_err err, const char *check);

/* The words that are signed. `fingerprint` of the chain's first key.
 * TG_E_NOMEM. */
TG_MUST_USE enum tg_err tracking_words(enum tracking_what what,
                                       const char *vehicle,
                                       const char *fingerprint,
                                       struct text *out);

#endif

/* The vehicle maker's certificate authority: its key, its root certificate, and
 * what it certifies.
 *
 *   maker.key   the private key
 *   root.pem    its certificate, which every vehicle and wallet knows
 */
#ifndef CAR_AUTHORITY_H
#define CAR_AUTHORITY_H

#include <openssl/x509.h>

#include "grant.h"
#include "state.h"

#define AUTHORITY_ROOT_FILE "root.pem"

struct authority {
    struct state state;
    EVP_PKEY *key; /* NULL after authority_peek() */
    struct text root_pem;
    STACK_OF(X509) *roots; /* one */
};

/* Make what is not there yet: again on one that is complete does nothing.
 * TG_E_IO, TG_E_FULL, TG_E_CRYPTO, TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err authority_make(const struct state *state,
                                       const char *name);

/* Open it, and hold the lock of its directory. TG_E_NOT_FOUND when none was
 * made; TG_E_FORMAT, TG_E_IO, TG_E_NOMEM. Released with authority_close(). */
TG_MUST_USE enum tg_err authority_open(const char *path,
                                       struct authority *out);

/* The same without the private key and without the lock: for a server that runs
 * beside the other commands. */
TG_MUST_USE enum tg_err authority_peek(const char *path,
                                       struct authority *out);
void authority_close(struct authority *authority);

X509 *authority_root(const struct authority *authority);

/* The key of a certification request (PKCS #10) in the file `path`; its
 * signature proves that who asks holds the key. TG_E_AUTH if it does not;
 * TG_E_FORMAT, and the errors of state_read_outside(). */
TG_MUST_USE enum tg_err authority_read_request(const char *path,
                                               EVP_PKEY **out);

/* Certify the key of an owner's device. *out is that certificate and the root,
 * PEM, released with text_free(). TG_E_CRYPTO, TG_E_NOMEM. */
TG_MUST_USE enum tg_err authority_certify(const struct authority *authority,
                                          EVP_PKEY *owner,
                                          const struct grant *grant,
                                          struct text *out);

#endif

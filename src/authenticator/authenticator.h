/* An authenticator in software, for development. IT PROVES NOTHING: its maker
 * is a file of this machine's, and vouches for whoever can read it.
 */
#ifndef AUTHENTICATOR_AUTHENTICATOR_H
#define AUTHENTICATOR_AUTHENTICATOR_H

#include <tigress/attestation.h>

enum authenticator_format {
    AUTHENTICATOR_ANY,    /* the first of these that the relay checks */
    AUTHENTICATOR_PACKED, /* WebAuthn Level 3 §8.2, with a certificate */
    AUTHENTICATOR_APPLE   /* the form of §8.8; Apple has no part in it */
};

struct authenticator;

/* Open the authenticator of a directory. Where there is none it is made, with a
 * test authority: the directory (mode 0700, its parents must be there), key.pem
 * in it (0600), and last root.pem, which is for tigress_attestation_root.
 * Several processes may do so at once: one of them makes it.
 *
 *   *out   set on TG_OK; released with authenticator_free()
 *
 * Errors: TG_E_IO (errno says why), TG_E_FORMAT (the files are not what this
 * writes), TG_E_CRYPTO, TG_E_NOMEM.
 */
TG_MUST_USE enum tg_err authenticator_open(const char *directory,
                                           enum authenticator_format format,
                                           struct authenticator **out);

/* Accepts NULL. */
void authenticator_free(struct authenticator *a);

/* The path of root.pem, and the provider; borrowed from `authenticator`. The
 * provider answers TG_E_UNKNOWN when the relay checks no format that was chosen
 * here. */
const char *authenticator_root(const struct authenticator *a);
const struct tg_attestation_provider *
authenticator_provider(const struct authenticator *a);

#endif

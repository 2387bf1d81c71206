/* A key that a device has, with what it may do: the owner's own, or one that
 * was lent to this device. Whoever has one can open the vehicle with it, and
 * lend it on if it says so. */
#ifndef CAR_IDENTITY_H
#define CAR_IDENTITY_H

#include <openssl/x509.h>

#include "device.h"
#include "grant.h"

#define IDENTITY_OWNER_FILE "owner.pem"

/* Stems of pem_file_of_share(). The certificate is written last: a share that
 * has one has everything. */
#define IDENTITY_ISSUER      "issuer"
#define IDENTITY_CERTIFICATE "certificate"

struct identity {
    EVP_PKEY *key;
    STACK_OF(X509) *chain; /* its certificate, its issuer's, …: no root */
    struct grant grant;
};

/* TG_E_NOT_FOUND when the device is no owner's, or the share has brought no
 * key (yet). *out is released with identity_free(). */
TG_MUST_USE enum tg_err identity_of_owner(const struct device *device,
                                          struct identity *out);
TG_MUST_USE enum tg_err identity_of_share(const struct device *device,
                                          int64_t id, struct identity *out);

/* Keep what the owner's device has certified for this share. */
TG_MUST_USE enum tg_err identity_store(const struct device *device,
                                       const struct tg_share *share,
                                       STACK_OF(X509) *chain);

/* Whether that was done. */
bool identity_is_stored(const struct device *device,
                        const struct tg_share *share);

void identity_free(struct identity *identity);

#endif

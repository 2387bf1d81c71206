/* The owner's side of a share, step by step.
 *
 * Each step may be interrupted anywhere and started again: what must not
 * happen twice (a share, a signature) is on disk before anyone is told.
 */
#ifndef CAR_LENDING_H
#define CAR_LENDING_H

#include <openssl/x509.h>

#include "device.h"
#include "device_key.h"
#include "grant.h"
#include "messages.h"

#define LENDING_KEY_FILE   "device.key"
#define LENDING_CHAIN_FILE "owner.pem"
#define LENDING_ISSUED     "issued"

struct lending {
    struct device device;
    EVP_PKEY *key;         /* the owner's */
    STACK_OF(X509) *chain; /* owner's certificate, maker's root */
    struct grant own;      /* what the owner may */
};

/* What a person wants to share. The vehicle is the owner's. */
struct lending_offer {
    const char *name;
    struct grant grant;
    bool from_given; /* false: not_before is a default, and may differ from */
    bool until_given; /* that of the same share, begun earlier */
};

/* TG_E_NOT_FOUND when the device is not set up and enrolled. */
TG_MUST_USE enum tg_err lending_open(const char *path, struct lending *out);
void lending_close(struct lending *lending);

/* Share, or go on with the share of that name; the URL goes to `url_file`, or
 * to the report when NULL. This and the steps below return the exit status. */
int lending_share(struct lending *lending, struct report *report,
                  const struct lending_offer *offer, const char *url_file);

/* Do `step` on the share of that name, or with NULL on every share. */
int lending_each(struct lending *lending, struct report *report,
                 const char *name,
                 int (*step)(struct lending *, struct report *,
                             struct tg_share *));

/* Whether the friend's key was signed. The certificate is in the file
 * LENDING_ISSUED (pem_file_of_share). */
bool lending_has_signed(const struct lending *lending,
                        const struct tg_share *share);

/* Steps for lending_each(); the one that goes on with it is in answering.h. */
int lending_status(struct lending *lending, struct report *report,
                   struct tg_share *share);
int lending_cancel(struct lending *lending, struct report *report,
                   struct tg_share *share);

#endif

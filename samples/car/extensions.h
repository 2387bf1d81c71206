/* Our own X.509 extensions: a grant into a certificate, and out of it. All but
 * the right to lend on, for which X.509 has extensions itself: certificate.c */
#ifndef CAR_EXTENSIONS_H
#define CAR_EXTENSIONS_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "grant.h"

/* Object identifiers under a UUID of our own (2.25, ITU-T X.667), which needs
 * no registration:
 *   .1  vehicle        UTF8String: the VIN
 *   .2  entitlements   SEQUENCE OF UTF8String, in the order of the enum
 *   .3  validity       SEQUENCE { from GeneralizedTime, until GeneralizedTime }
 *   .4  an extended key usage: this certificate is for car keys alone
 *   .5  uses           INTEGER, 1 to GRANT_USES_MAX; absent: any number
 */
#define EXTENSIONS_ARC "2.25.182699292988453813516644499464118056658"

/* False when there is no memory. */
bool extensions_add(X509 *certificate, const struct grant *grant);

/* False unless each is there exactly once (.5: at most once) and is the DER
 * that extensions_add() makes of the same grant. out->sharing is 0. */
bool extensions_read(const X509 *certificate, struct grant *out);

/* The critical extended key usage. Reading is strict: this usage, no other. */
bool extensions_add_usage(X509 *certificate);
bool extensions_has_usage(const X509 *certificate);

#endif

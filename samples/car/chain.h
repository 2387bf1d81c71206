/* A chain of certificates as the member `chain` of a JSON object: a list of
 * base64 of DER, leaf first, without the root. In a KeyImportRequest and in
 * the answer to a vehicle's challenge. */
#ifndef CAR_CHAIN_H
#define CAR_CHAIN_H

#include <openssl/x509.h>

#include <tigress/error.h>

#include "members.h"

/* TG_E_NOMEM. */
TG_MUST_USE enum tg_err chain_write(STACK_OF(X509) *chain,
                                    struct members *members);

/* 1 to CERTIFICATE_CHAIN_MAX certificates; whether they belong together is not
 * judged. TG_E_FORMAT, TG_E_NOMEM; *out is released with
 * certificate_free_chain(). */
TG_MUST_USE enum tg_err chain_read(const struct members *members,
                                   STACK_OF(X509) **out);

#endif

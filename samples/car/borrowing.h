/* The friend's side of a share, step by step.
 *
 * Each step may be interrupted anywhere and started again. The private key of
 * a share is made before anything is asked with it, and stays in the state
 * directory.
 */
#ifndef CAR_BORROWING_H
#define CAR_BORROWING_H

#include <openssl/x509.h>

#include "device.h"
#include "grant.h"

#define BORROWING_ROOT_FILE "root.pem"

/* Stems of pem_file_of_share(). The certificate is written last: a share that
 * has one has everything. */
#define BORROWING_KEY         "key"
#define BORROWING_ISSUER      "issuer"
#define BORROWING_CERTIFICATE "certificate"

struct borrowing {
    struct device device;
    STACK_OF(X509) *roots; /* the vehicle maker's */
};

/* TG_E_NOT_FOUND when the device is not set up. */
TG_MUST_USE enum tg_err borrowing_open(const char *path,
                                       struct borrowing *out);
void borrowing_close(struct borrowing *borrowing);

/* Accept an invitation and go as far as is possible now. This and the next
 * two return the exit status. */
int borrowing_accept(struct borrowing *borrowing, struct report *report,
                     struct tg_span url);

/* Whatever comes next, in every share that is going on. */
int borrowing_continue(struct borrowing *borrowing, struct report *report);

/* One line for each share. */
int borrowing_status(struct borrowing *borrowing, struct report *report);

/* The files of a share that can be used on a vehicle. TG_E_NOT_FOUND when the
 * key has not come yet. *chain is released with certificate_free_chain(). */
TG_MUST_USE enum tg_err borrowing_chain(const struct borrowing *borrowing,
                                        int64_t id, STACK_OF(X509) **chain);

#endif

/* Certificates in files of a state directory. */
#ifndef CAR_PEM_FILE_H
#define CAR_PEM_FILE_H

#include <openssl/x509.h>

#include "state.h"

/* The certificates in a file of the state directory, as certificate_from_pem().
 * Also the errors of state_read(). */
TG_MUST_USE enum tg_err pem_file_read(const struct state *state,
                                      const char *name, STACK_OF(X509) **out);

/* Those of `chain` from place `first` to before `end`, at least one. */
TG_MUST_USE enum tg_err pem_file_write(const struct state *state,
                                       const char *name,
                                       const STACK_OF(X509) *chain, int first,
                                       int end);

/* `stem`-`id`.pem: a file that belongs to one share. */
enum { PEM_FILE_NAME = 64 };
void pem_file_of_share(const char *stem, int64_t id,
                       char out[static PEM_FILE_NAME]);

#endif

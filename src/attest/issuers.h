/* Issuers whose path to a root was judged before, so that only what is below
 * them need be judged again. */
#ifndef ATTEST_ISSUERS_H
#define ATTEST_ISSUERS_H

#include "attest/certificate.h"

/* How many chains of issuers are remembered, each of so many bytes in DER. */
enum { ISSUERS_MOST = 64, ISSUERS_DER_MOST = 6144 };

/* A memory of them; thread-safe. NULL: no memory. */
struct issuers *issuers_new(void);
void issuers_free(struct issuers *issuers);

/* What the certificates behind the first `own` are known by: a digest of them
 * in their order, and of `own`. TG_E_CRYPTO; TG_E_LIMIT: there are none, or
 * they are longer than is remembered. */
TG_MUST_USE enum tg_err issuers_name(const struct certificate_bytes *bytes,
                                     size_t own, uint8_t out[ATTEST_HASH_LEN]);

/* Complete a chain that has its own certificates and `issuers`: the others, and
 * where they lead. False, *chain untouched: they are not known. */
bool issuers_find(struct issuers *issuers, struct certificate_chain *chain);

/* Remember the certificates of a chain behind its own, by its `issuers`, and
 * where they lead; never its own. What was not used for longest is forgotten
 * for it. `path` is borrowed. */
void issuers_keep(struct issuers *issuers,
                  const struct certificate_chain *chain,
                  const struct certificate_path *path);

void issuers_forget(struct issuers *issuers);
size_t issuers_count(struct issuers *issuers);

#endif

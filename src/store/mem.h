/* A store in memory: the reference that the contract suite is read against,
 * and what unit tests use. Loses everything when closed. */
#ifndef STORE_MEM_H
#define STORE_MEM_H

#include "relay/store.h"
#include "row/hour_keys.h"

/* TG_E_NOMEM. */
TG_MUST_USE enum tg_err mem_open(struct store *out, struct hour_keys *hours);

#endif

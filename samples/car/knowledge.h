/* What a vehicle knows of its keys: what its maker's server says while it can
 * be reached, and otherwise which keys it has ever said to be revoked.
 *
 * In the state directory:
 *   maker-ca.pem   the server's certificate
 *   revoked.json   the revoked keys, replaced as a whole; nothing leaves it
 */
#ifndef CAR_KNOWLEDGE_H
#define CAR_KNOWLEDGE_H

#include <stdbool.h>

#include "members.h"
#include "state.h"

struct knowledge;

/* What is known from before; nobody is asked.
 *
 *   state   borrowed for as long as the knowledge lives
 *   link    the member `maker` of the vehicle's identity; NULL: there is no
 *           maker to be asked
 *
 * TG_E_FORMAT, TG_E_IO, TG_E_FULL, TG_E_LIMIT, TG_E_NOMEM. Released with
 * knowledge_free(). */
TG_MUST_USE enum tg_err knowledge_open(const struct state *state,
                                       const char *vehicle,
                                       const struct members *link,
                                       struct knowledge **out);
void knowledge_free(struct knowledge *knowledge);

bool knowledge_has_maker(const struct knowledge *knowledge);

/* Ask the maker's server; WEB_SHORT_SECONDS at most. What it newly says to be
 * revoked is on the disk when this returns. Says on standard output when what
 * is known has changed. */
void knowledge_sync(struct knowledge *knowledge);

/* Whether the last knowledge_sync() was answered. */
bool knowledge_is_online(const struct knowledge *knowledge);

/* Why not: "network", "certificate" (it is not the maker's server), "token"
 * (it does not believe us), "answer"; NULL when online or without a maker. */
const char *knowledge_trouble(const struct knowledge *knowledge);

bool knowledge_is_revoked(const struct knowledge *knowledge,
                          const char *fingerprint);

/* As of the last knowledge_sync() that was answered. */
bool knowledge_is_registered(const struct knowledge *knowledge,
                             const char *fingerprint);

#endif

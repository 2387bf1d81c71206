/* The relays that this device is willing to talk to (R-URL-2).
 *
 * A share URL comes from a stranger; which relays are trusted is decided
 * here, before a name is looked up or a connection made. An empty list allows
 * nothing.
 */
#ifndef TIGRESS_ALLOW_LIST_H
#define TIGRESS_ALLOW_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_allow_list;

/* An empty list, released with tg_allow_list_free(). TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_allow_list_new(struct tg_allow_list **out);

/* Accepts NULL. */
TG_API void tg_allow_list_free(struct tg_allow_list *list);

/* Add one entry:
 *
 *   relay.example         this host, port 443
 *   127.0.0.1:8443        this host, this port
 *   .example.com          every host that ends so, but not example.com itself
 *   .example.com:8443     the same at this port
 *
 * Letter case does not matter. TG_E_FORMAT for anything else (a URL, a
 * wildcard, a port of 0), TG_E_NOMEM; the list is then unchanged.
 */
TG_API TG_MUST_USE enum tg_err tg_allow_list_add(struct tg_allow_list *list,
                                                 const char *entry);

/* Add the entries of a text: one a line; empty lines and what follows a `#`
 * are ignored, as is white space around an entry.
 *
 *   *bad_line   set on TG_E_FORMAT only: the number of the line, from 1;
 *               may be NULL
 *
 * Errors: TG_E_FORMAT, TG_E_NOMEM; entries before the error stay added.
 */
TG_API TG_MUST_USE enum tg_err
tg_allow_list_read(struct tg_allow_list *list, struct tg_span text,
                   size_t *bad_line);

/* The same for a file of at most 1 MiB. Also TG_E_NOT_FOUND, TG_E_IO,
 * TG_E_LIMIT. */
TG_API TG_MUST_USE enum tg_err
tg_allow_list_load(struct tg_allow_list *list, const char *path,
                   size_t *bad_line);

/* Whether `relay` ("host" or "host:port") is allowed; false for what is no
 * such text. */
TG_API bool tg_allow_list_has(const struct tg_allow_list *list,
                              const char *relay);

#ifdef __cplusplus
}
#endif
#endif

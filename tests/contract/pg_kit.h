/* Stores on the database of a test, opened as a test wants them, and a proxy
 * that cuts connections at a chosen place. */
#ifndef CONTRACT_PG_KIT_H
#define CONTRACT_PG_KIT_H

#include "store/postgres/pg_store.h"
#include "store_kit.h"

/* An empty database. */
void pg_kit_clear(void);

/* Open one more store on it; close with kit_close(). `uri` NULL: as the
 * superuser, directly. */
enum tg_err pg_kit_open(struct kit *k, const char *uri,
                        enum pg_durability durability);

/* The last thing that a store has told the operator; "" before. */
const char *pg_kit_words(void);
unsigned pg_kit_word_count(void);
void pg_kit_forget_words(void);

/* The address of the database as another user. Valid until the next. */
const char *pg_kit_uri_of(const char *user);

/* Wait until a statement that yields `t` or `f` yields `t`. */
void pg_kit_wait_until(const char *question);

/* ---- a standby --------------------------------------------------------- */

struct pg_standby;

/* One that confirms what it is sent, at once, and keeps nothing: in a thread,
 * by the name that synchronous_standby_names has for it. */
struct pg_standby *pg_standby_new(const char *name);
void pg_standby_free(struct pg_standby *standby);

/* ---- the proxy --------------------------------------------------------- */

enum pg_cut {
    PG_CUT_NOTHING,
    PG_CUT_BEFORE_LOAD,   /* the next batch's first message is not passed on */
    PG_CUT_BEFORE_COMMIT, /* neither the next commit nor its answer */
    PG_CUT_AFTER_COMMIT   /* it is, and answered, but the answer is not */
};

struct pg_proxy;

/* Between a store and the database; has its own thread. */
struct pg_proxy *pg_proxy_new(void);
void pg_proxy_free(struct pg_proxy *p);
const char *pg_proxy_uri(const struct pg_proxy *p);

/* Cut the connection there, once. `between`, which may be NULL, is called by
 * the proxy's thread after the cut, before it takes another connection. */
void pg_proxy_cut(struct pg_proxy *p, enum pg_cut where,
                  void (*between)(void));

/* Take no connection until it is opened again; the one there is has ended when
 * this returns. */
void pg_proxy_close(struct pg_proxy *p);
void pg_proxy_open(struct pg_proxy *p);

#endif

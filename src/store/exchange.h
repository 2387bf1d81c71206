/* One call of the protocol on its way through the store: load the row, open,
 * decide, seal, save (DESIGN D-B).
 *
 * The caller zeroes it, fills `site` and what is marked "in", and calls
 * exchange_prepare() in its own thread; a store or a batch runs `op`; then the
 * results are read, in the same thread or another. Nothing in the results may
 * be told before op.result is TG_OK.
 */
#ifndef STORE_EXCHANGE_H
#define STORE_EXCHANGE_H

#include "relay/mailbox.h"
#include "relay/store.h"
#include "row/row.h"

enum exchange_call {
    EXCHANGE_CREATE,
    EXCHANGE_DISPLAY,
    EXCHANGE_READ,
    EXCHANGE_UPDATE,
    EXCHANGE_DELETE,
    EXCHANGE_RELINQUISH
};

/* What all exchanges of a relay share; must outlive them. */
struct exchange_site {
    struct relay_policy policy;
    struct row_salt salt;
    const struct hour_keys *hours;
};

struct exchange {
    struct store_op op; /* first: the store hands it back to us */
    const struct exchange_site *site;

    /* in */
    enum exchange_call call;
    struct mailbox_id mailbox_id;  /* CREATE: drawn by exchange_prepare() */
    struct tg_uuid claim;          /* not for DISPLAY */
    struct relay_request request;  /* .claim is set by exchange_prepare() */

    /* out, valid when op.result is TG_OK */
    enum relay_outcome outcome;
    struct relay_effects effects;
    struct mailbox mailbox;        /* spans borrow from plain or request */
    struct create_memory memory;   /* CREATE */

    /* inner */
    struct row_keys keys;
    struct row_keys memory_keys;
    struct tg_buf plain;
    struct tg_buf blob;
    struct tg_buf memory_blob;
};

/* Derive the keys, mark the claim, draw the identifier of a create, and make
 * `op` ready. TG_E_CRYPTO, TG_E_RANDOM. */
TG_MUST_USE enum tg_err exchange_prepare(struct exchange *ex);

/* A read that was answered RELAY_UNCHANGED waits: give back the memory that it
 * does not need until exchange_again(). The results are void, and so is the
 * request's body: what it asked for is done. */
void exchange_rest(struct exchange *ex);

/* Make `op` of a read that has waited ready to run once more. */
void exchange_again(struct exchange *ex);

/* Release and wipe what it holds; the struct itself is the caller's. */
void exchange_done(struct exchange *ex);

#endif

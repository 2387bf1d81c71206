/* What tests of exchanges on a store of their choice share: calls that are run
 * at once, one by one. */
#ifndef CONTRACT_EXCHANGE_CALLS_H
#define CONTRACT_EXCHANGE_CALLS_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange_kit.h"
#include "store_kit.h"

enum { OWNER = 1, FRIEND = 2, STRANGER = 3 };

struct fixture {
    struct kit k;
    struct exchange_site site;
};

static inline void
begin(struct fixture *f)
{
    kit_begin(&f->k);
    kit_site(&f->site, &f->k.hours);
}

/* Run one call; its results stay in *ex. */
static inline enum relay_outcome
call(struct fixture *f, struct exchange *ex, enum exchange_call what,
     const struct mailbox_id *id, unsigned claim, unsigned request)
{
    kit_exchange(ex, &f->site, what, id, claim, request);
    kit_run(&f->k.store, ex);
    assert_int_equal(ex->op.result, TG_OK);
    return ex->outcome;
}

/* The same, forgotten at once. */
static inline enum relay_outcome
outcome_of(struct fixture *f, enum exchange_call what,
           const struct mailbox_id *id, unsigned claim, unsigned request)
{
    struct exchange ex;
    enum relay_outcome outcome = call(f, &ex, what, id, claim, request);

    exchange_done(&ex);
    return outcome;
}

static inline struct mailbox_id
created(struct fixture *f, unsigned request)
{
    struct mailbox_id id;
    struct exchange ex;

    assert_int_equal(call(f, &ex, EXCHANGE_CREATE, NULL, OWNER, request),
                     RELAY_DONE);
    id = ex.memory.mailbox;
    assert_memory_equal(&id, &ex.mailbox_id, sizeof(id));
    exchange_done(&ex);
    return id;
}

#endif

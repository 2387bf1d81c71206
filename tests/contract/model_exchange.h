/* A step of the model (unit/mailbox_model.h) as an exchange with a store, and
 * what came of it as an answer to compare. */
#ifndef CONTRACT_MODEL_EXCHANGE_H
#define CONTRACT_MODEL_EXCHANGE_H

#include "mailbox_model.h"
#include "store/exchange.h"

enum { MODEL_PAYLOAD_MOST = 12000, MODEL_TEXT_MOST = 320 };
enum { MODEL_LIFETIME_DEFAULT = 2 * 3600, MODEL_LIFETIME_MAX = 3 * 3600 };

/* Which mailbox has which identifier. */
struct model_ids {
    struct mailbox_id ids[MODEL_MOST];
    size_t count;
};

struct model_exchange {
    struct model_step step;
    struct exchange ex;
    /* What the body's spans borrow. */
    uint8_t payload[MODEL_PAYLOAD_MOST];
    char texts[4][MODEL_TEXT_MOST];
};

void model_exchange_site(struct exchange_site *site,
                         const struct hour_keys *hours);

/* Prepared to be run; end with exchange_done(). `id` is not for a create. */
void model_exchange_begin(struct model_exchange *e,
                          const struct exchange_site *site,
                          const struct mailbox_id *id,
                          const struct model_step *s);

/* It has been run: fill in the step when that was, and on which mailbox, of
 * those that were there then. */
void model_exchange_place(struct model_exchange *e,
                          const struct model_ids *ids);

/* What was decided. A number that is not one that was sent is -1. */
struct model_answer model_exchange_answer(const struct model_exchange *e,
                                          const struct model_ids *ids);

#endif

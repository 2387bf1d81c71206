/* What tests of rows share: random mailboxes. */
#ifndef ROW_KIT_H
#define ROW_KIT_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay/mailbox.h"

enum { EXPIRES = 1000000000 };

/* Reproducible: the seed is fixed, and a failure names the round. */
static uint32_t random_state;

static inline uint32_t
draw(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

static uint8_t pool[LIMIT_PAYLOAD_DATA_MOST];

static inline struct tg_span
draw_span(size_t least, size_t most)
{
    size_t len = least + draw((uint32_t)(most - least + 1));
    size_t from = draw((uint32_t)(sizeof(pool) - len + 1));

    return (struct tg_span){pool + from, len};
}

static inline void
draw_bytes(void *out, size_t len)
{
    memcpy(out, draw_span(len, len).ptr, len);
}

static inline void
draw_memory(struct request_memory *memory)
{
    memory->count = draw(LIMIT_REMEMBERED_REQUESTS + 1);
    for (size_t i = 0; i < memory->count; i++) {
        draw_bytes(&memory->requests[i].id, sizeof(struct request_id));
        memory->requests[i].version = draw(1000);
        memory->requests[i].push_supported = draw(2) != 0;
    }
}

static inline void
draw_token(struct notification_token *token)
{
    if (draw(2) == 0)
        return;
    token->type = draw_span(1, LIMIT_TOKEN_TYPE);
    token->data = draw_span(1, LIMIT_TOKEN_DATA);
}

static inline void
draw_mailbox(struct mailbox *mb)
{
    memset(mb, 0, sizeof(*mb));
    mb->exists = true;
    mb->expires = EXPIRES + draw(3600);
    mb->version = 1 + draw(1000);
    mb->rights = (uint8_t)draw(8);
    draw_bytes(&mb->initiator, sizeof(mb->initiator));
    if ((mb->has_recipient = draw(2) != 0))
        draw_bytes(&mb->recipient, sizeof(mb->recipient));
    if ((mb->has_relinquish = draw(2) != 0)) {
        draw_bytes(&mb->relinquish_claim, sizeof(mb->relinquish_claim));
        draw_bytes(&mb->relinquish_id, sizeof(mb->relinquish_id));
    }
    mb->payload.type = draw_span(1, LIMIT_PAYLOAD_TYPE);
    mb->payload.data =
        draw_span(1, draw(8) == 0 ? LIMIT_PAYLOAD_DATA_MOST : 2000);
    mb->display.title = draw_span(0, 512);
    mb->display.description = draw_span(0, 2048);
    mb->display.image_url = draw_span(0, LIMIT_IMAGE_URL);
    draw_token(&mb->initiator_token);
    draw_token(&mb->recipient_token);
    draw_memory(&mb->initiator_memory);
    draw_memory(&mb->recipient_memory);
}

static inline void
seed(uint32_t value)
{
    random_state = value;
    for (size_t i = 0; i < sizeof(pool); i++)
        pool[i] = (uint8_t)draw(256);
}

static inline void
assert_memory_same(const struct request_memory *a,
                   const struct request_memory *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_memory_equal(&a->requests[i].id, &b->requests[i].id,
                            sizeof(struct request_id));
        assert_int_equal(a->requests[i].version, b->requests[i].version);
        assert_int_equal(a->requests[i].push_supported,
                         b->requests[i].push_supported);
    }
}

static inline void
assert_mailbox_same(const struct mailbox *a, const struct mailbox *b)
{
    assert_int_equal(a->exists, b->exists);
    assert_int_equal(a->expires, b->expires);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->rights, b->rights);
    assert_memory_equal(&a->initiator, &b->initiator, CLAIM_MARK_LEN);
    assert_int_equal(a->has_recipient, b->has_recipient);
    assert_memory_equal(&a->recipient, &b->recipient, CLAIM_MARK_LEN);
    assert_int_equal(a->has_relinquish, b->has_relinquish);
    assert_memory_equal(&a->relinquish_claim, &b->relinquish_claim,
                        CLAIM_MARK_LEN);
    assert_memory_equal(&a->relinquish_id, &b->relinquish_id,
                        sizeof(a->relinquish_id));
    assert_true(tg_span_equal(a->payload.type, b->payload.type));
    assert_true(tg_span_equal(a->payload.data, b->payload.data));
    assert_true(tg_span_equal(a->display.title, b->display.title));
    assert_true(
        tg_span_equal(a->display.description, b->display.description));
    assert_true(tg_span_equal(a->display.image_url, b->display.image_url));
    assert_true(tg_span_equal(a->initiator_token.type,
                              b->initiator_token.type));
    assert_true(tg_span_equal(a->initiator_token.data,
                              b->initiator_token.data));
    assert_true(tg_span_equal(a->recipient_token.type,
                              b->recipient_token.type));
    assert_true(tg_span_equal(a->recipient_token.data,
                              b->recipient_token.data));
    assert_memory_same(&a->initiator_memory, &b->initiator_memory);
    assert_memory_same(&a->recipient_memory, &b->recipient_memory);
}

#endif

/* What tests of the mailbox's decisions share: a clock that is an argument, a
 * policy, and requests of small numbers. */
#ifndef TESTS_UNIT_MAILBOX_KIT_H
#define TESTS_UNIT_MAILBOX_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay/mailbox.h"

enum { NOW = 1000000, HOUR = 3600, LIFETIME = 48 * HOUR };

static const struct tg_span push_types[] = {
    TG_SPAN_LITERAL("org.w3.webpush"),
};
static const struct relay_policy policy = {
    .lifetime_default = LIFETIME,
    .lifetime_max = LIFETIME,
    .push_types = push_types,
    .push_type_count = 1,
};

/* ---- requests ---------------------------------------------------------- */

static inline struct claim_mark
claim_of(uint8_t n)
{
    struct claim_mark mark;

    memset(mark.bytes, n, sizeof(mark.bytes));
    return mark;
}

static inline struct request_id
request_of(uint8_t n)
{
    struct request_id id;

    memset(id.uuid.bytes, n, sizeof(id.uuid.bytes));
    return id;
}

enum { INITIATOR = 1, RECIPIENT = 2, STRANGER = 3 };

static inline struct relay_request
request(uint8_t claim, uint8_t id)
{
    return (struct relay_request){
        .claim = claim_of(claim),
        .id = request_of(id),
        .body = {.acceptable = true,
                 .payload = {TG_SPAN_LITERAL("AEAD_AES_128_GCM"),
                             TG_SPAN_LITERAL("sealed")},
                 .rights = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE},
    };
}

static inline struct notification_token
token(const char *type, const char *data)
{
    return (struct notification_token){tg_span_text(type), tg_span_text(data)};
}

/* What the last decision has left. */
static struct relay_effects fx;

/* As its initiator has just made it. */
static inline struct mailbox
created(uint8_t rights)
{
    struct mailbox mb = {0};
    struct create_memory memory = {0};
    const struct mailbox_id id = {request_of(0x77).uuid};
    struct relay_request rq = request(INITIATOR, 1);

    rq.body.rights = rights;
    assert_int_equal(mailbox_create(&mb, &memory, &id, &rq, &policy, NOW, &fx),
                     RELAY_DONE);
    return mb;
}

#endif

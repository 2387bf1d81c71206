/* See exchange_kit.h. */
#include "exchange_kit.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

void
kit_site(struct exchange_site *site, const struct hour_keys *hours)
{
    memset(site, 0, sizeof(*site));
    site->policy.lifetime_default = LIMIT_LIFETIME_DEFAULT_S;
    site->policy.lifetime_max = LIMIT_LIFETIME_DEFAULT_S;
    memset(site->salt.bytes, 0x5a, ROW_SALT_LEN);
    site->hours = hours;
}

struct tg_uuid
kit_uuid(unsigned number)
{
    struct tg_uuid id = {{0}};

    id.bytes[0] = 0xc1;
    id.bytes[12] = (uint8_t)(number >> 24);
    id.bytes[13] = (uint8_t)(number >> 16);
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static void
fill_body(struct request_body *body)
{
    body->acceptable = true;
    body->payload.type = TG_SPAN_LITERAL("AEAD_AES_128_GCM");
    body->payload.data = TG_SPAN_LITERAL("payload-in-the-kit");
    body->display.title = TG_SPAN_LITERAL("title-in-the-kit");
    body->display.description = TG_SPAN_LITERAL("description-in-the-kit");
    body->display.image_url = TG_SPAN_LITERAL("https://kit.example/i.png");
    body->token.type = TG_SPAN_LITERAL("token-type-in-the-kit");
    body->token.data = TG_SPAN_LITERAL("token-data-in-the-kit");
    body->rights = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE;
}

void
kit_exchange(struct exchange *ex, const struct exchange_site *site,
             enum exchange_call call, const struct mailbox_id *id,
             unsigned claim, unsigned request)
{
    memset(ex, 0, sizeof(*ex));
    ex->site = site;
    ex->call = call;
    if (call != EXCHANGE_CREATE)
        ex->mailbox_id = *id;
    ex->claim = kit_uuid(claim);
    ex->request.id.uuid = kit_uuid(request);
    fill_body(&ex->request.body);
    assert_int_equal(exchange_prepare(ex), TG_OK);
}

void
kit_run(const struct store *store, struct exchange *ex)
{
    struct store_op *op = &ex->op;

    op->now = KIT_NOW;
    store->run(store->self, &op, 1);
}

/* See model_exchange.h. */
#include "model_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange_kit.h"

void
model_exchange_site(struct exchange_site *site, const struct hour_keys *hours)
{
    static const struct tg_span types[] = {TG_SPAN_LITERAL("known")};

    kit_site(site, hours);
    site->policy.lifetime_default = MODEL_LIFETIME_DEFAULT;
    site->policy.lifetime_max = MODEL_LIFETIME_MAX;
    site->policy.push_types = types;
    site->policy.push_type_count = 1;
}

/* ---- numbers as bytes -------------------------------------------------- */

/* Of a length that belongs to the number, from one byte to several pages of a
 * store. */
static struct tg_span
payload_of(int number, uint8_t room[MODEL_PAYLOAD_MOST])
{
    static const size_t lengths[] = {4,    40,   300,  700,  1100, 1500,
                                     1900, 2000, 4000, 6000, 12000};
    size_t len = lengths[(size_t)number % (sizeof(lengths) / sizeof(size_t))];
    unsigned state = (unsigned)number;

    memcpy(room, &number, sizeof(number));
    for (size_t i = sizeof(number); i < len; i++) {
        state = state * 1664525 + 1013904223;
        room[i] = (uint8_t)(state >> 24);
    }
    return (struct tg_span){room, len};
}

static int
payload_number(struct tg_span payload)
{
    static uint8_t room[MODEL_PAYLOAD_MOST];
    int number;

    if (payload.len < sizeof(number))
        return -1;
    memcpy(&number, payload.ptr, sizeof(number));
    return tg_span_equal(payload_of(number, room), payload) ? number : -1;
}

/* Of many lengths, too. */
static struct tg_span
text_of(const char *what, int number, char room[MODEL_TEXT_MOST])
{
    snprintf(room, MODEL_TEXT_MOST, "%s %0*d", what, 1 + number % 250,
             number);
    return tg_span_text(room);
}

/* 0: nothing is there. */
static int
text_number(const char *what, struct tg_span text)
{
    char room[MODEL_TEXT_MOST];
    char copy[MODEL_TEXT_MOST];
    int number;

    if (text.len == 0)
        return 0;
    if (text.len >= sizeof(copy) || text.len <= strlen(what))
        return -1;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    number = (int)strtol(copy + strlen(what), NULL, 10);
    if (number <= 0)
        return -1;
    return tg_span_equal(text_of(what, number, room), text) ? number : -1;
}

static struct tg_span
token_type(int number)
{
    return number % 2 == 1 ? TG_SPAN_LITERAL("known")
                           : TG_SPAN_LITERAL("unknown");
}

static int
token_number(const struct notification_token *token)
{
    int number = text_number("token", token->data);

    if (number > 0 && !tg_span_equal(token->type, token_type(number)))
        return -1;
    return number;
}

static int
displayed_number(const struct display_info *shown)
{
    int number = text_number("title", shown->title);

    return text_number("description", shown->description) == number &&
                   text_number("https://kit.example/", shown->image_url) ==
                       number
               ? number
               : -1;
}

/* ---- there ------------------------------------------------------------- */

static void
fill_body(struct model_exchange *e)
{
    struct request_body *body = &e->ex.request.body;
    const struct model_step *s = &e->step;

    body->acceptable = s->body_fine;
    body->payload.data = payload_of(s->data, e->payload);
    body->display.title = text_of("title", s->data, e->texts[0]);
    body->display.description = text_of("description", s->data, e->texts[1]);
    body->display.image_url =
        text_of("https://kit.example/", s->data, e->texts[2]);
    body->token = (struct notification_token){0};
    if (s->token != 0) {
        body->token.type = token_type(s->token);
        body->token.data = text_of("token", s->token, e->texts[3]);
    }
    body->rights = (uint8_t)s->rights;
    body->expiration_choice = s->choice;
    body->expiration = s->expiration;
}

static enum exchange_call
call_of(const struct model_step *s)
{
    switch (s->call) {
    case MODEL_CREATE: return EXCHANGE_CREATE;
    case MODEL_DISPLAY: return EXCHANGE_DISPLAY;
    case MODEL_READ: return EXCHANGE_READ;
    case MODEL_UPDATE: return EXCHANGE_UPDATE;
    case MODEL_DELETE: return EXCHANGE_DELETE;
    case MODEL_RELINQUISH: break;
    }
    return EXCHANGE_RELINQUISH;
}

void
model_exchange_begin(struct model_exchange *e,
                     const struct exchange_site *site,
                     const struct mailbox_id *id, const struct model_step *s)
{
    e->step = *s;
    kit_exchange(&e->ex, site, call_of(s), id, 1 + (unsigned)s->claim,
                 1 + (unsigned)s->id);
    fill_body(e);
    e->ex.request.if_match = model_condition(s);
    e->ex.request.if_none_match = model_condition(s);
    e->ex.request.attestation_refused = !s->device_fine;
    if (!s->waited)
        return;
    exchange_rest(&e->ex);
    exchange_again(&e->ex);
}

/* ---- and back ---------------------------------------------------------- */

static int
number_of(const struct model_ids *ids, const struct mailbox_id *id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (tg_uuid_equal(&ids->ids[i].uuid, &id->uuid))
            return (int)i;
    return MODEL_NO_MAILBOX;
}

void
model_exchange_place(struct model_exchange *e, const struct model_ids *ids)
{
    e->step.now = e->ex.op.now;
    e->step.mailbox = number_of(ids, &e->ex.mailbox_id);
}

/* The one that was asked for, or that of an earlier try. */
static int
created_number(const struct model_exchange *e, const struct model_ids *ids)
{
    const struct mailbox_id *id = &e->ex.memory.mailbox;

    return tg_uuid_equal(&e->ex.mailbox_id.uuid, &id->uuid)
               ? (int)ids->count
               : number_of(ids, id);
}

struct model_answer
model_exchange_answer(const struct model_exchange *e,
                      const struct model_ids *ids)
{
    const struct model_step *s = &e->step;
    const struct exchange *ex = &e->ex;
    struct model_answer a = {.outcome = ex->outcome};
    bool is_told = a.outcome == RELAY_DONE || a.outcome == RELAY_UNCHANGED;

    if (s->call == MODEL_CREATE &&
        (is_told || a.outcome == RELAY_ALREADY_DONE)) {
        a.mailbox = created_number(e, ids);
        a.expires = ex->memory.expires;
    }
    if ((s->call == MODEL_DISPLAY || s->call == MODEL_READ) && is_told) {
        a.expires = ex->mailbox.expires;
        a.displayed = displayed_number(&ex->mailbox.display);
    }
    if (s->call == MODEL_READ && a.outcome == RELAY_DONE)
        a.data = payload_number(ex->mailbox.payload.data);
    if (s->call == MODEL_READ || s->call == MODEL_UPDATE)
        a.version = (int)ex->effects.version;
    a.push = ex->effects.push_supported;
    a.rung = token_number(&ex->effects.notify_token);
    a.wakes = ex->effects.wake;
    a.ends_waits = ex->effects.ends_waits;
    a.changes = ex->effects.changed || ex->effects.removed;
    return a;
}

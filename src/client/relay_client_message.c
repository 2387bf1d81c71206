/* See relay_client_message.h. */
#include "client/relay_client_message.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static void
add_header(struct message *m, const char *name, const char *value)
{
    char *line = m->lines[m->header_count];

    assert(m->header_count < MESSAGE_HEADER_COUNT);
    snprintf(line, MESSAGE_HEADER_MAX + 1, "%s: %s", name, value);
    m->headers[m->header_count++] = line;
    m->headers[m->header_count] = NULL;
}

void
message_add_line(struct message *m, const char *line)
{
    assert(m->header_count < MESSAGE_HEADER_COUNT);
    m->headers[m->header_count++] = line;
    m->headers[m->header_count] = NULL;
}

static bool
is_uuid(const char *text)
{
    struct tg_uuid id;

    return text != NULL && tg_uuid_parse(tg_span_text(text), &id) == TG_OK;
}

/* A line break in it would be a header of somebody else's. */
static bool
can_be_sent(const char *etag)
{
    return etag == NULL || (strlen(etag) <= HTTP_ETAG_MAX &&
                            strpbrk(etag, "\r\n") == NULL);
}

const char *
message_method(enum relay_verb verb)
{
    switch (verb) {
    case RELAY_CREATE:
    case RELAY_READ: return "POST";
    case RELAY_UPDATE: return "PUT";
    case RELAY_DELETE: return "DELETE";
    case RELAY_RELINQUISH: break;
    }
    return "PATCH";
}

/* What is written into the request is checked here once more. */
enum tg_err
message_make(struct message *m, enum relay_verb verb,
             const struct tg_relay_call *call, const char *etag,
             int64_t wait_s)
{
    bool has_mailbox = verb != RELAY_CREATE;
    bool may_lack_id = verb == RELAY_READ && call->request_id == NULL;
    char wait[32];

    if ((has_mailbox && !is_uuid(call->mailbox)) || !is_uuid(call->claim) ||
        (!may_lack_id && !is_uuid(call->request_id)) ||
        !can_be_sent(call->if_match) || !can_be_sent(etag))
        return TG_E_FORMAT;
    snprintf(m->url, sizeof(m->url), "https://%s/v1/m%s%s", call->relay,
             has_mailbox ? "/" : "", has_mailbox ? call->mailbox : "");
    m->header_count = 0;
    add_header(m, "Accept", "application/json");
    add_header(m, "Mailbox-Device-Claim", call->claim);
    if (!may_lack_id)
        add_header(m, "Mailbox-Request-ID", call->request_id);
    if (call->if_match != NULL && verb == RELAY_UPDATE)
        add_header(m, "If-Match", call->if_match);
    if (etag == NULL || verb != RELAY_READ)
        return TG_OK;
    snprintf(wait, sizeof(wait), "wait=%" PRId64, wait_s);
    add_header(m, "If-None-Match", etag);
    add_header(m, "Prefer", wait);
    return TG_OK;
}

void
message_make_preview(struct message *m, const char *relay,
                     const char *mailbox)
{
    snprintf(m->url, sizeof(m->url), "https://%s/v1/m/%s", relay, mailbox);
    m->header_count = 0;
    add_header(m, "Accept", "text/html");
}

void
message_make_discovery(struct message *m, const char *relay)
{
    snprintf(m->url, sizeof(m->url), "https://%s/.well-known/tigress", relay);
    m->header_count = 0;
    add_header(m, "Accept", "application/json");
}

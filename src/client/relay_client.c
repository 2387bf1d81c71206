/* See relay_client.h and <tigress/relay_client.h>. HTTP itself is in
 * relay_client_http.c, bodies in _body.c, answers in _answer.c. */
#include "client/relay_client.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/uuid.h"
#include "client/authority.h"
#include "client/relay_client_body.h"
#include "client/relay_client_http.h"
#include "client/share_url.h"
#include "crypto/random.h"

enum {
    DEFAULT_TIMEOUT_MS = 15000,
    DEFAULT_ATTEMPTS = 4,
    FIRST_PAUSE_MS = 250,
    LONGEST_PAUSE_MS = 8000,
    LONGEST_RETRY_AFTER_S = 30,
    URL_MAX = AUTHORITY_TEXT_MAX + TG_UUID_TEXT_LEN + 64,
    HEADER_MAX = 160,
    HEADER_COUNT = 5,
    REASON_MAX = 512
};

struct tg_relay_client {
    const struct tg_allow_list *allowed; /* borrowed */
    struct http *http;
    struct tg_buf ca_file; /* terminated; empty: the system's */
    int64_t timeout_ms;
    unsigned attempts;
    bool (*pause)(void *self, int64_t pause_ms);
    void *pause_self;
    char last_claim[TG_UUID_TEXT_LEN + 1]; /* whose connection is open */
    char reason[REASON_MAX + 1];
};

static bool
pause_for(void *self, int64_t pause_ms)
{
    const struct timespec ts = {pause_ms / 1000, pause_ms % 1000 * 1000000};

    (void)self;
    return nanosleep(&ts, NULL) == 0;
}

enum tg_err
tg_relay_client_new(const struct tg_allow_list *allowed,
                    struct tg_relay_client **out)
{
    struct tg_relay_client *client;
    enum tg_err err;

    assert(allowed != NULL);
    if ((client = tg_alloc(sizeof(*client))) == NULL)
        return TG_E_NOMEM;
    if ((err = http_new(&client->http)) != TG_OK) {
        tg_free(client);
        return err;
    }
    client->allowed = allowed;
    client->timeout_ms = DEFAULT_TIMEOUT_MS;
    client->attempts = DEFAULT_ATTEMPTS;
    client->pause = pause_for;
    *out = client;
    return TG_OK;
}

void
tg_relay_client_free(struct tg_relay_client *client)
{
    if (client == NULL)
        return;
    http_free(client->http);
    tg_buf_free(&client->ca_file);
    tg_wipe(client, sizeof(*client));
    tg_free(client);
}

enum tg_err
tg_relay_client_set_ca_file(struct tg_relay_client *client, const char *path)
{
    struct tg_buf copy = TG_BUF_EMPTY;
    enum tg_err err;

    if (path != NULL && ((err = tg_buf_text(&copy, path)) != TG_OK ||
                         (err = tg_buf_terminate(&copy)) != TG_OK)) {
        tg_buf_free(&copy);
        return err;
    }
    tg_buf_free(&client->ca_file);
    client->ca_file = copy;
    return TG_OK;
}

void
tg_relay_client_set_timeout_ms(struct tg_relay_client *client,
                               int64_t timeout_ms)
{
    client->timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
}

void
tg_relay_client_set_attempts(struct tg_relay_client *client, unsigned attempts)
{
    client->attempts = attempts > 0 ? attempts : 1;
}

void
tg_relay_client_set_pause(struct tg_relay_client *client,
                          bool (*pause)(void *self, int64_t pause_ms),
                          void *self)
{
    client->pause = pause != NULL ? pause : pause_for;
    client->pause_self = self;
}

const char *
tg_relay_client_reason(const struct tg_relay_client *client)
{
    return client->reason;
}

bool
relay_client_allows(const struct tg_relay_client *client, const char *relay)
{
    return tg_allow_list_has(client->allowed, relay);
}

bool
relay_client_pause(struct tg_relay_client *client, int64_t pause_ms)
{
    return client->pause(client->pause_self, pause_ms);
}

/* The text of one request, kept together until it has been answered. */
struct message {
    char url[URL_MAX + 1];
    char lines[HEADER_COUNT][HEADER_MAX + 1];
    const char *headers[HEADER_COUNT + 1];
    size_t header_count;
};

static void
add_header(struct message *m, const char *name, const char *value)
{
    char *line = m->lines[m->header_count];

    assert(m->header_count < HEADER_COUNT);
    snprintf(line, HEADER_MAX + 1, "%s: %s", name, value);
    m->headers[m->header_count++] = line;
    m->headers[m->header_count] = NULL;
}

static bool
is_uuid(const char *text)
{
    struct tg_uuid id;

    return text != NULL && tg_uuid_parse(tg_span_text(text), &id) == TG_OK;
}

static const char *
method_of(enum relay_verb verb)
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

/* What is written into the request is checked here once more: a line break in
 * it would be a header of somebody else's. */
static enum tg_err
make_message(enum relay_verb verb, const struct tg_relay_call *call,
             struct message *m)
{
    bool has_mailbox = verb != RELAY_CREATE;
    bool may_lack_id = verb == RELAY_READ && call->request_id == NULL;

    if ((has_mailbox && !is_uuid(call->mailbox)) || !is_uuid(call->claim) ||
        (!may_lack_id && !is_uuid(call->request_id)))
        return TG_E_FORMAT;
    if (call->if_match != NULL &&
        (strlen(call->if_match) > HTTP_ETAG_MAX ||
         strpbrk(call->if_match, "\r\n") != NULL))
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
    return TG_OK;
}

/* How long to wait after a failed attempt; -1: not worth another one. */
static int64_t
pause_after(unsigned attempt, const struct http_response *response)
{
    int64_t most = FIRST_PAUSE_MS;
    uint32_t random = 0;

    if (response->retry_after_s > LONGEST_RETRY_AFTER_S)
        return -1;
    for (unsigned i = 1; i < attempt && most < LONGEST_PAUSE_MS; i++)
        most *= 2;
    /* Without chance all devices that a relay turned away would come back at
     * the same moment. No random number is no reason to fail. */
    if (random_bytes(&random, sizeof(random)) != TG_OK)
        random = 0;
    if (response->retry_after_s >= 0)
        return response->retry_after_s * 1000 + random % FIRST_PAUSE_MS;
    return 1 + random % most;
}

static bool
is_worth_another(enum tg_err err, const struct http_response *response)
{
    if (err == TG_E_BUSY)
        return response->status == 429 || response->status == 502 ||
               response->status == 503 || response->status == 504;
    return err == TG_E_NETWORK;
}

/* One attempt: the exchange, and what its status means. */
static enum tg_err
attempt_once(struct tg_relay_client *client, enum relay_verb verb,
             const struct http_request *request,
             struct http_response *response)
{
    char words[HTTP_REASON_MAX + 1] = "";
    enum tg_err err;

    client->reason[0] = '\0';
    response->status = 0;
    err = http_exchange(client->http, request, response, words);
    if (err != TG_OK) {
        snprintf(client->reason, sizeof(client->reason), "%s", words);
        return err;
    }
    return relay_client_answer_verdict(verb, response->status);
}

static enum tg_err
attempt(struct tg_relay_client *client, enum relay_verb verb,
        const struct http_request *request, struct http_response *response)
{
    for (unsigned i = 1;; i++) {
        enum tg_err err = attempt_once(client, verb, request, response);
        int64_t pause_ms;

        if (i >= client->attempts || !is_worth_another(err, response))
            return err;
        response->retry_after_s =
            err == TG_E_BUSY ? response->retry_after_s : -1;
        if ((pause_ms = pause_after(i, response)) < 0 ||
            !relay_client_pause(client, pause_ms))
            return err;
    }
}

/* A relay that repeats what we sent must not bring it onto a screen or into
 * a log by that. */
static bool
reveals(const char *text, const char *secret)
{
    return secret != NULL && strcasestr(text, secret) != NULL;
}

static void
explain_status(struct tg_relay_client *client,
               const struct tg_relay_call *call,
               const struct http_response *response)
{
    struct tg_buf text = TG_BUF_EMPTY;

    if (tg_buf_printf(&text, "status %d", response->status) == TG_OK &&
        relay_client_answer_problem(response, &text) == TG_OK &&
        tg_buf_terminate(&text) == TG_OK &&
        !reveals((const char *)text.ptr, call->claim) &&
        !reveals((const char *)text.ptr, call->mailbox) &&
        !reveals((const char *)text.ptr, call->request_id))
        snprintf(client->reason, sizeof(client->reason), "%s", text.ptr);
    else
        snprintf(client->reason, sizeof(client->reason), "status %d",
                 response->status);
    tg_buf_free(&text);
}

/* A connection belongs to one claim, and so to one mailbox: over a shared one
 * the relay could tell that two mailboxes are the same device's. */
static void
use_connection_of(struct tg_relay_client *client, const char *claim)
{
    if (strcasecmp(client->last_claim, claim) == 0)
        return;
    http_forget_connection(client->http);
    snprintf(client->last_claim, sizeof(client->last_claim), "%s", claim);
}

static struct http_request
make_request(const struct tg_relay_client *client, const char *method,
             const struct message *m, struct tg_span body)
{
    return (struct http_request){
        .method = method,
        .url = m->url,
        .headers = m->headers,
        .body = body,
        .ca_file = client->ca_file.len > 0
                       ? (const char *)client->ca_file.ptr
                       : NULL,
        .timeout_ms = client->timeout_ms,
    };
}

enum tg_err
relay_client_call(struct tg_relay_client *client, enum relay_verb verb,
                  const struct tg_relay_call *call, struct tg_span body,
                  struct tg_relay_answer **out)
{
    struct http_response response = {0};
    struct http_request request;
    TG_WIPED(struct message, m);
    const char *what = "";
    enum tg_err err;

    client->reason[0] = '\0';
    if (!relay_client_allows(client, call->relay)) {
        snprintf(client->reason, sizeof(client->reason),
                 "the relay is not on the allow-list");
        return TG_E_UNTRUSTED;
    }
    if ((err = make_message(verb, call, &m)) != TG_OK)
        return err;
    request = make_request(client, method_of(verb), &m, body);
    use_connection_of(client, call->claim);
    err = attempt(client, verb, &request, &response);
    if (err == TG_OK) {
        err = relay_client_answer_read(verb, call->relay, &response, out,
                                       &what);
        if (err != TG_OK)
            snprintf(client->reason, sizeof(client->reason), "%s", what);
    } else if (response.status != 0 && client->reason[0] == '\0') {
        explain_status(client, call, &response);
    }
    tg_buf_free(&response.body);
    return err;
}

enum tg_err
tg_relay_client_create(struct tg_relay_client *client,
                       const struct tg_relay_call *call,
                       const struct tg_relay_offer *offer,
                       struct tg_relay_answer **out)
{
    struct tg_buf body = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = relay_client_body_create(offer, &body)) == TG_OK)
        err = relay_client_call(client, RELAY_CREATE, call,
                                tg_span_buf(&body), out);
    tg_buf_free(&body);
    return err;
}

enum tg_err
tg_relay_client_read(struct tg_relay_client *client,
                     const struct tg_relay_call *call,
                     struct tg_relay_answer **out)
{
    return relay_client_call(client, RELAY_READ, call, TG_SPAN_EMPTY, out);
}

enum tg_err
tg_relay_client_update(struct tg_relay_client *client,
                       const struct tg_relay_call *call,
                       const char *payload_type, struct tg_span payload,
                       struct tg_relay_answer **out)
{
    struct tg_buf body = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = relay_client_body_update(payload_type, payload, &body)) ==
        TG_OK)
        err = relay_client_call(client, RELAY_UPDATE, call,
                                tg_span_buf(&body), out);
    tg_buf_free(&body);
    return err;
}

static enum tg_err
call_without_answer(struct tg_relay_client *client, enum relay_verb verb,
                    const struct tg_relay_call *call)
{
    struct tg_relay_answer *answer = NULL;
    enum tg_err err =
        relay_client_call(client, verb, call, TG_SPAN_EMPTY, &answer);

    tg_relay_answer_free(answer);
    return err;
}

enum tg_err
tg_relay_client_delete(struct tg_relay_client *client,
                       const struct tg_relay_call *call)
{
    return call_without_answer(client, RELAY_DELETE, call);
}

enum tg_err
tg_relay_client_relinquish(struct tg_relay_client *client,
                           const struct tg_relay_call *call)
{
    return call_without_answer(client, RELAY_RELINQUISH, call);
}

enum tg_err
tg_relay_client_display(struct tg_relay_client *client,
                        const struct tg_share_url *url, struct tg_buf *out)
{
    const struct tg_relay_call call = {
        .relay = tg_share_url_relay(url),
        .mailbox = tg_share_url_mailbox(url),
    };
    struct http_response response = {0};
    struct http_request request;
    TG_WIPED(struct message, m);
    enum tg_err err;

    client->reason[0] = '\0';
    if (!relay_client_allows(client, call.relay))
        return TG_E_UNTRUSTED;
    snprintf(m.url, sizeof(m.url), "https://%s/v1/m/%s", call.relay,
             call.mailbox);
    add_header(&m, "Accept", "text/html");
    request = make_request(client, "GET", &m, TG_SPAN_EMPTY);
    use_connection_of(client, "");
    http_forget_connection(client->http);
    err = attempt(client, RELAY_READ, &request, &response);
    http_forget_connection(client->http);
    if (err == TG_OK)
        err = tg_buf_append(out, tg_span_buf(&response.body));
    else if (response.status != 0 && client->reason[0] == '\0')
        explain_status(client, &call, &response);
    tg_buf_free(&response.body);
    return err;
}

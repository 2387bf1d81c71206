/* See relay_client.h and <tigress/relay_client.h>. HTTP itself is in
 * relay_client_http.c, requests in _message.c and _body.c, answers in
 * _answer.c, reads that the relay may hold in _read.c. */
#include "client/relay_client.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/attestation.h"
#include "client/relay_client_body.h"
#include "client/relay_client_inside.h"
#include "client/share_url.h"
#include "crypto/random.h"

enum {
    DEFAULT_TIMEOUT_MS = 15000,
    DEFAULT_ATTEMPTS = 4,
    FIRST_PAUSE_MS = 250,
    LONGEST_PAUSE_MS = 8000,
    LONGEST_RETRY_AFTER_S = 30
};

#define REFUSED_DEVICE "urn:tigress:problem:attestation-refused"

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
    client->stop_fd = -1;
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
    client->pause = pause;
    client->pause_self = self;
}

void
tg_relay_client_set_stop_fd(struct tg_relay_client *client, int fd)
{
    client->stop_fd = fd;
}

void
tg_relay_client_set_attestation(struct tg_relay_client *client,
                                const struct tg_attestation_provider *provider)
{
    client->attestation = provider;
}

const char *
tg_relay_client_reason(const struct tg_relay_client *client)
{
    return client->reason;
}

const char *
tg_relay_client_detail(const struct tg_relay_client *client)
{
    return client->detail;
}

bool
relay_client_allows(const struct tg_relay_client *client, const char *relay)
{
    return tg_allow_list_has(client->allowed, relay);
}

bool
relay_client_pause(struct tg_relay_client *client, int64_t pause_ms)
{
    struct pollfd stop = {.fd = client->stop_fd, .events = POLLIN};

    if (client->pause != NULL)
        return client->pause(client->pause_self, pause_ms);
    return poll(&stop, 1, pause_ms < INT_MAX ? (int)pause_ms : INT_MAX) == 0;
}

int64_t
relay_client_backoff_ms(unsigned failures, int64_t longest_ms)
{
    int64_t most = FIRST_PAUSE_MS;
    uint32_t random = UINT32_MAX / 2;

    for (unsigned i = 1; i < failures && most < longest_ms; i++)
        most *= 2;
    if (most > longest_ms)
        most = longest_ms;
    /* Without chance all devices that a relay turned away would come back at
     * the same moment. No random number is no reason to fail. */
    if (random_bytes(&random, sizeof(random)) != TG_OK)
        random = UINT32_MAX / 2;
    return 1 + (int64_t)(((uint64_t)random * (uint64_t)most) >> 32);
}

/* How long to wait after a failed attempt; -1: not worth another one. */
static int64_t
pause_after(unsigned attempt, const struct http_response *response)
{
    if (response->retry_after_s > LONGEST_RETRY_AFTER_S)
        return -1;
    if (response->retry_after_s >= 0)
        return response->retry_after_s * 1000 +
               relay_client_backoff_ms(1, LONGEST_PAUSE_MS);
    return relay_client_backoff_ms(attempt, LONGEST_PAUSE_MS);
}

static bool
is_worth_another(enum tg_err err, const struct http_response *response)
{
    if (err == TG_E_BUSY)
        return response->status == 429 || response->status == 502 ||
               response->status == 503 || response->status == 504;
    return err == TG_E_NETWORK;
}

/* The answer makes no sense. If it is only that the relay has another name,
 * whoever chose it may want to know which. */
static void
note_nonsense(struct tg_relay_client *client, enum relay_verb verb,
              const char *relay, const struct http_response *response,
              const char *what)
{
    struct tg_buf name = TG_BUF_EMPTY;

    snprintf(client->reason, sizeof(client->reason), "%s", what);
    if (verb == RELAY_CREATE &&
        relay_client_answer_elsewhere(response, relay, &name) == TG_OK &&
        tg_buf_terminate(&name) == TG_OK &&
        name.len < sizeof(client->detail))
        snprintf(client->detail, sizeof(client->detail), "%s", name.ptr);
    tg_buf_free(&name);
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
    client->detail[0] = '\0';
    response->status = 0;
    err = http_exchange(client->http, request, client->stop_fd, response,
                        words);
    if (err != TG_OK) {
        snprintf(client->reason, sizeof(client->reason), "%s", words);
        return err;
    }
    err = relay_client_answer_verdict(verb, response->status);
    if (verb == RELAY_CREATE && err == TG_E_REFUSED &&
        relay_client_answer_is_problem(response, REFUSED_DEVICE))
        err = TG_E_ATTESTATION;
    return err;
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
reveals(const char *text, const struct tg_relay_call *call)
{
    const char *const secrets[] = {call->claim, call->mailbox,
                                   call->request_id};

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (secrets[i] != NULL && secrets[i][0] != '\0' &&
            strcasestr(text, secrets[i]) != NULL)
            return true;
    return false;
}

void
relay_client_explain(struct tg_relay_client *client,
                     const struct tg_relay_call *call,
                     const struct http_response *response)
{
    struct tg_buf text = TG_BUF_EMPTY;

    if (tg_buf_printf(&text, "status %d", response->status) == TG_OK &&
        relay_client_answer_problem(response, &text) == TG_OK &&
        tg_buf_terminate(&text) == TG_OK &&
        !reveals((const char *)text.ptr, call))
        snprintf(client->reason, sizeof(client->reason), "%s", text.ptr);
    else
        snprintf(client->reason, sizeof(client->reason), "status %d",
                 response->status);
    tg_buf_clear(&text);
    if (relay_client_answer_detail(response, &text) == TG_OK &&
        tg_buf_terminate(&text) == TG_OK &&
        !reveals((const char *)text.ptr, call))
        snprintf(client->detail, sizeof(client->detail), "%s", text.ptr);
    tg_buf_free(&text);
}

/* A connection belongs to one claim, and so to one mailbox: over a shared one
 * the relay could tell that two mailboxes are the same device's. */
void
relay_client_use_connection(struct tg_relay_client *client, const char *claim)
{
    if (strcasecmp(client->last_claim, claim) == 0)
        return;
    http_forget_connection(client->http);
    snprintf(client->last_claim, sizeof(client->last_claim), "%s", claim);
}

struct http_request
relay_client_request(const struct tg_relay_client *client, const char *method,
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
relay_client_check(struct tg_relay_client *client, const char *relay)
{
    client->reason[0] = '\0';
    client->detail[0] = '\0';
    if (relay_client_allows(client, relay))
        return TG_OK;
    snprintf(client->reason, sizeof(client->reason),
             "the relay is not on the allow-list");
    return TG_E_UNTRUSTED;
}

static enum tg_err
perform(struct tg_relay_client *client, enum relay_verb verb,
        const struct tg_relay_call *call, struct tg_span body,
        const struct tg_buf *statement, struct tg_relay_answer **out)
{
    struct http_response response = {0};
    struct http_request request;
    TG_WIPED(struct message, m);
    const char *what = "";
    enum tg_err err;

    if ((err = relay_client_check(client, call->relay)) != TG_OK)
        return err;
    if ((err = message_make(&m, verb, call, NULL, 0)) != TG_OK)
        return err;
    if (statement->len > 0)
        message_add_line(&m, (const char *)statement->ptr);
    request = relay_client_request(client, message_method(verb), &m, body);
    relay_client_use_connection(client, call->claim);
    err = attempt(client, verb, &request, &response);
    if (err == TG_OK) {
        err = relay_client_answer_read(verb, call->relay, &response, out,
                                       &what);
        if (err != TG_OK)
            note_nonsense(client, verb, call->relay, &response, what);
    } else if (response.status != 0 && client->reason[0] == '\0') {
        relay_client_explain(client, call, &response);
    }
    tg_buf_free(&response.body);
    return err;
}

enum tg_err
relay_client_call(struct tg_relay_client *client, enum relay_verb verb,
                  const struct tg_relay_call *call, struct tg_span body,
                  struct tg_relay_answer **out)
{
    return perform(client, verb, call, body, &TG_BUF_EMPTY, out);
}

enum tg_err
relay_client_create(struct tg_relay_client *client,
                    const struct tg_relay_call *call, struct tg_span body,
                    const struct tg_buf *statement,
                    struct tg_relay_answer **out)
{
    return perform(client, RELAY_CREATE, call, body, statement, out);
}

/* For a caller without shares, and so without what the relay says of itself: a
 * statement if there can be one, and the relay judges. */
enum tg_err
tg_relay_client_create(struct tg_relay_client *client,
                       const struct tg_relay_call *call,
                       const struct tg_relay_offer *offer,
                       struct tg_relay_answer **out)
{
    struct tg_buf body = TG_BUF_EMPTY;
    struct tg_buf line = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = relay_client_check(client, call->relay)) != TG_OK ||
        (err = relay_client_body_create(offer, &body)) != TG_OK)
        goto out;
    if (client->attestation != NULL &&
        (err = attestation_make(client->attestation, call, tg_span_buf(&body),
                                NULL, &line)) == TG_E_NOMEM)
        goto out;
    err = relay_client_create(client, call, tg_span_buf(&body), &line, out);
out:
    tg_buf_free(&line);
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

    if ((err = relay_client_check(client, call.relay)) != TG_OK)
        return err;
    message_make_preview(&m, call.relay, call.mailbox);
    request = relay_client_request(client, "GET", &m, TG_SPAN_EMPTY);
    relay_client_use_connection(client, "");
    http_forget_connection(client->http);
    err = attempt(client, RELAY_READ, &request, &response);
    http_forget_connection(client->http);
    if (err == TG_OK)
        err = tg_buf_append(out, tg_span_buf(&response.body));
    else if (response.status != 0 && client->reason[0] == '\0')
        relay_client_explain(client, &call, &response);
    tg_buf_free(&response.body);
    return err;
}

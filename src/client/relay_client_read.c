/* See relay_client_read.h. */
#include "client/relay_client_read.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/relay_client_inside.h"

struct relay_read {
    struct tg_relay_client *client; /* borrowed */
    struct http *own;               /* NULL: the client's connection */
    bool is_under_way;
    bool has_etag;
    struct http_response response;
};

enum tg_err
relay_read_new(struct tg_relay_client *client, bool alone,
               struct relay_read **out)
{
    struct relay_read *read = tg_alloc(sizeof(*read));
    enum tg_err err;

    if (read == NULL)
        return TG_E_NOMEM;
    read->client = client;
    if (!alone && (err = http_new(&read->own)) != TG_OK) {
        tg_free(read);
        return err;
    }
    *out = read;
    return TG_OK;
}

static struct http *
http_of(const struct relay_read *read)
{
    return read->own != NULL ? read->own : read->client->http;
}

void
relay_read_abandon(struct relay_read *read)
{
    if (!read->is_under_way)
        return;
    http_abandon(http_of(read));
    read->is_under_way = false;
    tg_buf_free(&read->response.body);
}

void
relay_read_free(struct relay_read *read)
{
    if (read == NULL)
        return;
    relay_read_abandon(read);
    http_free(read->own);
    tg_free(read);
}

enum tg_err
relay_read_begin(struct relay_read *read, const struct tg_relay_call *call,
                 const char *etag, int64_t wait_s, struct tg_span body)
{
    struct tg_relay_client *client = read->client;
    struct http_request request;
    TG_WIPED(struct message, m);
    enum tg_err err;

    if ((err = relay_client_check(client, call->relay)) != TG_OK)
        return err;
    if ((err = message_make(&m, RELAY_READ, call, etag, wait_s)) != TG_OK)
        return err;
    request = relay_client_request(client, message_method(RELAY_READ), &m,
                                   body);
    request.held_ms = etag != NULL ? wait_s * 1000 : 0;
    if (read->own == NULL)
        relay_client_use_connection(client, call->claim);
    err = http_begin(http_of(read), &request, &read->response);
    read->is_under_way = err == TG_OK;
    read->has_etag = etag != NULL;
    return err;
}

bool
relay_read_is_over(const struct relay_read *read)
{
    return http_is_over(http_of(read));
}

/* The answer, or what its status means. */
static enum tg_err
judge(struct relay_read *read, const struct tg_relay_call *call,
      struct tg_relay_answer **out)
{
    struct tg_relay_client *client = read->client;
    enum tg_err err =
        relay_client_answer_verdict(RELAY_READ, read->response.status);
    const char *what = "";

    if (err == TG_E_CONFLICT && read->has_etag)
        return TG_E_NO_NEWS;
    if (err != TG_OK) {
        relay_client_explain(client, call, &read->response);
        return err;
    }
    err = relay_client_answer_read(RELAY_READ, call->relay, &read->response,
                                   out, &what);
    if (err != TG_OK)
        snprintf(client->reason, sizeof(client->reason), "%s", what);
    return err;
}

enum tg_err
relay_read_end(struct relay_read *read, const struct tg_relay_call *call,
               struct tg_relay_answer **out, struct relay_read_manner *manner)
{
    struct tg_relay_client *client = read->client;
    char words[HTTP_REASON_MAX + 1] = "";
    enum tg_err err;

    client->reason[0] = '\0';
    read->is_under_way = false;
    if ((err = http_end(http_of(read), words)) == TG_OK)
        err = judge(read, call, out);
    else
        snprintf(client->reason, sizeof(client->reason), "%s", words);
    manner->granted_s = read->response.waited_s;
    manner->retry_after_s = err == TG_E_BUSY ? read->response.retry_after_s
                                             : -1;
    tg_buf_free(&read->response.body);
    return err;
}

bool
relay_read_rest(struct tg_relay_client *client,
                struct relay_read *const *reads, size_t count, int64_t most_ms)
{
    struct http **all = tg_alloc(count * sizeof(struct http *));
    enum http_news news;

    if (all == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        all[i] = http_of(reads[i]);
    news = http_wait(all, count, client->stop_fd, most_ms);
    tg_free(all);
    return news == HTTP_ON;
}

/* See relay_info.h. What is kept is one value of the wallet, of three lines for
 * each relay: its name, until when (UTC seconds), and the document as compact
 * JSON, or "-" where there was none. It may be lost at any time; the relay with
 * the latest answer comes first. */
#include "client/relay_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "client/authority.h"
#include "client/relay_client_inside.h"
#include "client/wallet.h"

#define ABSENT "-"

/* ---- what is kept ------------------------------------------------------ */

struct entry {
    struct tg_span whole; /* with its line ends */
    struct tg_span relay;
    tg_time_s until;
    struct tg_span document;
};

static bool
take_line(struct tg_span *rest, struct tg_span *line)
{
    const uint8_t *end =
        rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (end == NULL)
        return false;
    *line = (struct tg_span){rest->ptr, (size_t)(end - rest->ptr)};
    rest->ptr += line->len + 1;
    rest->len -= line->len + 1;
    return true;
}

/* The value is sealed: what is read here is what was written. */
static bool
take_entry(struct tg_span *rest, struct entry *out)
{
    const uint8_t *start = rest->ptr;
    struct tg_span until;

    if (!take_line(rest, &out->relay) || !take_line(rest, &until) ||
        !take_line(rest, &out->document))
        return false;
    out->until = strtoll((const char *)until.ptr, NULL, 10);
    out->whole = (struct tg_span){start, (size_t)(rest->ptr - start)};
    return true;
}

/* One that was kept for longer than may be is of a clock that was wrong. */
static bool
is_fresh(const struct entry *entry, tg_time_s now)
{
    return entry->until > now && entry->until - now <= RELAY_INFO_KEEP_S;
}

/* TG_E_STORE: nothing is kept. Otherwise as the relay has answered. */
static enum tg_err
find_kept(struct tg_wallet *wallet, const char *relay,
          struct tg_relay_info *out)
{
    struct tg_buf all = TG_BUF_EMPTY;
    struct entry entry;
    struct tg_span rest;
    tg_time_s now = tg_time_now();
    enum tg_err err = TG_E_STORE;

    if (wallet_kept(wallet, &all) != TG_OK)
        goto out;
    rest = tg_span_buf(&all);
    while (take_entry(&rest, &entry)) {
        if (!tg_span_is(entry.relay, relay) || !is_fresh(&entry, now))
            continue;
        if (tg_span_is(entry.document, ABSENT))
            err = TG_E_NOT_FOUND;
        else if (discovery_parse(entry.document, out) == TG_OK)
            err = TG_OK;
        break;
    }
out:
    tg_buf_free(&all);
    return err;
}

/* The others that are still good, behind the new one. */
static enum tg_err
append_others(struct tg_span rest, const char *relay, struct tg_buf *out)
{
    tg_time_s now = tg_time_now();
    unsigned count = 1;
    struct entry entry;
    enum tg_err err = TG_OK;

    while (err == TG_OK && count < RELAY_INFO_RELAYS &&
           take_entry(&rest, &entry)) {
        if (tg_span_is(entry.relay, relay) || !is_fresh(&entry, now))
            continue;
        err = tg_buf_append(out, entry.whole);
        count++;
    }
    return err;
}

/* Keep a document without line ends. That it cannot be kept is no failure. */
static void
keep(struct tg_wallet *wallet, const char *relay, struct tg_span document,
     int64_t seconds)
{
    struct tg_buf all = TG_BUF_EMPTY;
    struct tg_buf next = TG_BUF_EMPTY;
    enum tg_err err = wallet_kept(wallet, &all);

    if (err != TG_OK && err != TG_E_NOT_FOUND)
        goto out;
    if ((err = tg_buf_printf(&next, "%s\n%" PRId64 "\n", relay,
                             tg_time_now() + seconds)) == TG_OK &&
        (err = tg_buf_append(&next, document)) == TG_OK &&
        (err = tg_buf_byte(&next, '\n')) == TG_OK &&
        (err = append_others(tg_span_buf(&all), relay, &next)) == TG_OK)
        err = wallet_keep(wallet, tg_span_buf(&next));
out:
    (void)err;
    tg_buf_free(&next);
    tg_buf_free(&all);
}

/* Compact JSON has no line ends. */
static void
keep_document(struct tg_wallet *wallet, const char *relay,
              struct tg_span document, int64_t seconds)
{
    struct tg_buf compact = TG_BUF_EMPTY;
    struct tg_json *json = NULL;

    if (tg_json_parse(document, &json) == TG_OK &&
        tg_json_format(json, &compact) == TG_OK)
        keep(wallet, relay, tg_span_buf(&compact), seconds);
    tg_json_free(json);
    tg_buf_free(&compact);
}

/* ---- asking ------------------------------------------------------------ */

static enum tg_err
verdict(int status)
{
    switch (status) {
    case 200: return TG_OK;
    case 429:
    case 502:
    case 503:
    case 504: return TG_E_BUSY;
    default: break;
    }
    return TG_E_NOT_FOUND;
}

static enum tg_err
judge(const struct http_response *response, struct tg_relay_info *out)
{
    enum tg_err err;

    if ((err = verdict(response->status)) != TG_OK)
        return err;
    if (!relay_client_answer_is(response, "application/json"))
        return TG_E_NOT_FOUND;
    err = discovery_parse(tg_span_buf(&response->body), out);
    return err == TG_OK || err == TG_E_NOMEM ? err : TG_E_NOT_FOUND;
}

/* A connection of its own: over that of a mailbox the relay could tell which
 * mailboxes were made by a device that had not asked for an hour. */
static enum tg_err
fetch(struct tg_relay_client *client, const char *relay,
      struct http_response *response, struct tg_relay_info *out)
{
    char words[HTTP_REASON_MAX + 1] = "";
    struct http_request request;
    struct http *http = NULL;
    struct message m;
    enum tg_err err;

    if ((err = http_new(&http)) != TG_OK)
        return err;
    message_make_discovery(&m, relay);
    request = relay_client_request(client, "GET", &m, TG_SPAN_EMPTY);
    request.body_max = DISCOVERY_MAX;
    if (request.timeout_ms > RELAY_INFO_MOST_MS)
        request.timeout_ms = RELAY_INFO_MOST_MS;
    err = http_exchange(http, &request, client->stop_fd, response, words);
    http_free(http);
    if (err == TG_OK)
        err = judge(response, out);
    else if (err == TG_E_PROTOCOL)
        err = TG_E_NOT_FOUND;
    if (err != TG_OK)
        snprintf(client->reason, sizeof(client->reason), "%s",
                 words[0] != '\0' ? words
                                  : "the relay says nothing usable of itself");
    return err;
}

/* Whether the next share should do without asking again: the relay has nothing
 * to say, or was so slow that it would cost a person's time once more. */
static bool
is_worth_noting(enum tg_err err, int64_t took_ms)
{
    return err == TG_E_NOT_FOUND || err == TG_E_BUSY ||
           (err == TG_E_NETWORK && took_ms >= RELAY_INFO_MOST_MS / 2);
}

static enum tg_err
fetch_and_keep(struct tg_wallet *wallet, struct tg_relay_client *client,
               const char *relay, struct tg_relay_info *out)
{
    struct http_response response = {0};
    tg_mono_ms began = tg_mono_now();
    enum tg_err err = fetch(client, relay, &response, out);
    int64_t keep_s = response.keep_s;

    if (keep_s < 0 || keep_s > RELAY_INFO_KEEP_S)
        keep_s = RELAY_INFO_KEEP_S;
    if (wallet != NULL && err == TG_OK && keep_s > 0)
        keep_document(wallet, relay, tg_span_buf(&response.body), keep_s);
    else if (wallet != NULL && is_worth_noting(err, tg_mono_now() - began))
        keep(wallet, relay, TG_SPAN_LITERAL(ABSENT), RELAY_INFO_ABSENCE_S);
    tg_buf_free(&response.body);
    return err;
}

enum tg_err
relay_info_ask(struct tg_wallet *wallet, struct tg_relay_client *client,
               const char *relay, enum relay_info_source source,
               struct tg_relay_info *out, bool *was_kept)
{
    char name[AUTHORITY_TEXT_MAX + 1];
    struct authority at;
    enum tg_err err;

    *was_kept = false;
    if ((err = authority_parse(tg_span_text(relay), &at)) != TG_OK)
        return err;
    authority_format(&at, name);
    if ((err = relay_client_check(client, name)) != TG_OK)
        return err;
    if (wallet != NULL && source != RELAY_INFO_RELAY &&
        (err = find_kept(wallet, name, out)) != TG_E_STORE) {
        *was_kept = true;
        return err;
    }
    if (source == RELAY_INFO_KEPT)
        return TG_E_NOT_FOUND;
    return fetch_and_keep(wallet, client, name, out);
}

enum tg_err
tg_relay_info_ask(struct tg_wallet *wallet, struct tg_relay_client *client,
                  const char *relay, struct tg_relay_info **out)
{
    struct tg_relay_info *info = tg_alloc(sizeof(*info));
    bool was_kept;
    enum tg_err err;

    if (info == NULL)
        return TG_E_NOMEM;
    err = relay_info_ask(wallet, client, relay, RELAY_INFO_ANY, info,
                         &was_kept);
    if (err == TG_OK)
        *out = info;
    else
        tg_relay_info_free(info);
    return err;
}

/* See attestation.h and <tigress/attestation.h>. */
#include "client/attestation.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/uuid.h"
#include "challenge/challenge.h"
#include "client/authority.h"

#define NAME "Mailbox-Device-Attestation: "

enum { SCHEME_LEN = 8 };

_Static_assert((int)TG_ATTESTATION_CHALLENGE_LEN == (int)CHALLENGE_LEN,
               "providers are given the whole challenge");

struct tg_attestation_statement {
    struct tg_buf client_data_json;
    struct tg_buf attestation_object;
};

/* ---- challenge --------------------------------------------------------- */

/* D9, from the call and the body that will be sent. */
static enum tg_err
challenge_of(const struct tg_relay_call *call, struct tg_span body,
             uint8_t out[TG_ATTESTATION_CHALLENGE_LEN])
{
    struct tg_json *json = NULL;
    struct tg_buf data = TG_BUF_EMPTY;
    const struct tg_json *payload;
    struct tg_uuid claim, request_id;
    struct tg_span type, text;
    enum tg_err err;

    if (call->claim == NULL || call->request_id == NULL)
        return TG_E_FORMAT;
    if ((err = tg_uuid_parse(tg_span_text(call->claim), &claim)) != TG_OK ||
        (err = tg_uuid_parse(tg_span_text(call->request_id), &request_id)) !=
            TG_OK ||
        (err = tg_json_parse(body, &json)) != TG_OK)
        goto out;
    payload = tg_json_member(json, "payload");
    err = TG_E_FORMAT;
    if (!tg_json_text(tg_json_member(payload, "type"), &type) ||
        !tg_json_text(tg_json_member(payload, "data"), &text))
        goto out;
    if ((err = tg_base64_decode(text, &data)) == TG_OK)
        err = challenge_make(&claim, &request_id, type, tg_span_buf(&data),
                             out);
out:
    tg_buf_free(&data);
    tg_json_free(json);
    tg_wipe(&claim, sizeof(claim));
    return err;
}

/* ---- encoding ---------------------------------------------------------- */

static enum tg_err
set_base64url(struct tg_json *object, const char *name, struct tg_span bytes)
{
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err = tg_base64url_encode(bytes, &text);

    if (err == TG_OK)
        err = tg_json_set_text(object, name, tg_span_buf(&text));
    tg_buf_free(&text);
    return err;
}

/* R-ATT-1 */
static enum tg_err
format_line(const struct tg_attestation_statement *statement,
            struct tg_buf *out)
{
    struct tg_json *json = tg_json_object();
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_buf line = TG_BUF_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    if (json == NULL)
        goto out;
    if ((err = set_base64url(json, "clientDataJSON",
                             tg_span_buf(&statement->client_data_json))) !=
            TG_OK ||
        (err = set_base64url(json, "attestationObject",
                             tg_span_buf(&statement->attestation_object))) !=
            TG_OK ||
        (err = tg_json_format(json, &text)) != TG_OK)
        goto out;
    if ((err = tg_buf_text(&line, NAME)) != TG_OK ||
        (err = tg_base64url_encode(tg_span_buf(&text), &line)) != TG_OK)
        goto out;
    err = TG_E_ATTESTATION;
    if (line.len > sizeof(NAME) - 1 + ATTESTATION_VALUE_MAX)
        goto out;
    if ((err = tg_buf_terminate(&line)) == TG_OK) {
        tg_buf_free(out);
        *out = line;
        line = TG_BUF_EMPTY;
    }
out:
    tg_buf_free(&line);
    tg_buf_free(&text);
    tg_json_free(json);
    return err;
}

/* ---- asking the provider ----------------------------------------------- */

static enum tg_err
ask(const struct tg_attestation_provider *provider,
    const struct tg_attestation_request *request, struct tg_buf *line)
{
    struct tg_attestation_statement statement = {TG_BUF_EMPTY, TG_BUF_EMPTY};
    enum tg_err err = provider->attest(provider->self, request, &statement);

    if (err == TG_OK && statement.attestation_object.len == 0)
        err = TG_E_ATTESTATION; /* it has forgotten to give it */
    if (err == TG_OK)
        err = format_line(&statement, line);
    else if (err != TG_E_NOMEM && err != TG_E_NETWORK && err != TG_E_BUSY)
        err = TG_E_ATTESTATION;
    tg_buf_free(&statement.client_data_json);
    tg_buf_free(&statement.attestation_object);
    return err;
}

/* What the relay is called, unless the provider says otherwise. */
static enum tg_err
name_relay(const char *relay, char origin[SCHEME_LEN + AUTHORITY_TEXT_MAX + 1],
           struct authority *at)
{
    char text[AUTHORITY_TEXT_MAX + 1];
    enum tg_err err;

    if ((err = authority_parse(tg_span_text(relay), at)) != TG_OK)
        return err;
    authority_format(at, text);
    snprintf(origin, SCHEME_LEN + AUTHORITY_TEXT_MAX + 1, "https://%s", text);
    return TG_OK;
}

enum tg_err
attestation_make(const struct tg_attestation_provider *provider,
                 const struct tg_relay_call *call, struct tg_span body,
                 const struct discovery_list *formats, struct tg_buf *line)
{
    const char *words[DISCOVERY_LIST_MAX + 1] = {NULL};
    struct tg_attestation_request request = {.rp_id = provider->rp_id};
    char origin[SCHEME_LEN + AUTHORITY_TEXT_MAX + 1];
    struct authority at;
    enum tg_err err;

    if ((err = name_relay(call->relay, origin, &at)) != TG_OK ||
        (err = challenge_of(call, body, request.challenge)) != TG_OK)
        return err;
    request.origin = provider->origin != NULL ? provider->origin : origin;
    if (request.rp_id == NULL)
        request.rp_id = at.host;
    for (size_t i = 0; formats != NULL && i < formats->count; i++)
        words[i] = formats->text[i];
    if (formats != NULL && formats->is_said)
        request.formats = words;
    return ask(provider, &request, line);
}

/* ---- for providers ----------------------------------------------------- */

static enum tg_err
replace(struct tg_buf *field, struct tg_span bytes)
{
    tg_buf_clear(field);
    return tg_buf_append(field, bytes);
}

enum tg_err
tg_attestation_give(struct tg_attestation_statement *statement,
                    struct tg_span client_data_json,
                    struct tg_span attestation_object)
{
    enum tg_err err;

    if (client_data_json.len == 0 || attestation_object.len == 0)
        return TG_E_FORMAT;
    if ((err = replace(&statement->client_data_json, client_data_json)) !=
        TG_OK)
        return err;
    return replace(&statement->attestation_object, attestation_object);
}

/* WebAuthn Level 3 §5.8.1.1: the members in the order that it gives them. */
enum tg_err
tg_attestation_client_data(const struct tg_attestation_request *request,
                           struct tg_buf *out)
{
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_buf_text(&text, "{\"type\":\"webauthn.create\","
                                  "\"challenge\":\"")) != TG_OK ||
        (err = tg_base64url_encode(TG_SPAN_ARRAY(request->challenge),
                                   &text)) != TG_OK ||
        (err = tg_buf_text(&text, "\",\"origin\":")) != TG_OK ||
        (err = tg_json_quote(tg_span_text(request->origin), &text)) != TG_OK ||
        (err = tg_buf_text(&text, ",\"crossOrigin\":false}")) != TG_OK)
        goto out;
    err = tg_buf_append(out, tg_span_buf(&text));
out:
    tg_buf_free(&text);
    return err;
}

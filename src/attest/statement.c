/* See statement.h. Steps are those of WebAuthn Level 3 §7.1. */
#include "attest/statement.h"

#include <string.h>

#include "attest/encoding.h"
#include "crypto/hash.h"

enum { OBJECT_MEMBERS = 3 };

/* R-ATT-1: the two members, as text. */
struct members {
    struct tg_span client_data;
    struct tg_span object;
};

/* Take `text` off the front. */
static bool
take_text(struct tg_span *in, struct tg_span text)
{
    if (in->len < text.len || memcmp(in->ptr, text.ptr, text.len) != 0)
        return false;
    in->ptr += text.len;
    in->len -= text.len;
    return true;
}

/* Take what is before the next quotation mark, with nothing escaped in it. */
static bool
take_value(struct tg_span *in, struct tg_span *value)
{
    const uint8_t *end =
        in->len > 0 ? memchr(in->ptr, '"', in->len) : NULL;

    if (end == NULL)
        return false;
    *value = (struct tg_span){in->ptr, (size_t)(end - in->ptr)};
    in->ptr += value->len;
    in->len -= value->len;
    return value->len == 0 || memchr(value->ptr, '\\', value->len) == NULL;
}

/* As devices write it: both members, in this order, and nothing else, so that
 * no tree is needed. The values are any bytes but those that would make it
 * other JSON; what base64url refuses of them, JSON may have refused. */
static bool
read_plainly(struct tg_span text, struct members *out)
{
    return take_text(&text, TG_SPAN_LITERAL("{\"clientDataJSON\":\"")) &&
           take_value(&text, &out->client_data) &&
           take_text(&text,
                     TG_SPAN_LITERAL("\",\"attestationObject\":\"")) &&
           take_value(&text, &out->object) &&
           tg_span_is(text, "\"}");
}

/* Any JSON; `out` borrows from the tree. */
static enum attest_reason
read_tree(struct tg_span text, struct tg_json **json, struct members *out)
{
    enum attest_reason reason = encoding_object(text, json);

    if (reason != ATTEST_FINE)
        return reason;
    if (!tg_json_text(tg_json_member(*json, "clientDataJSON"),
                      &out->client_data) ||
        !tg_json_text(tg_json_member(*json, "attestationObject"),
                      &out->object))
        return ATTEST_MALFORMED;
    return ATTEST_FINE;
}

/* One behind the other in *bytes. */
static enum attest_reason
decode_members(const struct members *members, struct tg_buf *bytes,
               size_t *client_data_len)
{
    enum attest_reason reason;

    /* Room for both, so that nothing moves and is there twice. */
    if (tg_buf_reserve(bytes, members->client_data.len +
                                  members->object.len) != TG_OK)
        return ATTEST_UNAVAILABLE;
    reason = encoding_base64url(members->client_data, bytes);
    if (reason != ATTEST_FINE)
        return reason;
    *client_data_len = bytes->len;
    return encoding_base64url(members->object, bytes);
}

static enum attest_reason
decode_header(struct tg_span header, struct tg_buf *bytes,
              size_t *client_data_len)
{
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    struct members members;
    enum attest_reason reason;

    if (header.len > ATTEST_HEADER_MOST)
        return ATTEST_MALFORMED;
    if ((reason = encoding_base64url(header, &text)) != ATTEST_FINE)
        goto out;
    if (!read_plainly(tg_span_buf(&text), &members)) {
        reason = read_tree(tg_span_buf(&text), &json, &members);
        if (reason != ATTEST_FINE)
            goto out;
        tg_buf_free(&text);
    }
    reason = decode_members(&members, bytes, client_data_len);
out:
    tg_json_free(json);
    tg_buf_free(&text);
    return reason;
}

/* Step 13; §6.5.4 */
static enum attest_reason
read_object(struct tg_span bytes, struct attest_statement *statement,
            struct attest_verdict *verdict)
{
    enum attest_reason reason;
    struct cbor_item object;
    struct tg_span auth_data;
    struct tg_span format;

    if (cbor_parse(bytes, CBOR_ANY_ORDER, &object) != TG_OK ||
        object.count != OBJECT_MEMBERS ||
        !cbor_member_text(&object, "fmt", &format) ||
        !cbor_member(&object, "attStmt", &statement->att_stmt) ||
        statement->att_stmt.kind != CBOR_MAP ||
        !cbor_member_bytes(&object, "authData", &auth_data))
        return ATTEST_MALFORMED;
    /* Step 21: what is behind a format that nobody knows is not looked at. */
    if (!attest_format_find(format, &statement->format))
        return ATTEST_FORMAT_REFUSED;
    verdict->has_format = true;
    verdict->format = statement->format;
    if ((reason = auth_data_read(auth_data, &statement->auth)) != ATTEST_FINE)
        return reason;
    /* §6.1 wants the flag ED. Apple's own rules have no flags. */
    if (statement->auth.has_unannounced &&
        statement->format != ATTEST_APPLE_APPATTEST)
        return ATTEST_MALFORMED;
    return ATTEST_FINE;
}

enum attest_reason
attest_statement_read(struct tg_span header, struct attest_statement *out,
                      struct attest_verdict *verdict)
{
    struct attest_statement statement = {.bytes = TG_BUF_EMPTY};
    size_t client_data_len = 0;
    enum attest_reason reason;
    struct tg_span object;

    reason = decode_header(header, &statement.bytes, &client_data_len);
    if (reason != ATTEST_FINE)
        goto out;
    object = tg_span_buf(&statement.bytes);
    statement.client_data = (struct tg_span){object.ptr, client_data_len};
    object.ptr += client_data_len;
    object.len -= client_data_len;
    /* Step 12 */
    reason = ATTEST_UNAVAILABLE;
    if (hash_sha256(&statement.client_data, 1, statement.client_data_hash) !=
        TG_OK)
        goto out;
    reason = read_object(object, &statement, verdict);
out:
    if (reason != ATTEST_FINE)
        attest_statement_done(&statement);
    else
        *out = statement;
    return reason;
}

void
attest_statement_done(struct attest_statement *statement)
{
    auth_data_done(&statement->auth);
    tg_buf_free(&statement->bytes);
}

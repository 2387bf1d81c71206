/* See statement.h. Steps are those of WebAuthn Level 3 §7.1. */
#include "attest/statement.h"

#include "attest/encoding.h"
#include "crypto/hash.h"

enum { OBJECT_MEMBERS = 3 };

/* R-ATT-1: the two byte strings, one behind the other in *bytes. */
static enum attest_reason
decode_members(const struct tg_json *json, struct tg_buf *bytes,
               size_t *client_data_len)
{
    enum attest_reason reason;
    struct tg_span client_data;
    struct tg_span object;

    if (!tg_json_text(tg_json_member(json, "clientDataJSON"), &client_data) ||
        !tg_json_text(tg_json_member(json, "attestationObject"), &object))
        return ATTEST_MALFORMED;
    /* Room for both, so that nothing moves and is there twice. */
    if (tg_buf_reserve(bytes, client_data.len + object.len) != TG_OK)
        return ATTEST_UNAVAILABLE;
    if ((reason = encoding_base64url(client_data, bytes)) != ATTEST_FINE)
        return reason;
    *client_data_len = bytes->len;
    return encoding_base64url(object, bytes);
}

static enum attest_reason
decode_header(struct tg_span header, struct tg_buf *bytes,
              size_t *client_data_len)
{
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    enum attest_reason reason;

    if (header.len > ATTEST_HEADER_MOST)
        return ATTEST_MALFORMED;
    if ((reason = encoding_base64url(header, &text)) != ATTEST_FINE)
        goto out;
    if ((reason = encoding_object(tg_span_buf(&text), &json)) != ATTEST_FINE)
        goto out;
    tg_buf_free(&text);
    reason = decode_members(json, bytes, client_data_len);
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

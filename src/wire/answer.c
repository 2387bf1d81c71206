/* wire_answer(): the answers of PROTOCOL §5, written straight into one
 * buffer: room for the worst case first, then nothing but appending. */
#include "wire/answer.h"

#include <assert.h>

#include "base/base64.h"
#include "base/json.h"
#include "wire/etag.h"
#include "wire/outcome.h"
#include "wire/page.h"

enum {
    JSON_FRAME = 512,     /* names, punctuation, time, truth values */
    JSON_ESCAPE_MOST = 6, /* bytes that one byte may become in a text */
    URL_FRAME = sizeof("/v1/m/") + TG_UUID_TEXT_LEN
};

/* Writes an answer's body for the calls that have one. */
typedef enum tg_err (*body_writer)(const struct wire_outcome *outcome,
                                   const struct wire_site *site,
                                   struct tg_buf *body);

/* ---- pieces ------------------------------------------------------------ */

static enum tg_err
append_bool(struct tg_buf *body, const char *before, bool value)
{
    enum tg_err err = tg_buf_text(body, before);

    return err != TG_OK ? err : tg_buf_text(body, value ? "true" : "false");
}

static enum tg_err
append_quoted(struct tg_buf *body, const char *before, struct tg_span text)
{
    enum tg_err err = tg_buf_text(body, before);

    return err != TG_OK ? err : tg_json_quote(text, body);
}

static enum tg_err
append_time(struct tg_buf *body, const char *before, tg_time_s t)
{
    char text[TG_TIME_TEXT_LEN + 1];

    tg_time_format(t, text);
    return append_quoted(body, before, tg_span_text(text));
}

static enum tg_err
append_base64(struct tg_buf *body, const char *before, struct tg_span bytes)
{
    enum tg_err err;

    if ((err = tg_buf_text(body, before)) != TG_OK)
        return err;
    if ((err = tg_base64_encode(bytes, body)) != TG_OK)
        return err;
    return tg_buf_byte(body, '"');
}

static enum tg_err
append_url(struct tg_buf *body, const struct wire_site *site,
           const struct mailbox_id *id)
{
    char text[TG_UUID_TEXT_LEN + 1];
    enum tg_err err;

    tg_uuid_format(&id->uuid, text);
    if ((err = tg_buf_append(body, site->public_origin)) != TG_OK)
        return err;
    if ((err = tg_buf_text(body, "/v1/m/")) != TG_OK)
        return err;
    return tg_buf_text(body, text);
}

/* ---- bodies ------------------------------------------------------------ */

/* D4: all of it comes from the memory, which a retry has, too. */
static enum tg_err
write_create(const struct wire_outcome *outcome, const struct wire_site *site,
             struct tg_buf *body)
{
    const struct create_memory *memory = outcome->memory;
    enum tg_err err;

    err = tg_buf_reserve(body,
                         JSON_FRAME + URL_FRAME + site->public_origin.len);
    if (err == TG_OK)
        err = tg_buf_text(body, "{\"urlLink\":\"");
    if (err == TG_OK)
        err = append_url(body, site, &memory->mailbox);
    if (err == TG_OK)
        err = append_bool(body, "\",\"isPushNotificationSupported\":",
                          memory->push_supported);
    if (err == TG_OK)
        err = append_time(body, ",\"expiration\":", memory->expires);
    return err == TG_OK ? tg_buf_byte(body, '}') : err;
}

static enum tg_err
append_display(struct tg_buf *body, const struct display_info *display)
{
    enum tg_err err;

    err = append_quoted(body, "},\"displayInformation\":{\"title\":",
                        display->title);
    if (err == TG_OK)
        err = append_quoted(body, ",\"description\":", display->description);
    if (err == TG_OK)
        err = append_quoted(body, ",\"imageURL\":", display->image_url);
    return err;
}

static size_t
read_room(const struct mailbox *mb)
{
    size_t texts = mb->payload.type.len + mb->display.title.len +
                   mb->display.description.len + mb->display.image_url.len;

    return JSON_FRAME + texts * JSON_ESCAPE_MOST +
           TG_BASE64_LEN(mb->payload.data.len);
}

static enum tg_err
write_read(const struct wire_outcome *outcome, const struct wire_site *site,
           struct tg_buf *body)
{
    const struct mailbox *mb = outcome->mailbox;
    enum tg_err err;

    (void)site;
    err = tg_buf_reserve(body, read_room(mb));
    if (err == TG_OK)
        err = append_quoted(body, "{\"payload\":{\"type\":",
                            mb->payload.type);
    if (err == TG_OK)
        err = append_base64(body, ",\"data\":\"", mb->payload.data);
    if (err == TG_OK)
        err = append_display(body, &mb->display);
    if (err == TG_OK)
        err = append_time(body, "},\"expiration\":", mb->expires);
    if (err == TG_OK)
        err = append_bool(body, ",\"isPushNotificationSupported\":",
                          outcome->effects->push_supported);
    return err == TG_OK ? tg_buf_byte(body, '}') : err;
}

static enum tg_err
write_update(const struct wire_outcome *outcome, const struct wire_site *site,
             struct tg_buf *body)
{
    enum tg_err err;

    (void)site;
    err = append_bool(body, "{\"isPushNotificationSupported\":",
                      outcome->effects->push_supported);
    return err == TG_OK ? tg_buf_byte(body, '}') : err;
}

/* NULL: the answer has no body. */
static body_writer
writer_of(enum wire_call call)
{
    switch (call) {
    case CALL_CREATE: return write_create;
    case CALL_READ: return write_read;
    case CALL_UPDATE: return write_update;
    case CALL_DISPLAY:
    case CALL_DELETE:
    case CALL_RELINQUISH:
    case CALL_DOCUMENT: break;
    }
    return NULL;
}

/* ---- the whole --------------------------------------------------------- */

static enum tg_err
answer_done_call(const struct wire_outcome *outcome,
                 const struct wire_site *site, struct wire_answer *out)
{
    body_writer write_body = writer_of(outcome->call);
    struct wire_answer answer;
    enum tg_err err;

    err = answer_begin(outcome_status(outcome->outcome), outcome->ids,
                       ETAG_TEXT_MOST + ANSWER_WAIT_MOST, &answer);
    if (err != TG_OK)
        return err;
    if (write_body != NULL) {
        answer_header(&answer, "Content-Type", "application/json");
        err = write_body(outcome, site, &answer.body);
    }
    if (err != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    if (outcome->call == CALL_READ || outcome->call == CALL_UPDATE)
        answer_etag(&answer, outcome->effects->version);
    if (outcome->call == CALL_READ)
        answer_wait(&answer, outcome->ids);
    *out = answer;
    return TG_OK;
}

enum tg_err
wire_answer(const struct wire_outcome *outcome, const struct wire_site *site,
            struct wire_answer *out)
{
    struct wire_problem problem = {outcome_refusal(outcome->outcome), NULL,
                                   NULL};
    const struct wire_reader *reader =
        outcome->call == CALL_DISPLAY ? outcome->reader : NULL;

    if (outcome->outcome == RELAY_BODY_REFUSED) {
        assert(outcome->body_problem->refusal != WIRE_FINE);
        problem = *outcome->body_problem;
    }
    if (outcome->outcome == RELAY_ATTESTATION_REFUSED)
        problem.reason = outcome->attestation_reason;
    if (problem.refusal != WIRE_FINE)
        return wire_refuse(problem, outcome->ids, NULL, reader, out);
    if (reader != NULL)
        return page_preview(outcome, site, out);
    return answer_done_call(outcome, site, out);
}

void
wire_answer_done(struct wire_answer *answer)
{
    tg_buf_free(&answer->body);
    tg_buf_free(&answer->text);
}

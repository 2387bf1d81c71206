/* See answer.h. Header values point into answer->text, so its room is got at
 * once and never grows. */
#include "wire/answer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "wire/etag.h"

void
answer_text(struct wire_answer *answer, struct tg_span text)
{
    struct tg_buf *buf = &answer->text;

    assert(text.len <= buf->cap - buf->len);
    if (text.len > 0)
        memcpy(buf->ptr + buf->len, text.ptr, text.len);
    buf->len += text.len;
}

static void
add(struct wire_answer *answer, const char *name, struct tg_span value)
{
    assert(answer->header_count < WIRE_HEADERS_MOST);
    answer->headers[answer->header_count++] =
        (struct wire_answer_header){name, value};
}

void
answer_header(struct wire_answer *answer, const char *name, const char *value)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (strcmp(answer->headers[i].name, name) == 0) {
            answer->headers[i].value = tg_span_text(value);
            return;
        }
    }
    add(answer, name, tg_span_text(value));
}

void
answer_header_span(struct wire_answer *answer, const char *name,
                   struct tg_span value)
{
    add(answer, name, value);
}

void
answer_header_text(struct wire_answer *answer, const char *name, size_t start)
{
    assert(start <= answer->text.len);
    add(answer, name,
        (struct tg_span){answer->text.ptr + start,
                         answer->text.len - start});
}

void
answer_etag(struct wire_answer *answer, uint64_t version)
{
    char text[ETAG_TEXT_MOST + 1];
    size_t start = answer->text.len;
    size_t len = etag_format(version, text);

    answer_text(answer, (struct tg_span){(const uint8_t *)text, len});
    answer_header_text(answer, "ETag", start);
}

void
answer_wait(struct wire_answer *answer, const struct wire_ids *ids)
{
    char text[ANSWER_WAIT_MOST + 1];
    size_t start = answer->text.len;

    if (ids == NULL || ids->wait_s == 0)
        return;
    assert(ids->wait_s <= LIMIT_WAIT_MOST_S);
    snprintf(text, sizeof(text), "wait=%u", ids->wait_s);
    answer_text(answer, tg_span_text(text));
    answer_header_text(answer, "Preference-Applied", start);
}

/* R-HDR-1: in lower case, whatever the letters were. */
static void
echo_request_id(struct wire_answer *answer, const struct request_id *id)
{
    char text[TG_UUID_TEXT_LEN + 1];
    size_t start = answer->text.len;

    tg_uuid_format(&id->uuid, text);
    answer_text(answer, tg_span_text(text));
    answer_header_text(answer, "Mailbox-Request-ID", start);
}

enum tg_err
answer_begin(unsigned status, const struct wire_ids *ids, size_t text_room,
             struct wire_answer *out)
{
    struct wire_answer answer = {.status = status};
    bool echo = ids != NULL && ids->has_request_id;
    enum tg_err err;

    err = tg_buf_reserve(&answer.text,
                         text_room + (echo ? TG_UUID_TEXT_LEN : 0));
    if (err != TG_OK)
        return err;
    answer_header(&answer, "Strict-Transport-Security", "max-age=63072000");
    answer_header(&answer, "Cache-Control", "no-store, no-transform");
    answer_header(&answer, "X-Content-Type-Options", "nosniff");
    if (echo)
        echo_request_id(&answer, &ids->request_id);
    *out = answer;
    return TG_OK;
}

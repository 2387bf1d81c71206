/* See row.h and row_codec.h.
 *
 * Writing goes through `struct writer`, reading through `struct cursor`: both
 * remember a failure, so that a chain of fields is checked once, at its end,
 * and no field is read past the end or written past a limit.
 */
#include "row/row_codec.h"

#include <assert.h>
#include <string.h>

#include "relay/limits.h"
#include "row/row.h"

enum { FORM_MAILBOX_1 = 1, FORM_CREATE_1 = 2 };

enum {
    FLAG_RECIPIENT = 1,
    FLAG_RELINQUISH = 2,
    FLAGS_MAILBOX = FLAG_RECIPIENT | FLAG_RELINQUISH
};

enum { FLAG_REQUEST_PUSH = 1, FLAGS_REQUEST = 1 };

enum { FLAG_CREATE_PUSH = 1, FLAGS_CREATE = 1 };

enum {
    RIGHTS_ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE,
    LIMIT_TITLE = LIMIT_TITLE_CHARACTERS * LIMIT_UTF8_PER_CHARACTER,
    LIMIT_DESCRIPTION =
        LIMIT_DESCRIPTION_CHARACTERS * LIMIT_UTF8_PER_CHARACTER
};

/* What an encoding takes beside its texts and bytes, at most; reserved at once
 * so that an encoding is not moved while it grows. */
enum { ENCODING_OVERHEAD = 768 };

/* ---- writing ----------------------------------------------------------- */

struct writer {
    struct tg_buf *out;
    enum tg_err err; /* the first failure; nothing is written after it */
};

static void
write_bytes(struct writer *w, const void *bytes, size_t len)
{
    if (w->err == TG_OK)
        w->err = tg_buf_append(w->out, (struct tg_span){bytes, len});
}

/* The low `width` bytes of `value`, big-endian. */
static void
write_number(struct writer *w, uint64_t value, size_t width)
{
    uint8_t bytes[8];

    assert(width <= sizeof(bytes));
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    write_bytes(w, bytes, width);
}

static void
write_span(struct writer *w, struct tg_span span, size_t width, size_t most)
{
    if (span.len > most && w->err == TG_OK)
        w->err = TG_E_LIMIT;
    write_number(w, span.len, width);
    write_bytes(w, span.ptr, span.len);
}

static void
write_token(struct writer *w, const struct notification_token *token)
{
    write_span(w, token->type, 1, LIMIT_TOKEN_TYPE);
    if (token->type.len > 0)
        write_span(w, token->data, 2, LIMIT_TOKEN_DATA);
}

static void
write_memory(struct writer *w, const struct request_memory *memory)
{
    assert(memory->count <= LIMIT_REMEMBERED_REQUESTS);
    write_number(w, memory->count, 1);
    for (size_t i = 0; i < memory->count; i++) {
        const struct remembered_request *rq = &memory->requests[i];

        write_number(w, rq->push_supported ? FLAG_REQUEST_PUSH : 0, 1);
        write_bytes(w, rq->id.uuid.bytes, TG_UUID_LEN);
        write_number(w, rq->version, 8);
    }
}

static void
write_mailbox(struct writer *w, const struct mailbox *mb)
{
    write_number(w, FORM_MAILBOX_1, 1);
    write_number(w,
                 (mb->has_recipient ? FLAG_RECIPIENT : 0) |
                     (mb->has_relinquish ? FLAG_RELINQUISH : 0),
                 1);
    write_number(w, (uint64_t)mb->expires, 8);
    write_number(w, mb->version, 8);
    write_number(w, mb->rights, 1);
    write_bytes(w, mb->initiator.bytes, CLAIM_MARK_LEN);
    if (mb->has_recipient)
        write_bytes(w, mb->recipient.bytes, CLAIM_MARK_LEN);
    if (mb->has_relinquish) {
        write_bytes(w, mb->relinquish_claim.bytes, CLAIM_MARK_LEN);
        write_bytes(w, mb->relinquish_id.uuid.bytes, TG_UUID_LEN);
    }
    write_span(w, mb->payload.type, 1, LIMIT_PAYLOAD_TYPE);
    write_span(w, mb->payload.data, 4, LIMIT_PAYLOAD_DATA_MOST);
    write_span(w, mb->display.title, 2, LIMIT_TITLE);
    write_span(w, mb->display.description, 2, LIMIT_DESCRIPTION);
    write_span(w, mb->display.image_url, 2, LIMIT_IMAGE_URL);
    write_token(w, &mb->initiator_token);
    write_token(w, &mb->recipient_token);
    write_memory(w, &mb->initiator_memory);
    write_memory(w, &mb->recipient_memory);
}

static size_t
bytes_of_mailbox(const struct mailbox *mb)
{
    return mb->payload.type.len + mb->payload.data.len +
           mb->display.title.len + mb->display.description.len +
           mb->display.image_url.len + mb->initiator_token.type.len +
           mb->initiator_token.data.len + mb->recipient_token.type.len +
           mb->recipient_token.data.len;
}

enum tg_err
row_encode_mailbox(const struct mailbox *mb, struct tg_buf *out)
{
    struct writer w = {out, TG_OK};
    size_t before = out->len;

    assert(mb->exists);
    w.err = tg_buf_reserve(out, ENCODING_OVERHEAD + bytes_of_mailbox(mb));
    write_mailbox(&w, mb);
    if (w.err != TG_OK)
        out->len = before;
    return w.err;
}

enum tg_err
row_encode_create(const struct create_memory *memory, struct tg_buf *out)
{
    struct writer w = {out, TG_OK};
    size_t before = out->len;

    assert(memory->exists);
    write_number(&w, FORM_CREATE_1, 1);
    write_number(&w, memory->push_supported ? FLAG_CREATE_PUSH : 0, 1);
    write_number(&w, (uint64_t)memory->expires, 8);
    write_bytes(&w, memory->mailbox.uuid.bytes, TG_UUID_LEN);
    if (w.err != TG_OK)
        out->len = before;
    return w.err;
}

/* ---- reading ----------------------------------------------------------- */

struct cursor {
    struct tg_span left;
    bool bad; /* once set, everything reads as empty or zero */
};

/* The next `len` bytes, borrowed: the one place that checks bounds. */
static struct tg_span
read_bytes(struct cursor *c, size_t len)
{
    struct tg_span taken = {c->left.ptr, len};

    if (c->bad || len > c->left.len) {
        c->bad = true;
        return TG_SPAN_EMPTY;
    }
    c->left.ptr += len;
    c->left.len -= len;
    return taken;
}

static uint64_t
read_number(struct cursor *c, size_t width)
{
    struct tg_span bytes = read_bytes(c, width);
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.ptr[i];
    return value;
}

static void
read_array(struct cursor *c, uint8_t *out, size_t len)
{
    struct tg_span bytes = read_bytes(c, len);

    if (bytes.len == len)
        memcpy(out, bytes.ptr, len);
}

static unsigned
read_flags(struct cursor *c, unsigned known)
{
    unsigned flags = (unsigned)read_number(c, 1);

    if ((flags & ~known) != 0)
        c->bad = true;
    return flags;
}

static struct tg_span
read_span(struct cursor *c, size_t width, size_t least, size_t most)
{
    uint64_t len = read_number(c, width);

    if (len < least || len > most) {
        c->bad = true;
        return TG_SPAN_EMPTY;
    }
    return read_bytes(c, (size_t)len);
}

/* A second of our clock; the sign bit is refused, not interpreted. */
static tg_time_s
read_time(struct cursor *c)
{
    uint64_t value = read_number(c, 8);

    if (value > INT64_MAX)
        c->bad = true;
    return c->bad ? 0 : (tg_time_s)value;
}

static void
read_token(struct cursor *c, struct notification_token *token)
{
    token->type = read_span(c, 1, 0, LIMIT_TOKEN_TYPE);
    if (token->type.len > 0)
        token->data = read_span(c, 2, 0, LIMIT_TOKEN_DATA);
}

static void
read_memory(struct cursor *c, struct request_memory *memory)
{
    uint64_t count = read_number(c, 1);

    if (count > LIMIT_REMEMBERED_REQUESTS) {
        c->bad = true;
        return;
    }
    memory->count = (size_t)count;
    for (size_t i = 0; i < memory->count; i++) {
        struct remembered_request *rq = &memory->requests[i];
        unsigned flags = read_flags(c, FLAGS_REQUEST);

        rq->push_supported = (flags & FLAG_REQUEST_PUSH) != 0;
        read_array(c, rq->id.uuid.bytes, TG_UUID_LEN);
        rq->version = read_number(c, 8);
    }
}

static void
read_mailbox(struct cursor *c, struct mailbox *mb)
{
    unsigned flags = read_flags(c, FLAGS_MAILBOX);

    mb->exists = true;
    mb->has_recipient = (flags & FLAG_RECIPIENT) != 0;
    mb->has_relinquish = (flags & FLAG_RELINQUISH) != 0;
    mb->expires = read_time(c);
    mb->version = read_number(c, 8);
    mb->rights = (uint8_t)read_flags(c, RIGHTS_ALL);
    read_array(c, mb->initiator.bytes, CLAIM_MARK_LEN);
    if (mb->has_recipient)
        read_array(c, mb->recipient.bytes, CLAIM_MARK_LEN);
    if (mb->has_relinquish) {
        read_array(c, mb->relinquish_claim.bytes, CLAIM_MARK_LEN);
        read_array(c, mb->relinquish_id.uuid.bytes, TG_UUID_LEN);
    }
    mb->payload.type = read_span(c, 1, 1, LIMIT_PAYLOAD_TYPE);
    mb->payload.data = read_span(c, 4, 1, LIMIT_PAYLOAD_DATA_MOST);
    mb->display.title = read_span(c, 2, 0, LIMIT_TITLE);
    mb->display.description = read_span(c, 2, 0, LIMIT_DESCRIPTION);
    mb->display.image_url = read_span(c, 2, 0, LIMIT_IMAGE_URL);
    read_token(c, &mb->initiator_token);
    read_token(c, &mb->recipient_token);
    read_memory(c, &mb->initiator_memory);
    read_memory(c, &mb->recipient_memory);
}

static bool
is_read_whole(const struct cursor *c)
{
    return !c->bad && c->left.len == 0;
}

enum tg_err
row_decode_mailbox(struct tg_span bytes, struct mailbox *mb)
{
    struct cursor c = {bytes, false};
    struct mailbox read = {0};

    if (read_number(&c, 1) != FORM_MAILBOX_1)
        return TG_E_FORMAT;
    read_mailbox(&c, &read);
    if (!is_read_whole(&c) || read.version == 0)
        return TG_E_FORMAT;
    *mb = read;
    return TG_OK;
}

enum tg_err
row_decode_create(struct tg_span bytes, struct create_memory *memory)
{
    struct cursor c = {bytes, false};
    struct create_memory read = {.exists = true};

    if (read_number(&c, 1) != FORM_CREATE_1)
        return TG_E_FORMAT;
    read.push_supported =
        (read_flags(&c, FLAGS_CREATE) & FLAG_CREATE_PUSH) != 0;
    read.expires = read_time(&c);
    read_array(&c, read.mailbox.uuid.bytes, TG_UUID_LEN);
    if (!is_read_whole(&c))
        return TG_E_FORMAT;
    *memory = read;
    return TG_OK;
}

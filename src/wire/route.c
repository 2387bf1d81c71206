/* wire_route(): method and path → call (R-HTTP-1). */
#include "wire/document.h"
#include "wire/wire.h"

#define ALLOW_DOCUMENT  "GET, HEAD"
#define ALLOW_MAILBOXES "POST"
#define ALLOW_MAILBOX   "GET, HEAD, POST, PUT, DELETE, PATCH"
/* The page is for people, in a window of its own. */
#define CROSS_MAILBOX   "POST, PUT, DELETE, PATCH"

static const struct {
    const char *method;
    enum wire_call call;
} mailbox_methods[] = {
    {"GET", CALL_DISPLAY},
    {"HEAD", CALL_DISPLAY},
    {"POST", CALL_READ},
    {"PUT", CALL_UPDATE},
    {"DELETE", CALL_DELETE},
    {"PATCH", CALL_RELINQUISH},
};

static struct wire_problem
refusal(enum wire_refusal why)
{
    return (struct wire_problem){why, NULL, NULL};
}

/* What follows `prefix`; false when `path` does not begin with it. */
static bool
after_prefix(struct tg_span path, struct tg_span prefix, struct tg_span *rest)
{
    struct tg_span head = {path.ptr, prefix.len};

    if (path.len < prefix.len || !tg_span_equal(head, prefix))
        return false;
    *rest = (struct tg_span){path.ptr + prefix.len, path.len - prefix.len};
    return true;
}

static bool
is_one_segment(struct tg_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '/')
            return false;
    return text.len > 0;
}

static bool
mailbox_call(struct tg_span method, enum wire_call *call)
{
    size_t count = sizeof(mailbox_methods) / sizeof(mailbox_methods[0]);

    for (size_t i = 0; i < count; i++) {
        if (tg_span_is(method, mailbox_methods[i].method)) {
            *call = mailbox_methods[i].call;
            return true;
        }
    }
    return false;
}

static struct wire_problem
route_mailboxes(struct tg_span method, struct wire_route *out)
{
    out->cross_origin = ALLOW_MAILBOXES;
    if (!tg_span_is(method, "POST")) {
        out->allow = ALLOW_MAILBOXES;
        return refusal(WIRE_METHOD_NOT_ALLOWED);
    }
    out->call = CALL_CREATE;
    return refusal(WIRE_FINE);
}

static struct wire_problem
route_mailbox(struct tg_span method, struct tg_span id,
              struct wire_route *out)
{
    out->cross_origin = CROSS_MAILBOX;
    if (!mailbox_call(method, &out->call)) {
        out->allow = ALLOW_MAILBOX;
        return refusal(WIRE_METHOD_NOT_ALLOWED);
    }
    if (out->call == CALL_DISPLAY)
        out->cross_origin = NULL;
    if (tg_uuid_parse(id, &out->mailbox.uuid) != TG_OK)
        return refusal(WIRE_NO_SUCH_MAILBOX);
    return refusal(WIRE_FINE);
}

static bool
find_document(struct tg_span path, enum wire_document *out)
{
    for (unsigned i = 0; i < WIRE_DOCUMENTS; i++) {
        *out = (enum wire_document)i;
        if (tg_span_is(path, document_path(*out)))
            return true;
    }
    return false;
}

static struct wire_problem
route_document(struct tg_span method, struct wire_route *out)
{
    if (out->document == DOCUMENT_DISCOVERY)
        out->cross_origin = ALLOW_DOCUMENT;
    if (!tg_span_is(method, "GET") && !tg_span_is(method, "HEAD")) {
        out->allow = ALLOW_DOCUMENT;
        return refusal(WIRE_METHOD_NOT_ALLOWED);
    }
    out->call = CALL_DOCUMENT;
    return refusal(WIRE_FINE);
}

struct wire_problem
wire_route(struct tg_span method, struct tg_span path, struct wire_route *out)
{
    struct tg_span id;

    *out = (struct wire_route){.call = CALL_CREATE};
    out->is_options = tg_span_is(method, "OPTIONS");
    if (tg_span_is(path, "/v1/m"))
        return route_mailboxes(method, out);
    if (after_prefix(path, TG_SPAN_LITERAL("/v1/m/"), &id)) {
        if (is_one_segment(id))
            return route_mailbox(method, id, out);
        /* A link that was cut off, or has got a slash, and a person. */
        if (tg_span_is(method, "GET") || tg_span_is(method, "HEAD"))
            out->call = CALL_DISPLAY;
        return refusal(WIRE_NOT_FOUND);
    }
    if (find_document(path, &out->document))
        return route_document(method, out);
    return refusal(WIRE_NOT_FOUND);
}

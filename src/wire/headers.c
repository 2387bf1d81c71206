/* wire_parse_headers(): the protocol's own headers and conditions. */
#include "wire/etag.h"
#include "wire/wire.h"

static const struct wire_problem fine = {WIRE_FINE, NULL, NULL};

/* A header given twice is malformed (§13). */
static bool
parse_uuid(const struct wire_header *header, struct tg_uuid *out)
{
    return header->count == 1 && tg_uuid_parse(header->value, out) == TG_OK;
}

static const char *
missing_or_malformed(const struct wire_header *header)
{
    if (header->count == 0)
        return "is missing";
    return header->count > 1 ? "is given more than once" : "is not a UUID";
}

/* R-HDR-1: what changes the mailbox has a request id; the reads may. */
static bool
needs_request_id(enum wire_call call)
{
    return call != CALL_DISPLAY && call != CALL_READ && call != CALL_DOCUMENT;
}

/* R-HDR-2 */
static bool
needs_claim(enum wire_call call)
{
    return call != CALL_DISPLAY && call != CALL_DOCUMENT;
}

static struct wire_problem
parse_condition(const struct wire_header *header, const char *name,
                enum etag_comparison comparison, struct etag_condition *out)
{
    enum tg_err err;

    if (header->count == 0)
        return fine;
    if (header->count > 1)
        return (struct wire_problem){WIRE_CONDITION_BAD, name,
                                     "is given more than once"};
    err = etag_parse_condition(header->value, comparison, out);
    if (err == TG_OK)
        return fine;
    return (struct wire_problem){WIRE_CONDITION_BAD, name,
                                 err == TG_E_LIMIT
                                     ? "has too many entity tags"
                                     : "is not a list of entity tags"};
}

/* A picture may be known already. A condition that makes no sense asks for
 * nothing there: nobody is refused a picture for it. */
static void
parse_document_condition(const struct wire_header *header,
                         struct etag_condition *out)
{
    if (header->count != 1 ||
        etag_parse_condition(header->value, ETAG_WEAK, out) != TG_OK)
        *out = (struct etag_condition){0};
}

/* §13: If-Match is of update alone, If-None-Match of read. */
static struct wire_problem
parse_conditions(enum wire_call call, const struct wire_headers *headers,
                 struct wire_ids *out)
{
    if (call == CALL_UPDATE)
        return parse_condition(&headers->if_match, "If-Match", ETAG_STRONG,
                               &out->if_match);
    if (call == CALL_DOCUMENT)
        parse_document_condition(&headers->if_none_match,
                                 &out->if_none_match);
    if (call == CALL_READ && headers->if_none_match.count > 0 &&
        headers->prefer.has_wait)
        out->wait_s = headers->prefer.wait_s; /* R-WAIT-1 */
    if (call == CALL_READ)
        return parse_condition(&headers->if_none_match, "If-None-Match",
                               ETAG_WEAK, &out->if_none_match);
    return fine;
}

struct wire_problem
wire_parse_headers(enum wire_call call, const struct wire_headers *headers,
                   struct wire_ids *out)
{
    *out = (struct wire_ids){0};
    out->has_request_id =
        parse_uuid(&headers->request_id, &out->request_id.uuid);
    if (!out->has_request_id && needs_request_id(call))
        return (struct wire_problem){
            WIRE_REQUEST_ID_BAD, "Mailbox-Request-ID",
            missing_or_malformed(&headers->request_id)};
    if (needs_claim(call) && !parse_uuid(&headers->claim, &out->claim))
        return (struct wire_problem){WIRE_CLAIM_BAD, "Mailbox-Device-Claim",
                                     missing_or_malformed(&headers->claim)};
    return parse_conditions(call, headers, out);
}

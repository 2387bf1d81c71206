/* See outcome.h. The one place that knows both the protocol's words and the
 * numbers of HTTP (PROTOCOL §4). Problem types are stable: programs compare
 * them. */
#include "wire/outcome.h"

#include <assert.h>

#define URN(name) "urn:tigress:problem:" name

/* Seconds. Too many requests and a store that hiccups are over soon; room
 * comes back when mailboxes expire. */
#define SOON  "2"
#define LATER "60"

static const struct outcome_entry entries[] = {
    [WIRE_MALFORMED_HTTP] = {400, URN("malformed-request"),
        "The request is not well-formed HTTP",
        "The server could not make out the request.", NULL},
    [WIRE_NOT_FOUND] = {404, URN("not-found"),
        "There is nothing at this path",
        "Mailboxes are made at /v1/m and lie below it.", NULL},
    [WIRE_NO_SUCH_MAILBOX] = {404, URN("no-such-mailbox"),
        "There is no such mailbox, or no longer",
        "It never was, was deleted, or has expired.", NULL},
    [WIRE_METHOD_NOT_ALLOWED] = {405, URN("method-not-allowed"),
        "This path does not have this method",
        "The header Allow names the methods of this path.", NULL},
    [WIRE_TIMEOUT] = {408, URN("timeout"),
        "The request did not arrive in time",
        "The body was not complete before the deadline.", NULL},
    [WIRE_BODY_TOO_LARGE] = {413, URN("body-too-large"),
        "The body is too large",
        "The body has more bytes than any call can need.", NULL},
    [WIRE_URI_TOO_LONG] = {414, URN("uri-too-long"),
        "The request target is too long",
        "The request line is longer than the server reads.", NULL},
    [WIRE_HEADERS_TOO_LARGE] = {431, URN("headers-too-large"),
        "The headers are too large",
        "The headers have more bytes than the server reads.", NULL},
    [WIRE_REQUEST_ID_BAD] = {400, URN("request-id-bad"),
        "The request identifier is missing or malformed",
        "Mailbox-Request-ID must be one UUID.", NULL},
    [WIRE_CLAIM_BAD] = {401, URN("claim-bad"),
        "The device claim is missing or malformed",
        "Mailbox-Device-Claim must be one UUID.", NULL},
    [WIRE_CLAIM_REFUSED] = {401, URN("claim-refused"),
        "The device claim is not bound to this mailbox",
        "Mailbox-Device-Claim is of neither of its two devices.", NULL},
    [WIRE_RIGHT_REFUSED] = {401, URN("right-refused"),
        "This device lacks the access right",
        "Its accessRights do not let this device do that.", NULL},
    [WIRE_ATTESTATION_REFUSED] = {401, URN("attestation-refused"),
        "The relay cannot trust this device",
        "Mailbox-Device-Attestation does not convince.", NULL},
    [WIRE_CONDITION_BAD] = {400, URN("condition-bad"),
        "The precondition is malformed",
        "If-Match and If-None-Match take entity tags or *.", NULL},
    [WIRE_NOT_JSON] = {415, URN("not-json"),
        "The body must be application/json",
        "Content-Type must be application/json.", NULL},
    [WIRE_BODY_BAD] = {400, URN("body-bad"),
        "The body is not acceptable",
        "A member of the body is missing or wrong.", NULL},
    [WIRE_PAYLOAD_TOO_LARGE] = {413, URN("payload-too-large"),
        "The payload is too large",
        "payload.data has more bytes, decoded, than allowed.", NULL},
    [WIRE_EXPIRATION_PAST] = {400, URN("expiration-past"),
        "The expiration lies in the past",
        "mailboxConfiguration.expiration must lie ahead.", NULL},
    [WIRE_PRECONDITION_FAILED] = {412, URN("precondition-failed"),
        "The payload has changed since",
        "If-Match names no current version.", NULL},
    [WIRE_UNCHANGED] = {412, URN("unchanged"),
        "The payload has not changed",
        "If-None-Match names the current version.", NULL},
    [WIRE_TOO_MANY] = {429, URN("too-many-requests"),
        "Too many requests",
        "Try again after the time in Retry-After.", SOON},
    [WIRE_UNAVAILABLE] = {503, URN("unavailable"),
        "The relay cannot do this at the moment",
        "Try again after the time in Retry-After.", SOON},
    [WIRE_FULL] = {503, URN("full"),
        "The relay has no room at the moment",
        "Room comes back as mailboxes expire.", LATER},
};

const struct outcome_entry *
outcome_entry(enum wire_refusal refusal)
{
    assert(refusal > WIRE_FINE);
    assert((size_t)refusal < sizeof(entries) / sizeof(entries[0]));
    return &entries[refusal];
}

unsigned
outcome_status(enum relay_outcome outcome)
{
    assert(outcome == RELAY_DONE || outcome == RELAY_ALREADY_DONE);
    return outcome == RELAY_DONE ? 200 : 201;
}

enum wire_refusal
outcome_refusal(enum relay_outcome outcome)
{
    switch (outcome) {
    case RELAY_DONE: return WIRE_FINE;
    case RELAY_ALREADY_DONE: return WIRE_FINE;
    case RELAY_NO_SUCH_MAILBOX: return WIRE_NO_SUCH_MAILBOX;
    case RELAY_CLAIM_REFUSED: return WIRE_CLAIM_REFUSED;
    case RELAY_RIGHT_REFUSED: return WIRE_RIGHT_REFUSED;
    case RELAY_BODY_REFUSED: return WIRE_BODY_BAD;
    case RELAY_EXPIRATION_PAST: return WIRE_EXPIRATION_PAST;
    case RELAY_ATTESTATION_REFUSED: return WIRE_ATTESTATION_REFUSED;
    case RELAY_PRECONDITION_FAILED: return WIRE_PRECONDITION_FAILED;
    case RELAY_UNCHANGED: return WIRE_UNCHANGED;
    }
    assert(!"an outcome that does not exist");
    return WIRE_UNAVAILABLE;
}

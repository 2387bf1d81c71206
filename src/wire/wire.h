/* From an HTTP request to a relay request, and from an outcome to an answer.
 *
 * In the order in which an adapter uses it:
 *
 *   wire_route()         method and path        → which call, which mailbox
 *   wire_parse_headers() the protocol's headers → ids, conditions
 *   wire_parse_body()    the body               → struct request_body, or the
 *                                                 refusal kept for its turn
 *   wire_answer()        outcome and mailbox    → status, headers, body
 *   wire_refuse()        a refusal before or instead of a decision
 *
 * Everything is a value or a borrowed span; nothing here blocks or draws.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/bytes.h"
#include "relay/mailbox.h"

/* ---- refusals ---------------------------------------------------------- */

/* Why a request is refused; `wire/outcome.c` holds status, problem type and
 * title of each, and of every relay_outcome. */
enum wire_refusal {
    WIRE_FINE,
    WIRE_MALFORMED_HTTP,         /* 400 found by the HTTP server */
    WIRE_NOT_FOUND,              /* 404 no such path or version */
    WIRE_NO_SUCH_MAILBOX,        /* 404 */
    WIRE_METHOD_NOT_ALLOWED,     /* 405 with Allow */
    WIRE_TIMEOUT,                /* 408 */
    WIRE_BODY_TOO_LARGE,         /* 413 whole body */
    WIRE_URI_TOO_LONG,           /* 414 */
    WIRE_HEADERS_TOO_LARGE,      /* 431 */
    WIRE_REQUEST_ID_BAD,         /* 400 Mailbox-Request-ID missing, malformed */
    WIRE_CLAIM_BAD,              /* 401 Mailbox-Device-Claim likewise */
    WIRE_CLAIM_REFUSED,          /* 401 */
    WIRE_RIGHT_REFUSED,          /* 401 */
    WIRE_ATTESTATION_REFUSED,    /* 401 */
    WIRE_CONDITION_BAD,          /* 400 If-Match, If-None-Match */
    WIRE_NOT_JSON,               /* 415 Content-Type */
    WIRE_BODY_BAD,               /* 400; names the member */
    WIRE_PAYLOAD_TOO_LARGE,      /* 413 payload.data decoded */
    WIRE_EXPIRATION_PAST,        /* 400 */
    WIRE_PRECONDITION_FAILED,    /* 412 */
    WIRE_UNCHANGED,              /* 412 */
    WIRE_TOO_MANY,               /* 429 with Retry-After */
    WIRE_UNAVAILABLE,            /* 503 with Retry-After: store, no memory */
    WIRE_FULL                    /* 503 with Retry-After: no room */
};

struct wire_problem {
    enum wire_refusal refusal;
    const char *member; /* name of the member or header at fault, or NULL;
                           always a literal of ours, never text from outside */
    const char *reason; /* what is wrong with it, likewise; or NULL */
};

/* ---- request ----------------------------------------------------------- */

enum wire_call {
    CALL_CREATE,     /* POST /v1/m */
    CALL_DISPLAY,    /* GET, HEAD /v1/m/{id} */
    CALL_READ,       /* POST /v1/m/{id} */
    CALL_UPDATE,     /* PUT */
    CALL_DELETE,     /* DELETE */
    CALL_RELINQUISH, /* PATCH */
    CALL_DOCUMENT    /* GET, HEAD of what is about no mailbox */
};

/* What is served beside the mailboxes, each under a fixed path. */
enum wire_document {
    DOCUMENT_PICTURE_GENERAL, /* /v1/picture/general.png */
    DOCUMENT_PICTURE_HOME,    /* /v1/picture/home.png */
    DOCUMENT_PICTURE_CAR,     /* /v1/picture/car.png */
    DOCUMENT_DISCOVERY,       /* /.well-known/tigress */
    DOCUMENT_APPLE_APPS,      /* /.well-known/apple-app-site-association */
    DOCUMENT_ANDROID_APPS     /* /.well-known/assetlinks.json */
};
enum { WIRE_DOCUMENTS = 6 };

struct wire_route {
    enum wire_call call;
    struct mailbox_id mailbox; /* not for CALL_CREATE, CALL_DOCUMENT */
    enum wire_document document; /* CALL_DOCUMENT */
    const char *allow; /* WIRE_METHOD_NOT_ALLOWED: for the Allow header */
    bool is_options;          /* the method is OPTIONS */
    const char *cross_origin; /* the methods of this path for pages of other
                                 origins (cors.h); NULL: what is answered is
                                 not for them */
};

/* Find the call. `path` is decoded and without query; `method` as sent.
 * Refusals: WIRE_NOT_FOUND (below the path of mailboxes GET and HEAD are
 * CALL_DISPLAY all the same), WIRE_NO_SUCH_MAILBOX (`{id}` is not a UUID; with
 * a method that exists there, and out->call is then set, so that GET gets its
 * page), WIRE_METHOD_NOT_ALLOWED (out->allow is set).
 * Source: R-HTTP-1. */
struct wire_problem wire_route(struct tg_span method, struct tg_span path,
                               struct wire_route *out);

/* ---- who reads a page -------------------------------------------------- */

enum wire_language { LANGUAGE_ENGLISH, LANGUAGE_GERMAN, LANGUAGE_SPANISH };
enum { WIRE_LANGUAGES = 3 };

/* What kind of credential the share URL says that it is (§10). */
enum wire_vertical { VERTICAL_GENERAL, VERTICAL_HOME, VERTICAL_CAR };
enum { WIRE_VERTICALS = 3 };

struct wire_reader {
    enum wire_language language;
    enum wire_vertical vertical;
};

/* The language of ours that a header Accept-Language likes best (RFC 9110
 * §12.5.4); English when it likes none, or cannot be parsed. */
enum wire_language wire_read_language(struct tg_span value);

/* The vertical in a query, without its `?`; general when it is not known. */
enum wire_vertical wire_read_vertical(struct tg_span query);

/* ---- headers and body -------------------------------------------------- */

/* The headers that matter, as the HTTP server found them. ptr NULL: absent.
 * `count` tells how often it was there: twice is malformed (§13). */
struct wire_header {
    struct tg_span value;
    unsigned count;
};

/* What the headers Prefer ask for. */
struct wire_preferences {
    bool has_wait;
    unsigned wait_s; /* at most LIMIT_WAIT_MOST_S */
};

struct wire_headers {
    struct wire_header request_id;
    struct wire_header claim;
    struct wire_header content_type;
    struct wire_header if_match;
    struct wire_header if_none_match;
    struct wire_header accept_language;
    struct wire_header origin;
    struct wire_header attestation; /* judged by attest/, not here */
    struct wire_preferences prefer;
};

/* Note what one header Prefer asks for; there may be several, in their order.
 * One that cannot be parsed is ignored. Source: RFC 7240 §2, §13. */
void wire_read_prefer(struct tg_span value, struct wire_preferences *out);

/* The headers, parsed. `has_request_id` also tells that it is to be echoed
 * (R-HDR-1), and is right even when a refusal is returned. */
struct wire_ids {
    bool has_request_id;
    struct request_id request_id;
    struct tg_uuid claim; /* not for CALL_DISPLAY, CALL_DOCUMENT */
    struct etag_condition if_match;
    struct etag_condition if_none_match;
    unsigned wait_s; /* how long the answer may be held (R-WAIT-1); 0: not. The
                        adapter lowers it to what it grants */
};

/* Refusals: WIRE_REQUEST_ID_BAD, WIRE_CLAIM_BAD, WIRE_CONDITION_BAD; in this
 * order (§13). A header that its call does not use is ignored; so is a request
 * id that is malformed where none is required (D2). To learn only what is to
 * be echoed, before a call is known, ask with CALL_DISPLAY. */
struct wire_problem wire_parse_headers(enum wire_call call,
                                       const struct wire_headers *headers,
                                       struct wire_ids *out);

struct wire_limits {
    size_t payload_data; /* decoded bytes */
};

/* The most bytes that a body of any call may have under these limits. */
size_t wire_body_limit(const struct wire_limits *limits);

/* The parsed body with what its spans point into. */
struct wire_body {
    struct request_body request; /* .acceptable false: see problem */
    struct wire_problem problem;
    struct tg_buf bytes;         /* owns what the spans borrow */
};

/* Judge the body of a call that has one; for the others it is ignored and
 * found acceptable. Never fails but for memory: what is wrong with the body is
 * kept in out->problem until its turn comes.
 * TG_E_NOMEM: *out untouched. Release with wire_body_done(). */
TG_MUST_USE enum tg_err wire_parse_body(enum wire_call call,
                                        const struct wire_headers *headers,
                                        struct tg_span text,
                                        const struct wire_limits *limits,
                                        struct wire_body *out);
void wire_body_done(struct wire_body *body);

/* ---- answer ------------------------------------------------------------ */

enum { WIRE_HEADERS_MOST = 16 };

struct wire_answer_header {
    const char *name;     /* a literal */
    struct tg_span value; /* a literal, in the answer's `text`, or the site's */
};

/* An answer has Content-Type among its headers when it has a body. HEAD is
 * answered as GET, and the server leaves the body out. */
struct wire_answer {
    unsigned status;
    size_t header_count;
    struct wire_answer_header headers[WIRE_HEADERS_MOST];
    struct tg_buf body;  /* Content-Length is its length */
    struct tg_buf text;  /* owns header values that are not literals */
};

/* What answers depend on beside the outcome. */
struct wire_site {
    struct tg_span public_origin;       /* "https://host[:port]" */
    const struct tg_span *image_hosts;  /* lower case; count 0: any */
    size_t image_host_count;
    struct tg_span discovery;           /* wire_format_discovery() */
    struct tg_span apple_apps;          /* wallet_apps.h; empty: none */
    struct tg_span android_apps;
    struct tg_span apple_store;         /* an https URL; empty: none */
    struct tg_span android_store;
    const struct tg_span *cors_origins; /* cors.h; count 0: none */
    size_t cors_origin_count;
};

/* What clients may know before they try (§7). */
struct wire_terms {
    size_t payload_most;        /* decoded bytes */
    tg_time_s lifetime_default; /* seconds */
    tg_time_s lifetime_max;     /* seconds */
    unsigned wait_most_s;       /* 0: no read waits */
    const struct tg_span *push_types;
    size_t push_type_count;
    const char *attestation;    /* none, optional or required (§9) */
    const struct tg_span *attestation_formats;
    size_t attestation_format_count;
};

/* Append it as JSON. TG_E_NOMEM. */
TG_MUST_USE enum tg_err wire_format_discovery(const struct wire_terms *terms,
                                              struct tg_buf *out);

/* Everything that a decision has left, for the answer. */
struct wire_outcome {
    enum wire_call call;
    enum relay_outcome outcome;
    const struct relay_effects *effects;
    const struct mailbox *mailbox;        /* as decided; not for CREATE */
    const struct create_memory *memory;   /* CALL_CREATE, its retry or not */
    const struct mailbox_id *mailbox_id;  /* not for CALL_CREATE */
    const struct wire_problem *body_problem; /* for RELAY_BODY_REFUSED */
    const char *attestation_reason; /* for RELAY_ATTESTATION_REFUSED: a literal
                                       that says why, or NULL */
    const struct wire_ids *ids;
    const struct wire_reader *reader;     /* CALL_DISPLAY */
};

/* Write the whole answer. TG_E_NOMEM: nothing to release. */
TG_MUST_USE enum tg_err wire_answer(const struct wire_outcome *outcome,
                                    const struct wire_site *site,
                                    struct wire_answer *out);

/* Write a problem document, or for GET on a mailbox path the page of R-PRE-4.
 *   ids     echoed request id; may be NULL
 *   allow   for WIRE_METHOD_NOT_ALLOWED
 *   reader  the person who is looking (CALL_DISPLAY); NULL: a program */
TG_MUST_USE enum tg_err wire_refuse(struct wire_problem problem,
                                    const struct wire_ids *ids,
                                    const char *allow,
                                    const struct wire_reader *reader,
                                    struct wire_answer *out);

/* Answer CALL_DOCUMENT; 404 for what the site does not have. TG_E_NOMEM:
 * nothing to release. */
TG_MUST_USE enum tg_err wire_document(enum wire_document document,
                                      const struct wire_site *site,
                                      const struct wire_ids *ids,
                                      struct wire_answer *out);

void wire_answer_done(struct wire_answer *answer);

#endif

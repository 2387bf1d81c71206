/* See service_call.h. */
#include "service_call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

/* What is above SERVICE_BODY_MAX is read and forgotten, so that the client
 * lives to see the answer; beyond this it does not. */
enum { PATIENCE_MAX = 1024 * 1024 };

struct service_call {
    uint8_t *body; /* room for SERVICE_BODY_MAX bytes; NULL: none yet */
    size_t len;    /* of all that came, also of what was not kept */
};

unsigned
service_refuse(struct members *answer, unsigned status, const char *check,
               const char *message)
{
    members_set_text(answer, "check", check);
    members_set_text(answer, "message", message);
    return status;
}

static enum MHD_Result
begin(struct service_target *target, void **memory)
{
    struct service_call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return MHD_NO;
    target->calls++;
    *memory = call;
    return MHD_YES;
}

void
service_call_end(void *self, struct MHD_Connection *connection, void **memory,
                 enum MHD_RequestTerminationCode how)
{
    struct service_target *target = self;
    struct service_call *call = *memory;

    (void)connection;
    (void)how;
    if (call == NULL)
        return;
    if (call->body != NULL)
        OPENSSL_cleanse(call->body, SERVICE_BODY_MAX);
    free(call->body);
    free(call);
    *memory = NULL;
    target->calls--;
}

static enum MHD_Result
take_piece(struct service_call *call, const char *bytes, size_t *len)
{
    size_t more = *len;

    if (more > PATIENCE_MAX - call->len)
        return MHD_NO;
    if (call->body == NULL && (call->body = malloc(SERVICE_BODY_MAX)) == NULL)
        return MHD_NO;
    if (call->len <= SERVICE_BODY_MAX && more <= SERVICE_BODY_MAX - call->len)
        memcpy(call->body + call->len, bytes, more);
    call->len += more;
    *len = 0;
    return MHD_YES;
}

/* The token of `Authorization: Bearer`, borrowed; NULL: another, or none. */
static const char *
find_bearer(struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *value = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

    if (value == NULL || strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    return value + sizeof(scheme) - 1;
}

/* Ask the handler, unless there is nothing to be asked. */
static unsigned
decide(const struct service_target *target, struct MHD_Connection *connection,
       const struct service_call *call, const char *method, const char *path,
       struct members *answer)
{
    bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    struct members *body = NULL;
    struct service_request request = {method, path, find_bearer(connection),
                                      NULL};
    unsigned status;

    if (!is_post && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return service_refuse(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "method",
                              "Only GET and POST are answered here.");
    if (call->len > SERVICE_BODY_MAX)
        return service_refuse(answer, MHD_HTTP_CONTENT_TOO_LARGE, "size",
                              "The message is too large.");
    if (is_post && call->len > 0 &&
        members_parse((struct tg_span){call->body, call->len}, &body) != TG_OK)
        return service_refuse(answer, MHD_HTTP_BAD_REQUEST, "format",
                              "The message cannot be read.");
    request.body = body;
    status = target->handler(target->self, &request, answer);
    members_free(body);
    return status;
}

/* Each connection is for one call: nothing is left open to be counted. */
static bool
add_headers(struct MHD_Response *response, unsigned status)
{
    return MHD_add_response_header(response, "Content-Type",
                                   "application/json") == MHD_YES &&
           MHD_add_response_header(response, "Cache-Control", "no-store") ==
               MHD_YES &&
           MHD_add_response_header(response, "Connection", "close") ==
               MHD_YES &&
           (status != MHD_HTTP_UNAUTHORIZED ||
            MHD_add_response_header(response, "WWW-Authenticate", "Bearer") ==
                MHD_YES) &&
           (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
            MHD_add_response_header(response, "Allow", "GET, POST") ==
                MHD_YES);
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, unsigned status,
            struct text *json)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        json->len, json->at, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return result;
    if (add_headers(response, status))
        result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result
service_call_go_on(void *self, struct MHD_Connection *connection,
                   const char *path, const char *method, const char *version,
                   const char *bytes, size_t *len, void **memory)
{
    struct service_target *target = self;
    struct service_call *call = *memory;
    struct members *answer;
    struct text json = TEXT_EMPTY;
    enum MHD_Result result = MHD_NO;
    unsigned status;

    (void)version;
    if (call == NULL)
        return begin(target, memory);
    if (*len > 0)
        return take_piece(call, bytes, len);
    answer = members_new();
    if (answer == NULL)
        return result;
    status = decide(target, connection, call, method, path, answer);
    if (members_format(answer, &json) == TG_OK)
        result = send_answer(connection, status, &json);
    text_free(&json);
    members_free(answer);
    return result;
}

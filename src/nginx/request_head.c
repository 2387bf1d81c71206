/* See request_head.h. */
#include "nginx/request_head.h"

enum { LIST_MOST = 1024 };

/* The path as it was sent, without query: nginx's own is decoded and tidied,
 * and other paths than ours are not to be found (R-HTTP-1). */
static struct tg_span
sent_path(const ngx_http_request_t *r)
{
    struct tg_span path = module_span(r->unparsed_uri);
    const u_char *query = ngx_strlchr(r->unparsed_uri.data,
                                      r->unparsed_uri.data + path.len, '?');

    if (query != NULL)
        path.len = (size_t)(query - r->unparsed_uri.data);
    return path;
}

void
request_head_route(struct relay_call *call)
{
    const ngx_http_request_t *r = call->request;

    if (call->is_routed)
        return;
    call->problem = wire_route(module_span(r->method_name), sent_path(r),
                               &call->route);
    call->reader.vertical = wire_read_vertical(module_span(r->args));
    call->is_routed = 1;
}

/* The place of a header of the protocol, NULL for all others. Names come in
 * lower case. */
static struct wire_header *
place_of(struct wire_headers *headers, const ngx_table_elt_t *line)
{
    const struct {
        ngx_str_t name;
        struct wire_header *place;
    } known[] = {
        {ngx_string("mailbox-request-id"), &headers->request_id},
        {ngx_string("mailbox-device-claim"), &headers->claim},
        {ngx_string("content-type"), &headers->content_type},
        {ngx_string("if-match"), &headers->if_match},
        {ngx_string("if-none-match"), &headers->if_none_match},
        {ngx_string("accept-language"), &headers->accept_language},
        {ngx_string("origin"), &headers->origin},
        {ngx_string("mailbox-device-attestation"), &headers->attestation},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (line->key.len == known[i].name.len &&
            ngx_memcmp(line->lowcase_key, known[i].name.data,
                       known[i].name.len) == 0)
            return known[i].place;
    return NULL;
}

static bool
is_prefer(const ngx_table_elt_t *line)
{
    static const ngx_str_t name = ngx_string("prefer");

    return line->key.len == name.len &&
           ngx_memcmp(line->lowcase_key, name.data, name.len) == 0;
}

/* White space around a value may be tabs, too (RFC 9110 §5.6.3). */
static struct tg_span
trimmed(ngx_str_t value)
{
    struct tg_span text = module_span(value);

    while (text.len > 0 && (*text.ptr == '\t' || *text.ptr == ' ')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == '\t' ||
                            text.ptr[text.len - 1] == ' '))
        text.len--;
    return text;
}

/* A list that was sent in several lines is one list (RFC 9110 §5.3). Of what
 * is longer than any reader's, the beginning is enough. */
static void
join_list(ngx_pool_t *pool, struct tg_span *list, struct tg_span more)
{
    size_t len = list->len + more.len + 1;
    u_char *joined;

    if (len > LIST_MOST || (joined = ngx_pnalloc(pool, len)) == NULL)
        return;
    ngx_memcpy(joined, list->ptr, list->len);
    joined[list->len] = ',';
    ngx_memcpy(joined + list->len + 1, more.ptr, more.len);
    *list = (struct tg_span){joined, len};
}

static void
collect_headers(const ngx_http_request_t *r, struct wire_headers *headers)
{
    const ngx_list_part_t *part = &r->headers_in.headers.part;

    for (; part != NULL; part = part->next) {
        const ngx_table_elt_t *lines = part->elts;

        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            struct wire_header *header = place_of(headers, &lines[i]);

            if (is_prefer(&lines[i]))
                wire_read_prefer(module_span(lines[i].value), &headers->prefer);
            if (header == NULL)
                continue;
            if (header->count++ == 0)
                header->value = trimmed(lines[i].value);
            else if (header == &headers->accept_language)
                join_list(r->pool, &header->value, trimmed(lines[i].value));
        }
    }
}

void
request_head_read(struct relay_call *call)
{
    /* Of a call that is not known, only what is echoed has a meaning. */
    enum wire_call as = call->is_routed && call->problem.refusal == WIRE_FINE
                            ? call->route.call
                            : CALL_DISPLAY;

    collect_headers(call->request, &call->headers);
    call->headers_problem =
        wire_parse_headers(as, &call->headers, &call->ids);
    call->reader.language =
        wire_read_language(call->headers.accept_language.value);
}

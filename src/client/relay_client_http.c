/* See relay_client_http.h. What the library could do on its own account is
 * switched off: a relay must not be able to lead it elsewhere, or to
 * recognise a device by what it kept (Req-Privacy, R-TLS-3). */
#include "client/relay_client_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/alloc.h"
#include "client/relay_client_loop.h"

/* Seconds after which a silent connection is probed, and between probes: a
 * relay that is gone must not be waited for. */
enum { PROBE_AFTER_S = 20, PROBE_EACH_S = 10 };

/* What the callbacks of one exchange work on. */
struct exchange {
    struct http_response *response;
    size_t head_len;
    size_t body_max;
    enum tg_err err; /* why a callback stopped the transfer */
    struct curl_slist *headers;
    char words[CURL_ERROR_SIZE];
};

struct http {
    CURL *curl;
    struct loop *loop;
    struct exchange x;
};

enum tg_err
http_new(struct http **out)
{
    struct http *http;

    /* Counted and thread-safe by itself; the matching cleanup would be unsafe
     * for a program that uses the library elsewhere. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return TG_E_NETWORK;
    if ((http = tg_alloc(sizeof(*http))) == NULL)
        return TG_E_NOMEM;
    *out = http;
    return TG_OK;
}

void
http_forget_connection(struct http *http)
{
    curl_easy_cleanup(http->curl);
    http->curl = NULL;
    loop_free(http->loop);
    http->loop = NULL;
}

void
http_free(struct http *http)
{
    if (http == NULL)
        return;
    http_forget_connection(http);
    tg_free(http);
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *self)
{
    struct exchange *x = self;
    struct tg_span more = {(const uint8_t *)bytes, size * count};

    if (more.len > x->body_max - x->response->body.len) {
        x->err = TG_E_PROTOCOL;
        return 0;
    }
    if ((x->err = tg_buf_append(&x->response->body, more)) != TG_OK)
        return 0;
    return more.len;
}

/* The value of the line if it is the named header. */
static bool
header_value(struct tg_span line, const char *name, struct tg_span *out)
{
    size_t len = strlen(name);

    if (line.len <= len || line.ptr[len] != ':' ||
        !tg_span_is_nocase((struct tg_span){line.ptr, len}, name))
        return false;
    line.ptr += len + 1;
    line.len -= len + 1;
    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line.ptr++;
        line.len--;
    }
    while (line.len > 0 && line.ptr[line.len - 1] <= ' ')
        line.len--;
    *out = line;
    return true;
}

/* A value that does not fit is as good as none: what needs it refuses. */
static void
keep_value(struct tg_span value, char *out, size_t room)
{
    out[0] = '\0';
    if (value.len > room || (value.len > 0 &&
                             memchr(value.ptr, '\0', value.len) != NULL))
        return;
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
}

static int64_t
parse_seconds(struct tg_span value)
{
    int64_t seconds = 0;

    if (value.len == 0 || value.len > 9)
        return -1;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return -1;
        seconds = seconds * 10 + (value.ptr[i] - '0');
    }
    return seconds;
}

/* Of `wait=N`, alone as we have asked for it alone. */
static int64_t
parse_wait(struct tg_span value)
{
    if (value.len <= 5 ||
        !tg_span_is_nocase((struct tg_span){value.ptr, 5}, "wait="))
        return -1;
    return parse_seconds((struct tg_span){value.ptr + 5, value.len - 5});
}

/* One directive of Cache-Control (RFC 9111 §5.2.2). What asks for less than
 * another counts, and an age that is no number is as good as none. */
static void
take_directive(struct tg_span directive, int64_t *keep_s)
{
    static const char age[] = "max-age=";
    const size_t age_len = sizeof(age) - 1;
    int64_t seconds;

    while (directive.len > 0 && directive.ptr[0] <= ' ') {
        directive.ptr++;
        directive.len--;
    }
    while (directive.len > 0 && directive.ptr[directive.len - 1] <= ' ')
        directive.len--;
    if (tg_span_is_nocase(directive, "no-store") ||
        tg_span_is_nocase(directive, "no-cache")) {
        *keep_s = 0;
    } else if (directive.len > age_len &&
               tg_span_is_nocase((struct tg_span){directive.ptr, age_len},
                                 age)) {
        directive.ptr += age_len;
        directive.len -= age_len;
        seconds = parse_seconds(directive);
        if (*keep_s < 0 || seconds < *keep_s)
            *keep_s = seconds < 0 ? 0 : seconds;
    }
}

static void
take_cache_control(struct tg_span value, int64_t *keep_s)
{
    while (value.len > 0) {
        const uint8_t *comma = memchr(value.ptr, ',', value.len);
        size_t len = comma != NULL ? (size_t)(comma - value.ptr) : value.len;

        take_directive((struct tg_span){value.ptr, len}, keep_s);
        if (comma != NULL)
            len++;
        value.ptr += len;
        value.len -= len;
    }
}

static size_t
take_header(char *bytes, size_t size, size_t count, void *self)
{
    struct exchange *x = self;
    struct tg_span line = {(const uint8_t *)bytes, size * count};
    struct tg_span value;

    x->head_len += line.len;
    if (x->head_len > HTTP_HEAD_MAX) {
        x->err = TG_E_PROTOCOL;
        return 0;
    }
    if (header_value(line, "content-type", &value))
        keep_value(value, x->response->type, HTTP_TYPE_MAX);
    else if (header_value(line, "etag", &value))
        keep_value(value, x->response->etag, HTTP_ETAG_MAX);
    else if (header_value(line, "retry-after", &value))
        x->response->retry_after_s = parse_seconds(value);
    else if (header_value(line, "preference-applied", &value))
        x->response->waited_s = parse_wait(value);
    else if (header_value(line, "cache-control", &value))
        take_cache_control(value, &x->response->keep_s);
    return line.len;
}

/* Append to a list that is freed on failure. */
static bool
add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);

    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static enum tg_err
make_headers(const struct http_request *request, struct curl_slist **out)
{
    struct curl_slist *list = NULL;
    bool ok = add_header(&list, "Expect:") &&
              add_header(&list, request->body.len > 0
                                    ? "Content-Type: application/json"
                                    : "Content-Type:");

    for (size_t i = 0; ok && request->headers[i] != NULL; i++)
        ok = add_header(&list, request->headers[i]);
    if (!ok) {
        curl_slist_free_all(list);
        return TG_E_NOMEM;
    }
    *out = list;
    return TG_OK;
}

static void
set_safety(CURL *curl, const struct http_request *request)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     (long)(request->timeout_ms + request->held_ms));
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, (long)PROBE_AFTER_S);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, (long)PROBE_EACH_S);
    if (request->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
}

static void
set_request(CURL *curl, const struct http_request *request)
{
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    if (request->body.len > 0 || strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)request->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                         request->body.len > 0
                             ? (const char *)request->body.ptr
                             : "");
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* The library has one code for a handshake that failed and for a connection
 * that broke in the middle of one. Only the first leaves a message of OpenSSL
 * behind; a relay that is being restarted must not look like a forged one. */
static bool
is_broken_handshake(CURLcode code, const char *words)
{
    return code == CURLE_SSL_CONNECT_ERROR &&
           (strstr(words, "error:") == NULL ||
            strstr(words, "unexpected eof") != NULL);
}

static enum tg_err
verdict(CURLcode code, const char *words, const struct exchange *x)
{
    if (x->err != TG_OK)
        return x->err;
    /* The library's list is long and grows; what is not named is taken for a
     * failure of the network, which is the kind that is tried again. */
    if (code == CURLE_OK)
        return TG_OK;
    if (code == CURLE_OUT_OF_MEMORY)
        return TG_E_NOMEM;
    if (is_broken_handshake(code, words))
        return TG_E_NETWORK;
    if (code == CURLE_SSL_CONNECT_ERROR ||
        code == CURLE_PEER_FAILED_VERIFICATION ||
        code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CIPHER ||
        code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CERTPROBLEM)
        return TG_E_TLS;
    if (code == CURLE_WEIRD_SERVER_REPLY ||
        code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
        code == CURLE_BAD_CONTENT_ENCODING)
        return TG_E_PROTOCOL;
    return TG_E_NETWORK;
}

static void
set_callbacks(CURL *curl, struct exchange *x)
{
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, x->words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
}

static enum tg_err
open_handles(struct http *http)
{
    if (http->curl == NULL && (http->curl = curl_easy_init()) == NULL)
        return TG_E_NOMEM;
    return http->loop != NULL ? TG_OK : loop_new(&http->loop);
}

static void
let_go(struct http *http)
{
    loop_stop(http->loop, http->curl);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(http->x.headers);
    http->x.headers = NULL;
}

enum tg_err
http_begin(struct http *http, const struct http_request *request,
           struct http_response *response)
{
    enum tg_err err;

    tg_buf_clear(&response->body);
    response->status = 0;
    response->type[0] = '\0';
    response->etag[0] = '\0';
    response->retry_after_s = -1;
    response->waited_s = -1;
    response->keep_s = -1;
    http->x = (struct exchange){
        .response = response,
        .body_max = request->body_max > 0 ? request->body_max : HTTP_BODY_MAX,
    };
    if ((err = open_handles(http)) != TG_OK ||
        (err = make_headers(request, &http->x.headers)) != TG_OK)
        return err;
    curl_easy_reset(http->curl);
    set_safety(http->curl, request);
    set_request(http->curl, request);
    set_callbacks(http->curl, &http->x);
    if ((err = loop_start(http->loop, http->curl)) != TG_OK) {
        let_go(http);
        http_forget_connection(http);
    }
    return err;
}

bool
http_is_over(const struct http *http)
{
    return loop_is_over(http->loop);
}

enum tg_err
http_end(struct http *http, char reason[HTTP_REASON_MAX + 1])
{
    struct exchange *x = &http->x;
    CURLcode code = loop_result(http->loop);
    long status = 0;
    enum tg_err err;

    if (code != CURLE_OK)
        snprintf(reason, HTTP_REASON_MAX + 1, "%s",
                 x->err == TG_E_PROTOCOL ? "the answer is too large"
                 : x->words[0] != '\0'   ? x->words
                                         : curl_easy_strerror(code));
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    x->response->status = (int)status;
    err = verdict(code, x->words, x);
    let_go(http);
    /* Half an answer must not be continued by the next one. */
    if (err != TG_OK)
        http_forget_connection(http);
    return err;
}

void
http_abandon(struct http *http)
{
    let_go(http);
    http_forget_connection(http);
}

enum http_news
http_wait(struct http *const *all, size_t count, int stop_fd,
          int64_t timeout_ms)
{
    struct loop **loops = tg_alloc(count * sizeof(struct loop *));
    enum loop_news news = LOOP_FAILED;

    if (loops != NULL) {
        for (size_t i = 0; i < count; i++)
            loops[i] = all[i]->loop;
        news = loop_wait(loops, count, stop_fd, timeout_ms);
        tg_free(loops);
    }
    switch (news) {
    case LOOP_ON: return HTTP_ON;
    case LOOP_STOPPED: return HTTP_STOPPED;
    case LOOP_INTERRUPTED: return HTTP_INTERRUPTED;
    case LOOP_FAILED: break;
    }
    return HTTP_FAILED;
}

enum tg_err
http_exchange(struct http *http, const struct http_request *request,
              int stop_fd, struct http_response *response,
              char reason[HTTP_REASON_MAX + 1])
{
    enum tg_err err;

    if ((err = http_begin(http, request, response)) != TG_OK)
        return err;
    while (!http_is_over(http)) {
        enum http_news news = http_wait(&http, 1, stop_fd, -1);

        if (news != HTTP_STOPPED && news != HTTP_FAILED)
            continue;
        http_abandon(http);
        if (news == HTTP_FAILED)
            return TG_E_NOMEM;
        snprintf(reason, HTTP_REASON_MAX + 1, "stopped by the program");
        return TG_E_NETWORK;
    }
    return http_end(http, reason);
}

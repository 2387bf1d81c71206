/* See web.h. What libcurl could do of its own accord is switched off: proxies
 * and passwords of the surroundings, redirects, resumed TLS sessions. */
#include "web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

struct web {
    char url[WEB_URL_MAX + 1];
    char *ca_file; /* NULL: the system's list */
    long seconds;  /* for a whole call */
    char reason[CURL_ERROR_SIZE];
};

/* One call. */
struct call {
    CURL *curl;
    struct curl_slist *headers;
    struct text body;   /* TEXT_EMPTY: none */
    struct text answer; /* room for WEB_ANSWER_MAX bytes */
    bool too_long;
};

/* "https://", a host and perhaps a port: nothing that could be a path, a
 * password, or a second address. */
static bool
is_plain_url(const char *url)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-:[]";
    static const char scheme[] = "https://";
    size_t len = sizeof(scheme) - 1;
    CURLU *parts;
    bool fine;

    if (strncmp(url, scheme, len) != 0 || strlen(url) > WEB_URL_MAX ||
        url[len] == '\0' || url[len + strspn(url + len, allowed)] != '\0')
        return false;
    if ((parts = curl_url()) == NULL)
        return false;
    fine = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK;
    curl_url_cleanup(parts);
    return fine;
}

enum tg_err
web_new(const char *url, const char *ca_file, struct web **out)
{
    struct web *web;

    if (!is_plain_url(url))
        return TG_E_FORMAT;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (web = calloc(1, sizeof(*web))) == NULL)
        return TG_E_NOMEM;
    snprintf(web->url, sizeof(web->url), "%s", url);
    web->seconds = WEB_SECONDS;
    if (ca_file != NULL && (web->ca_file = strdup(ca_file)) == NULL) {
        free(web);
        return TG_E_NOMEM;
    }
    *out = web;
    return TG_OK;
}

void
web_free(struct web *web)
{
    if (web == NULL)
        return;
    free(web->ca_file);
    free(web);
}

void
web_hurry(struct web *web)
{
    web->seconds = WEB_SHORT_SECONDS;
}

const char *
web_reason(const struct web *web)
{
    return web->reason;
}

static size_t
take_answer(char *bytes, size_t size, size_t count, void *self)
{
    struct call *call = self;
    size_t len = size * count;

    if (len > WEB_ANSWER_MAX - call->answer.len) {
        call->too_long = true;
        return 0;
    }
    memcpy(call->answer.at + call->answer.len, bytes, len);
    call->answer.len += len;
    return len;
}

static enum tg_err
add_header(struct call *call, const char *header)
{
    struct curl_slist *longer = curl_slist_append(call->headers, header);

    if (longer == NULL)
        return TG_E_NOMEM;
    call->headers = longer;
    return TG_OK;
}

static enum tg_err
add_headers(struct call *call, const char *bearer)
{
    struct text header = TEXT_EMPTY;
    enum tg_err err;

    if ((err = add_header(call, "Expect:")) != TG_OK ||
        (err = add_header(call, call->body.at == NULL
                                    ? "Content-Type:"
                                    : "Content-Type: application/json")) !=
            TG_OK)
        return err;
    if (bearer == NULL)
        return TG_OK;
    if ((err = text_print(&header, "Authorization: Bearer %s", bearer)) ==
        TG_OK)
        err = add_header(call, header.at);
    text_free(&header);
    return err;
}

static void
call_done(struct call *call)
{
    curl_easy_cleanup(call->curl);
    for (struct curl_slist *h = call->headers; h != NULL; h = h->next)
        OPENSSL_cleanse(h->data, strlen(h->data)); /* one has the token */
    curl_slist_free_all(call->headers);
    text_free(&call->body);
    text_free(&call->answer);
}

static enum tg_err
call_init(const char *bearer, const struct members *body, struct call *out)
{
    struct call call = {.answer.at = malloc(WEB_ANSWER_MAX)};
    enum tg_err err = TG_E_NOMEM;

    if (call.answer.at == NULL || (call.curl = curl_easy_init()) == NULL)
        goto out;
    if (body != NULL && (err = members_format(body, &call.body)) != TG_OK)
        goto out;
    err = add_headers(&call, bearer);
out:
    if (err != TG_OK) {
        call_done(&call);
        return err;
    }
    *out = call;
    return TG_OK;
}

static void
set_safety(CURL *curl, struct web *web)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)WEB_CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, web->seconds);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, web->reason);
    if (web->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, web->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
}

static void
set_call(struct call *call, const char *method, const char *url)
{
    curl_easy_setopt(call->curl, CURLOPT_URL, url);
    curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, call);
    if (strcmp(method, "POST") != 0)
        return;
    curl_easy_setopt(call->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)call->body.len);
    curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS,
                     call->body.at == NULL ? "" : call->body.at);
}

static enum tg_err
verdict(CURLcode code, const struct call *call)
{
    if (code == CURLE_OK)
        return TG_OK;
    if (call->too_long || code == CURLE_WEIRD_SERVER_REPLY)
        return TG_E_PROTOCOL;
    if (code == CURLE_OUT_OF_MEMORY)
        return TG_E_NOMEM;
    if (code == CURLE_PEER_FAILED_VERIFICATION ||
        code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR)
        return TG_E_TLS;
    /* The list is long and grows; the rest is worth another try. */
    return TG_E_NETWORK;
}

static enum tg_err
perform(struct web *web, struct call *call, unsigned *status,
        struct members **answer)
{
    CURLcode code = curl_easy_perform(call->curl);
    long got = 0;
    enum tg_err err;

    if (code != CURLE_OK && web->reason[0] == '\0')
        snprintf(web->reason, sizeof(web->reason), "%s",
                 curl_easy_strerror(code));
    if ((err = verdict(code, call)) != TG_OK)
        return err;
    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &got);
    snprintf(web->reason, sizeof(web->reason), "status %ld", got);
    if (got == 503)
        return TG_E_BUSY;
    if ((err = members_parse(text_span(&call->answer), answer)) != TG_OK)
        return err == TG_E_FORMAT ? TG_E_PROTOCOL : err;
    *status = (unsigned)got;
    return TG_OK;
}

enum tg_err
web_call(struct web *web, const char *method, const char *path,
         const char *bearer, const struct members *body, unsigned *status,
         struct members **answer)
{
    struct text url = TEXT_EMPTY;
    struct call call;
    enum tg_err err;

    web->reason[0] = '\0';
    if ((err = text_print(&url, "%s%s", web->url, path)) != TG_OK)
        return err;
    if ((err = call_init(bearer, body, &call)) == TG_OK) {
        set_safety(call.curl, web);
        set_call(&call, method, url.at);
        err = perform(web, &call, status, answer);
        call_done(&call);
    }
    text_free(&url);
    return err;
}

/* See poster.h. curl says which sockets it waits for and until when; the loop
 * does the waiting. */
#include "push/poster.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "push/address.h"
#include "push/trouble.h"

enum {
    CONNECT_MS = 5000,
    WHOLE_MS = 15000,
    UNHEARD_MS = 10000, /* what was sent and nobody has acknowledged */
    IDLE_MOST_S = 1800, /* that a connection is kept */
    CONNECTIONS_MOST = 64, /* that are kept */
    HOST_CONNECTIONS_MOST = 4, /* for hosts without HTTP/2, or few streams */
    NODES_MOST = PUSH_HEADERS_MOST + 2 /* and what curl is not to add */
};

/* One post, or room for one: its handle is used again. */
struct transfer {
    struct transfer *next; /* of the idle ones */
    struct transfer *older; /* of all */
    struct poster *poster;
    CURL *easy;
    struct push_post post;
    struct curl_slist nodes[NODES_MOST]; /* into post.headers */
    struct tg_buf answer;
    char trouble[TROUBLE_MOST];
    void *about;
    bool is_under_way;
    bool is_forbidden;
};

/* A socket of curl's, as it is known to the loop. */
struct watched {
    struct loop_source source;
    struct poster *poster;
};

struct poster {
    struct loop *loop;
    CURLM *multi;
    poster_done *done;
    void *self;
    tg_mono_ms due;
    struct transfer *all;
    struct transfer *idle;
};

enum tg_err
poster_library_open(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? TG_OK
                                                             : TG_E_NOMEM;
}

void
poster_library_close(void)
{
    curl_global_cleanup();
}

/* ---- what curl asks for ------------------------------------------------ */

static size_t
on_answer(char *bytes, size_t size, size_t count, void *self)
{
    struct transfer *transfer = self;
    size_t len = size * count;
    size_t room = PUSH_ANSWER_MOST - transfer->answer.len;
    const struct tg_span more = {(const uint8_t *)bytes,
                                 len < room ? len : room};

    /* Less than `len` ends the transfer: what is there must be enough. */
    return tg_buf_append(&transfer->answer, more) == TG_OK ? more.len : 0;
}

/* R-PUSH-2: whatever a name has resolved to, this is the address. */
static curl_socket_t
on_open(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = self;
    static const unsigned unheard = UNHEARD_MS;
    int fd;

    (void)purpose;
    if (transfer->post.only_public && !address_is_public(&address->addr)) {
        transfer->is_forbidden = true;
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard,
                         sizeof(unheard));
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *self)
{
    struct poster *poster = self;

    (void)multi;
    poster->due = timeout_ms < 0 ? -1 : tg_mono_now() + timeout_ms;
    return 0;
}

/* ---- how a post ends --------------------------------------------------- */

/* Why there is no answer, to transfer->trouble. */
static void
explain(struct transfer *transfer, CURLcode result)
{
    long verified = 0;

    if (transfer->is_forbidden) {
        trouble_note(transfer->trouble, "an address that is not public");
    } else if (result == CURLE_PEER_FAILED_VERIFICATION) {
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT,
                                &verified);
        trouble_note_certificate(transfer->trouble,
                                 (const char *)transfer->post.url.ptr,
                                 verified);
    } else {
        trouble_note(transfer->trouble, curl_easy_strerror(result));
    }
}

static struct post_end
end_of(struct transfer *transfer, CURLcode result)
{
    struct post_end end = {.answer = {.retry_after = -1}};
    curl_off_t retry_after = 0;
    long status = 0;

    /* An answer that is too long is cut, and so an error of curl's. */
    if (result == CURLE_OK || (result == CURLE_WRITE_ERROR &&
                               transfer->answer.len == PUSH_ANSWER_MOST)) {
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
                                &status);
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER,
                                &retry_after);
        end.answer.status = (int)status;
        end.answer.body = tg_span_buf(&transfer->answer);
        if (retry_after > 0)
            end.answer.retry_after = retry_after;
        return end;
    }
    end.is_forbidden = transfer->is_forbidden;
    explain(transfer, result);
    end.trouble = transfer->trouble;
    return end;
}

/* Wiped: there were credentials in it. */
static void
put_away(struct transfer *transfer)
{
    (void)curl_multi_remove_handle(transfer->poster->multi, transfer->easy);
    push_post_free(&transfer->post);
    tg_buf_clear(&transfer->answer);
    transfer->is_under_way = false;
    transfer->next = transfer->poster->idle;
    transfer->poster->idle = transfer;
}

static void
collect(struct poster *poster)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(poster->multi, &left)) != NULL) {
        CURLcode result = message->data.result;
        struct transfer *transfer = NULL;
        struct post_end end;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                                &transfer);
        end = end_of(transfer, result);
        poster->done(poster->self, transfer->about, &end);
        put_away(transfer);
    }
}

/* ---- sockets ----------------------------------------------------------- */

static void
on_ready(struct loop_source *source, uint32_t events)
{
    struct poster *poster = ((struct watched *)source)->poster;
    int running;
    int what = ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
               ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);

    (void)curl_multi_socket_action(poster->multi, source->fd, what, &running);
    collect(poster);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *known)
{
    struct poster *poster = self;
    struct watched *watched = known;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
                      (what & CURL_POLL_OUT ? EPOLLOUT : 0u);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL)
            loop_forget(poster->loop, &watched->source);
        tg_free(watched);
        return 0;
    }
    if (watched == NULL) {
        if ((watched = tg_alloc(sizeof(*watched))) == NULL)
            return -1;
        watched->source = (struct loop_source){on_ready, fd};
        watched->poster = poster;
        if (curl_multi_assign(poster->multi, fd, watched) != CURLM_OK) {
            tg_free(watched);
            return -1;
        }
    }
    return loop_watch(poster->loop, &watched->source, events) == TG_OK ? 0
                                                                       : -1;
}

/* ---- sending ----------------------------------------------------------- */

#define SET(easy, option, value)                                             \
    (curl_easy_setopt(easy, option, value) == CURLE_OK)

/* What is the same for all posts. */
static bool
set_up(CURL *easy, struct transfer *transfer)
{
    return SET(easy, CURLOPT_PRIVATE, transfer) &&
           SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) &&
           SET(easy, CURLOPT_PIPEWAIT, 1L) &&
           SET(easy, CURLOPT_PROTOCOLS_STR, "https") &&
           SET(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(easy, CURLOPT_PROXY, "") &&
           SET(easy, CURLOPT_NOSIGNAL, 1L) &&
           /* A name server that hangs must not hold up the end. */
           SET(easy, CURLOPT_QUICK_EXIT, 1L) &&
           SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
           SET(easy, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS) &&
           SET(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MOST_S) &&
           SET(easy, CURLOPT_TCP_KEEPALIVE, 1L) &&
           SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) &&
           SET(easy, CURLOPT_OPENSOCKETDATA, transfer) &&
           SET(easy, CURLOPT_WRITEFUNCTION, on_answer) &&
           SET(easy, CURLOPT_WRITEDATA, transfer) &&
           SET(easy, CURLOPT_POST, 1L);
}

static struct transfer *
transfer_new(struct poster *poster)
{
    struct transfer *transfer = tg_alloc(sizeof(*transfer));

    if (transfer == NULL)
        return NULL;
    transfer->poster = poster;
    if ((transfer->easy = curl_easy_init()) == NULL ||
        !set_up(transfer->easy, transfer)) {
        curl_easy_cleanup(transfer->easy);
        tg_free(transfer);
        return NULL;
    }
    transfer->older = poster->all;
    poster->all = transfer;
    return transfer;
}

/* The headers as curl's list, without a copy; and none of curl's own. */
static struct curl_slist *
list_headers(struct transfer *transfer)
{
    static char no_accept[] = "Accept:";
    static char no_type[] = "Content-Type:";
    const struct push_post *post = &transfer->post;
    bool has_type = false;
    size_t count = 0;

    for (; count < post->header_count; count++) {
        char *header = (char *)post->headers[count].ptr;

        transfer->nodes[count].data = header;
        if (strncasecmp(header, no_type, strlen(no_type)) == 0)
            has_type = true;
    }
    transfer->nodes[count++].data = no_accept;
    if (!has_type)
        transfer->nodes[count++].data = no_type;
    for (size_t i = 0; i < count; i++)
        transfer->nodes[i].next =
            i + 1 < count ? &transfer->nodes[i + 1] : NULL;
    return transfer->nodes;
}

/* What is this post's own. */
static bool
set_post(struct transfer *transfer)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const struct push_post *post = &transfer->post;
    const char *body = post->body.len > 0 ? (const char *)post->body.ptr : "";
    bool is_own = post->authorities != NULL;
    CURL *easy = transfer->easy;

    return SET(easy, CURLOPT_URL, (const char *)post->url.ptr) &&
           SET(easy, CURLOPT_HTTPHEADER, list_headers(transfer)) &&
           SET(easy, CURLOPT_POSTFIELDSIZE_LARGE,
               (curl_off_t)post->body.len) &&
           SET(easy, CURLOPT_POSTFIELDS, body) &&
           SET(easy, CURLOPT_FRESH_CONNECT, (long)post->wants_connection) &&
           SET(easy, CURLOPT_CAINFO,
               is_own ? post->authorities : curl->cainfo) &&
           SET(easy, CURLOPT_CAPATH, is_own ? NULL : curl->capath);
}

enum tg_err
poster_send(struct poster *poster, struct push_post *post, void *about)
{
    struct transfer *transfer = poster->idle;

    if (transfer != NULL)
        poster->idle = transfer->next;
    else if ((transfer = transfer_new(poster)) == NULL)
        return TG_E_NOMEM;
    transfer->post = *post;
    *post = (struct push_post){0};
    transfer->about = about;
    transfer->is_forbidden = false;
    if (!set_post(transfer) ||
        curl_multi_add_handle(poster->multi, transfer->easy) != CURLM_OK) {
        put_away(transfer);
        return TG_E_NOMEM;
    }
    transfer->is_under_way = true;
    return TG_OK;
}

/* ---- clock, beginning and end ------------------------------------------ */

tg_mono_ms
poster_due(const struct poster *poster)
{
    return poster->due;
}

void
poster_run(struct poster *poster, tg_mono_ms now)
{
    int running;

    if (poster->due < 0 || poster->due > now)
        return;
    poster->due = -1;
    (void)curl_multi_socket_action(poster->multi, CURL_SOCKET_TIMEOUT, 0,
                                   &running);
    collect(poster);
}

struct poster *
poster_new(struct loop *loop, size_t most, poster_done *done, void *self)
{
    struct poster *poster = tg_alloc(sizeof(*poster));
    CURLM *multi = curl_multi_init();

    if (poster == NULL || multi == NULL) {
        tg_free(poster);
        (void)curl_multi_cleanup(multi);
        return NULL;
    }
    *poster = (struct poster){.loop = loop, .multi = multi, .done = done,
                              .self = self, .due = -1};
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, poster);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, poster);
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                            (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                            (long)most + 1);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                            (long)CONNECTIONS_MOST);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                            (long)HOST_CONNECTIONS_MOST);
    return poster;
}

void
poster_free(struct poster *poster)
{
    struct transfer *older;

    if (poster == NULL)
        return;
    for (struct transfer *t = poster->all; t != NULL; t = older) {
        older = t->older;
        if (t->is_under_way) {
            poster->done(poster->self, t->about, NULL);
            put_away(t);
        }
        curl_easy_cleanup(t->easy);
        tg_buf_free(&t->answer);
        tg_free(t);
    }
    (void)curl_multi_cleanup(poster->multi);
    tg_free(poster);
}

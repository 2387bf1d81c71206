/* One HTTPS connection that never blocks. HTTP is read just as far as a
 * benchmark needs: a status, a Content-Length, a body. An answer without a
 * Content-Length counts as broken. */
#include <openssl/err.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"

enum { READ_SIZE = 16384 };

SSL_CTX *
link_context(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_load_verify_file(context, ca_file) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* The port is chosen when it connects, so that another address can share it. */
static bool
come_from(int fd, const struct sockaddr_in *source)
{
    static const int on = 1;

    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)source, sizeof(*source)) == 0;
}

enum tg_err
link_open(struct link *link, SSL_CTX *context,
          const struct sockaddr_in *address, const struct sockaddr_in *source)
{
    static const int on = 1;

    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return TG_E_NETWORK;
    if (source != NULL && !come_from(link->fd, source)) {
        link_close(link);
        return TG_E_NETWORK;
    }
    /* As every HTTPS client does: else the request waits behind the end of
     * the handshake for an acknowledgement that comes after 40 ms. */
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    link->ssl = SSL_new(context);
    if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1) {
        link_close(link);
        return TG_E_NOMEM;
    }
    SSL_set_connect_state(link->ssl);
    /* On loopback it succeeds or is under way; a refusal shows later. */
    (void)connect(link->fd, (const struct sockaddr *)address,
                  sizeof(*address));
    link_clear(link);
    return TG_OK;
}

bool
link_is_sent(const struct link *link)
{
    return link->out.len > 0 && link->sent == link->out.len;
}

void
link_clear(struct link *link)
{
    tg_buf_clear(&link->in);
    tg_buf_clear(&link->out);
    link->sent = 0;
    link->head_len = 0;
    link->body_len = 0;
    link->status = 0;
}

/* Status and length from a head that has arrived whole. */
static bool
parse_head(struct link *link, const char *end)
{
    static const char name[] = "\r\nContent-Length:";
    const char *text = (const char *)link->in.ptr;
    const char *length = strcasestr(text, name);

    if (strncmp(text, "HTTP/1.1 ", 9) != 0 || length == NULL || length > end)
        return false;
    link->status = (unsigned)strtoul(text + 9, NULL, 10);
    link->body_len = strtoul(length + sizeof(name) - 1, NULL, 10);
    link->head_len = (size_t)(end - text) + 4;
    return true;
}

/* Whether the answer is there; *broken when it can be none. */
static bool
is_complete(struct link *link, bool *broken)
{
    if (link->head_len == 0) {
        const char *end;

        if (tg_buf_terminate(&link->in) != TG_OK) {
            *broken = true;
            return false;
        }
        end = strstr((const char *)link->in.ptr, "\r\n\r\n");
        if (end == NULL)
            return false;
        *broken = !parse_head(link, end);
    }
    return !*broken && link->in.len >= link->head_len + link->body_len;
}

/* Whether OpenSSL only wants to wait; anything else breaks the link. */
static enum link_state
wait_or_break(struct link *link, int result)
{
    int error = SSL_get_error(link->ssl, result);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return LINK_WAITS;
    return LINK_BROKEN;
}

static enum link_state
receive(struct link *link)
{
    bool broken = false;

    while (!is_complete(link, &broken)) {
        int got;

        if (broken || tg_buf_reserve(&link->in, READ_SIZE) != TG_OK)
            return LINK_BROKEN;
        got = SSL_read(link->ssl, link->in.ptr + link->in.len, READ_SIZE);
        if (got <= 0)
            return wait_or_break(link, got);
        link->in.len += (size_t)got;
    }
    return LINK_ANSWERED;
}

enum link_state
link_go_on(struct link *link)
{
    ERR_clear_error();
    while (link->sent < link->out.len) { /* the first write shakes hands */
        int wrote = SSL_write(link->ssl, link->out.ptr + link->sent,
                              (int)(link->out.len - link->sent));

        if (wrote <= 0)
            return wait_or_break(link, wrote);
        link->sent += (size_t)wrote;
    }
    return receive(link);
}

struct tg_span
link_body(const struct link *link)
{
    return (struct tg_span){link->in.ptr + link->head_len, link->body_len};
}

void
link_close(struct link *link)
{
    if (link->ssl != NULL && SSL_is_init_finished(link->ssl))
        (void)SSL_shutdown(link->ssl);
    SSL_free(link->ssl);
    link->ssl = NULL;
    if (link->fd >= 0)
        (void)close(link->fd);
    link->fd = -1;
}

void
link_done(struct link *link)
{
    link_close(link);
    tg_buf_free(&link->out);
    tg_buf_free(&link->in);
}

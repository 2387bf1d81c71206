/* See pg_kit.h. Takes one connection at a time on a unix socket, and reads what
 * the client says message by message (PostgreSQL 15, 55.7): a type, a length
 * that counts itself, and so much more; the first has no type. */
#include "pg_kit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { PORT = 6543, ROOM = 4 * 1024 * 1024, TICK_MS = 20 };

struct pg_proxy {
    char directory[64];
    char path[96];
    char uri[160];
    char server[108];
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    /* Under the lock: */
    bool stops;
    bool is_closed;
    bool serves; /* there is a connection */
    enum pg_cut cut;
    void (*between)(void);
    /* The thread's own: */
    int client_fd;
    int server_fd;
    bool has_begun; /* the first message has been passed on */
    bool drops;     /* what the server says */
    uint8_t *said;  /* by the client, and not yet passed on */
    size_t len;
};

static enum pg_cut
cut_of(struct pg_proxy *p)
{
    enum pg_cut cut;

    pthread_mutex_lock(&p->lock);
    cut = p->cut;
    pthread_mutex_unlock(&p->lock);
    return cut;
}

/* The cut is made: it happens once. */
static void
finish_cut(struct pg_proxy *p)
{
    void (*between)(void);

    pthread_mutex_lock(&p->lock);
    p->cut = PG_CUT_NOTHING;
    between = p->between;
    pthread_mutex_unlock(&p->lock);
    if (between != NULL)
        between();
}

static bool
is_over(struct pg_proxy *p)
{
    bool over;

    pthread_mutex_lock(&p->lock);
    over = p->stops || p->is_closed;
    pthread_mutex_unlock(&p->lock);
    return over;
}

/* False: not now. */
static bool
begin_serving(struct pg_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->serves = !p->stops && !p->is_closed;
    pthread_mutex_unlock(&p->lock);
    return p->serves;
}

static void
end_serving(struct pg_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->serves = false;
    pthread_cond_broadcast(&p->ended);
    pthread_mutex_unlock(&p->lock);
}

static bool
write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = send(fd, bytes, len, MSG_NOSIGNAL);

        if (count <= 0)
            return false;
        bytes += count;
        len -= (size_t)count;
    }
    return true;
}

/* The length of the first whole message, or 0. */
static size_t
message_len(const struct pg_proxy *p)
{
    const size_t head = p->has_begun ? 1 : 0;
    uint32_t len;

    if (p->len < head + 4)
        return 0;
    memcpy(&len, p->said + head, 4);
    len = ntohl(len);
    return p->len >= head + len ? head + len : 0;
}

/* Bind: portal "", then the statement's name. */
static bool
is_bind_of(const uint8_t *message, size_t len, const char *name)
{
    const size_t need = 1 + 4 + 1 + strlen(name) + 1;

    return message[0] == 'B' && len > need && message[5] == 0 &&
           strcmp((const char *)message + 6, name) == 0;
}

/* False: cut here. */
static bool
pass_on(struct pg_proxy *p, size_t len)
{
    const enum pg_cut cut = cut_of(p);
    const bool is_commit =
        p->has_begun && is_bind_of(p->said, len, "commit");

    if (cut == PG_CUT_BEFORE_LOAD && p->has_begun &&
        is_bind_of(p->said, len, "find"))
        return false;
    if (cut == PG_CUT_BEFORE_COMMIT && is_commit)
        return false;
    if (cut == PG_CUT_AFTER_COMMIT && is_commit)
        p->drops = true;
    if (!write_all(p->server_fd, p->said, len))
        return false;
    p->has_begun = true;
    memmove(p->said, p->said + len, p->len - len);
    p->len -= len;
    return true;
}

static bool
hear_client(struct pg_proxy *p)
{
    ssize_t count = read(p->client_fd, p->said + p->len, ROOM - p->len);
    size_t len;

    if (count <= 0)
        return false;
    p->len += (size_t)count;
    while ((len = message_len(p)) > 0)
        if (!pass_on(p, len))
            return false;
    return true;
}

/* Once what the server says is to be dropped, its first words are the end:
 * it speaks when it is ready with everything up to the sync. */
static bool
hear_server(struct pg_proxy *p)
{
    static uint8_t bytes[65536];
    ssize_t count = read(p->server_fd, bytes, sizeof(bytes));

    if (count <= 0 || p->drops)
        return false;
    return write_all(p->client_fd, bytes, (size_t)count);
}

static void
pump(struct pg_proxy *p)
{
    struct pollfd both[2] = {{.fd = p->client_fd, .events = POLLIN},
                             {.fd = p->server_fd, .events = POLLIN}};

    p->has_begun = p->drops = false;
    p->len = 0;
    while (!is_over(p)) {
        if (poll(both, 2, TICK_MS) <= 0)
            continue;
        if (both[0].revents != 0 && !hear_client(p))
            return;
        if (both[1].revents != 0 && !hear_server(p))
            return;
    }
}

static void
serve(struct pg_proxy *p)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    memcpy(to.sun_path, p->server, sizeof(to.sun_path));
    p->server_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(p->server_fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        pump(p);
    close(p->server_fd);
    if (p->drops || cut_of(p) != PG_CUT_NOTHING)
        finish_cut(p);
}

static void *
proxy_main(void *self)
{
    struct pg_proxy *p = self;
    struct pollfd one = {.fd = p->listener, .events = POLLIN};
    bool stops = false;

    while (!stops) {
        if (poll(&one, 1, TICK_MS) > 0) {
            p->client_fd = accept(p->listener, NULL, NULL);
            if (begin_serving(p))
                serve(p);
            close(p->client_fd);
            end_serving(p);
        }
        pthread_mutex_lock(&p->lock);
        stops = p->stops;
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

/* ---- the test's side --------------------------------------------------- */

/* Where the server's socket is: the test's address names directory and port. */
static void
find_server(struct pg_proxy *p)
{
    const char *host = strstr(kit_database(), "host=");
    const char *port = strstr(kit_database(), "port=");

    assert_true(host != NULL && port != NULL);
    host += strlen("host=");
    snprintf(p->server, sizeof(p->server), "%.*s/.s.PGSQL.%s",
             (int)strcspn(host, "&"), host, port + strlen("port="));
}

struct pg_proxy *
pg_proxy_new(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct pg_proxy *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    find_server(p);
    p->said = malloc(ROOM);
    assert_non_null(p->said);
    snprintf(p->directory, sizeof(p->directory), "/tmp/tigress-proxy-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->path, sizeof(p->path), "%s/.s.PGSQL.%d", p->directory, PORT);
    snprintf(p->uri, sizeof(p->uri),
             "postgresql://tigress@/postgres?host=%s&port=%d", p->directory,
             PORT);
    memcpy(at.sun_path, p->path, sizeof(p->path));
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof(at)),
                     0);
    assert_int_equal(listen(p->listener, 8), 0);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->ended, NULL);
    assert_int_equal(pthread_create(&p->thread, NULL, proxy_main, p), 0);
    return p;
}

void
pg_proxy_free(struct pg_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->stops = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->ended);
    pthread_mutex_destroy(&p->lock);
    close(p->listener);
    unlink(p->path);
    rmdir(p->directory);
    free(p->said);
    free(p);
}

const char *
pg_proxy_uri(const struct pg_proxy *p)
{
    return p->uri;
}

void
pg_proxy_cut(struct pg_proxy *p, enum pg_cut where, void (*between)(void))
{
    pthread_mutex_lock(&p->lock);
    p->cut = where;
    p->between = between;
    pthread_mutex_unlock(&p->lock);
}

void
pg_proxy_close(struct pg_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->is_closed = true;
    while (p->serves)
        pthread_cond_wait(&p->ended, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void
pg_proxy_open(struct pg_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->is_closed = false;
    pthread_mutex_unlock(&p->lock);
}

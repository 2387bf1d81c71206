/* See listen.h. */
#include "push/listen.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"

enum {
    WORKERS_MOST = 1024,
    PACKETS_AT_ONCE = 64, /* then others have their turn */
    PACKETS_AT_END = 4096
};

struct worker {
    struct loop_source source; /* first */
    struct listener *listener;
    struct worker *next;
};

struct listener {
    struct loop_source source; /* first */
    struct loop *loop;
    listener_ring *ring;
    void *self;
    struct worker *workers;
    struct listener_counts counts;
    bool is_stopped;
    bool is_paused; /* there are no more files */
    struct sockaddr_un address;
    struct stat made; /* which file the path was */
};

/* ---- workers ----------------------------------------------------------- */

static void
resume(struct listener *listener)
{
    if (listener->is_paused && !listener->is_stopped)
        listener->is_paused = loop_watch(listener->loop, &listener->source,
                                         EPOLLIN) != TG_OK;
}

static void
worker_close(struct worker *worker)
{
    struct listener *listener = worker->listener;
    struct worker **at = &listener->workers;

    while (*at != worker)
        at = &(*at)->next;
    *at = worker->next;
    loop_forget(listener->loop, &worker->source);
    close(worker->source.fd);
    tg_free(worker);
    listener->counts.connected--;
    resume(listener);
}

enum packet { PACKET_TAKEN, PACKET_NONE, PACKET_END };

static enum packet
take_packet(struct worker *worker)
{
    struct listener *listener = worker->listener;
    uint8_t bytes[DOORBELL_PACKET_MOST];
    struct doorbell bell;
    enum tg_err err = TG_E_LIMIT;
    ssize_t len;

    do
        len = recv(worker->source.fd, bytes, sizeof(bytes),
                   MSG_DONTWAIT | MSG_TRUNC);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return errno == EAGAIN ? PACKET_NONE : PACKET_END;
    if (len == 0)
        return PACKET_END;
    if ((size_t)len <= sizeof(bytes))
        err = doorbell_read_ring((struct tg_span){bytes, (size_t)len}, &bell);
    if (err == TG_OK)
        listener->ring(listener->self, &bell);
    else
        listener->counts.malformed++;
    tg_wipe(bytes, sizeof(bytes));
    return err == TG_OK ? PACKET_TAKEN : PACKET_END;
}

static void
on_packets(struct loop_source *source, uint32_t events)
{
    struct worker *worker = (struct worker *)source;
    enum packet packet = PACKET_TAKEN;

    (void)events;
    for (int i = 0; i < PACKETS_AT_ONCE && packet == PACKET_TAKEN; i++)
        packet = take_packet(worker);
    if (packet == PACKET_END)
        worker_close(worker);
}

/* False: there was none to accept. */
static bool
accept_worker(struct listener *listener)
{
    int fd = accept4(listener->source.fd, NULL, NULL,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct worker *worker;

    if (fd < 0) {
        /* Without files it would be told again and again. */
        if (errno == EMFILE || errno == ENFILE) {
            loop_forget(listener->loop, &listener->source);
            listener->is_paused = true;
        }
        return false;
    }
    if (listener->counts.connected == WORKERS_MOST ||
        (worker = tg_alloc(sizeof(*worker))) == NULL) {
        close(fd);
        return true;
    }
    *worker = (struct worker){{on_packets, fd}, listener, listener->workers};
    if (loop_watch(listener->loop, &worker->source, EPOLLIN) != TG_OK) {
        close(fd);
        tg_free(worker);
        return true;
    }
    listener->workers = worker;
    listener->counts.connected++;
    return true;
}

static void
on_worker(struct loop_source *source, uint32_t events)
{
    (void)events;
    (void)accept_worker((struct listener *)source);
}

void
listener_tell_dead(struct listener *listener, const struct doorbell_mark *mark)
{
    struct tg_buf packet = TG_BUF_EMPTY;

    if (doorbell_write_dead(mark, &packet) != TG_OK) {
        listener->counts.unread += listener->counts.connected;
        tg_buf_free(&packet);
        return;
    }
    for (struct worker *w = listener->workers; w != NULL; w = w->next)
        if (send(w->source.fd, packet.ptr, packet.len,
                 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            listener->counts.unread++;
    tg_buf_free(&packet);
}

/* ---- the path ---------------------------------------------------------- */

/* Whether nobody listens at the socket that is there; else errno says why it
 * is to be left alone. */
static bool
is_left_over(const struct sockaddr_un *address)
{
    int fd;
    int reason;
    struct stat st;

    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     0)) < 0)
        return false;
    reason = connect(fd, (const struct sockaddr *)address,
                     sizeof(*address)) == 0 || errno == EAGAIN
                 ? EADDRINUSE
                 : errno;
    close(fd);
    errno = reason;
    return reason == ECONNREFUSED;
}

/* Nobody can connect before listen(), so whose the file is and who may is
 * settled by then. */
static bool
settle(struct listener *listener, const char *group)
{
    const char *path = listener->address.sun_path;
    const struct group *who = group != NULL ? getgrnam(group) : NULL;
    int fd = listener->source.fd;

    if (group != NULL && who == NULL) {
        errno = ENOENT;
        return false;
    }
    if (lstat(path, &listener->made) != 0)
        return false;
    if (who != NULL && lchown(path, (uid_t)-1, who->gr_gid) != 0)
        return false;
    return chmod(path, group != NULL ? 0660 : 0600) == 0 &&
           listen(fd, SOMAXCONN) == 0;
}

static bool
bind_path(struct listener *listener, const char *group)
{
    const struct sockaddr *address =
        (const struct sockaddr *)&listener->address;
    mode_t mask = umask(0777);
    bool is_bound;

    is_bound = bind(listener->source.fd, address,
                    sizeof(listener->address)) == 0;
    if (!is_bound && errno == EADDRINUSE && is_left_over(&listener->address) &&
        unlink(listener->address.sun_path) == 0)
        is_bound = bind(listener->source.fd, address,
                        sizeof(listener->address)) == 0;
    umask(mask);
    return is_bound && settle(listener, group);
}

static void
remove_path(const struct listener *listener)
{
    struct stat st;

    if (lstat(listener->address.sun_path, &st) == 0 &&
        st.st_ino == listener->made.st_ino &&
        st.st_dev == listener->made.st_dev)
        (void)unlink(listener->address.sun_path);
}

/* ---- beginning and end ------------------------------------------------- */

enum tg_err
listener_open(struct loop *loop, const char *path, const char *group,
              listener_ring *ring, void *self, struct listener **out,
              const char **why)
{
    struct listener *listener = tg_alloc(sizeof(*listener));
    enum tg_err err;

    if (listener == NULL)
        return TG_E_NOMEM;
    *listener = (struct listener){.source = {on_worker, -1}, .loop = loop,
                                  .ring = ring, .self = self,
                                  .address = {.sun_family = AF_UNIX}};
    if (strlen(path) >= sizeof(listener->address.sun_path)) {
        errno = ENAMETOOLONG;
        goto failed;
    }
    memcpy(listener->address.sun_path, path, strlen(path));
    listener->source.fd =
        socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->source.fd < 0 || !bind_path(listener, group) ||
        loop_watch(loop, &listener->source, EPOLLIN) != TG_OK)
        goto failed;
    *out = listener;
    return TG_OK;
failed:
    err = errno == EADDRINUSE ? TG_E_LOCKED : TG_E_IO;
    *why = strerror(errno);
    listener_free(listener);
    return err;
}

void
listener_stop(struct listener *listener)
{
    struct worker *next;

    for (int i = 0; i < WORKERS_MOST && accept_worker(listener); i++)
        continue;
    listener->is_stopped = true;
    loop_forget(listener->loop, &listener->source);
    remove_path(listener);
    for (struct worker *w = listener->workers; w != NULL; w = next) {
        enum packet packet = PACKET_TAKEN;

        next = w->next;
        for (int i = 0; i < PACKETS_AT_END && packet == PACKET_TAKEN; i++)
            packet = take_packet(w);
        loop_forget(listener->loop, &w->source);
        if (packet == PACKET_END)
            worker_close(w);
        else
            (void)shutdown(w->source.fd, SHUT_RD);
    }
}

struct listener_counts
listener_counts(const struct listener *listener)
{
    return listener->counts;
}

void
listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    listener->is_stopped = true;
    while (listener->workers != NULL)
        worker_close(listener->workers);
    remove_path(listener);
    if (listener->source.fd >= 0) {
        loop_forget(listener->loop, &listener->source);
        close(listener->source.fd);
    }
    tg_free(listener);
}

/* See relay_client_loop.h. libcurl says which descriptors and which moment it
 * waits for; poll(2) waits for those of all transfers. */
#include "client/relay_client_loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/alloc.h"
#include "base/clock.h"

enum {
    SOCKETS = 8, /* of a transfer: two for each attempt, one for a name */
    NEVER = -1
};

struct loop {
    CURLM *multi;
    tg_mono_ms due; /* when libcurl wants to be called in any case */
    struct pollfd sockets[SOCKETS];
    size_t count;
    bool is_over;
    CURLcode result;
};

/* ---- what libcurl tells ------------------------------------------------ */

static struct pollfd *
find(struct loop *loop, curl_socket_t fd)
{
    for (size_t i = 0; i < loop->count; i++)
        if (loop->sockets[i].fd == fd)
            return &loop->sockets[i];
    return NULL;
}

static int
note_socket(CURL *curl, curl_socket_t fd, int what, void *self, void *unused)
{
    struct loop *loop = self;
    struct pollfd *socket = find(loop, fd);

    (void)curl;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL)
            *socket = loop->sockets[--loop->count];
        return 0;
    }
    if (socket == NULL) {
        if (loop->count == SOCKETS)
            return -1; /* the transfer fails */
        socket = &loop->sockets[loop->count++];
        socket->fd = fd;
    }
    socket->events = (short)((what & CURL_POLL_IN ? POLLIN : 0) |
                             (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

static int
note_time(CURLM *multi, long timeout_ms, void *self)
{
    struct loop *loop = self;

    (void)multi;
    loop->due = timeout_ms < 0 ? NEVER : tg_mono_now() + timeout_ms;
    return 0;
}

/* ---- one transfer ------------------------------------------------------ */

enum tg_err
loop_new(struct loop **out)
{
    struct loop *loop = tg_alloc(sizeof(*loop));

    if (loop == NULL || (loop->multi = curl_multi_init()) == NULL) {
        tg_free(loop);
        return TG_E_NOMEM;
    }
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, note_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, note_time);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    loop->due = NEVER;
    *out = loop;
    return TG_OK;
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    curl_multi_cleanup(loop->multi);
    tg_free(loop);
}

enum tg_err
loop_start(struct loop *loop, CURL *curl)
{
    loop->is_over = false;
    return curl_multi_add_handle(loop->multi, curl) == CURLM_OK
               ? TG_OK
               : TG_E_NETWORK;
}

bool
loop_is_over(const struct loop *loop)
{
    return loop->is_over;
}

CURLcode
loop_result(const struct loop *loop)
{
    assert(loop->is_over);
    return loop->result;
}

void
loop_stop(struct loop *loop, CURL *curl)
{
    curl_multi_remove_handle(loop->multi, curl);
}

static void
take_result(struct loop *loop)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        loop->is_over = true;
        loop->result = message->data.result;
    }
}

/* A library that refuses to go on has ended the transfer. */
static void
act(struct loop *loop, curl_socket_t fd, int events)
{
    int running;

    if (curl_multi_socket_action(loop->multi, fd, events, &running) ==
        CURLM_OK)
        return;
    loop->is_over = true;
    loop->result = CURLE_RECV_ERROR;
}

/* What poll(2) has found for this loop, in a copy: libcurl changes its own
 * list while it is told. */
static void
carry_on(struct loop *loop, const struct pollfd *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        short seen = found[i].revents;

        if (seen != 0)
            act(loop, found[i].fd,
                (seen & POLLIN ? CURL_CSELECT_IN : 0) |
                    (seen & POLLOUT ? CURL_CSELECT_OUT : 0) |
                    (seen & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR
                                                           : 0));
    }
    if (loop->due != NEVER && loop->due <= tg_mono_now()) {
        loop->due = NEVER;
        act(loop, CURL_SOCKET_TIMEOUT, 0);
    }
    take_result(loop);
}

/* ---- all of them ------------------------------------------------------- */

static int
sleep_ms(struct loop *const *loops, size_t count, int64_t timeout_ms)
{
    tg_mono_ms now = tg_mono_now();
    int64_t most = timeout_ms < 0 ? INT_MAX : timeout_ms;

    for (size_t i = 0; i < count; i++) {
        if (loops[i]->due != NEVER && loops[i]->due - now < most)
            most = loops[i]->due - now;
    }
    if (most < 0)
        return 0;
    return most < INT_MAX ? (int)most : timeout_ms < 0 ? -1 : INT_MAX;
}

/* The descriptors of all; starts[i]: where those of loops[i] begin. */
static size_t
collect(struct loop *const *loops, size_t count, int stop_fd,
        struct pollfd *out, size_t *starts)
{
    size_t n = 0;

    out[n++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        starts[i] = n;
        for (size_t k = 0; k < loops[i]->count; k++) {
            out[n] = loops[i]->sockets[k];
            out[n++].revents = 0;
        }
    }
    starts[count] = n;
    return n;
}

static enum loop_news
poll_all(struct loop *const *loops, size_t count, int stop_fd,
         int64_t timeout_ms, struct pollfd *fds, size_t *starts)
{
    size_t n = collect(loops, count, stop_fd, fds, starts);

    if (poll(fds, (nfds_t)n, sleep_ms(loops, count, timeout_ms)) < 0)
        return errno == EINTR ? LOOP_INTERRUPTED : LOOP_FAILED;
    if (fds[0].revents != 0)
        return LOOP_STOPPED;
    for (size_t i = 0; i < count; i++)
        carry_on(loops[i], fds + starts[i], starts[i + 1] - starts[i]);
    return LOOP_ON;
}

enum loop_news
loop_wait(struct loop *const *loops, size_t count, int stop_fd,
          int64_t timeout_ms)
{
    struct pollfd *fds = tg_alloc((1 + count * SOCKETS) * sizeof(*fds));
    size_t *starts = tg_alloc((1 + count) * sizeof(*starts));
    enum loop_news news = LOOP_FAILED;

    if (fds != NULL && starts != NULL)
        news = poll_all(loops, count, stop_fd, timeout_ms, fds, starts);
    tg_free(starts);
    tg_free(fds);
    return news;
}

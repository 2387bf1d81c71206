/* See loop.h. */
#include "push/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"

enum { EVENTS_MOST = 64 };

struct loop {
    int epoll;
    int count; /* of those that loop_wait() has found */
    struct epoll_event found[EVENTS_MOST];
};

struct loop *
loop_new(void)
{
    struct loop *loop = tg_alloc(sizeof(*loop));

    if (loop == NULL)
        return NULL;
    if ((loop->epoll = epoll_create1(EPOLL_CLOEXEC)) >= 0)
        return loop;
    tg_free(loop);
    return NULL;
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    close(loop->epoll);
    tg_free(loop);
}

enum tg_err
loop_watch(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, source->fd, &event) == 0)
        return TG_OK;
    if (errno == ENOENT &&
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0)
        return TG_OK;
    return TG_E_IO;
}

void
loop_forget(struct loop *loop, struct loop_source *source)
{
    struct epoll_event unused = {0};

    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, &unused);
    for (int i = 0; i < loop->count; i++)
        if (loop->found[i].data.ptr == source)
            loop->found[i].data.ptr = NULL;
}

void
loop_wait(struct loop *loop, tg_mono_ms timeout, const sigset_t *mask)
{
    int ms = timeout > INT_MAX ? INT_MAX : (int)timeout;

    loop->count = epoll_pwait(loop->epoll, loop->found, EVENTS_MOST, ms, mask);
    for (int i = 0; i < loop->count; i++) {
        struct loop_source *source = loop->found[i].data.ptr;

        if (source != NULL)
            source->ready(source, loop->found[i].events);
    }
    loop->count = 0;
}

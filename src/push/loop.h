/* Waiting for sockets: epoll, and who is to be told. */
#ifndef PUSH_LOOP_H
#define PUSH_LOOP_H

#include <signal.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"

struct loop;

/* Lies in what it belongs to. `events` are EPOLLIN and so on. In ready() any
 * source may be forgotten and released, also this one. */
struct loop_source {
    void (*ready)(struct loop_source *source, uint32_t events);
    int fd;
};

/* NULL: no memory, or no more files. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Begin to watch source->fd, or change for what. TG_E_IO. */
TG_MUST_USE enum tg_err loop_watch(struct loop *loop,
                                   struct loop_source *source,
                                   uint32_t events);
/* Before the file is closed. Nothing happens to one that is not watched. */
void loop_forget(struct loop *loop, struct loop_source *source);

/* Wait for at most `timeout` (-1: for ever) with this signal mask, and tell
 * whom it concerns. Signals end it. */
void loop_wait(struct loop *loop, tg_mono_ms timeout, const sigset_t *mask);

#endif

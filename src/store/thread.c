/* See thread.h. */
#include "store/thread.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum tg_err
thread_start(pthread_t *out, void *(*run)(void *), void *self)
{
    sigset_t all;
    sigset_t before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(out, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed != 0 ? TG_E_IO : TG_OK;
}

int
thread_bell(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void
thread_ring(int bell)
{
    static const uint64_t one = 1;

    if (write(bell, &one, sizeof(one)) < 0)
        assert(errno == EAGAIN); /* it is readable already */
}

void
thread_silence(int bell)
{
    uint64_t ignored;

    if (read(bell, &ignored, sizeof(ignored)) < 0)
        assert(errno == EAGAIN); /* it was not readable */
}

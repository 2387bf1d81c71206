/* What the threads of a store have in common: how one is started, and the
 * eventfds by which they and the event loop tell each other that there is
 * something to look at. */
#ifndef STORE_THREAD_H
#define STORE_THREAD_H

#include <pthread.h>

#include "base/bytes.h"

/* Start a thread. Signals are blocked in it: they are for the process's first
 * one. TG_E_IO: there is none. */
TG_MUST_USE enum tg_err thread_start(pthread_t *out, void *(*run)(void *),
                                     void *self);

/* A descriptor that is not readable yet, to be closed with close(); below 0:
 * there is none. */
int thread_bell(void);

/* Make it readable, or leave it so. */
void thread_ring(int bell);

/* No longer readable, until it is rung again. */
void thread_silence(int bell);

#endif

/* How long to wait before something is tried once more. */
#ifndef PUSH_BACKOFF_H
#define PUSH_BACKOFF_H

#include "base/clock.h"

/* After so many tries that failed before this one; other each time. */
tg_mono_ms backoff(unsigned tries);

#endif

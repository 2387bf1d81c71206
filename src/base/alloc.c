/* See alloc.h. The countdown is per thread so that a test which makes
 * allocations fail does not disturb a store thread beside it. */
#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>

static _Thread_local long allocations_left = -1;

static bool
may_allocate(void)
{
    if (allocations_left < 0)
        return true;
    if (allocations_left == 0)
        return false;
    allocations_left--;
    return true;
}

void
tg_alloc_fail_after(long calls)
{
    allocations_left = calls;
}

void *
tg_alloc(size_t size)
{
    if (!may_allocate())
        return NULL;
    return calloc(1, size > 0 ? size : 1);
}

void *
tg_realloc(void *ptr, size_t size)
{
    if (!may_allocate())
        return NULL;
    return realloc(ptr, size > 0 ? size : 1);
}

void
tg_free(void *ptr)
{
    free(ptr);
}

/* The one way to the heap, so that tests can make the n-th allocation fail. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

/* `size` zeroed bytes, or NULL. Released with tg_free(). */
void *tg_alloc(size_t size);

/* As realloc(3): on NULL the old block is untouched. Bytes that are added are
 * not zeroed. Not for secrets: the old block is not wiped. */
void *tg_realloc(void *ptr, size_t size);

/* Accepts NULL. */
void tg_free(void *ptr);

/* For tests: let `calls` more allocations of this thread succeed, then fail
 * every one; a negative number never fails. Starts at never. */
void tg_alloc_fail_after(long calls);

#endif

/* What fuzz targets share. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* The one function of a target; called for each input, always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the code under test. Not assert: it must not depend on how the
 * build was configured. */
#define FUZZ_CHECK(condition)                                                \
    do {                                                                     \
        if (!(condition)) {                                                  \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__,       \
                    #condition);                                             \
            abort();                                                         \
        }                                                                    \
    } while (0)

/* Take one line, or what is left, from the front of the input: how targets
 * with several inputs get them. */
static inline struct tg_span
fuzz_take_line(struct tg_span *rest)
{
    const uint8_t *end =
        rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    struct tg_span line = {rest->ptr, len};
    size_t taken = end != NULL ? len + 1 : len;

    if (taken > 0)
        rest->ptr += taken;
    rest->len -= taken;
    return line;
}

/* Take the byte that chooses between variants; 0 when nothing is left. */
static inline uint8_t
fuzz_take_byte(struct tg_span *rest)
{
    uint8_t byte;

    if (rest->len == 0)
        return 0;
    byte = rest->ptr[0];
    rest->ptr++;
    rest->len--;
    return byte;
}

#endif

/* Bytes: borrowed (tg_span) and owned (tg_buf). */
#ifndef TIGRESS_BYTES_H
#define TIGRESS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes: valid as long as their owner says, not terminated.
 * `ptr` may be NULL when `len` is 0. */
struct tg_span {
    const uint8_t *ptr;
    size_t len;
};

/* Owned bytes. Start with TG_BUF_EMPTY, end with tg_buf_free(). */
struct tg_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
};

#define TG_SPAN_EMPTY ((struct tg_span){NULL, 0})
#define TG_BUF_EMPTY  ((struct tg_buf){NULL, 0, 0})

/* Wipes all of the capacity, frees it and leaves the buffer empty.
 * An empty buffer is fine. */
TG_API void tg_buf_free(struct tg_buf *buf);

#ifdef __cplusplus
}
#endif
#endif

/* See bytes.h. */
#include "base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { BUF_FIRST_CAPACITY = 64 };

struct tg_span
tg_span_text(const char *text)
{
    return (struct tg_span){(const uint8_t *)text, strlen(text)};
}

struct tg_span
tg_span_buf(const struct tg_buf *buf)
{
    return (struct tg_span){buf->ptr, buf->len};
}

bool
tg_span_equal(struct tg_span a, struct tg_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
tg_span_is(struct tg_span a, const char *text)
{
    return tg_span_equal(a, tg_span_text(text));
}

static uint8_t
ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool
tg_span_is_nocase(struct tg_span a, const char *text)
{
    if (a.len != strlen(text))
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower((uint8_t)text[i]))
            return false;
    return true;
}

bool
tg_equal_secret(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    volatile uint8_t difference = 0;

    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    return difference == 0;
}

void
tg_wipe(void *ptr, size_t len)
{
    if (len > 0)
        explicit_bzero(ptr, len);
}

bool
tg_add(size_t a, size_t b, size_t *out)
{
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

bool
tg_mul(size_t a, size_t b, size_t *out)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

enum tg_err
tg_buf_reserve(struct tg_buf *buf, size_t more)
{
    size_t need;
    size_t cap;
    uint8_t *room;

    if (!tg_add(buf->len, more, &need))
        return TG_E_NOMEM;
    if (need <= buf->cap)
        return TG_OK;
    if (!tg_mul(buf->cap, 2, &cap))
        return TG_E_NOMEM;
    if (cap < BUF_FIRST_CAPACITY)
        cap = BUF_FIRST_CAPACITY;
    if (cap < need)
        cap = need;
    /* Not realloc: it would leave a copy of a secret behind. */
    if ((room = tg_alloc(cap)) == NULL)
        return TG_E_NOMEM;
    if (buf->len > 0)
        memcpy(room, buf->ptr, buf->len);
    tg_wipe(buf->ptr, buf->cap);
    tg_free(buf->ptr);
    buf->ptr = room;
    buf->cap = cap;
    return TG_OK;
}

enum tg_err
tg_buf_append(struct tg_buf *buf, struct tg_span more)
{
    enum tg_err err;

    if (more.len == 0)
        return TG_OK;
    if ((err = tg_buf_reserve(buf, more.len)) != TG_OK)
        return err;
    memcpy(buf->ptr + buf->len, more.ptr, more.len);
    buf->len += more.len;
    return TG_OK;
}

enum tg_err
tg_buf_text(struct tg_buf *buf, const char *text)
{
    return tg_buf_append(buf, tg_span_text(text));
}

enum tg_err
tg_buf_byte(struct tg_buf *buf, uint8_t byte)
{
    return tg_buf_append(buf, (struct tg_span){&byte, 1});
}

enum tg_err
tg_buf_printf(struct tg_buf *buf, const char *format, ...)
{
    enum tg_err err;
    va_list args;
    va_list again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    if ((err = tg_buf_reserve(buf, (size_t)len + 1)) == TG_OK) {
        vsnprintf((char *)buf->ptr + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    return err;
}

enum tg_err
tg_buf_terminate(struct tg_buf *buf)
{
    enum tg_err err;

    if ((err = tg_buf_reserve(buf, 1)) == TG_OK)
        buf->ptr[buf->len] = 0;
    return err;
}

void
tg_buf_clear(struct tg_buf *buf)
{
    tg_wipe(buf->ptr, buf->cap);
    buf->len = 0;
}

void
tg_buf_free(struct tg_buf *buf)
{
    tg_wipe(buf->ptr, buf->cap);
    tg_free(buf->ptr);
    *buf = TG_BUF_EMPTY;
}

void
tg_wiped_cleanup(struct tg_wiped *w)
{
    tg_wipe(w->ptr, w->len);
}

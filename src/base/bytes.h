/* Bytes: borrowed spans, owned buffers, secrets; checked arithmetic.
 *
 * tg_span and tg_buf are declared in <tigress/bytes.h>, since wallets see
 * them; what works on them is here.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tigress/bytes.h>

/* The bytes of a string literal, without its NUL. */
#define TG_SPAN_LITERAL(s) \
    ((struct tg_span){(const uint8_t *)("" s), sizeof(s) - 1})

/* The bytes of an array. */
#define TG_SPAN_ARRAY(a) ((struct tg_span){(const uint8_t *)(a), sizeof(a)})

/* The bytes of a NUL-terminated string, without its NUL. */
struct tg_span tg_span_text(const char *text);

/* What a buffer holds now; valid until it is changed or freed. */
struct tg_span tg_span_buf(const struct tg_buf *buf);

/* Same length and same bytes. Not for secrets: see tg_equal_secret(). */
bool tg_span_equal(struct tg_span a, struct tg_span b);
bool tg_span_is(struct tg_span a, const char *text);

/* As tg_span_is(), ASCII letters compared in either case. */
bool tg_span_is_nocase(struct tg_span a, const char *text);

/* Compare `len` bytes in a time that depends on `len` alone. */
bool tg_equal_secret(const void *a, const void *b, size_t len);

/* Overwrite with zeros; never optimised away. */
void tg_wipe(void *ptr, size_t len);

/* Sums and products of sizes. False, and *out untouched, on overflow. */
bool tg_add(size_t a, size_t b, size_t *out);
bool tg_mul(size_t a, size_t b, size_t *out);

/* Room for `more` bytes behind buf->len. What moves is wiped where it was.
 * TG_E_NOMEM leaves the buffer as it was. */
TG_MUST_USE enum tg_err tg_buf_reserve(struct tg_buf *buf, size_t more);

/* Append bytes. TG_E_NOMEM leaves the buffer as it was. */
TG_MUST_USE enum tg_err tg_buf_append(struct tg_buf *buf, struct tg_span more);
TG_MUST_USE enum tg_err tg_buf_text(struct tg_buf *buf, const char *text);
TG_MUST_USE enum tg_err tg_buf_byte(struct tg_buf *buf, uint8_t byte);

/* Append printf-formatted text. For numbers and our own words: text from
 * outside is appended with the escaping of where it goes. */
TG_MUST_USE enum tg_err tg_buf_printf(struct tg_buf *buf, const char *format,
                                      ...)
    __attribute__((format(printf, 2, 3)));

/* Make the buffer a valid C string: a NUL behind buf->len, not counted. */
TG_MUST_USE enum tg_err tg_buf_terminate(struct tg_buf *buf);

/* Forget the content, keep the room; wiped. */
void tg_buf_clear(struct tg_buf *buf);

/* A local that holds key material is declared TG_WIPED and so wiped on every
 * way out of its scope: TG_WIPED(struct tg_key, key); */
struct tg_wiped {
    void *ptr;
    size_t len;
};
void tg_wiped_cleanup(struct tg_wiped *w);
#define TG_WIPED(type, name)                                                 \
    type name = {0};                                                         \
    struct tg_wiped name##_wiped                                             \
        __attribute__((cleanup(tg_wiped_cleanup), unused)) = {&name,         \
                                                              sizeof(name)}

#endif

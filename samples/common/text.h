/* Owned text and bytes, always with a 0 byte behind; and base64.
 *
 * What is borrowed is a struct tg_span, as in the library's own interface.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

struct text {
    char *at; /* NULL when empty; at[len] is 0 otherwise */
    size_t len;
};

#define TEXT_EMPTY ((struct text){NULL, 0})

/* Wipes before freeing, and leaves it empty. */
void text_free(struct text *text);

struct tg_span text_span(const struct text *text);
struct tg_span text_span_of(const char *string);

/* Copies. TG_E_NOMEM. What *out held is not freed: start with TEXT_EMPTY. */
TG_MUST_USE enum tg_err text_copy(struct tg_span bytes, struct text *out);

/* TG_E_NOMEM. */
TG_MUST_USE enum tg_err text_print(struct text *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* RFC 4648 §4, with padding. Reading takes nothing but the canonical form:
 * TG_E_FORMAT. Both: TG_E_NOMEM. */
TG_MUST_USE enum tg_err text_to_base64(struct tg_span bytes,
                                       struct text *out);
TG_MUST_USE enum tg_err text_from_base64(const char *base64,
                                         struct text *out);

#endif

/* Text from the other side, made harmless for a terminal or a JSON reader.
 *
 * A title can hold escape sequences that rewrite the screen, or bidirectional
 * controls that make one text read as another. Both are shown, not obeyed.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <tigress/bytes.h>

struct tg_span text_of(const char *s);

/* The code point at the start of `text` and its length in bytes.
 * A byte that starts no valid UTF-8 gives its length as 1 and sets *valid to
 * false; *code is then the byte. `text` must not be empty. */
size_t text_next(struct tg_span text, uint32_t *code, bool *valid);

/* True for what must not reach a terminal: C0, DEL, C1, line and paragraph
 * separators, bidirectional controls, invisible joiners and marks. */
bool text_is_unsafe(uint32_t code);

/* Write `text`; unsafe characters as \u{1B}, invalid bytes as \x{FF} and the
 * backslash as \\, so that two different texts never look the same. */
void text_print(FILE *to, struct tg_span text);

/* Write `text` as a JSON string with its quotes. Unsafe characters become
 * \uXXXX; an invalid byte becomes U+FFFD. */
void text_print_json(FILE *to, struct tg_span text);

/* Write a text that is known to be valid JSON on one line: without the white
 * space between its tokens, and with unsafe characters as \uXXXX. */
void text_print_compact(FILE *to, struct tg_span json);

#endif

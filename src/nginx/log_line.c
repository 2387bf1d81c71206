/* See log_line.h. */
#include "nginx/log_line.h"

#include <stdbool.h>
#include <string.h>

static bool
looking_at(const uint8_t *at, const uint8_t *end, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0;
}

/* The end of an address: where the next field or the line's end is. */
static const uint8_t *
skip_address(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != ',' && *at != ' ')
        at++;
    return at;
}

/* The end of quoted text. A quote inside it cannot be told from the last one,
 * so all up to the line's last quote is taken when nginx's own fields do not
 * follow: better too much is lost than too little. */
static const uint8_t *
skip_quoted(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *last = NULL;

    for (const uint8_t *p = at; p < end; p++) {
        if (looking_at(p, end, "\" while "))
            return p;
        if (*p == '"')
            last = p;
    }
    return last != NULL ? last : end;
}

size_t
log_line_redact(const uint8_t *line, size_t len, uint8_t *out)
{
    static const char client[] = " client: ";
    const uint8_t *newline = len > 0 ? memchr(line, '\n', len) : NULL;
    const uint8_t *end = newline != NULL ? newline : line + len;
    uint8_t *to = out;

    for (const uint8_t *at = line; at < end;) {
        *to++ = *at++;
        if (to[-1] == '"') {
            at = skip_quoted(at, end);
            if (at < end)
                *to++ = *at++;
        } else if (to[-1] == ',' && looking_at(at, end, client)) {
            at = skip_address(at + sizeof(client) - 1, end);
            to--;
        }
    }
    if (newline != NULL)
        *to++ = '\n';
    return (size_t)(to - out);
}

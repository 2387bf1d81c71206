/* A line of nginx's error log without what comes from outside (THREATS 24).
 *
 * nginx puts all such text between double quotes, and the client's address
 * behind ", client: ": the first is emptied, the second left out. What comes
 * after a first line is headers, and left out as well. Knows nothing
 * of nginx but that, so that it can be tested by itself.
 */
#ifndef NGINX_LOG_LINE_H
#define NGINX_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>

/* Copy `line` to `out`, which has room for `len` bytes; the newline at its end
 * stays. Returns the length of the copy. */
size_t log_line_redact(const uint8_t *line, size_t len, uint8_t *out);

#endif

/* What may not get into any log: identifiers, claims, tokens, addresses
 * (THREATS 24).
 *
 * Error log: nginx puts everything that comes from outside between double
 * quotes, and the client's address behind "client: ". A writer of ours before
 * the log's own empties both, whatever the message is.
 * Access log: the request line and what nginx derives from it are replaced by
 * forms without identifiers, in time for every variable that shows them.
 */
#ifndef NGINX_REDACT_H
#define NGINX_REDACT_H

#include "nginx/module.h"

/* Put our writer before the error log of this location or server. Done twice
 * it does nothing more. NGX_ERROR: out of memory. */
ngx_int_t redact_error_log(ngx_conf_t *cf, ngx_http_core_loc_conf_t *core);

/* Replace what the request's variables show, if a mailbox may be named in it.
 * Routes the call first, so that handler.c needs the path no more. */
ngx_int_t redact_post_read(ngx_http_request_t *r); /* before any other phase */
ngx_int_t redact_before_log(ngx_http_request_t *r); /* all that got this far */

/* Copy an error-log line without what may not be in it; the length of the
 * copy. `out` has room for `len` bytes. */
size_t redact_line(const u_char *line, size_t len, u_char *out);

#endif

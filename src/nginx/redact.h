/* What may not get into any log: identifiers, claims, tokens, addresses
 * (THREATS 24).
 *
 * Error log: a writer of ours before the log's own takes out all that comes
 * from outside, whatever the message is (log_line.h).
 * Access log: the request line and what nginx derives from it are replaced by
 * forms without identifiers, in time for every variable that shows them.
 */
#ifndef NGINX_REDACT_H
#define NGINX_REDACT_H

#include "nginx/module.h"

/* Put our writer before the error log of this location or server. Done twice
 * it does nothing more. NGX_ERROR: out of memory. */
ngx_int_t redact_error_log(ngx_conf_t *cf, ngx_http_core_loc_conf_t *core);

/* When all logs are open: a log that is named later in the configuration, or
 * not at all, had no level yet. */
void redact_open_logs(ngx_cycle_t *cycle, struct relay_main *main);

/* Replace what the request's variables show, if a mailbox may be named in it.
 * Routes the call first, so that handler.c needs the path no more. */
ngx_int_t redact_post_read(ngx_http_request_t *r); /* before any other phase */
ngx_int_t redact_before_log(ngx_http_request_t *r); /* all that got this far */

#endif

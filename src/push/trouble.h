/* What is wrong with a service, in words for the operator: names of hosts and
 * what stands in the configuration, never tokens, keys or answers. */
#ifndef PUSH_TROUBLE_H
#define PUSH_TROUBLE_H

#include "push/service.h"

enum { TROUBLE_MOST = 512 };

/* Replace what was noted before. */
void trouble_note(char trouble[TROUBLE_MOST], const char *text);

/* That the service has said this verdict, of those that are of no use to try
 * again, to a post by this route. */
void trouble_note_refusal(char trouble[TROUBLE_MOST],
                          const struct push_service *service, unsigned route,
                          enum push_verdict verdict);

/* That the certificate of the host in `url` was not believed, with OpenSSL's
 * result of its verification (X509_STORE_CTX_get_error(3)). */
void trouble_note_certificate(char trouble[TROUBLE_MOST], const char *url,
                              long result);

#endif

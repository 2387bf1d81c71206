/* One HTTPS connection that never blocks: a request out, its answer in. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <netinet/in.h>
#include <openssl/ssl.h>

#include "base/bytes.h"

struct link {
    int fd; /* -1: not open */
    SSL *ssl;
    struct tg_buf out;
    size_t sent;
    struct tg_buf in;
    size_t head_len; /* up to and with the empty line; 0: not yet there */
    size_t body_len;
    unsigned status;
};

enum link_state {
    LINK_WAITS,    /* for the other side: call link_go_on() when it moves */
    LINK_ANSWERED, /* status and link_body() are there */
    LINK_BROKEN
};

/* What speaks TLS 1.2 or later, trusts the one certificate authority in the
 * file, and never resumes a session. NULL when the file does not convince. */
SSL_CTX *link_context(const char *ca_file);

/* Start to connect to `address`, from `source` (its port is 0) when that is
 * not NULL: one address has some 28,000 ports. TG_E_NETWORK, TG_E_NOMEM: not
 * open. */
TG_MUST_USE enum tg_err link_open(struct link *link, SSL_CTX *context,
                                  const struct sockaddr_in *address,
                                  const struct sockaddr_in *source);

/* Whether all of the request is on its way. */
bool link_is_sent(const struct link *link);

/* Forget the last answer; what is then written to link->out will be sent. */
void link_clear(struct link *link);

/* Connect, send and receive as far as it goes without waiting. */
enum link_state link_go_on(struct link *link);

/* The answer's body; borrowed until link_clear(). */
struct tg_span link_body(const struct link *link);

/* Say goodbye and close; keeps the buffers for the next link_open(). */
void link_close(struct link *link);
void link_done(struct link *link);

#endif

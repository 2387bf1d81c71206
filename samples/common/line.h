/* A key and what it opens, talking: one JSON object a line over a local socket,
 * which stands for the radio between them. */
#ifndef COMMON_LINE_H
#define COMMON_LINE_H

#include "members.h"

enum {
    LINE_BYTES_MAX = 16 * 1024,
    LINE_SECONDS = 5 /* for each line of the other side */
};

/* Listen at, or connect to, the socket `path`. A socket that is there already
 * is taken for one left by a process that was killed: only a holder of the
 * state directory's lock may listen.
 * TG_E_LIMIT for a path that does not fit into an address, TG_E_IO;
 * TG_E_NETWORK when nobody listens there. *out is closed with close(). */
TG_MUST_USE enum tg_err line_listen(const char *path, int *out);
TG_MUST_USE enum tg_err line_connect(const char *path, int *out);

/* TG_E_NETWORK when the other side has gone. */
TG_MUST_USE enum tg_err line_send(int fd, const struct members *members);

/* The next line, at most LINE_BYTES_MAX bytes, within LINE_SECONDS in
 * all. TG_E_NO_NEWS when time ran out, TG_E_NETWORK at the end of the
 * connection, TG_E_FORMAT, TG_E_LIMIT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err line_receive(int fd, struct members **out);

#endif

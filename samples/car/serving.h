/* A vehicle that keys talk to. */
#ifndef CAR_SERVING_H
#define CAR_SERVING_H

#include "judging.h"

#define SERVING_SOCKET_FILE "vehicle.sock"
#define SERVING_EVENTS_FILE "events.log"

/* Listen at the socket in the state directory until SIGTERM or SIGINT, print
 * `ready PATH` when it does, one key at a time, and ask the maker every
 * `sync_seconds` of rest. TG_E_IO, TG_E_LIMIT (the path is too long). */
TG_MUST_USE enum tg_err serving_run(const struct judge *judge,
                                    unsigned sync_seconds);

#endif

/* The maker's server: keys are registered and revoked there, and a vehicle asks
 * for its own. HTTPS; the calls are in docs/formats.md. */
#ifndef CAR_MAKER_SERVER_H
#define CAR_MAKER_SERVER_H

#include "authority.h"
#include "registry.h"
#include "report.h"

/* Serve at `listen` until SIGTERM: service_run(). Returns the exit status. */
int maker_server_run(const struct authority *authority,
                     struct registry *registry, struct report *report,
                     const char *listen);

#endif

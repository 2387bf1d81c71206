/* One call to a service, as libmicrohttpd tells it: head, pieces of the body,
 * the answer. Part of service.h. */
#ifndef COMMON_SERVICE_CALL_H
#define COMMON_SERVICE_CALL_H

#include <microhttpd.h>

#include "service.h"

/* Whom to ask, and how much is under way. */
struct service_target {
    service_handler *handler;
    void *self;
    unsigned calls; /* begun, and not answered to the end */
};

/* The callbacks; `self` is a struct service_target. */
enum MHD_Result service_call_go_on(void *self,
                                   struct MHD_Connection *connection,
                                   const char *path, const char *method,
                                   const char *version, const char *bytes,
                                   size_t *len, void **memory);
void service_call_end(void *self, struct MHD_Connection *connection,
                      void **memory, enum MHD_RequestTerminationCode how);

#endif

/* The services that there are. Each reads its credentials when it is opened;
 * later the files need not be there.
 *
 * On TG_OK *out is to be closed with out->close(out->self). Else *problem says
 * which file and what is wrong with it, never what is in it: TG_E_IO,
 * TG_E_FORMAT, TG_E_CRYPTO, TG_E_NOMEM. The configuration must outlive them.
 */
#ifndef PUSH_SERVICES_H
#define PUSH_SERVICES_H

#include "push/config.h"
#include "push/service.h"

/* APNs over HTTP/2 with provider tokens: one route a topic. */
TG_MUST_USE enum tg_err apns_open(const struct push_config *config,
                                  struct push_service *out,
                                  struct config_problem *problem);

/* FCM HTTP v1. */
TG_MUST_USE enum tg_err fcm_open(const struct push_config *config,
                                 struct push_service *out,
                                 struct config_problem *problem);

/* Web Push, RFC 8030, with VAPID, RFC 8292. */
TG_MUST_USE enum tg_err webpush_open(const struct push_config *config,
                                     struct push_service *out,
                                     struct config_problem *problem);

#endif

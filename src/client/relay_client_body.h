/* The JSON bodies of create and update (PROTOCOL §5). */
#ifndef CLIENT_RELAY_CLIENT_BODY_H
#define CLIENT_RELAY_CLIENT_BODY_H

#include <tigress/relay_client.h>

/* Append the body. TG_E_FORMAT: a required member is missing, or text is not
 * what R-CREATE-1, R-CREATE-2 or R-CREATE-3 allow; TG_E_LIMIT; TG_E_NOMEM.
 * *out keeps its length then. */
TG_MUST_USE enum tg_err
relay_client_body_create(const struct tg_relay_offer *offer,
                         struct tg_buf *out);
TG_MUST_USE enum tg_err relay_client_body_update(const char *payload_type,
                                                 struct tg_span payload,
                                                 struct tg_buf *out);

#endif

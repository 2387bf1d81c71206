/* The text of one request to a relay: its URL and its header lines. */
#ifndef CLIENT_RELAY_CLIENT_MESSAGE_H
#define CLIENT_RELAY_CLIENT_MESSAGE_H

#include "base/uuid.h"
#include "client/authority.h"
#include "client/relay_client_answer.h"

enum {
    MESSAGE_URL_MAX = AUTHORITY_TEXT_MAX + TG_UUID_TEXT_LEN + 64,
    MESSAGE_HEADER_MAX = 160,
    MESSAGE_HEADER_COUNT = 6
};

/* Holds a claim: wipe it. The pointers point into it. */
struct message {
    char url[MESSAGE_URL_MAX + 1];
    char lines[MESSAGE_HEADER_COUNT][MESSAGE_HEADER_MAX + 1];
    const char *headers[MESSAGE_HEADER_COUNT + 1];
    size_t header_count;
};

/* The request of this call. Where `etag` is not NULL, a read whose answer may
 * be held for `wait_s` seconds (R-WAIT-1). TG_E_FORMAT. */
TG_MUST_USE enum tg_err message_make(struct message *m, enum relay_verb verb,
                                     const struct tg_relay_call *call,
                                     const char *etag, int64_t wait_s);

/* That of the preview page, and that of the discovery document. */
void message_make_preview(struct message *m, const char *relay,
                          const char *mailbox);
void message_make_discovery(struct message *m, const char *relay);

/* One more header line, borrowed. */
void message_add_line(struct message *m, const char *line);

const char *message_method(enum relay_verb verb);

#endif

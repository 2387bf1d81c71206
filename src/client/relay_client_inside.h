/* The inside of a relay client, for relay_client*.c. */
#ifndef CLIENT_RELAY_CLIENT_INSIDE_H
#define CLIENT_RELAY_CLIENT_INSIDE_H

#include "client/relay_client.h"
#include "client/relay_client_http.h"
#include "client/relay_client_message.h"

enum { RELAY_CLIENT_REASON_MAX = 512 };

struct tg_relay_client {
    const struct tg_allow_list *allowed; /* borrowed */
    struct http *http;
    struct tg_buf ca_file; /* terminated; empty: the system's */
    int64_t timeout_ms;
    unsigned attempts;
    int stop_fd;                                 /* -1: none */
    bool (*pause)(void *self, int64_t pause_ms); /* NULL: our own */
    void *pause_self;
    char last_claim[TG_UUID_TEXT_LEN + 1]; /* whose connection is open */
    char reason[RELAY_CLIENT_REASON_MAX + 1];
    char detail[PROBLEM_TEXT_MAX + 1];           /* of a problem document */
    const struct tg_attestation_provider *attestation; /* borrowed, or NULL */
};

/* Clears the reason; TG_E_UNTRUSTED. */
TG_MUST_USE enum tg_err relay_client_check(struct tg_relay_client *client,
                                           const char *relay);

/* Borrows `m` and `body`, and the client's own. */
struct http_request
relay_client_request(const struct tg_relay_client *client, const char *method,
                     const struct message *m, struct tg_span body);

/* Let client->http be of this claim. */
void relay_client_use_connection(struct tg_relay_client *client,
                                 const char *claim);

/* Set the reason to what the relay has answered, without what is secret in the
 * call. */
void relay_client_explain(struct tg_relay_client *client,
                          const struct tg_relay_call *call,
                          const struct http_response *response);

#endif

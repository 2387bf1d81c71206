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

/* Append the body of a read by which a device gives its notification token
 * (R-READ-2). TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err relay_client_body_read(const char *token_type,
                                               const char *token_data,
                                               struct tg_buf *out);

/* What a relay may not like in the body of a create. */
struct relay_client_wish {
    size_t payload_len;
    int64_t lifetime_s;  /* 0: none */
    struct tg_buf token; /* its type, terminated; empty: none */
};

/* Look into a body of relay_client_body_create(). TG_OK: *out->token is freed
 * by the caller. TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err relay_client_body_look(struct tg_span body,
                                               struct relay_client_wish *out);

/* What is to take the place of what is in the body. */
struct relay_client_change {
    int64_t lifetime_s;     /* where there is one; 0: stays */
    bool keep_token;        /* the body's own; otherwise: */
    const char *token_type; /* NULL: none */
    const char *token_data;
};

/* Append such a body with this change. TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err
relay_client_body_change(struct tg_span body,
                         const struct relay_client_change *change,
                         struct tg_buf *out);

#endif

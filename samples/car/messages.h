/* The messages of a car key share, as content of the provisioning format
 * `digitalwallet.carkey.ccc`. Member by member: docs/formats.md.
 *
 * Reading judges form only (every member there, of its kind and within its
 * bounds); whether a message is what was expected is judged by who receives it.
 */
#ifndef CAR_MESSAGES_H
#define CAR_MESSAGES_H

#include <openssl/x509.h>

#include <tigress/pin.h>

#include "device_key.h"
#include "grant.h"
#include "text.h"

enum {
    MESSAGES_SHARE_ID = 32, /* characters: 16 random bytes as hex */
    MESSAGES_NAME_MAX = 64, /* bytes of a friendly name */
    MESSAGES_ATTEMPTS = 3   /* tries of the PIN */
};

/* The type of a message, or that it is none that can be read here. */
enum messages_kind {
    MESSAGES_NONE,
    MESSAGES_CREATION, /* owner to friend: what is offered */
    MESSAGES_SIGNING,  /* friend to owner: please certify my key for that */
    MESSAGES_RETRY,    /* owner to friend: that was not the PIN */
    MESSAGES_IMPORT,   /* owner to friend: here you are */
    MESSAGES_CANCELLED /* owner to friend: it is over, and why */
};

/* What a share is about; the same in all its messages. */
struct messages_terms {
    char share[MESSAGES_SHARE_ID + 1]; /* drawn by the owner's device */
    struct grant grant;
};

struct key_creation_request {
    struct messages_terms terms;
    char name[MESSAGES_NAME_MAX + 1]; /* what the owner calls this key */
    uint8_t pake_share[TG_PAKE_SHARE_LEN]; /* of attempt 1 */
};

struct key_signing_request {
    struct messages_terms terms;
    EVP_PKEY *key;     /* the friend's public key */
    struct text proof; /* signature of that key over messages_proof_words() */
    unsigned attempt;  /* 1 to MESSAGES_ATTEMPTS */
    uint8_t pake_share[TG_PAKE_SHARE_LEN];
    uint8_t pake_tag[TG_PAKE_TAG_LEN];
};

struct pin_retry_request {
    char share[MESSAGES_SHARE_ID + 1];
    unsigned attempt; /* 2 to MESSAGES_ATTEMPTS: the one that begins */
    uint8_t pake_share[TG_PAKE_SHARE_LEN];
};

struct key_import_request {
    struct messages_terms terms;
    STACK_OF(X509) *chain; /* friend's certificate, its issuer's, … */
    uint8_t pake_tag[TG_PAKE_TAG_LEN];
};

enum messages_reason { MESSAGES_REFUSED, MESSAGES_PIN };

struct share_cancelled {
    char share[MESSAGES_SHARE_ID + 1];
    enum messages_reason reason; /* one that is not known reads as refused */
};

/* A fresh share identifier. TG_E_RANDOM. */
TG_MUST_USE enum tg_err
messages_draw_share(char out[static MESSAGES_SHARE_ID + 1]);

bool messages_terms_equal(const struct messages_terms *a,
                          const struct messages_terms *b);

/* That a name can be shown: 1 to MESSAGES_NAME_MAX bytes, no control
 * characters. */
bool messages_is_name(const char *name);

/* `heading` and a line feed, then the seven lines of the terms: what is vouched
 * for. No part can hold a line feed, so no two terms have the same words.
 * TG_E_NOMEM. */
TG_MUST_USE enum tg_err
messages_terms_words(const char *heading, const struct messages_terms *terms,
                     struct text *out);

/* The words that the friend's device signs, to prove that it has the private
 * half, for this share and these terms and nothing else. */
TG_MUST_USE enum tg_err
messages_proof_words(const struct messages_terms *terms, EVP_PKEY *key,
                     struct text *out);

/* TG_E_NOMEM. */
TG_MUST_USE enum tg_err
messages_format_creation(const struct key_creation_request *message,
                         struct text *out);
TG_MUST_USE enum tg_err
messages_format_signing(const struct key_signing_request *message,
                        struct text *out);
TG_MUST_USE enum tg_err
messages_format_retry(const struct pin_retry_request *message,
                      struct text *out);
TG_MUST_USE enum tg_err
messages_format_import(const struct key_import_request *message,
                       struct text *out);
TG_MUST_USE enum tg_err
messages_format_cancelled(const struct share_cancelled *message,
                          struct text *out);

/* What a message says that it is; the rest of it is not judged. */
enum messages_kind messages_kind(struct tg_span json);

/* TG_E_FORMAT, TG_E_NOMEM; *out is written on TG_OK only. A signing request
 * is released with messages_free_signing(), an import request with
 * messages_free_import(). */
TG_MUST_USE enum tg_err
messages_parse_creation(struct tg_span json, struct key_creation_request *out);
TG_MUST_USE enum tg_err
messages_parse_signing(struct tg_span json, struct key_signing_request *out);
TG_MUST_USE enum tg_err
messages_parse_retry(struct tg_span json, struct pin_retry_request *out);
TG_MUST_USE enum tg_err
messages_parse_import(struct tg_span json, struct key_import_request *out);
TG_MUST_USE enum tg_err
messages_parse_cancelled(struct tg_span json, struct share_cancelled *out);

void messages_free_signing(struct key_signing_request *message);
void messages_free_import(struct key_import_request *message);

#endif

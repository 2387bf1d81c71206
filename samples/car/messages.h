/* The three messages of a car key share, as content of the provisioning format
 * `digitalwallet.carkey.ccc`: KeyCreationRequest, KeySigningRequest and
 * KeyImportRequest. Member by member: docs/formats.md.
 *
 * Reading judges form only (every member there, of its kind and within its
 * bounds); whether a message is what was expected is judged by who receives it.
 */
#ifndef CAR_MESSAGES_H
#define CAR_MESSAGES_H

#include <openssl/x509.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#include "device_key.h"
#include "grant.h"
#include "text.h"

enum {
    MESSAGES_SHARE_ID = 32, /* characters: 16 random bytes as hex */
    MESSAGES_NAME_MAX = 64  /* bytes of a friendly name */
};

/* What a message is about; the same in all three. */
struct messages_terms {
    char share[MESSAGES_SHARE_ID + 1]; /* drawn by the owner's device */
    struct grant grant;
};

/* Owner to friend: what is offered. */
struct key_creation_request {
    struct messages_terms terms;
    char name[MESSAGES_NAME_MAX + 1]; /* what the owner calls this key */
};

/* Friend to owner: please certify my key for exactly that. */
struct key_signing_request {
    struct messages_terms terms;
    EVP_PKEY *key;     /* the friend's public key */
    struct text proof; /* signature of that key over messages_proof_words() */
};

/* Owner to friend: here you are. */
struct key_import_request {
    struct messages_terms terms;
    STACK_OF(X509) *chain; /* friend's certificate, owner's certificate */
};

/* A fresh share identifier. TG_E_RANDOM. */
TG_MUST_USE enum tg_err
messages_draw_share(char out[static MESSAGES_SHARE_ID + 1]);

bool messages_terms_equal(const struct messages_terms *a,
                          const struct messages_terms *b);

/* That a name can be shown: 1 to MESSAGES_NAME_MAX bytes, no control
 * characters. */
bool messages_is_name(const char *name);

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
messages_format_import(const struct key_import_request *message,
                       struct text *out);

/* TG_E_FORMAT, TG_E_NOMEM; *out is written on TG_OK only. A signing request
 * is released with messages_free_signing(), an import request with
 * messages_free_import(). */
TG_MUST_USE enum tg_err
messages_parse_creation(struct tg_span json, struct key_creation_request *out);
TG_MUST_USE enum tg_err
messages_parse_signing(struct tg_span json, struct key_signing_request *out);
TG_MUST_USE enum tg_err
messages_parse_import(struct tg_span json, struct key_import_request *out);

void messages_free_signing(struct key_signing_request *message);
void messages_free_import(struct key_import_request *message);

#endif

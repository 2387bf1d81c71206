/* The key that a desk issues: a statement, signed.
 *
 * The statement is a JSON text of one exact form, so that there is nothing in
 * it that a reader does not judge; the signature is over those very bytes.
 * Member by member: docs/formats.md.
 */
#ifndef HOTEL_ROOM_KEY_H
#define HOTEL_ROOM_KEY_H

#include "device_key.h"
#include "refusal.h"
#include "secret.h"
#include "stay.h"

enum { ROOM_KEY_STATEMENT_MAX = 4096 }; /* bytes */

struct room_key {
    char serial[SECRET_ID_LEN + 1];
    struct stay stay;
    EVP_PKEY *holder; /* the public key that must answer at a door */
};

/* Releases what it holds. */
void room_key_done(struct room_key *key);

/* Write and sign. `signature` in base64. TG_E_NOMEM, TG_E_CRYPTO. */
TG_MUST_USE enum tg_err room_key_issue(const struct room_key *key,
                                       EVP_PKEY *desk, struct text *statement,
                                       struct text *signature);

/* Read a statement, whoever has signed it. TG_E_FORMAT, TG_E_NOMEM. Released
 * with room_key_done(). */
TG_MUST_USE enum tg_err room_key_read(const char *statement,
                                      struct room_key *out);

/* That the desk has signed the statement: REFUSAL_DESK if not. */
enum refusal room_key_verify(const char *statement, const char *signature,
                             EVP_PKEY *desk);

/* The public half in base64, and back. TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err room_key_public(EVP_PKEY *key, struct text *out);
TG_MUST_USE enum tg_err room_key_read_public(const char *base64,
                                             EVP_PKEY **out);

/* Sign words and give base64; that such a signature is right: TG_E_AUTH. */
TG_MUST_USE enum tg_err room_key_sign(EVP_PKEY *key, struct tg_span words,
                                      struct text *out);
TG_MUST_USE enum tg_err room_key_proves(EVP_PKEY *key, struct tg_span words,
                                        const char *signature);

#endif

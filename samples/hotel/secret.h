/* Secrets that are shown to prove something: of a booking, a token, a door.
 *
 * 32 bytes, as text in base64. Who has to recognise one keeps its SHA-256.
 */
#ifndef HOTEL_SECRET_H
#define HOTEL_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

enum {
    SECRET_LEN = 32,
    SECRET_HASH_LEN = 32,
    SECRET_ID_LEN = 32 /* hexadecimal digits of an identifier, no secret */
};

/* A new one, as text. TG_E_RANDOM, TG_E_NOMEM. */
TG_MUST_USE enum tg_err secret_draw(struct text *out);

/* 16 random bytes as lower-case hexadecimal digits. TG_E_RANDOM. */
TG_MUST_USE enum tg_err secret_draw_id(char out[static SECRET_ID_LEN + 1]);
bool secret_is_id(const char *text);

/* The hash of the bytes that `text` says. TG_E_FORMAT unless it is canonical
 * base64 of SECRET_LEN bytes; TG_E_CRYPTO, TG_E_NOMEM. */
TG_MUST_USE enum tg_err secret_hash(const char *text,
                                    uint8_t out[static SECRET_HASH_LEN]);

/* In constant time. */
bool secret_same(const uint8_t a[static SECRET_HASH_LEN],
                 const uint8_t b[static SECRET_HASH_LEN]);

/* One that follows from a secret and some words: HMAC-SHA-256, as text. Who
 * does not know the secret cannot tell it from a drawn one. TG_E_FORMAT (as
 * secret_hash()), TG_E_CRYPTO, TG_E_NOMEM. */
TG_MUST_USE enum tg_err secret_derive(const char *secret,
                                      struct tg_span words, struct text *out);

#endif

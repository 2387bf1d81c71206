/* One value of the wallet's file, sealed: IV ‖ ciphertext ‖ tag under the key
 * of the wallet. The associated data say where in the file it belongs, so that
 * it opens nowhere else. Source: formats.md, "The wallet's file".
 */
#ifndef CLIENT_WALLET_VALUE_H
#define CLIENT_WALLET_VALUE_H

#include <sqlite3.h>

#include "base/bytes.h"
#include "crypto/aead.h"

enum { WALLET_PLACE_MAX = 320 };

/* Where a value belongs, such as "share_data/7/name". */
struct wallet_place {
    char text[WALLET_PLACE_MAX];
    size_t len;
};

/* TG_E_FORMAT when it would be longer than WALLET_PLACE_MAX. */
TG_MUST_USE enum tg_err wallet_place_set(struct wallet_place *place,
                                         const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Add to it. As wallet_place_set(). */
TG_MUST_USE enum tg_err wallet_place_add(struct wallet_place *place,
                                         const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Its text as associated data. */
struct tg_span wallet_place_span(const struct wallet_place *place);

/* The text of a statement's column, "" when it has none; valid until the
 * statement is stepped. */
const char *wallet_value_text(sqlite3_stmt *stmt, int column);

/* A statement's column, opened and appended to *out, with a NUL behind it
 * that is not counted. Key NULL: it was not sealed, as in old layouts.
 * TG_E_FORMAT when it does not belong to key and place, TG_E_NOMEM. */
TG_MUST_USE enum tg_err wallet_value_take(sqlite3_stmt *stmt, int column,
                                          const struct aead_key *key,
                                          const struct wallet_place *place,
                                          struct tg_buf *out);

/* Seal a value and bind it to a statement's parameter. TG_E_NOMEM,
 * TG_E_RANDOM, TG_E_CRYPTO. */
TG_MUST_USE enum tg_err wallet_value_bind(sqlite3_stmt *stmt, int parameter,
                                          const struct aead_key *key,
                                          const struct wallet_place *place,
                                          struct tg_span value);

#endif

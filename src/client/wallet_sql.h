/* Shared by wallet*.c: statements, what SQLite's codes mean, transactions. */
#ifndef CLIENT_WALLET_SQL_H
#define CLIENT_WALLET_SQL_H

#include <sqlite3.h>

#include "base/bytes.h"
#include "client/wallet.h"
#include "client/wallet_key.h"
#include "client/wallet_value.h"

struct wallet_format;

struct tg_wallet {
    sqlite3 *db;
    bool accept_plain;
    struct wallet_format *formats;
    struct wallet_token *tokens; /* as long as the wallet is open */
    struct aead_key key; /* length 0: the passphrase is wanted */
    int64_t generation;  /* of the key */
};

void wallet_tokens_done(struct tg_wallet *wallet);

/* SQLITE_OK, SQLITE_ROW and SQLITE_DONE are TG_OK. */
enum tg_err wallet_sql_err(int code);

/* Run one statement, or several, without parameters. */
TG_MUST_USE enum tg_err wallet_sql_run(sqlite3 *db, const char *sql);

/* *out is ended with sqlite3_finalize(). */
TG_MUST_USE enum tg_err wallet_sql_prepare(sqlite3 *db, const char *sql,
                                           sqlite3_stmt **out);

/* Step a statement that gives no rows, and end it in any case. */
TG_MUST_USE enum tg_err wallet_sql_finish(sqlite3_stmt *stmt);

/* Bytes for a parameter; they stay where they are until the statement ends. */
TG_MUST_USE enum tg_err wallet_sql_bind(sqlite3_stmt *stmt, int parameter,
                                        struct tg_span bytes);

/* Begin a transaction, with the key that the file has in it: another process
 * may have set a new passphrase since the last one. TG_E_SEALED when the
 * passphrase is wanted, TG_E_LOCKED, TG_E_IO, TG_E_NOMEM, TG_E_FORMAT: there
 * is then no transaction. */
enum wallet_access { WALLET_READ, WALLET_WRITE };
TG_MUST_USE enum tg_err wallet_enter(struct tg_wallet *wallet,
                                     enum wallet_access access);

/* End it: commit if `err` is TG_OK, else undo. What became of it. */
TG_MUST_USE enum tg_err wallet_leave(struct tg_wallet *wallet,
                                     enum tg_err err);

/* Bring the layout up to date. TG_E_FORMAT when it is no wallet, TG_E_UNKNOWN
 * when it is a newer one. Source: wallet_schema.c. */
TG_MUST_USE enum tg_err wallet_schema_update(sqlite3 *db);

/* Seal everything under the key `to`, which `ring` holds. `from` is NULL when
 * nothing is sealed yet. Source: wallet_reseal.c. */
TG_MUST_USE enum tg_err wallet_reseal(sqlite3 *db, const struct aead_key *from,
                                      const struct wallet_keyring *ring,
                                      const struct aead_key *to);

/* Its parts: from a table to the one that is to take its place. */
TG_MUST_USE enum tg_err wallet_rows_copy(sqlite3 *db,
                                         const struct aead_key *from,
                                         const struct aead_key *to);
TG_MUST_USE enum tg_err wallet_data_copy(sqlite3 *db,
                                         const struct aead_key *from,
                                         const struct aead_key *to);

#endif

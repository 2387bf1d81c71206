/* Shared by wallet*.c: statements, and what SQLite's codes mean. */
#ifndef CLIENT_WALLET_SQL_H
#define CLIENT_WALLET_SQL_H

#include <sqlite3.h>

#include "base/bytes.h"
#include "client/wallet.h"

struct wallet_format;

struct tg_wallet {
    sqlite3 *db;
    bool accept_plain;
    struct wallet_format *formats;
};

/* SQLITE_OK, SQLITE_ROW and SQLITE_DONE are TG_OK. */
enum tg_err wallet_sql_err(int code);

/* Run one statement, or several, without parameters. */
TG_MUST_USE enum tg_err wallet_sql_run(sqlite3 *db, const char *sql);

/* *out is ended with sqlite3_finalize(). */
TG_MUST_USE enum tg_err wallet_sql_prepare(sqlite3 *db, const char *sql,
                                           sqlite3_stmt **out);

/* Step a statement that gives no rows, and end it in any case. */
TG_MUST_USE enum tg_err wallet_sql_finish(sqlite3_stmt *stmt);

/* A column's bytes, with a NUL behind them that is not counted. */
TG_MUST_USE enum tg_err wallet_sql_bytes(sqlite3_stmt *stmt, int column,
                                         struct tg_buf *out);

/* Bytes for a parameter; they stay where they are until the statement ends. */
TG_MUST_USE enum tg_err wallet_sql_bind(sqlite3_stmt *stmt, int parameter,
                                        struct tg_span bytes);

/* Bring the layout up to date. TG_E_FORMAT when it is no wallet, TG_E_UNKNOWN
 * when it is a newer one. Source: wallet_schema.c. */
TG_MUST_USE enum tg_err wallet_schema_update(sqlite3 *db);

#endif

/* See wallet_sql.h. */
#include "client/wallet_sql.h"

enum tg_err
wallet_sql_err(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return TG_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return TG_E_LOCKED;
    case SQLITE_NOMEM: return TG_E_NOMEM;
    case SQLITE_FULL: return TG_E_FULL;
    /* The only constraint that input can hurt: data of a share that was
     * forgotten meanwhile. */
    case SQLITE_CONSTRAINT: return TG_E_NOT_FOUND;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return TG_E_FORMAT;
    default: return TG_E_IO;
    }
}

enum tg_err
wallet_sql_run(sqlite3 *db, const char *sql)
{
    return wallet_sql_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

enum tg_err
wallet_sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
    return wallet_sql_err(sqlite3_prepare_v2(db, sql, -1, out, NULL));
}

enum tg_err
wallet_sql_finish(sqlite3_stmt *stmt)
{
    enum tg_err err = wallet_sql_err(sqlite3_step(stmt));

    sqlite3_finalize(stmt);
    return err;
}

enum tg_err
wallet_sql_bind(sqlite3_stmt *stmt, int parameter, struct tg_span bytes)
{
    if (bytes.len == 0)
        return wallet_sql_err(sqlite3_bind_zeroblob(stmt, parameter, 0));
    return wallet_sql_err(sqlite3_bind_blob64(stmt, parameter, bytes.ptr,
                                              bytes.len, SQLITE_STATIC));
}

/* The key that the file has now: the one that we have, or one that can be had
 * without a passphrase. */
static enum tg_err
renew_key(struct tg_wallet *wallet)
{
    struct wallet_keyring ring;
    enum tg_err err;

    if ((err = wallet_keyring_read(wallet->db, &ring)) != TG_OK)
        return err;
    if (wallet->key.len == 0 || wallet->generation != ring.generation) {
        tg_wipe(&wallet->key, sizeof(wallet->key));
        wallet->generation = ring.generation;
        err = ring.has_passphrase
                  ? TG_E_SEALED
                  : wallet_keyring_open(&ring, TG_SPAN_EMPTY, &wallet->key);
    }
    wallet_keyring_done(&ring);
    return err;
}

enum tg_err
wallet_enter(struct tg_wallet *wallet, enum wallet_access access)
{
    enum tg_err err;

    if ((err = wallet_sql_run(wallet->db, access == WALLET_WRITE
                                              ? "BEGIN IMMEDIATE"
                                              : "BEGIN")) != TG_OK)
        return err;
    if ((err = renew_key(wallet)) != TG_OK)
        return wallet_leave(wallet, err);
    return TG_OK;
}

enum tg_err
wallet_leave(struct tg_wallet *wallet, enum tg_err err)
{
    if (err == TG_OK)
        err = wallet_sql_run(wallet->db, "COMMIT");
    if (err != TG_OK)
        sqlite3_exec(wallet->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

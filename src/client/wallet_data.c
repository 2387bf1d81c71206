/* See wallet.h: the caller's data, of a share or of the wallet itself. */
#include <string.h>

#include "client/wallet_sql.h"

enum { NAME_MAX_LEN = 64, VALUE_MAX_LEN = 1024 * 1024 };

static enum tg_err
check_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= NAME_MAX_LEN ? TG_OK : TG_E_LIMIT;
}

/* The statements have the share, where there is one, as ?1, the name as ?2
 * and the value as ?3. */
static enum tg_err
prepare(struct tg_wallet *wallet, const char *of_share, const char *of_wallet,
        int64_t share, const char *name, sqlite3_stmt **out)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = wallet_sql_prepare(
             wallet->db, share == WALLET_ITSELF ? of_wallet : of_share,
             &stmt)) != TG_OK)
        return err;
    if (share != WALLET_ITSELF)
        err = wallet_sql_err(sqlite3_bind_int64(stmt, 1, share));
    if (err == TG_OK)
        err = wallet_sql_err(
            sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC));
    if (err != TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    *out = stmt;
    return TG_OK;
}

enum tg_err
wallet_put(struct tg_wallet *wallet, int64_t share, const char *name,
           struct tg_span value)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = check_name(name)) != TG_OK)
        return err;
    if (value.len > VALUE_MAX_LEN)
        return TG_E_LIMIT;
    if ((err = prepare(wallet,
                       "INSERT OR REPLACE INTO share_data"
                       " (share, name, value) VALUES (?1, ?2, ?3)",
                       "INSERT OR REPLACE INTO wallet_data"
                       " (name, value) VALUES (?2, ?3)",
                       share, name, &stmt)) != TG_OK)
        return err;
    if ((err = wallet_sql_bind(stmt, 3, value)) != TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    return wallet_sql_finish(stmt);
}

enum tg_err
wallet_get(struct tg_wallet *wallet, int64_t share, const char *name,
           struct tg_buf *out)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = check_name(name)) != TG_OK)
        return err;
    if ((err = prepare(wallet,
                       "SELECT value FROM share_data"
                       " WHERE share = ?1 AND name = ?2",
                       "SELECT value FROM wallet_data WHERE name = ?2",
                       share, name, &stmt)) != TG_OK)
        return err;
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = wallet_sql_bytes(stmt, 0, out);
    else
        err = code == SQLITE_DONE ? TG_E_NOT_FOUND : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    return err;
}

enum tg_err
wallet_remove(struct tg_wallet *wallet, int64_t share, const char *name)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = check_name(name)) != TG_OK)
        return err;
    if ((err = prepare(wallet,
                       "DELETE FROM share_data"
                       " WHERE share = ?1 AND name = ?2",
                       "DELETE FROM wallet_data WHERE name = ?2",
                       share, name, &stmt)) != TG_OK)
        return err;
    return wallet_sql_finish(stmt);
}

enum tg_err
tg_wallet_put(struct tg_wallet *wallet, const char *name,
              struct tg_span value)
{
    return wallet_put(wallet, WALLET_ITSELF, name, value);
}

enum tg_err
tg_wallet_get(struct tg_wallet *wallet, const char *name, struct tg_buf *out)
{
    return wallet_get(wallet, WALLET_ITSELF, name, out);
}

enum tg_err
tg_wallet_remove(struct tg_wallet *wallet, const char *name)
{
    return wallet_remove(wallet, WALLET_ITSELF, name);
}

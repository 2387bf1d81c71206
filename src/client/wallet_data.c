/* See wallet.h: the caller's data, of a share or of the wallet itself. */
#include <string.h>

#include "client/wallet_sql.h"

enum { NAME_MAX_LEN = 64, VALUE_MAX_LEN = 1024 * 1024 };

/* Of what the library keeps: check_name() lets no caller use it. */
#define OWN_NAME ""

static enum tg_err
check_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= NAME_MAX_LEN ? TG_OK : TG_E_LIMIT;
}

static enum tg_err
set_place(struct wallet_place *place, int64_t share, const char *name)
{
    if (share == WALLET_ITSELF)
        return wallet_place_set(place, "wallet_data/%s", name);
    return wallet_place_set(place, "share_data/%lld/%s", (long long)share,
                            name);
}

static enum tg_err
bind_name(sqlite3_stmt *stmt, int64_t share, const char *name)
{
    if (share != WALLET_ITSELF)
        sqlite3_bind_int64(stmt, 1, share);
    return wallet_sql_err(sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC));
}

/* The statements have the share, where there is one, as ?1, the name as ?2
 * and the value as ?3. */
static enum tg_err
prepare(sqlite3 *db, const char *of_share, const char *of_wallet,
        int64_t share, const char *name, sqlite3_stmt **out)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = wallet_sql_prepare(
             db, share == WALLET_ITSELF ? of_wallet : of_share, &stmt)) !=
        TG_OK)
        return err;
    if ((err = bind_name(stmt, share, name)) != TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    *out = stmt;
    return TG_OK;
}

static enum tg_err
put(struct tg_wallet *wallet, int64_t share, const char *name,
    struct tg_span value)
{
    struct wallet_place place;
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = set_place(&place, share, name)) != TG_OK)
        return err;
    if ((err = prepare(wallet->db,
                       "INSERT OR REPLACE INTO share_data"
                       " (share, name, value) VALUES (?1, ?2, ?3)",
                       "INSERT OR REPLACE INTO wallet_data"
                       " (name, value) VALUES (?2, ?3)",
                       share, name, &stmt)) != TG_OK)
        return err;
    if ((err = wallet_value_bind(stmt, 3, &wallet->key, &place, value)) !=
        TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    return wallet_sql_finish(stmt);
}

static enum tg_err
put_named(struct tg_wallet *wallet, int64_t share, const char *name,
          struct tg_span value)
{
    enum tg_err err;

    if (value.len > VALUE_MAX_LEN)
        return TG_E_LIMIT;
    if ((err = wallet_enter(wallet, WALLET_WRITE)) != TG_OK)
        return err;
    return wallet_leave(wallet, put(wallet, share, name, value));
}

enum tg_err
wallet_put(struct tg_wallet *wallet, int64_t share, const char *name,
           struct tg_span value)
{
    enum tg_err err = check_name(name);

    return err == TG_OK ? put_named(wallet, share, name, value) : err;
}

enum tg_err
wallet_keep(struct tg_wallet *wallet, struct tg_span value)
{
    return put_named(wallet, WALLET_ITSELF, OWN_NAME, value);
}

static enum tg_err
get(struct tg_wallet *wallet, int64_t share, const char *name,
    struct tg_buf *out)
{
    struct wallet_place place;
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = set_place(&place, share, name)) != TG_OK)
        return err;
    if ((err = prepare(wallet->db,
                       "SELECT value FROM share_data"
                       " WHERE share = ?1 AND name = ?2",
                       "SELECT value FROM wallet_data WHERE name = ?2",
                       share, name, &stmt)) != TG_OK)
        return err;
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = wallet_value_take(stmt, 0, &wallet->key, &place, out);
    else
        err = code == SQLITE_DONE ? TG_E_NOT_FOUND : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    return err;
}

static enum tg_err
get_named(struct tg_wallet *wallet, int64_t share, const char *name,
          struct tg_buf *out)
{
    enum tg_err err;

    if ((err = wallet_enter(wallet, WALLET_READ)) != TG_OK)
        return err;
    return wallet_leave(wallet, get(wallet, share, name, out));
}

enum tg_err
wallet_get(struct tg_wallet *wallet, int64_t share, const char *name,
           struct tg_buf *out)
{
    enum tg_err err = check_name(name);

    return err == TG_OK ? get_named(wallet, share, name, out) : err;
}

enum tg_err
wallet_kept(struct tg_wallet *wallet, struct tg_buf *out)
{
    return get_named(wallet, WALLET_ITSELF, OWN_NAME, out);
}

static enum tg_err
delete(struct tg_wallet *wallet, int64_t share, const char *name)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = prepare(wallet->db,
                       "DELETE FROM share_data"
                       " WHERE share = ?1 AND name = ?2",
                       "DELETE FROM wallet_data WHERE name = ?2",
                       share, name, &stmt)) != TG_OK)
        return err;
    return wallet_sql_finish(stmt);
}

enum tg_err
wallet_remove(struct tg_wallet *wallet, int64_t share, const char *name)
{
    enum tg_err err;

    if ((err = check_name(name)) != TG_OK)
        return err;
    if ((err = wallet_enter(wallet, WALLET_WRITE)) != TG_OK)
        return err;
    return wallet_leave(wallet, delete(wallet, share, name));
}

/* One value, from the row of a SELECT to an INSERT, which is stepped. */
static enum tg_err
copy_one(sqlite3_stmt *select, const struct aead_key *from,
         sqlite3_stmt *insert, const struct aead_key *to)
{
    int64_t share = sqlite3_column_int64(select, 0);
    const char *name = wallet_value_text(select, 1);
    struct tg_buf value = TG_BUF_EMPTY;
    struct wallet_place place;
    enum tg_err err;

    if ((err = set_place(&place, share, name)) != TG_OK)
        return err;
    if ((err = wallet_value_take(select, 2, from, &place, &value)) == TG_OK &&
        (err = bind_name(insert, share, name)) == TG_OK &&
        (err = wallet_value_bind(insert, 3, to, &place,
                                 tg_span_buf(&value))) == TG_OK)
        err = wallet_sql_err(sqlite3_step(insert));
    tg_buf_free(&value);
    if (err == TG_OK)
        err = wallet_sql_err(sqlite3_reset(insert));
    return err;
}

static enum tg_err
copy(sqlite3 *db, const char *select_sql, const struct aead_key *from,
     const char *insert_sql, const struct aead_key *to)
{
    sqlite3_stmt *select = NULL;
    sqlite3_stmt *insert = NULL;
    enum tg_err err;
    int code;

    if ((err = wallet_sql_prepare(db, select_sql, &select)) != TG_OK ||
        (err = wallet_sql_prepare(db, insert_sql, &insert)) != TG_OK)
        goto out;
    while (err == TG_OK && (code = sqlite3_step(select)) != SQLITE_DONE)
        err = code == SQLITE_ROW ? copy_one(select, from, insert, to)
                                 : wallet_sql_err(code);
out:
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return err;
}

enum tg_err
wallet_data_copy(sqlite3 *db, const struct aead_key *from,
                 const struct aead_key *to)
{
    enum tg_err err;

    if ((err = copy(db, "SELECT share, name, value FROM share_data", from,
                    "INSERT INTO new_share_data (share, name, value)"
                    " VALUES (?1, ?2, ?3)",
                    to)) != TG_OK)
        return err;
    return copy(db, "SELECT 0, name, value FROM wallet_data", from,
                "INSERT INTO new_wallet_data (name, value) VALUES (?2, ?3)",
                to);
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

/* The layout of the wallet's file, as a list of steps. A step that has been
 * released is never changed: a new one is added. `user_version` counts the
 * steps done; `application_id` tells a wallet from other databases. */
#include "client/wallet_sql.h"

#define TEXT_OF_(number) #number
#define TEXT_OF(number) TEXT_OF_(number)
#define APPLICATION_ID 1414088535 /* "TIGW", big-endian */

static enum tg_err seal(sqlite3 *db);

/* SQL, and then what SQL alone cannot do. */
static const struct step {
    const char *sql;
    enum tg_err (*code)(sqlite3 *db); /* may be NULL */
} steps[] = {
    {"CREATE TABLE share ("
     " id INTEGER PRIMARY KEY AUTOINCREMENT," /* an id is never used again */
     " revision INTEGER NOT NULL,"
     " role INTEGER NOT NULL,"
     " state INTEGER NOT NULL,"
     " created_s INTEGER NOT NULL,"
     " expires_s INTEGER NOT NULL,"
     " relay BLOB NOT NULL,"
     " mailbox BLOB NOT NULL,"
     " vertical BLOB NOT NULL,"
     " title BLOB NOT NULL,"
     " description BLOB NOT NULL,"
     " image_url BLOB NOT NULL,"
     " key_wrap INTEGER NOT NULL DEFAULT 0 CHECK (key_wrap = 0),"
     " secret BLOB NOT NULL,"
     " claim BLOB NOT NULL,"
     " etag BLOB NOT NULL,"
     " seen BLOB NOT NULL,"
     " message_order BLOB NOT NULL,"
     " inbox BLOB NOT NULL,"
     " pending_verb INTEGER NOT NULL,"
     " pending_state INTEGER NOT NULL,"
     " pending_id BLOB NOT NULL,"
     " pending_body BLOB NOT NULL,"
     " pending_seen BLOB NOT NULL,"
     " pending_order BLOB NOT NULL"
     ") STRICT;"
     "CREATE TABLE share_data ("
     " share INTEGER NOT NULL REFERENCES share (id) ON DELETE CASCADE,"
     " name TEXT NOT NULL,"
     " value BLOB NOT NULL,"
     " PRIMARY KEY (share, name)"
     ") STRICT, WITHOUT ROWID;"
     "PRAGMA application_id = " TEXT_OF(APPLICATION_ID) ";"
     "PRAGMA user_version = 1;",
     NULL},

    {"CREATE TABLE wallet_data ("
     " name TEXT NOT NULL PRIMARY KEY,"
     " value BLOB NOT NULL"
     ") STRICT, WITHOUT ROWID;"
     "PRAGMA user_version = 2;",
     NULL},

    {"PRAGMA user_version = 3;", seal},
};

enum { STEP_COUNT = sizeof(steps) / sizeof(steps[0]) };

/* Seal what is there under a new key, which no passphrase protects yet. */
static enum tg_err
seal(sqlite3 *db)
{
    TG_WIPED(struct aead_key, key);
    struct wallet_keyring ring;
    enum tg_err err;

    if ((err = wallet_keyring_make(TG_SPAN_EMPTY, 1, &ring, &key)) != TG_OK)
        return err;
    err = wallet_reseal(db, NULL, &ring, &key);
    wallet_keyring_done(&ring);
    return err;
}

static enum tg_err
do_step(sqlite3 *db, const struct step *step)
{
    enum tg_err err = wallet_sql_run(db, step->sql);

    return err == TG_OK && step->code != NULL ? step->code(db) : err;
}

static enum tg_err
query_integer(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = wallet_sql_prepare(db, sql, &stmt)) != TG_OK)
        return err;
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else
        err = code == SQLITE_DONE ? TG_E_FORMAT : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    return err;
}

static enum tg_err
update(sqlite3 *db)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    enum tg_err err;

    if ((err = query_integer(db, "PRAGMA application_id", &application)) !=
            TG_OK ||
        (err = query_integer(db, "PRAGMA user_version", &version)) != TG_OK ||
        (err = query_integer(db, "SELECT count(*) FROM sqlite_schema",
                             &tables)) != TG_OK)
        return err;
    if (tables > 0 && application != APPLICATION_ID)
        return TG_E_FORMAT;
    if (version > STEP_COUNT)
        return TG_E_UNKNOWN;
    for (int64_t i = version; i < STEP_COUNT; i++)
        if ((err = do_step(db, &steps[i])) != TG_OK)
            return err;
    return TG_OK;
}

/* In one transaction that keeps others out, so that two processes which open
 * a new wallet at once do not both make it. */
enum tg_err
wallet_schema_update(sqlite3 *db)
{
    enum tg_err err;

    if ((err = wallet_sql_run(db, "BEGIN IMMEDIATE")) != TG_OK)
        return err;
    if ((err = update(db)) == TG_OK)
        err = wallet_sql_run(db, "COMMIT");
    if (err != TG_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

/* Everything in the file under another key. The tables are made anew and the
 * old ones dropped: with secure_delete, pages that are given back are zeroed
 * whole, so that nothing stays in gaps between rows either. The transaction is
 * the caller's. */
#include "client/wallet_sql.h"

/* The present layout, under the names that it has until the old tables are
 * gone. What is BLOB is sealed: wallet_value.h. */
static const char make_new[] =
    "CREATE TABLE new_keyring ("
    " id INTEGER PRIMARY KEY DEFAULT 1 CHECK (id = 1),"
    " generation INTEGER NOT NULL,"
    " kdf TEXT NOT NULL,"
    " memory_kib INTEGER NOT NULL,"
    " passes INTEGER NOT NULL,"
    " salt BLOB NOT NULL,"
    " key BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE new_share ("
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
    "CREATE TABLE new_share_data ("
    " share INTEGER NOT NULL REFERENCES new_share (id) ON DELETE CASCADE,"
    " name TEXT NOT NULL,"
    " value BLOB NOT NULL,"
    " PRIMARY KEY (share, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE new_wallet_data ("
    " name TEXT NOT NULL PRIMARY KEY,"
    " value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO sqlite_sequence (name, seq)"
    " SELECT 'new_share', seq FROM sqlite_sequence WHERE name = 'share';";

/* Children first: dropping a parent deletes its rows one by one. */
static const char drop_old[] =
    "DROP TABLE IF EXISTS keyring;"
    "DROP TABLE share_data;"
    "DROP TABLE share;"
    "DROP TABLE wallet_data;"
    "ALTER TABLE new_keyring RENAME TO keyring;"
    "ALTER TABLE new_share RENAME TO share;"
    "ALTER TABLE new_share_data RENAME TO share_data;"
    "ALTER TABLE new_wallet_data RENAME TO wallet_data;";

enum tg_err
wallet_reseal(sqlite3 *db, const struct aead_key *from,
              const struct wallet_keyring *ring, const struct aead_key *to)
{
    enum tg_err err;

    if ((err = wallet_sql_run(db, make_new)) != TG_OK)
        return err;
    if ((err = wallet_keyring_write(db, ring)) != TG_OK)
        return err;
    if ((err = wallet_rows_copy(db, from, to)) != TG_OK)
        return err;
    if ((err = wallet_data_copy(db, from, to)) != TG_OK)
        return err;
    return wallet_sql_run(db, drop_old);
}

/* See <tigress/wallet.h> and wallet.h: opening, passphrases, formats, the list.
 *
 *   wallet_schema.c  the layout, and how an old one becomes the present one
 *   wallet_key.c     the keyring
 *   wallet_value.c   one sealed value
 *   wallet_rows.c    shares
 *   wallet_data.c    the caller's data
 *   wallet_reseal.c  everything under another key
 *   wallet_sql.c     statements and transactions
 *   wallet_token.c   notification tokens, in memory
 */
#include "client/wallet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tigress/provisioning.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/wallet_sql.h"

enum {
    BUSY_TIMEOUT_MS = 5000,
    /* Of a row, far above what we write: a damaged file does not make us
     * allocate what it likes. */
    ROW_MAX_LEN = 64 * 1024 * 1024
};

struct wallet_format {
    struct wallet_format *next;
    struct tg_buf name;
};

/* SQLite would make the file with the mode that the umask leaves. Its journal
 * takes the mode of the file. */
static enum tg_err
make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return errno == ENOENT ? TG_E_NOT_FOUND
               : errno == ENOSPC ? TG_E_FULL
                                 : TG_E_IO;
    close(fd);
    return TG_OK;
}

/* EXTRA: also the directory is synced when the journal goes, so that a commit
 * which was reported stays. secure_delete: what is deleted is overwritten.
 * temp_store: no files but the wallet and its journal. */
static enum tg_err
configure(sqlite3 *db)
{
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, ROW_MAX_LEN);
    return wallet_sql_run(db, "PRAGMA journal_mode = DELETE;"
                              "PRAGMA synchronous = EXTRA;"
                              "PRAGMA secure_delete = ON;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA trusted_schema = OFF;");
}

/* That a passphrase is wanted is no error here. */
static enum tg_err
find_key(struct tg_wallet *wallet)
{
    enum tg_err err = wallet_enter(wallet, WALLET_READ);

    if (err == TG_OK)
        return wallet_leave(wallet, TG_OK);
    return err == TG_E_SEALED ? TG_OK : err;
}

static enum tg_err
open_file(struct tg_wallet *wallet, const char *path)
{
    enum tg_err err;

    if ((err = wallet_sql_err(sqlite3_open_v2(
             path, &wallet->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
             NULL))) != TG_OK ||
        (err = configure(wallet->db)) != TG_OK ||
        (err = wallet_schema_update(wallet->db)) != TG_OK)
        return err;
    return find_key(wallet);
}

enum tg_err
tg_wallet_open(const char *path, struct tg_wallet **out)
{
    struct tg_wallet *wallet = NULL;
    enum tg_err err;

    if ((err = make_file(path)) != TG_OK)
        return err;
    if ((wallet = tg_alloc(sizeof(*wallet))) == NULL)
        return TG_E_NOMEM;
    if ((err = open_file(wallet, path)) != TG_OK) {
        tg_wallet_close(wallet);
        return err;
    }
    *out = wallet;
    return TG_OK;
}

void
tg_wallet_close(struct tg_wallet *wallet)
{
    if (wallet == NULL)
        return;
    while (wallet->formats != NULL) {
        struct wallet_format *first = wallet->formats;

        wallet->formats = first->next;
        tg_buf_free(&first->name);
        tg_free(first);
    }
    wallet_tokens_done(wallet);
    sqlite3_close_v2(wallet->db);
    tg_wipe(wallet, sizeof(*wallet));
    tg_free(wallet);
}

bool
tg_wallet_is_sealed(const struct tg_wallet *wallet)
{
    return wallet->key.len == 0;
}

enum tg_err
tg_wallet_unlock(struct tg_wallet *wallet, struct tg_span passphrase)
{
    TG_WIPED(struct aead_key, key);
    struct wallet_keyring ring;
    enum tg_err err;

    if (passphrase.len > TG_PASSPHRASE_MAX)
        return TG_E_LIMIT;
    if ((err = wallet_keyring_read(wallet->db, &ring)) != TG_OK)
        return err;
    if ((err = wallet_keyring_open(&ring, passphrase, &key)) == TG_OK) {
        wallet->key = key;
        wallet->generation = ring.generation;
    }
    wallet_keyring_done(&ring);
    return err;
}

/* The slow part is done before others are kept out. */
enum tg_err
tg_wallet_set_passphrase(struct tg_wallet *wallet, struct tg_span passphrase)
{
    const int64_t generation = wallet->generation;
    TG_WIPED(struct aead_key, key);
    struct wallet_keyring ring;
    enum tg_err err;

    if (passphrase.len > TG_PASSPHRASE_MAX)
        return TG_E_LIMIT;
    if (tg_wallet_is_sealed(wallet))
        return TG_E_SEALED;
    if (generation == INT64_MAX)
        return TG_E_FORMAT;
    if ((err = wallet_keyring_make(passphrase, generation + 1, &ring, &key)) !=
        TG_OK)
        return err;
    if ((err = wallet_enter(wallet, WALLET_WRITE)) != TG_OK)
        goto out;
    err = wallet->generation == generation
              ? wallet_reseal(wallet->db, &wallet->key, &ring, &key)
              : TG_E_LOCKED;
    if ((err = wallet_leave(wallet, err)) != TG_OK)
        goto out;
    wallet->key = key;
    wallet->generation = ring.generation;
out:
    wallet_keyring_done(&ring);
    return err;
}

enum tg_err
tg_wallet_register_format(struct tg_wallet *wallet, const char *format)
{
    struct wallet_format *entry;
    enum tg_err err;

    if (format[0] == '\0' || strlen(format) > TG_FORMAT_MAX)
        return TG_E_FORMAT;
    if ((entry = tg_alloc(sizeof(*entry))) == NULL)
        return TG_E_NOMEM;
    if ((err = tg_buf_text(&entry->name, format)) != TG_OK) {
        tg_free(entry);
        return err;
    }
    entry->next = wallet->formats;
    wallet->formats = entry;
    return TG_OK;
}

bool
wallet_knows_format(const struct tg_wallet *wallet, const char *format)
{
    if (strcmp(format, TG_FORMAT_CAR_KEY) == 0 ||
        strcmp(format, TG_FORMAT_TOKEN) == 0)
        return true;
    for (const struct wallet_format *f = wallet->formats; f != NULL;
         f = f->next)
        if (tg_span_is(tg_span_buf(&f->name), format))
            return true;
    return false;
}

void
tg_wallet_set_accept_plain(struct tg_wallet *wallet, bool on)
{
    wallet->accept_plain = on;
}

bool
wallet_accepts_plain(const struct tg_wallet *wallet)
{
    return wallet->accept_plain;
}

static enum tg_err
next_share(sqlite3 *db, int64_t after, int64_t *id)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = wallet_sql_prepare(
             db, "SELECT id FROM share WHERE id > ?1 ORDER BY id LIMIT 1",
             &stmt)) != TG_OK)
        return err;
    sqlite3_bind_int64(stmt, 1, after);
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        *id = sqlite3_column_int64(stmt, 0);
    else
        err = code == SQLITE_DONE ? TG_E_NOT_FOUND : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    return err;
}

enum tg_err
tg_wallet_next_share(struct tg_wallet *wallet, int64_t after, int64_t *id)
{
    enum tg_err err;

    if ((err = wallet_enter(wallet, WALLET_READ)) != TG_OK)
        return err;
    return wallet_leave(wallet, next_share(wallet->db, after, id));
}

static enum tg_err
forget_share(sqlite3 *db, int64_t id)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = wallet_sql_prepare(db, "DELETE FROM share WHERE id = ?1",
                                  &stmt)) != TG_OK)
        return err;
    sqlite3_bind_int64(stmt, 1, id);
    if ((err = wallet_sql_finish(stmt)) != TG_OK)
        return err;
    return sqlite3_changes(db) > 0 ? TG_OK : TG_E_NOT_FOUND;
}

enum tg_err
tg_wallet_forget_share(struct tg_wallet *wallet, int64_t id)
{
    enum tg_err err;

    if ((err = wallet_enter(wallet, WALLET_WRITE)) != TG_OK)
        return err;
    return wallet_leave(wallet, forget_share(wallet->db, id));
}

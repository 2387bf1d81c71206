/* See <tigress/wallet.h> and wallet.h: opening, formats, the list. Rows are in
 * wallet_rows.c, the layout in wallet_schema.c. */
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

enum { BUSY_TIMEOUT_MS = 5000 };

struct wallet_format {
    struct wallet_format *next;
    struct tg_buf name;
};

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
wallet_sql_bytes(sqlite3_stmt *stmt, int column, struct tg_buf *out)
{
    const uint8_t *bytes = sqlite3_column_blob(stmt, column);
    int len = sqlite3_column_bytes(stmt, column);
    enum tg_err err;

    if (len > 0 && bytes == NULL)
        return TG_E_NOMEM;
    if ((err = tg_buf_append(out, (struct tg_span){bytes, (size_t)len})) !=
        TG_OK)
        return err;
    return tg_buf_terminate(out);
}

enum tg_err
wallet_sql_bind(sqlite3_stmt *stmt, int parameter, struct tg_span bytes)
{
    if (bytes.len == 0)
        return wallet_sql_err(sqlite3_bind_zeroblob(stmt, parameter, 0));
    return wallet_sql_err(sqlite3_bind_blob64(stmt, parameter, bytes.ptr,
                                              bytes.len, SQLITE_STATIC));
}

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
 * which was reported stays. secure_delete: what is deleted is overwritten. */
static enum tg_err
configure(sqlite3 *db)
{
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    return wallet_sql_run(db, "PRAGMA journal_mode = DELETE;"
                              "PRAGMA synchronous = EXTRA;"
                              "PRAGMA secure_delete = ON;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA trusted_schema = OFF;");
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
    err = wallet_sql_err(sqlite3_open_v2(
        path, &wallet->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
        NULL));
    if (err == TG_OK && (err = configure(wallet->db)) == TG_OK)
        err = wallet_schema_update(wallet->db);
    if (err != TG_OK) {
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
    sqlite3_close_v2(wallet->db);
    tg_free(wallet);
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

enum tg_err
tg_wallet_next_share(struct tg_wallet *wallet, int64_t after, int64_t *id)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = wallet_sql_prepare(
             wallet->db,
             "SELECT id FROM share WHERE id > ?1 ORDER BY id LIMIT 1",
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
tg_wallet_forget_share(struct tg_wallet *wallet, int64_t id)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = wallet_sql_prepare(wallet->db,
                                  "DELETE FROM share WHERE id = ?1",
                                  &stmt)) != TG_OK)
        return err;
    sqlite3_bind_int64(stmt, 1, id);
    if ((err = wallet_sql_finish(stmt)) != TG_OK)
        return err;
    return sqlite3_changes(wallet->db) > 0 ? TG_OK : TG_E_NOT_FOUND;
}

/* See registry.h. */
#include "registry.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sqlite3.h>

#define FILE_NAME "registry.db"

enum { BUSY_TIMEOUT_MS = 5000, HASH_LEN = 32 };

struct registry {
    sqlite3 *db;
};

static enum tg_err
from_code(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return TG_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return TG_E_LOCKED;
    case SQLITE_NOMEM: return TG_E_NOMEM;
    case SQLITE_FULL: return TG_E_FULL;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return TG_E_FORMAT;
    default: return TG_E_IO;
    }
}

static enum tg_err
run(struct registry *registry, const char *sql)
{
    return from_code(sqlite3_exec(registry->db, sql, NULL, NULL, NULL));
}

/* EXTRA: the directory is synced too when a transaction ends. */
static enum tg_err
set_up(struct registry *registry)
{
    sqlite3_busy_timeout(registry->db, BUSY_TIMEOUT_MS);
    return run(registry,
               "PRAGMA journal_mode = DELETE;"
               "PRAGMA synchronous = EXTRA;"
               "PRAGMA foreign_keys = ON;"
               "PRAGMA trusted_schema = OFF;"
               "BEGIN IMMEDIATE;"
               "CREATE TABLE IF NOT EXISTS vehicle ("
               "  vehicle TEXT PRIMARY KEY,"
               "  token_hash BLOB) WITHOUT ROWID;"
               "CREATE TABLE IF NOT EXISTS vehicle_key ("
               "  vehicle TEXT NOT NULL REFERENCES vehicle,"
               "  fingerprint TEXT NOT NULL,"
               "  revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),"
               "  PRIMARY KEY (vehicle, fingerprint)) WITHOUT ROWID;"
               "COMMIT;");
}

/* With its mode from the first moment on. */
static enum tg_err
make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return TG_E_IO;
    close(fd);
    return TG_OK;
}

enum tg_err
registry_open(const struct state *state, struct registry **out)
{
    struct registry *registry;
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_path(state, FILE_NAME, path)) != TG_OK ||
        (err = make_file(path)) != TG_OK)
        return err;
    if ((registry = calloc(1, sizeof(*registry))) == NULL)
        return TG_E_NOMEM;
    err = from_code(sqlite3_open_v2(path, &registry->db,
                                    SQLITE_OPEN_READWRITE, NULL));
    if (err == TG_OK)
        err = set_up(registry);
    if (err != TG_OK) {
        registry_close(registry);
        return err;
    }
    *out = registry;
    return TG_OK;
}

void
registry_close(struct registry *registry)
{
    if (registry == NULL)
        return;
    sqlite3_close_v2(registry->db);
    free(registry);
}

/* A statement with its first two parameters; `fingerprint` may be NULL. The
 * caller finishes it. */
static enum tg_err
prepare(struct registry *registry, const char *sql, const char *vehicle,
        const char *fingerprint, sqlite3_stmt **out)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(registry->db, sql, -1, &stmt, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 1, vehicle, -1, SQLITE_STATIC);
    if (code == SQLITE_OK && fingerprint != NULL)
        code = sqlite3_bind_text(stmt, 2, fingerprint, -1, SQLITE_STATIC);
    if (code != SQLITE_OK) {
        sqlite3_finalize(stmt);
        return from_code(code);
    }
    *out = stmt;
    return TG_OK;
}

/* Run a statement that asks for one number; 0 when there is no row. */
static enum tg_err
ask_number(struct registry *registry, const char *sql, const char *vehicle,
           const char *fingerprint, int64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = prepare(registry, sql, vehicle, fingerprint, &stmt)) != TG_OK)
        return err;
    code = sqlite3_step(stmt);
    err = from_code(code);
    if (err == TG_OK)
        *out = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return err;
}

/* Run a statement that changes something. */
static enum tg_err
change(struct registry *registry, const char *sql, const char *vehicle,
       const char *fingerprint)
{
    int64_t nothing;

    return ask_number(registry, sql, vehicle, fingerprint, &nothing);
}

/* Within a transaction, or not at all. */
static enum tg_err
finish(struct registry *registry, enum tg_err err)
{
    if (err == TG_OK)
        err = run(registry, "COMMIT");
    if (err != TG_OK)
        (void)run(registry, "ROLLBACK"); /* which SQLite may have done */
    return err;
}

static bool
hash_token(const char *token, uint8_t out[static HASH_LEN])
{
    return EVP_Digest(token, strlen(token), out, NULL, EVP_sha256(), NULL) ==
           1;
}

enum tg_err
registry_add_vehicle(struct registry *registry, const char *vehicle,
                     const char *token)
{
    uint8_t hash[HASH_LEN];
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if (token != NULL && !hash_token(token, hash))
        return TG_E_CRYPTO;
    if ((err = prepare(registry,
                       "INSERT INTO vehicle VALUES (?1, ?2)"
                       " ON CONFLICT (vehicle)"
                       " DO UPDATE SET token_hash = excluded.token_hash",
                       vehicle, NULL, &stmt)) != TG_OK)
        return err;
    if (token != NULL)
        err = from_code(sqlite3_bind_blob(stmt, 2, hash, sizeof(hash),
                                          SQLITE_STATIC));
    if (err == TG_OK)
        err = from_code(sqlite3_step(stmt));
    sqlite3_finalize(stmt);
    return err;
}

enum tg_err
registry_find_vehicle(struct registry *registry, const char *vehicle)
{
    int64_t found;
    enum tg_err err;

    if ((err = ask_number(registry,
                          "SELECT 1 FROM vehicle WHERE vehicle = ?1", vehicle,
                          NULL, &found)) != TG_OK)
        return err;
    return found == 1 ? TG_OK : TG_E_NOT_FOUND;
}

enum tg_err
registry_check_token(struct registry *registry, const char *vehicle,
                     const char *token)
{
    static const uint8_t nothing[HASH_LEN];
    uint8_t hash[HASH_LEN];
    sqlite3_stmt *stmt = NULL;
    const void *expected = NULL;
    enum tg_err err;

    if (!hash_token(token, hash))
        return TG_E_CRYPTO;
    if ((err = prepare(registry,
                       "SELECT token_hash FROM vehicle WHERE vehicle = ?1",
                       vehicle, NULL, &stmt)) != TG_OK)
        return err;
    if ((err = from_code(sqlite3_step(stmt))) == TG_OK) {
        if (sqlite3_column_bytes(stmt, 0) == HASH_LEN)
            expected = sqlite3_column_blob(stmt, 0);
        /* A vehicle that is not there takes as long as one that is. */
        if (CRYPTO_memcmp(hash, expected == NULL ? nothing : expected,
                          HASH_LEN) != 0 ||
            expected == NULL)
            err = TG_E_AUTH;
    }
    sqlite3_finalize(stmt);
    return err;
}

static enum tg_err
check_room(struct registry *registry, const char *vehicle, int64_t limit)
{
    int64_t count = 0;
    enum tg_err err = ask_number(
        registry, "SELECT count(*) FROM vehicle_key WHERE vehicle = ?1",
        vehicle, NULL, &count);

    return err == TG_OK && count >= limit ? TG_E_LIMIT : err;
}

static enum tg_err
check_not_revoked(struct registry *registry, const char *vehicle,
                  const char *fingerprint)
{
    int64_t revoked = 0;
    enum tg_err err = ask_number(registry,
                                 "SELECT revoked FROM vehicle_key"
                                 " WHERE vehicle = ?1 AND fingerprint = ?2",
                                 vehicle, fingerprint, &revoked);

    return err == TG_OK && revoked != 0 ? TG_E_REFUSED : err;
}

/* Whether the key has a row already. */
static enum tg_err
is_known(struct registry *registry, const char *vehicle,
         const char *fingerprint, bool *out)
{
    int64_t found = 0;
    enum tg_err err = ask_number(registry,
                                 "SELECT 1 FROM vehicle_key"
                                 " WHERE vehicle = ?1 AND fingerprint = ?2",
                                 vehicle, fingerprint, &found);

    if (err == TG_OK)
        *out = found != 0;
    return err;
}

enum tg_err
registry_register(struct registry *registry, const char *vehicle,
                  const char *const *fingerprints, size_t count)
{
    bool known = false;
    enum tg_err err;

    if ((err = run(registry, "BEGIN IMMEDIATE")) != TG_OK)
        return err;
    for (size_t i = 0; i < count && err == TG_OK; i++)
        err = check_not_revoked(registry, vehicle, fingerprints[i]);
    if (err == TG_OK)
        err = is_known(registry, vehicle, fingerprints[0], &known);
    if (err == TG_OK && !known &&
        (err = check_room(registry, vehicle, REGISTRY_KEYS_MAX)) == TG_OK)
        err = change(registry, "INSERT INTO vehicle_key VALUES (?1, ?2, 0)",
                     vehicle, fingerprints[0]);
    return finish(registry, err);
}

enum tg_err
registry_revoke(struct registry *registry, const char *vehicle,
                const char *fingerprint)
{
    bool known = false;
    enum tg_err err;

    if ((err = run(registry, "BEGIN IMMEDIATE")) != TG_OK)
        return err;
    err = is_known(registry, vehicle, fingerprint, &known);
    if (err == TG_OK && !known)
        err = check_room(registry, vehicle, REGISTRY_ALL_MAX);
    if (err == TG_OK)
        err = change(registry,
                     "INSERT INTO vehicle_key VALUES (?1, ?2, 1)"
                     " ON CONFLICT DO UPDATE SET revoked = 1",
                     vehicle, fingerprint);
    return finish(registry, err);
}

enum tg_err
registry_list(struct registry *registry, const char *vehicle,
              registry_each *each, void *self)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = prepare(registry,
                       "SELECT fingerprint, revoked FROM vehicle_key"
                       " WHERE vehicle = ?1 ORDER BY fingerprint",
                       vehicle, NULL, &stmt)) != TG_OK)
        return err;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        each(self, (const char *)sqlite3_column_text(stmt, 0),
             sqlite3_column_int(stmt, 1) != 0);
    err = from_code(code);
    sqlite3_finalize(stmt);
    return err;
}

/* See ledger.h. */
#include "ledger.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define FILE_NAME "ledger.db"

enum { BUSY_MS = 5000 };

struct ledger {
    sqlite3 *db;
};

static const char schema[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;" /* an answer must not outlive its row */
    "CREATE TABLE IF NOT EXISTS booking ("
    " code TEXT PRIMARY KEY, secret BLOB NOT NULL, room TEXT NOT NULL,"
    " doors TEXT NOT NULL, not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS token ("
    " id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " booking TEXT NOT NULL REFERENCES booking, request TEXT NOT NULL,"
    " room TEXT NOT NULL, doors TEXT NOT NULL, not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL, state INTEGER NOT NULL,"
    " serial TEXT NOT NULL, public_key TEXT NOT NULL, statement TEXT NOT NULL,"
    " signature TEXT NOT NULL, UNIQUE (booking, request)) STRICT;"
    "CREATE TABLE IF NOT EXISTS door ("
    " id TEXT PRIMARY KEY, secret BLOB NOT NULL UNIQUE) STRICT;";

#define TOKEN_COLUMNS                                                        \
    "id, hash, booking, request, room, doors, not_before, not_after, state," \
    " serial, public_key, statement, signature"
#define SELECT_TOKEN "SELECT " TOKEN_COLUMNS " FROM token "
#define SELECT_BOOKING                                                 \
    "SELECT code, secret, room, doors, not_before, not_after FROM booking "

static enum tg_err
from_sqlite(int status)
{
    switch (status & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return TG_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return TG_E_LOCKED;
    case SQLITE_FULL: return TG_E_FULL;
    case SQLITE_NOMEM: return TG_E_NOMEM;
    default: return TG_E_IO;
    }
}

const char *
ledger_token_state_name(enum ledger_token_state state)
{
    switch (state) {
    case LEDGER_OPEN: return "open";
    case LEDGER_REDEEMED: return "redeemed";
    case LEDGER_CANCELLED: return "cancelled";
    }
    return "?";
}

void
ledger_token_done(struct ledger_token *token)
{
    text_free(&token->public_key);
    text_free(&token->statement);
    text_free(&token->signature);
}

enum tg_err
ledger_open(const struct state *state, struct ledger **out)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    char path[STATE_PATH_MAX];
    enum tg_err err = TG_E_NOMEM;

    if (ledger == NULL)
        return err;
    if ((err = state_path(state, FILE_NAME, path)) == TG_OK &&
        (err = from_sqlite(sqlite3_open_v2(
             path, &ledger->db,
             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))) == TG_OK) {
        sqlite3_busy_timeout(ledger->db, BUSY_MS);
        err = from_sqlite(sqlite3_exec(ledger->db, schema, NULL, NULL, NULL));
    }
    if (err != TG_OK) {
        ledger_close(ledger);
        return err;
    }
    *out = ledger;
    return TG_OK;
}

void
ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    sqlite3_close(ledger->db);
    free(ledger);
}

enum tg_err
ledger_begin(struct ledger *ledger)
{
    return from_sqlite(
        sqlite3_exec(ledger->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
}

enum tg_err
ledger_commit(struct ledger *ledger)
{
    return from_sqlite(sqlite3_exec(ledger->db, "COMMIT", NULL, NULL, NULL));
}

void
ledger_rollback(struct ledger *ledger)
{
    sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Bind what follows, one after the other: `t` text, `i` a number, `h` a hash,
 * NULL where the number is 0: `n`. All of it is borrowed until the statement
 * is finalized. */
static int
bind_all(sqlite3_stmt *statement, const char *kinds, va_list values)
{
    int status = SQLITE_OK;

    for (int i = 1; *kinds != '\0' && status == SQLITE_OK; i++, kinds++) {
        if (*kinds == 't') {
            status = sqlite3_bind_text(statement, i, va_arg(values, char *),
                                       -1, SQLITE_STATIC);
        } else if (*kinds == 'h') {
            status = sqlite3_bind_blob(statement, i, va_arg(values, void *),
                                       SECRET_HASH_LEN, SQLITE_STATIC);
        } else {
            int64_t number = va_arg(values, int64_t);

            status = *kinds == 'n' && number == 0
                         ? sqlite3_bind_null(statement, i)
                         : sqlite3_bind_int64(statement, i, number);
        }
    }
    return status;
}

static enum tg_err
prepare(struct ledger *ledger, sqlite3_stmt **out, const char *sql,
        const char *kinds, ...)
{
    sqlite3_stmt *statement = NULL;
    va_list values;
    int status = sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL);

    if (status == SQLITE_OK) {
        va_start(values, kinds);
        status = bind_all(statement, kinds, values);
        va_end(values);
    }
    if (status != SQLITE_OK) {
        sqlite3_finalize(statement);
        return from_sqlite(status);
    }
    *out = statement;
    return TG_OK;
}

/* TG_E_NOT_FOUND when there is no (further) row. */
static enum tg_err
step(sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement);

    return status == SQLITE_DONE ? TG_E_NOT_FOUND : from_sqlite(status);
}

/* Run what gives no row. Takes the statement. */
static enum tg_err
run(sqlite3_stmt *statement)
{
    enum tg_err err = step(statement);

    sqlite3_finalize(statement);
    return err == TG_E_NOT_FOUND ? TG_OK : err;
}

enum tg_err
ledger_add_booking(struct ledger *ledger, const struct ledger_booking *what)
{
    char doors[STAY_DOORS_TEXT];
    sqlite3_stmt *statement;
    enum tg_err err;

    stay_format_doors(&what->stay, doors);
    err = prepare(ledger, &statement,
                  "INSERT INTO booking VALUES (?, ?, ?, ?, ?, ?)", "thttii",
                  what->code, what->secret, what->stay.room, doors,
                  what->stay.not_before, what->stay.not_after);
    return err == TG_OK ? run(statement) : err;
}

enum tg_err
ledger_add_door(struct ledger *ledger, const struct ledger_door *door)
{
    sqlite3_stmt *statement;
    enum tg_err err =
        prepare(ledger, &statement, "INSERT INTO door VALUES (?, ?)", "th",
                door->id, door->secret);

    return err == TG_OK ? run(statement) : err;
}

static const char *
or_empty(const struct text *text)
{
    return text->at == NULL ? "" : text->at;
}

enum tg_err
ledger_put_token(struct ledger *ledger, const struct ledger_token *token)
{
    const struct stay *stay = &token->stay;
    char doors[STAY_DOORS_TEXT];
    sqlite3_stmt *statement;
    enum tg_err err;

    stay_format_doors(stay, doors);
    err = prepare(ledger, &statement,
                  "INSERT INTO token (" TOKEN_COLUMNS ")"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
                  " serial = excluded.serial,"
                  " public_key = excluded.public_key,"
                  " statement = excluded.statement,"
                  " signature = excluded.signature",
                  "nhttttiiitttt", token->id, token->hash, token->booking,
                  token->request, stay->room, doors, stay->not_before,
                  stay->not_after, (int64_t)token->state, token->serial,
                  or_empty(&token->public_key), or_empty(&token->statement),
                  or_empty(&token->signature));
    return err == TG_OK ? run(statement) : err;
}

static const char *
column_text(sqlite3_stmt *row, int i)
{
    const char *text = (const char *)sqlite3_column_text(row, i);

    return text == NULL ? "" : text;
}

/* What we did not write ourselves is a damaged file: TG_E_IO. */
static enum tg_err
read_name(sqlite3_stmt *row, int i, size_t size, char *out)
{
    const char *text = column_text(row, i);

    if (strlen(text) >= size)
        return TG_E_IO;
    memcpy(out, text, strlen(text) + 1);
    return TG_OK;
}

static enum tg_err
read_hash(sqlite3_stmt *row, int i, uint8_t out[static SECRET_HASH_LEN])
{
    const void *bytes = sqlite3_column_blob(row, i);

    if (bytes == NULL || sqlite3_column_bytes(row, i) != SECRET_HASH_LEN)
        return TG_E_IO;
    memcpy(out, bytes, SECRET_HASH_LEN);
    return TG_OK;
}

/* Four columns from `i` on. */
static enum tg_err
read_stay(sqlite3_stmt *row, int i, struct stay *out)
{
    if (!stay_set_room(column_text(row, i), out) ||
        !stay_set_doors(column_text(row, i + 1), out))
        return TG_E_IO;
    out->not_before = sqlite3_column_int64(row, i + 2);
    out->not_after = sqlite3_column_int64(row, i + 3);
    return TG_OK;
}

static enum tg_err
read_booking(sqlite3_stmt *row, struct ledger_booking *out)
{
    enum tg_err err;

    if ((err = read_name(row, 0, sizeof(out->code), out->code)) != TG_OK ||
        (err = read_hash(row, 1, out->secret)) != TG_OK)
        return err;
    return read_stay(row, 2, &out->stay);
}

static enum tg_err
read_text(sqlite3_stmt *row, int i, struct text *out)
{
    return text_copy(text_span_of(column_text(row, i)), out);
}

static enum tg_err
read_token(sqlite3_stmt *row, struct ledger_token *out)
{
    struct ledger_token token = {.id = sqlite3_column_int64(row, 0)};
    enum tg_err err;

    token.state = (enum ledger_token_state)sqlite3_column_int(row, 8);
    if ((err = read_hash(row, 1, token.hash)) == TG_OK &&
        (err = read_name(row, 2, sizeof(token.booking), token.booking)) ==
            TG_OK &&
        (err = read_name(row, 3, sizeof(token.request), token.request)) ==
            TG_OK &&
        (err = read_stay(row, 4, &token.stay)) == TG_OK &&
        (err = read_name(row, 9, sizeof(token.serial), token.serial)) ==
            TG_OK &&
        (err = read_text(row, 10, &token.public_key)) == TG_OK &&
        (err = read_text(row, 11, &token.statement)) == TG_OK)
        err = read_text(row, 12, &token.signature);
    if (err != TG_OK) {
        ledger_token_done(&token);
        return err;
    }
    *out = token;
    return TG_OK;
}

enum tg_err
ledger_find_booking(struct ledger *ledger, const char *code,
                    struct ledger_booking *out)
{
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row, SELECT_BOOKING "WHERE code = ?", "t", code);

    if (err != TG_OK)
        return err;
    if ((err = step(row)) == TG_OK)
        err = read_booking(row, out);
    sqlite3_finalize(row);
    return err;
}

static enum tg_err
one_token(sqlite3_stmt *row, struct ledger_token *out)
{
    enum tg_err err;

    if ((err = step(row)) == TG_OK)
        err = read_token(row, out);
    sqlite3_finalize(row);
    return err;
}

enum tg_err
ledger_find_request(struct ledger *ledger, const char *booking,
                    const char *request, struct ledger_token *out)
{
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row, SELECT_TOKEN "WHERE booking = ? AND request = ?",
                "tt", booking, request);

    return err == TG_OK ? one_token(row, out) : err;
}

enum tg_err
ledger_find_token(struct ledger *ledger,
                  const uint8_t hash[static SECRET_HASH_LEN],
                  struct ledger_token *out)
{
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row, SELECT_TOKEN "WHERE hash = ?", "h", hash);

    return err == TG_OK ? one_token(row, out) : err;
}

enum tg_err
ledger_find_door(struct ledger *ledger,
                 const uint8_t secret[static SECRET_HASH_LEN])
{
    sqlite3_stmt *row;
    enum tg_err err = prepare(
        ledger, &row, "SELECT id FROM door WHERE secret = ?", "h", secret);

    if (err != TG_OK)
        return err;
    err = step(row);
    sqlite3_finalize(row);
    return err;
}

enum tg_err
ledger_count_tokens(struct ledger *ledger, const char *booking, int64_t *out)
{
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row,
                "SELECT count(*) FROM token WHERE booking = ? AND state <> ?",
                "ti", booking, (int64_t)LEDGER_CANCELLED);

    if (err != TG_OK)
        return err;
    if ((err = step(row)) == TG_OK)
        *out = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return err;
}

enum tg_err
ledger_each_cancelled(struct ledger *ledger, moment after,
                      void (*each)(void *self, const char *serial), void *self)
{
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row,
                "SELECT serial FROM token WHERE state = ? AND serial <> ''"
                " AND not_after > ? ORDER BY id",
                "ii", (int64_t)LEDGER_CANCELLED, after);

    if (err != TG_OK)
        return err;
    while ((err = step(row)) == TG_OK)
        each(self, column_text(row, 0));
    sqlite3_finalize(row);
    return err == TG_E_NOT_FOUND ? TG_OK : err;
}

enum tg_err
ledger_each_booking(struct ledger *ledger,
                    void (*each)(void *self, const struct ledger_booking *),
                    void *self)
{
    struct ledger_booking booking;
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row, SELECT_BOOKING "ORDER BY rowid", "");

    if (err != TG_OK)
        return err;
    while ((err = step(row)) == TG_OK) {
        if ((err = read_booking(row, &booking)) != TG_OK)
            break;
        each(self, &booking);
    }
    sqlite3_finalize(row);
    return err == TG_E_NOT_FOUND ? TG_OK : err;
}

enum tg_err
ledger_each_token(struct ledger *ledger, const char *booking,
                  void (*each)(void *self, const struct ledger_token *),
                  void *self)
{
    struct ledger_token token;
    sqlite3_stmt *row;
    enum tg_err err =
        prepare(ledger, &row, SELECT_TOKEN "WHERE booking = ? ORDER BY id",
                "t", booking);

    if (err != TG_OK)
        return err;
    while ((err = step(row)) == TG_OK) {
        if ((err = read_token(row, &token)) != TG_OK)
            break;
        each(self, &token);
        ledger_token_done(&token);
    }
    sqlite3_finalize(row);
    return err == TG_E_NOT_FOUND ? TG_OK : err;
}

/* See wallet.h: shares as rows. One table names the columns; every statement
 * about rows is made from it. */
#include <inttypes.h>
#include <stddef.h>

#include "client/wallet_sql.h"

enum kind { INTEGER, BYTES };

static const struct column {
    const char *name;
    enum kind kind;
    size_t offset;
} columns[] = {
#define INTEGER_COLUMN(field)                                                \
    {#field, INTEGER, offsetof(struct wallet_row, field)}
#define BYTES_COLUMN(field) {#field, BYTES, offsetof(struct wallet_row, field)}
    INTEGER_COLUMN(revision),
    INTEGER_COLUMN(role),
    INTEGER_COLUMN(state),
    INTEGER_COLUMN(created_s),
    INTEGER_COLUMN(expires_s),
    BYTES_COLUMN(relay),
    BYTES_COLUMN(mailbox),
    BYTES_COLUMN(vertical),
    BYTES_COLUMN(title),
    BYTES_COLUMN(description),
    BYTES_COLUMN(image_url),
    BYTES_COLUMN(secret),
    BYTES_COLUMN(claim),
    BYTES_COLUMN(etag),
    BYTES_COLUMN(seen),
    {"message_order", BYTES, offsetof(struct wallet_row, order)},
    BYTES_COLUMN(inbox),
    INTEGER_COLUMN(pending_verb),
    INTEGER_COLUMN(pending_state),
    BYTES_COLUMN(pending_id),
    BYTES_COLUMN(pending_body),
    BYTES_COLUMN(pending_seen),
    BYTES_COLUMN(pending_order),
#undef INTEGER_COLUMN
#undef BYTES_COLUMN
};

enum {
    COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]),
    /* Parameters: the columns from 1 on, then these. */
    PARAMETER_ID = COLUMN_COUNT + 1,
    PARAMETER_REVISION = COLUMN_COUNT + 2
};

static int64_t *
integer_of(struct wallet_row *row, const struct column *column)
{
    return (int64_t *)(void *)((char *)row + column->offset);
}

static struct tg_buf *
bytes_of(struct wallet_row *row, const struct column *column)
{
    return (struct tg_buf *)(void *)((char *)row + column->offset);
}

void
wallet_row_done(struct wallet_row *row)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (columns[i].kind == BYTES)
            tg_buf_free(bytes_of(row, &columns[i]));
    *row = (struct wallet_row){0};
}

/* "a, b, c", or with parameters "a = ?1, b = ?2, c = ?3". */
static enum tg_err
append_columns(struct tg_buf *sql, bool with_parameters)
{
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < COLUMN_COUNT && err == TG_OK; i++) {
        err = tg_buf_printf(sql, "%s%s", i > 0 ? ", " : "", columns[i].name);
        if (err == TG_OK && with_parameters)
            err = tg_buf_printf(sql, " = ?%zu", i + 1);
    }
    return err;
}

static enum tg_err
append_insert_into(struct tg_buf *sql, const char *table)
{
    enum tg_err err;

    if ((err = tg_buf_printf(sql, "INSERT INTO %s (", table)) != TG_OK ||
        (err = append_columns(sql, false)) != TG_OK ||
        (err = tg_buf_text(sql, ", id) VALUES (")) != TG_OK)
        return err;
    for (size_t i = 0; i <= COLUMN_COUNT && err == TG_OK; i++)
        err = tg_buf_printf(sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    return err == TG_OK ? tg_buf_text(sql, ")") : err;
}

static enum tg_err
append_insert(struct tg_buf *sql)
{
    return append_insert_into(sql, "share");
}

static enum tg_err
append_copy(struct tg_buf *sql)
{
    return append_insert_into(sql, "new_share");
}

static enum tg_err
append_update(struct tg_buf *sql)
{
    enum tg_err err;

    if ((err = tg_buf_text(sql, "UPDATE share SET ")) != TG_OK ||
        (err = append_columns(sql, true)) != TG_OK)
        return err;
    return tg_buf_printf(sql, " WHERE id = ?%d AND revision = ?%d",
                         PARAMETER_ID, PARAMETER_REVISION);
}

static enum tg_err
append_select_all(struct tg_buf *sql)
{
    enum tg_err err;

    if ((err = tg_buf_text(sql, "SELECT ")) != TG_OK ||
        (err = append_columns(sql, false)) != TG_OK)
        return err;
    return tg_buf_text(sql, ", id FROM share");
}

static enum tg_err
append_select(struct tg_buf *sql)
{
    enum tg_err err = append_select_all(sql);

    return err == TG_OK ? tg_buf_text(sql, " WHERE id = ?1") : err;
}

static enum tg_err
prepare(sqlite3 *db, enum tg_err (*append)(struct tg_buf *sql),
        sqlite3_stmt **out)
{
    struct tg_buf sql = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = append(&sql)) == TG_OK &&
        (err = tg_buf_terminate(&sql)) == TG_OK)
        err = wallet_sql_prepare(db, (const char *)sql.ptr, out);
    tg_buf_free(&sql);
    return err;
}

/* "share/ID/COLUMN", and "/NUMBER" for each number of the row, so that one
 * that was changed by others is noticed. */
static enum tg_err
set_place(struct wallet_place *place, struct wallet_row *row,
          const struct column *column)
{
    enum tg_err err = wallet_place_set(place, "share/%" PRId64 "/%s", row->id,
                                       column->name);

    for (size_t i = 0; i < COLUMN_COUNT && err == TG_OK; i++)
        if (columns[i].kind == INTEGER)
            err = wallet_place_add(place, "/%" PRId64,
                                   *integer_of(row, &columns[i]));
    return err;
}

static enum tg_err
take_row(sqlite3_stmt *stmt, const struct aead_key *key,
         struct wallet_row *row)
{
    row->id = sqlite3_column_int64(stmt, COLUMN_COUNT);
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (columns[i].kind == INTEGER)
            *integer_of(row, &columns[i]) = sqlite3_column_int64(stmt, i);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        struct wallet_place place;
        enum tg_err err;

        if (columns[i].kind == INTEGER)
            continue;
        if ((err = set_place(&place, row, &columns[i])) != TG_OK ||
            (err = wallet_value_take(stmt, i, key, &place,
                                     bytes_of(row, &columns[i]))) != TG_OK)
            return err;
    }
    return TG_OK;
}

static enum tg_err
load(struct tg_wallet *wallet, int64_t id, struct wallet_row *out)
{
    struct wallet_row row = {0};
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = prepare(wallet->db, append_select, &stmt)) != TG_OK)
        return err;
    sqlite3_bind_int64(stmt, 1, id);
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = take_row(stmt, &wallet->key, &row);
    else
        err = code == SQLITE_DONE ? TG_E_NOT_FOUND : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    if (err == TG_OK)
        *out = row;
    else
        wallet_row_done(&row);
    return err;
}

enum tg_err
wallet_load(struct tg_wallet *wallet, int64_t id, struct wallet_row *out)
{
    struct wallet_row row = {0};
    enum tg_err err;

    if ((err = wallet_enter(wallet, WALLET_READ)) != TG_OK)
        return err;
    if ((err = wallet_leave(wallet, load(wallet, id, &row))) == TG_OK)
        *out = row;
    else
        wallet_row_done(&row);
    return err;
}

static enum tg_err
bind_row(sqlite3_stmt *stmt, const struct aead_key *key,
         struct wallet_row *row)
{
    enum tg_err err =
        wallet_sql_err(sqlite3_bind_int64(stmt, PARAMETER_ID, row->id));

    for (int i = 0; i < COLUMN_COUNT && err == TG_OK; i++) {
        const struct column *c = &columns[i];
        struct wallet_place place;

        if (c->kind == INTEGER)
            err = wallet_sql_err(
                sqlite3_bind_int64(stmt, i + 1, *integer_of(row, c)));
        else if ((err = set_place(&place, row, c)) == TG_OK)
            err = wallet_value_bind(stmt, i + 1, key, &place,
                                    tg_span_buf(bytes_of(row, c)));
    }
    return err;
}

/* The id that the next row gets: the values are sealed with it before the row
 * is there. */
static enum tg_err
next_id(sqlite3 *db, int64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = wallet_sql_prepare(db,
                                  "SELECT ifnull(max(seq), 0) + 1"
                                  " FROM sqlite_sequence"
                                  " WHERE name = 'share'",
                                  &stmt)) != TG_OK)
        return err;
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else
        err = code == SQLITE_DONE ? TG_E_FORMAT : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    return err;
}

static enum tg_err
insert(struct tg_wallet *wallet, struct wallet_row *row)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = next_id(wallet->db, &row->id)) != TG_OK)
        return err;
    if ((err = prepare(wallet->db, append_insert, &stmt)) != TG_OK)
        return err;
    if ((err = bind_row(stmt, &wallet->key, row)) != TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    return wallet_sql_finish(stmt);
}

/* Why an update found no row. */
static enum tg_err
explain_no_row(struct tg_wallet *wallet, int64_t id)
{
    struct wallet_row row = {0};
    enum tg_err err = load(wallet, id, &row);

    wallet_row_done(&row);
    return err == TG_OK ? TG_E_LOCKED : err;
}

static enum tg_err
replace(struct tg_wallet *wallet, struct wallet_row *row)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = prepare(wallet->db, append_update, &stmt)) != TG_OK)
        return err;
    err = bind_row(stmt, &wallet->key, row);
    sqlite3_bind_int64(stmt, PARAMETER_REVISION, row->revision - 1);
    if (err == TG_OK)
        err = wallet_sql_finish(stmt);
    else
        sqlite3_finalize(stmt);
    if (err == TG_OK && sqlite3_changes(wallet->db) == 0)
        err = explain_no_row(wallet, row->id);
    return err;
}

enum tg_err
wallet_save(struct tg_wallet *wallet, struct wallet_row *row)
{
    bool is_new = row->id == 0;
    enum tg_err err;

    if ((err = wallet_enter(wallet, WALLET_WRITE)) != TG_OK)
        return err;
    if (is_new) {
        if ((err = wallet_leave(wallet, insert(wallet, row))) != TG_OK)
            row->id = 0;
        return err;
    }
    row->revision++;
    if ((err = wallet_leave(wallet, replace(wallet, row))) != TG_OK)
        row->revision--;
    return err;
}

/* One row, from a SELECT to an INSERT, which is stepped. */
static enum tg_err
copy_one(sqlite3_stmt *select, const struct aead_key *from,
         sqlite3_stmt *insert, const struct aead_key *to)
{
    struct wallet_row row = {0};
    enum tg_err err;

    if ((err = take_row(select, from, &row)) == TG_OK &&
        (err = bind_row(insert, to, &row)) == TG_OK)
        err = wallet_sql_err(sqlite3_step(insert));
    wallet_row_done(&row);
    return err == TG_OK ? wallet_sql_err(sqlite3_reset(insert)) : err;
}

enum tg_err
wallet_rows_copy(sqlite3 *db, const struct aead_key *from,
                 const struct aead_key *to)
{
    sqlite3_stmt *select = NULL;
    sqlite3_stmt *insert = NULL;
    enum tg_err err;
    int code;

    if ((err = prepare(db, append_select_all, &select)) != TG_OK ||
        (err = prepare(db, append_copy, &insert)) != TG_OK)
        goto out;
    while (err == TG_OK && (code = sqlite3_step(select)) != SQLITE_DONE)
        err = code == SQLITE_ROW ? copy_one(select, from, insert, to)
                                 : wallet_sql_err(code);
out:
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return err;
}

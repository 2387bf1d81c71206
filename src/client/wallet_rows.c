/* See wallet.h: shares as rows. One table names the columns; every statement
 * about rows is made from it. */
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

/* "a, b, c", or with `suffix` "=?" "a=?1, b=?2, c=?3". */
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
append_insert(struct tg_buf *sql)
{
    enum tg_err err;

    if ((err = tg_buf_text(sql, "INSERT INTO share (")) != TG_OK ||
        (err = append_columns(sql, false)) != TG_OK ||
        (err = tg_buf_text(sql, ") VALUES (")) != TG_OK)
        return err;
    for (size_t i = 0; i < COLUMN_COUNT && err == TG_OK; i++)
        err = tg_buf_printf(sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    return err == TG_OK ? tg_buf_text(sql, ")") : err;
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
append_select(struct tg_buf *sql)
{
    enum tg_err err;

    if ((err = tg_buf_text(sql, "SELECT ")) != TG_OK ||
        (err = append_columns(sql, false)) != TG_OK)
        return err;
    return tg_buf_text(sql, " FROM share WHERE id = ?1");
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

static enum tg_err
take_row(sqlite3_stmt *stmt, struct wallet_row *row)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        enum tg_err err;

        if (columns[i].kind == INTEGER)
            *integer_of(row, &columns[i]) = sqlite3_column_int64(stmt, i);
        else if ((err = wallet_sql_bytes(stmt, i,
                                         bytes_of(row, &columns[i]))) != TG_OK)
            return err;
    }
    return TG_OK;
}

enum tg_err
wallet_load(struct tg_wallet *wallet, int64_t id, struct wallet_row *out)
{
    struct wallet_row row = {.id = id};
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = prepare(wallet->db, append_select, &stmt)) != TG_OK)
        return err;
    sqlite3_bind_int64(stmt, 1, id);
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = take_row(stmt, &row);
    else
        err = code == SQLITE_DONE ? TG_E_NOT_FOUND : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    if (err == TG_OK)
        *out = row;
    else
        wallet_row_done(&row);
    return err;
}

static enum tg_err
bind_row(sqlite3_stmt *stmt, struct wallet_row *row)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const struct column *c = &columns[i];
        enum tg_err err =
            c->kind == INTEGER
                ? wallet_sql_err(
                      sqlite3_bind_int64(stmt, i + 1, *integer_of(row, c)))
                : wallet_sql_bind(stmt, i + 1, tg_span_buf(bytes_of(row, c)));

        if (err != TG_OK)
            return err;
    }
    return TG_OK;
}

static enum tg_err
insert(struct tg_wallet *wallet, struct wallet_row *row)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = prepare(wallet->db, append_insert, &stmt)) != TG_OK)
        return err;
    if ((err = bind_row(stmt, row)) != TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    if ((err = wallet_sql_finish(stmt)) == TG_OK)
        row->id = sqlite3_last_insert_rowid(wallet->db);
    return err;
}

/* Why an update found no row. */
static enum tg_err
explain_no_row(struct tg_wallet *wallet, int64_t id)
{
    struct wallet_row row = {0};
    enum tg_err err = wallet_load(wallet, id, &row);

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
    row->revision++;
    err = bind_row(stmt, row);
    sqlite3_bind_int64(stmt, PARAMETER_ID, row->id);
    sqlite3_bind_int64(stmt, PARAMETER_REVISION, row->revision - 1);
    if (err == TG_OK)
        err = wallet_sql_finish(stmt);
    else
        sqlite3_finalize(stmt);
    if (err == TG_OK && sqlite3_changes(wallet->db) == 0)
        err = explain_no_row(wallet, row->id);
    if (err != TG_OK)
        row->revision--;
    return err;
}

enum tg_err
wallet_save(struct tg_wallet *wallet, struct wallet_row *row)
{
    return row->id == 0 ? insert(wallet, row) : replace(wallet, row);
}

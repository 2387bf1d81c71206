/* For tests of the wallet's file: a wallet in a directory of its own, and what
 * can be read in its files without any key. */
#ifndef WALLET_KIT_H
#define WALLET_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <tigress/tigress.h>

#include "base/bytes.h"

struct fixture {
    char directory[64];
    char path[80];
    struct tg_wallet *wallet; /* may be NULL */
};

static inline void
reopen(struct fixture *f)
{
    tg_wallet_close(f->wallet);
    f->wallet = NULL;
    assert_int_equal(tg_wallet_open(f->path, &f->wallet), TG_OK);
}

/* Without a wallet in it yet. */
static inline int
set_up_directory(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->directory, sizeof(f->directory), "/tmp/test_wallet_XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/wallet", f->directory);
    *state = f;
    return 0;
}

static inline int
set_up(void **state)
{
    set_up_directory(state);
    reopen(*state);
    return 0;
}

static inline int
tear_down(void **state)
{
    struct fixture *f = *state;
    char journal[96];

    tg_wallet_close(f->wallet);
    snprintf(journal, sizeof(journal), "%s-journal", f->path);
    unlink(journal);
    unlink(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static inline void
run_sql(const char *path, const char *sql)
{
    char *problem = NULL;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &problem);
    assert_null(problem);
    sqlite3_close(db);
}

/* The bytes that a query gives, in *out. */
static inline void
query_bytes(const char *path, const char *sql, struct tg_buf *out)
{
    sqlite3_stmt *stmt;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    tg_buf_clear(out);
    assert_int_equal(
        tg_buf_append(out, (struct tg_span){
                               sqlite3_column_blob(stmt, 0),
                               (size_t)sqlite3_column_bytes(stmt, 0)}),
        TG_OK);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static inline bool
is_in_file(const char *path, struct tg_span what)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    bool found;
    size_t len;

    if (file == NULL)
        return false;
    fseek(file, 0, SEEK_END);
    len = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(len + 1);
    assert_int_equal(fread(bytes, 1, len, file), len);
    fclose(file);
    found = memmem(bytes, len, what.ptr, what.len) != NULL;
    free(bytes);
    return found;
}

/* In the wallet's file, or in one that SQLite has beside it. */
static inline bool
can_be_read(const struct fixture *f, struct tg_span what)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};

    for (size_t i = 0; i < 4; i++) {
        char path[96];

        snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        if (is_in_file(path, what))
            return true;
    }
    return false;
}

static inline void
assert_data(struct tg_wallet *wallet, const char *name, const char *value)
{
    struct tg_buf out = TG_BUF_EMPTY;

    assert_int_equal(tg_wallet_get(wallet, name, &out), TG_OK);
    assert_true(tg_span_is(tg_span_buf(&out), value));
    tg_buf_free(&out);
}

static inline void
put_data(struct tg_wallet *wallet, const char *name, const char *value)
{
    assert_int_equal(tg_wallet_put(wallet, name, tg_span_text(value)), TG_OK);
}

#endif

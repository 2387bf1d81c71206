/* See store_kit.h. */
#include "store_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "store/lmdb/lmdb_store.h"
#include "store/mem.h"
#include "store/postgres/pg_store.h"

enum { MAP_SIZE = 64 * 1024 * 1024 };

static enum kit_kind kind_chosen;

bool
kit_choose(const char *kind)
{
    static const char *const names[] = {"mem", "lmdb", "pg"};

    for (int i = 0; i < 3; i++)
        if (strcmp(kind, names[i]) == 0) {
            kind_chosen = (enum kit_kind)i;
            return kind_chosen != KIT_PG || kit_database() != NULL;
        }
    return false;
}

enum kit_kind
kit_kind(void)
{
    return kind_chosen;
}

int
kit_run_tests(const char *name, const struct CMUnitTest *tests, size_t count,
              size_t all)
{
    if (count < all)
        printf("# %zu tests are left out here\n", all - count);
    return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}

/* ---- PostgreSQL -------------------------------------------------------- */

const char *
kit_database(void)
{
    return getenv("TIGRESS_TEST_POSTGRESQL");
}

static void
ignore_notice(void *self, const PGresult *notice)
{
    (void)self;
    (void)notice;
}

const char *
kit_sql(const char *text)
{
    static char value[256];
    PGconn *pg = PQconnectdb(kit_database());
    PGresult *result;
    ExecStatusType status;

    (void)PQsetNoticeReceiver(pg, ignore_notice, NULL);
    result = PQexec(pg, text);
    status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(pg));
    value[0] = 0;
    if (PQntuples(result) > 0)
        snprintf(value, sizeof(value), "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(pg);
    return value;
}

static void
complain(void *self, const char *text)
{
    (void)self;
    printf("# %s\n", text);
}

static void
open_pg(struct kit *k)
{
    const struct pg_options options = {.uri = kit_database(),
                                       .complain = complain};
    struct row_salt salt;

    assert_int_equal(pg_store_open(&options, &k->store, &k->hours, &salt),
                     TG_OK);
}

/* ---- any --------------------------------------------------------------- */

void
kit_create(struct kit *k)
{
    struct lmdb_options options;
    const char *parent = getenv("TMPDIR");

    k->fd = -1;
    if (kind_chosen == KIT_PG)
        kit_sql("DROP SCHEMA IF EXISTS tigress CASCADE");
    if (kind_chosen != KIT_LMDB)
        return;
    snprintf(k->directory, sizeof(k->directory), "%s/tigress-store-XXXXXX",
             parent != NULL && strlen(parent) < 32 ? parent : "/tmp");
    assert_non_null(mkdtemp(k->directory));
    k->fd = open(k->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(k->fd >= 0);
    if (k->map_size == 0)
        k->map_size = MAP_SIZE;
    options = (struct lmdb_options){k->fd, k->map_size};
    assert_int_equal(lmdb_store_create(&options, -1u, -1u), TG_OK);
}

void
kit_open(struct kit *k)
{
    const struct lmdb_options options = {k->fd, k->map_size};

    if (kind_chosen == KIT_PG)
        open_pg(k);
    else if (kind_chosen == KIT_LMDB)
        assert_int_equal(lmdb_store_open(&options, &k->store, &k->hours),
                         TG_OK);
    else
        assert_int_equal(mem_open(&k->store, &k->hours), TG_OK);
}

void
kit_begin(struct kit *k)
{
    memset(k, 0, sizeof(*k));
    kit_create(k);
    kit_open(k);
}

void
kit_close(struct kit *k)
{
    k->store.close(k->store.self);
}

static void
remove_files(const char *directory)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    assert_int_equal(rmdir(directory), 0);
}

void
kit_end(struct kit *k)
{
    kit_close(k);
    if (kind_chosen != KIT_LMDB)
        return;
    close(k->fd);
    assert_int_equal(chdir("/"), 0); /* opening may have brought us there */
    remove_files(k->directory);
}

/* ---- operations -------------------------------------------------------- */

struct store_key
kit_key(unsigned number)
{
    struct store_key key;

    memset(key.bytes, 0x6b, sizeof(key.bytes));
    memcpy(key.bytes, &number, sizeof(number));
    return key;
}

static enum tg_err
decide(struct store_op *op, const struct store_row *row,
       struct store_change *change)
{
    struct kit_op *k = (struct kit_op *)op;

    k->decided++;
    k->found = row != NULL;
    if (row != NULL) {
        assert_true(row->blob.len <= sizeof(k->blob));
        k->expires = row->expires;
        if (row->blob.len > 0) /* memcpy() wants no NULL, even for nothing */
            memcpy(k->blob, row->blob.ptr, row->blob.len);
        k->len = row->blob.len;
    }
    if (k->error != TG_OK)
        return k->error;
    *change = k->change;
    return TG_OK;
}

static void
init_op(struct kit_op *op, unsigned key)
{
    memset(op, 0, sizeof(*op));
    op->op.key = kit_key(key);
    op->op.decide = decide;
    op->op.result = TG_E_LAST;
}

void
kit_get(struct kit_op *op, unsigned key)
{
    init_op(op, key);
    op->op.only_reads = true;
}

void
kit_put(struct kit_op *op, unsigned key, tg_time_s expires, const char *text)
{
    init_op(op, key);
    op->change.verb = STORE_PUT;
    op->change.row = (struct store_row){expires, tg_span_text(text)};
}

void
kit_remove(struct kit_op *op, unsigned key)
{
    init_op(op, key);
    op->change.verb = STORE_REMOVE;
}

void
kit_run_ops(const struct kit *k, struct kit_op *const ops[], size_t count)
{
    struct store_op *list[STORE_BATCH_MOST];

    for (size_t i = 0; i < count; i++)
        list[i] = &ops[i]->op;
    k->store.run(k->store.self, list, count);
}

enum tg_err
kit_do(const struct kit *k, struct kit_op *op)
{
    kit_run_ops(k, &op, 1);
    return op->op.result;
}

const char *
kit_look(const struct kit *k, unsigned key)
{
    static struct kit_op look;

    kit_get(&look, key);
    assert_int_equal(kit_do(k, &look), TG_OK);
    if (!look.found)
        return NULL;
    assert_true(look.len < sizeof(look.blob));
    look.blob[look.len] = 0;
    return (const char *)look.blob;
}

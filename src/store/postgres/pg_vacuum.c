/* See pg_vacuum.h.
 *
 * The thread rests until rows have died here, then connects. Whoever gets the
 * lock looks whether the table wants a vacuum, again and again for as long as
 * rows die; nobody else keeps a connection.
 */
#include "store/postgres/pg_vacuum.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/postgres/pg_connection.h"
#include "store/thread.h"

enum {
    TELL_ROWS = 250,    /* that have died before the thread hears of it */
    LEAST_DEAD = 500,   /* a megabyte or less is not worth the trouble */
    LIVE_PER_DEAD = 10, /* a vacuum when one has died for so many that live */
    QUICK = 3,          /* between two that also tidy the indexes */
    LEAST_CHUNKS = 500, /* the same of what is too large for a page */
    LOOK_MS = 250,      /* between two looks */
    HELD_MS = 15000,    /* until the next attempt, when another vacuums or the
                           database is away */
    IDLE_MS = 60000,    /* without dead rows: let another do it */
    PATIENCE_MS = 5000, /* for answers other than a vacuum's */
    VACUUM_MS = 60 * 60 * 1000,
    MAINTAIN_VERSION = 170000 /* of the server that has a right for it */
};

struct pg_vacuum {
    struct pg_options options;
    struct pg_connection connection; /* the thread's */
    unsigned quick;                  /* the thread's: so many in a row */
    pthread_t thread;
    bool has_thread;
    bool was_told_refused;           /* the caller's */
    size_t untold;                   /* the caller's: have died */
    int orders;                      /* a bell: rows have died */
    int end;                         /* a bell: the thread is to end */

    pthread_mutex_t lock;
    /* Under the lock: */
    size_t died;                     /* here, since the last vacuum began */
    bool is_refused;
};

/* What is to be known of the table. */
struct state {
    int64_t live;
    int64_t dead;
    int64_t live_chunks;
    int64_t dead_chunks;
};

/* ---- waiting, in the thread -------------------------------------------- */

/* Until `fd` is readable, or for `ms` (-1: no limit); -1 as `fd`: none. */
enum awaited { THE_TIME, THE_FD, THE_END };

static enum awaited
await(const struct pg_vacuum *v, int fd, int ms)
{
    struct pollfd fds[] = {{.fd = v->end, .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};

    if (poll(fds, sizeof(fds) / sizeof(fds[0]), ms) <= 0)
        return THE_TIME;
    return fds[0].revents != 0 ? THE_END : THE_FD;
}

static enum awaited
await_order(const struct pg_vacuum *v, int ms)
{
    enum awaited what = await(v, v->orders, ms);

    if (what == THE_FD)
        thread_silence(v->orders);
    return what;
}

static enum tg_err
query(struct pg_vacuum *v, const char *text, PGresult **out)
{
    return pg_connection_query(&v->connection, text,
                               tg_mono_now() + PATIENCE_MS, out);
}

/* ---- the right to, and whose turn it is -------------------------------- */

/* The server ends a vacuum within two seconds when we are gone, and else may
 * take its time. A commit that is lost in a crash loses nothing here. */
#define SETTINGS \
    "SELECT set_config('search_path', '', false)," \
    " set_config('statement_timeout', '0', false)," \
    " set_config('synchronous_commit', 'off', false)," \
    " set_config('client_connection_check_interval', '2s', false)," \
    " set_config('vacuum_cost_delay', '0', false);" \
    "SELECT set_config(name, '16MB', false) FROM pg_catalog.pg_settings" \
    " WHERE name = 'vacuum_buffer_usage_limit';"

/* A number that nobody else in this database is likely to lock: "tigv". */
#define TRY_LOCK "SELECT pg_try_advisory_lock(1953064822)"

#define OF_ROWS \
    " FROM pg_catalog.pg_class c" \
    " WHERE c.oid = to_regclass('tigress.rows')"

/* A relay's user is not the owner in everything that it does, only here. */
#define BE_OWNER \
    "SELECT set_config('role', pg_get_userbyid(c.relowner), false)" OF_ROWS \
    " AND pg_has_role(c.relowner, 'MEMBER')" \
    " AND NOT pg_has_role(c.relowner, 'USAGE');"
#define MAY_VACUUM "SELECT pg_has_role(c.relowner, 'USAGE')"
#define MAY_MAINTAIN " OR has_table_privilege(c.oid, 'MAINTAIN')"

static enum tg_err
is_true(struct pg_vacuum *v, const char *text, bool *out)
{
    PGresult *result = NULL;
    enum tg_err err = query(v, text, &result);

    *out = err == TG_OK && PQntuples(result) == 1 &&
           PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    return err;
}

static void
set_refused(struct pg_vacuum *v, bool is_refused)
{
    pthread_mutex_lock(&v->lock);
    v->is_refused = is_refused;
    pthread_mutex_unlock(&v->lock);
}

/* TG_E_LOCKED: another one does it. TG_E_REFUSED: this user may not. */
static enum tg_err
begin(struct pg_vacuum *v)
{
    enum tg_err err;
    bool is_ours;
    bool may = false;

    if ((err = pg_connection_open(&v->connection)) != TG_OK ||
        (err = is_true(v, SETTINGS TRY_LOCK, &is_ours)) != TG_OK)
        return err;
    if (!is_ours)
        return TG_E_LOCKED;
    err = PQserverVersion(v->connection.pg) < MAINTAIN_VERSION
              ? is_true(v, BE_OWNER MAY_VACUUM OF_ROWS, &may)
              : is_true(v, BE_OWNER MAY_VACUUM MAY_MAINTAIN OF_ROWS, &may);
    if (err != TG_OK)
        return err;
    set_refused(v, !may);
    return may ? TG_OK : TG_E_REFUSED;
}

/* ---- looking ----------------------------------------------------------- */

static int64_t
number_of(const PGresult *result, int column)
{
    return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* What all relays' connections have reported, within a second or so. */
static enum tg_err
look(struct pg_vacuum *v, struct state *out)
{
    PGresult *result = NULL;
    enum tg_err err =
        query(v, "SELECT pg_stat_get_live_tuples(c.oid),"
                 " pg_stat_get_dead_tuples(c.oid),"
                 " pg_stat_get_live_tuples(c.reltoastrelid),"
                 " pg_stat_get_dead_tuples(c.reltoastrelid)" OF_ROWS,
              &result);

    if (err == TG_OK && PQntuples(result) == 1)
        *out = (struct state){number_of(result, 0), number_of(result, 1),
                              number_of(result, 2), number_of(result, 3)};
    else if (err == TG_OK)
        err = TG_E_NOT_FOUND;
    PQclear(result);
    return err;
}

/* What died here is known at once, before it is reported. */
static bool
are_rows_due(struct pg_vacuum *v, const struct state *s)
{
    int64_t dead;

    pthread_mutex_lock(&v->lock);
    dead = (int64_t)v->died;
    pthread_mutex_unlock(&v->lock);
    if (dead < s->dead)
        dead = s->dead;
    return dead >= LEAST_DEAD + s->live / LIVE_PER_DEAD;
}

static bool
are_chunks_due(const struct state *s)
{
    return s->dead_chunks >=
           LEAST_CHUNKS + s->live_chunks / LIVE_PER_DEAD;
}

/* ---- vacuuming --------------------------------------------------------- */

/* Until all of it has come, or we are to end: then it is of no interest. */
static enum tg_err
await_vacuum(struct pg_vacuum *v)
{
    const tg_mono_ms deadline = tg_mono_now() + VACUUM_MS;
    PGconn *pg = v->connection.pg;
    enum tg_err err = TG_OK;
    PGresult *result;

    for (;;) {
        if (PQisBusy(pg) == 0) {
            if ((result = PQgetResult(pg)) == NULL)
                return err;
            if (PQresultStatus(result) != PGRES_COMMAND_OK)
                err = TG_E_STORE;
            PQclear(result);
        } else if (await(v, PQsocket(pg), PATIENCE_MS) == THE_END ||
                   tg_mono_now() >= deadline || PQconsumeInput(pg) == 0) {
            return TG_E_NETWORK;
        }
    }
}

static enum tg_err
send_vacuum(struct pg_vacuum *v, const char *text)
{
    pthread_mutex_lock(&v->lock);
    v->died = 0;
    pthread_mutex_unlock(&v->lock);
    if (PQsendQuery(v->connection.pg, text) == 0 ||
        PQflush(v->connection.pg) != 0)
        return TG_E_NETWORK;
    return await_vacuum(v);
}

/* Not where autovacuum is at it already. The end of the file is left alone:
 * to cut it off, everybody would have to wait. Mostly without the indexes:
 * that takes half the time, and gives back all but four bytes a row. */
static enum tg_err
vacuum(struct pg_vacuum *v, bool with_chunks)
{
    const bool with_indexes = v->quick == QUICK;
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    v->quick = with_indexes ? 0 : v->quick + 1;
    err = tg_buf_printf(&text,
                        "VACUUM (SKIP_LOCKED, TRUNCATE OFF, INDEX_CLEANUP %s,"
                        " PROCESS_TOAST %s) tigress.rows",
                        with_indexes ? "ON" : "OFF",
                        with_indexes || with_chunks ? "ON" : "OFF");
    if (err == TG_OK)
        err = tg_buf_terminate(&text);
    if (err == TG_OK)
        err = send_vacuum(v, (const char *)text.ptr);
    tg_buf_free(&text);
    return err;
}

static enum tg_err
work(struct pg_vacuum *v)
{
    struct state state = {0};
    bool with_chunks;
    enum tg_err err = TG_OK;

    if (v->connection.pg == NULL)
        err = begin(v);
    if (err == TG_OK)
        err = look(v, &state);
    if (err != TG_OK)
        return err;
    with_chunks = are_chunks_due(&state);
    return with_chunks || are_rows_due(v, &state) ? vacuum(v, with_chunks)
                                                  : TG_OK;
}

static void *
thread_main(void *self)
{
    struct pg_vacuum *v = self;
    enum awaited what = THE_FD;

    while (what != THE_END) {
        const bool is_idle = v->connection.pg == NULL;

        if ((what = await_order(v, is_idle ? -1 : IDLE_MS)) == THE_TIME)
            pg_connection_close(&v->connection);
        if (what != THE_FD)
            continue;
        if (work(v) == TG_OK) {
            what = await(v, -1, LOOK_MS);
        } else {
            pg_connection_close(&v->connection);
            what = await(v, -1, HELD_MS);
        }
    }
    pg_connection_close(&v->connection);
    return NULL;
}

/* ---- the caller's side ------------------------------------------------- */

void
pg_vacuum_tell(struct pg_vacuum *v, size_t died)
{
    v->untold += died;
    if (v->untold < TELL_ROWS)
        return;
    pthread_mutex_lock(&v->lock);
    v->died += v->untold;
    pthread_mutex_unlock(&v->lock);
    v->untold = 0;
    thread_ring(v->orders);
    if (!v->has_thread)
        v->has_thread =
            thread_start(&v->thread, thread_main, v) == TG_OK;
}

bool
pg_vacuum_was_refused(struct pg_vacuum *v)
{
    bool is_new;

    pthread_mutex_lock(&v->lock);
    is_new = v->is_refused && !v->was_told_refused;
    v->was_told_refused = v->is_refused;
    pthread_mutex_unlock(&v->lock);
    return is_new;
}

static void
release(struct pg_vacuum *v)
{
    if (v->orders >= 0)
        close(v->orders);
    if (v->end >= 0)
        close(v->end);
    pthread_mutex_destroy(&v->lock);
    tg_free(v);
}

enum tg_err
pg_vacuum_new(const struct pg_options *options, struct pg_vacuum **out)
{
    struct pg_vacuum *v = tg_alloc(sizeof(*v));
    enum tg_err err;

    if (v == NULL)
        return TG_E_NOMEM;
    v->options = *options;
    /* The store's thread complains. */
    v->options.complain = NULL;
    pthread_mutex_init(&v->lock, NULL);
    v->orders = thread_bell();
    v->end = thread_bell();
    err = v->orders < 0 || v->end < 0
              ? TG_E_IO
              : pg_connection_init(&v->connection, &v->options);
    if (err != TG_OK) {
        release(v);
        return err;
    }
    *out = v;
    return TG_OK;
}

void
pg_vacuum_free(struct pg_vacuum *v)
{
    if (v == NULL)
        return;
    if (v->has_thread) {
        thread_ring(v->end);
        pthread_join(v->thread, NULL);
    }
    release(v);
}

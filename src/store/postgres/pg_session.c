/* See pg_session.h. */
#include "store/postgres/pg_session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/random.h"
#include "store/postgres/pg_pipeline.h"
#include "store/postgres/pg_schema.h"

enum { PAUSE_LEAST_MS = 50, PAUSE_MOST_MS = 1000, PAUSES = 5 };
enum { SETUP_MS = 5000, MIGRATE_MS = 15 * 60 * 1000, LEAST_VERSION = 150000 };
enum { QUIET_MS = 10000 };  /* no refusal for so long: a full disk is over */
enum { SETTLED_MS = 2000 }; /* since settings were loaded: all have them */

/* Columns of PG_SETTINGS. */
enum { VERSION, FSYNC, PAGES, COMMIT, STANDBYS, LOADED, LOADED_AGO };

enum tg_err
pg_session_init(struct pg_session *s, const struct pg_options *options)
{
    *s = (struct pg_session){.options = *options};
    return pg_connection_init(&s->link, &s->options);
}

void
pg_session_close(struct pg_session *s)
{
    pg_connection_close(&s->link);
}

void
pg_session_tell(struct pg_session *s, enum pg_trouble trouble)
{
    const tg_mono_ms now = tg_mono_now();

    if (trouble == PG_DISK_FULL)
        s->last_full = now;
    /* What needs no room goes on beside what does. */
    if (trouble == s->told ||
        (trouble == PG_FINE && s->told == PG_DISK_FULL &&
         now - s->last_full < QUIET_MS))
        return;
    s->told = trouble;
    s->link.trouble = trouble;
    pg_connection_complain(&s->link);
}

static void
sleep_until(tg_mono_ms at)
{
    tg_mono_ms left = at - tg_mono_now();
    const struct timespec ts = {left / 1000, left % 1000 * 1000000};

    if (left > 0)
        nanosleep(&ts, NULL);
}

/* ---- what the server is set to ----------------------------------------- */

static enum pg_trouble
judge_settings(const struct pg_session *s, const PGresult *r)
{
    const char *commit = PQgetvalue(r, 0, COMMIT);

    if (strtol(PQgetvalue(r, 0, VERSION), NULL, 10) < LEAST_VERSION)
        return PG_OLD_SERVER;
    if (strcmp(PQgetvalue(r, 0, FSYNC), "on") != 0)
        return PG_FSYNC_OFF;
    if (strcmp(commit, "on") != 0 && strcmp(commit, "remote_apply") != 0)
        return PG_COMMIT_WEAK;
    if (strcmp(PQgetvalue(r, 0, PAGES), "on") != 0)
        return PG_PAGES_OFF;
    if (s->options.durability == PG_REPLICATED &&
        PQgetvalue(r, 0, STANDBYS)[0] == 0)
        return PG_NO_STANDBY;
    return PG_FINE;
}

static enum tg_err
settle(struct pg_session *s, tg_mono_ms deadline)
{
    PGresult *result;
    enum pg_trouble trouble;
    enum tg_err err;

    if ((err = pg_connection_query(&s->link, pg_statements_session, deadline,
                                   NULL)) != TG_OK ||
        (err = pg_connection_query(&s->link,
                                   pg_statements_text(PG_SETTINGS), deadline,
                                   &result)) != TG_OK)
        return err;
    trouble = judge_settings(s, result);
    PQclear(result);
    if (trouble == PG_FINE)
        return TG_OK;
    s->link.trouble = trouble;
    return TG_E_STORE;
}

enum tg_err
pg_session_ask(struct pg_session *s)
{
    return pg_pipeline_send(&s->link, PG_LOADED, NULL);
}

/* The server has each of its processes load the settings, sessions first, at
 * their next message; so the one that lets commits go unconfirmed has not done
 * so before this session knows (PostgreSQL 15, postmaster.c, SIGHUP_handler;
 * syncrep.c, SyncRepUpdateSyncStandbysDefined). */
enum tg_err
pg_session_hear(struct pg_session *s, tg_mono_ms deadline, bool *same)
{
    PGresult *result;
    enum tg_err err;

    if ((err = pg_pipeline_result(&s->link, deadline, &result)) != TG_OK)
        return err;
    *same = pg_pipeline_number(result, 0, 0) == s->loaded;
    PQclear(result);
    return TG_OK;
}

/* *wait_ms: for so long they do not count yet. */
static enum tg_err
read_settings(struct pg_session *s, tg_mono_ms deadline, tg_mono_ms *wait_ms)
{
    PGresult *result;
    enum pg_trouble trouble;
    enum tg_err err;
    int64_t age;

    if ((err = pg_pipeline_send(&s->link, PG_SETTINGS, NULL)) != TG_OK ||
        (err = pg_pipeline_sync(&s->link)) != TG_OK ||
        (err = pg_pipeline_result(&s->link, deadline, &result)) != TG_OK)
        return err;
    trouble = judge_settings(s, result);
    s->loaded = pg_pipeline_number(result, 0, LOADED);
    age = pg_pipeline_number(result, 0, LOADED_AGO);
    PQclear(result);
    *wait_ms = age < 0 || age > SETTLED_MS ? 0 : SETTLED_MS - age;
    if ((err = pg_pipeline_end(&s->link, deadline)) == TG_OK &&
        trouble != PG_FINE) {
        pg_connection_lose(&s->link, trouble);
        return TG_E_NETWORK;
    }
    return err;
}

/* The process that makes commits wait takes a new setting up after the
 * sessions, and nothing shows when. So it is given some time. */
enum tg_err
pg_session_judge(struct pg_session *s, tg_mono_ms deadline)
{
    tg_mono_ms wait_ms = 0;
    int64_t waited_for = 0;
    enum tg_err err;

    for (;;) {
        if ((err = read_settings(s, deadline, &wait_ms)) != TG_OK)
            return err;
        if (s->options.durability == PG_LOCAL || wait_ms == 0 ||
            s->loaded == waited_for)
            return TG_OK;
        waited_for = s->loaded;
        sleep_until(tg_mono_now() + wait_ms);
    }
}

/* ---- making it fit ----------------------------------------------------- */

/* The first start of all makes the tables, if it may. */
static enum tg_err
find_tables(struct pg_session *s, tg_mono_ms deadline)
{
    enum tg_err err = pg_schema_check(&s->link, deadline);

    if (err != TG_E_NOT_FOUND)
        return err;
    err = pg_schema_migrate(&s->link, tg_mono_now() + MIGRATE_MS);
    if (err == TG_E_STORE && s->link.trouble == PG_NO_RIGHTS)
        s->link.trouble = PG_NO_SCHEMA;
    return err;
}

/* All relays, and every connection of each, must have the same: otherwise this
 * is another database than the one that we began with. */
static enum tg_err
take_salt(struct pg_session *s, const PGresult *result)
{
    struct tg_span salt;

    s->link.trouble = PG_NO_SCHEMA;
    if (PQntuples(result) != 1)
        return TG_E_STORE;
    salt = pg_pipeline_bytes(result, 0, 0);
    if (salt.len != ROW_SALT_LEN)
        return TG_E_STORE;
    s->link.trouble = PG_OTHER;
    if (s->has_salt && memcmp(s->salt.bytes, salt.ptr, ROW_SALT_LEN) != 0)
        return TG_E_STORE;
    memcpy(s->salt.bytes, salt.ptr, ROW_SALT_LEN);
    s->has_salt = true;
    return TG_OK;
}

static enum tg_err
find_salt(struct pg_session *s, tg_mono_ms deadline)
{
    PGresult *result;
    enum tg_err err;

    if ((err = pg_pipeline_send(&s->link, PG_SALT, NULL)) != TG_OK ||
        (err = pg_pipeline_sync(&s->link)) != TG_OK)
        return err;
    if ((err = pg_pipeline_result(&s->link, deadline, &result)) != TG_OK)
        return err;
    err = take_salt(s, result);
    PQclear(result);
    return err != TG_OK ? err : pg_pipeline_end(&s->link, deadline);
}

static enum tg_err
make_fit(struct pg_session *s)
{
    const tg_mono_ms deadline = tg_mono_now() + SETUP_MS;
    enum tg_err err;

    if ((err = settle(s, deadline)) != TG_OK ||
        (err = pg_connection_end_leftovers(&s->link, deadline)) != TG_OK ||
        (err = find_tables(s, deadline)) != TG_OK ||
        (err = pg_pipeline_prepare(&s->link, deadline)) != TG_OK ||
        (err = pg_session_judge(s, deadline)) != TG_OK)
        return err;
    return find_salt(s, deadline);
}

/* ---- again and again --------------------------------------------------- */

/* 50 ms, 100, 200 … a second; anywhere in the second half of that, so that
 * many relays do not come all at once. */
static tg_mono_ms
pause_ms(unsigned failures)
{
    unsigned shift = failures < PAUSES ? failures : PAUSES;
    tg_mono_ms most = PAUSE_LEAST_MS << shift;
    uint8_t byte;

    if (most > PAUSE_MOST_MS)
        most = PAUSE_MOST_MS;
    if (random_bytes(&byte, 1) != TG_OK)
        byte = 0;
    return most / 2 + most * byte / 512;
}

void
pg_session_pause(struct pg_session *s)
{
    s->next_try = tg_mono_now() + pause_ms(s->failures++);
}

static enum tg_err
try_once(struct pg_session *s)
{
    enum tg_err err;

    s->number++;
    if ((err = pg_connection_open(&s->link)) == TG_OK &&
        (err = make_fit(s)) == TG_OK) {
        s->failures = 0;
        s->out_since = 0;
        s->link.warned = false;
        return TG_OK;
    }
    /* What was ended on this server may be left on the next. */
    s->link.was_lost |= s->link.pg != NULL;
    pg_connection_close(&s->link);
    pg_session_pause(s);
    return err;
}

tg_mono_ms
pg_session_deadline(const struct pg_session *s)
{
    const tg_mono_ms from = s->out_since != 0 ? s->out_since : tg_mono_now();

    /* Batches stand in a queue: with all the patience each, who comes last
     * would wait for as many as are before him. */
    return from + (pg_session_is_unconfirmed(s) ? PG_SHORT_PATIENCE_MS
                                                : PG_PATIENCE_MS);
}

bool
pg_session_is_unconfirmed(const struct pg_session *s)
{
    return s->told == PG_NO_ACKNOWLEDGEMENT;
}

enum tg_err
pg_session_ensure(struct pg_session *s, tg_mono_ms deadline)
{
    bool has_tried = false;

    while (s->link.pg == NULL) {
        if (s->out_since == 0)
            s->out_since = tg_mono_now();
        if (s->next_try > deadline && s->next_try > tg_mono_now())
            break;
        sleep_until(s->next_try);
        has_tried = true;
        if (try_once(s) == TG_OK)
            return TG_OK;
        if (tg_mono_now() >= deadline)
            break;
    }
    if (s->link.pg != NULL)
        return TG_OK;
    if (has_tried) /* otherwise the caller knows more of why it was lost */
        pg_session_tell(s, s->link.trouble);
    return TG_E_STORE;
}

enum tg_err
pg_session_migrate(struct pg_session *s)
{
    enum tg_err err;

    if ((err = pg_connection_open(&s->link)) == TG_OK &&
        (err = settle(s, tg_mono_now() + SETUP_MS)) == TG_OK)
        err = pg_schema_migrate(&s->link, tg_mono_now() + MIGRATE_MS);
    if (err != TG_OK)
        pg_session_tell(s, s->link.trouble);
    pg_connection_close(&s->link);
    return err == TG_E_NETWORK || err == TG_E_VERSION ? TG_E_STORE : err;
}

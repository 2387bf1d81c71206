/* See pg_store.h: the port's functions. */
#include "store/postgres/pg_store.h"

#include "base/alloc.h"
#include "store/postgres/pg_expire.h"
#include "store/postgres/pg_hour_keys.h"
#include "store/postgres/pg_run.h"
#include "store/postgres/pg_vacuum.h"

struct pg_store {
    struct pg_session session;
    struct pg_vacuum *vacuum;
    struct pg_hour_keys hours;
    tg_time_s hour; /* of the last run */
    struct pg_run run;
};

/* Versions of rows that nobody sees any more: of the last round, which mostly
 * is the only one. */
static size_t
count_dead(const struct pg_run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->write_count; i++)
        count += run->writes[i]->fate == PG_DONE && run->writes[i]->found;
    return count;
}

static void
run(void *self, struct store_op *const ops[], size_t count)
{
    struct pg_store *s = self;
    const tg_time_s hour = ops[0]->now / HOUR_SECONDS;

    if (hour != s->hour)
        pg_hour_keys_forget(&s->hours, ops[0]->now);
    s->hour = hour;
    pg_run(&s->run, ops, count);
    pg_vacuum_tell(s->vacuum, count_dead(&s->run));
}

/* For what is not a batch: ready, and until when. */
static enum tg_err
get_ready(struct pg_store *s, tg_mono_ms *deadline)
{
    *deadline = pg_session_deadline(&s->session);
    if (pg_session_ensure(&s->session, *deadline) != TG_OK)
        return TG_E_STORE;
    *deadline = tg_mono_now() + PG_PATIENCE_MS;
    return TG_OK;
}

/* It is not a trouble that ends when the database answers. */
static void
tell_if_refused(struct pg_store *s)
{
    const struct pg_options *options = &s->session.options;

    if (pg_vacuum_was_refused(s->vacuum) && options->complain != NULL)
        options->complain(options->complain_self,
                          pg_trouble_words(PG_NO_VACUUM));
}

static enum tg_err
expire(void *self, tg_time_s now, size_t most, size_t *removed)
{
    struct pg_store *s = self;
    tg_mono_ms deadline;
    enum tg_err err;

    if (get_ready(s, &deadline) != TG_OK)
        return TG_E_STORE;
    err = pg_expire(&s->session, deadline, now, most, removed);
    if (err == TG_OK)
        pg_vacuum_tell(s->vacuum, *removed);
    tell_if_refused(s);
    return err;
}

static enum tg_err
count_rows(void *self, struct store_count *out)
{
    struct pg_store *s = self;
    tg_mono_ms deadline;

    if (get_ready(s, &deadline) != TG_OK)
        return TG_E_STORE;
    return pg_expire_count(&s->session, deadline, out);
}

/* Within a run the run's time counts; and there it is called from. */
static enum tg_err
get_hour_key(void *self, tg_time_s expires, bool create, struct hour_key *out)
{
    struct pg_store *s = self;
    tg_mono_ms deadline = s->run.deadline;

    if (s->run.rows == NULL && get_ready(s, &deadline) != TG_OK)
        return TG_E_STORE;
    return pg_hour_keys_get(&s->hours, &s->session, deadline, expires, create,
                            out);
}

static enum tg_err
destroy_hour_keys(void *self, tg_time_s now)
{
    struct pg_store *s = self;
    tg_mono_ms deadline;

    pg_hour_keys_forget(&s->hours, now);
    if (get_ready(s, &deadline) != TG_OK)
        return TG_E_STORE;
    return pg_hour_keys_destroy(&s->hours, &s->session, deadline, now);
}

static void
close_store(void *self)
{
    struct pg_store *s = self;

    pg_vacuum_free(s->vacuum);
    pg_session_close(&s->session);
    tg_wipe(s, sizeof(*s));
    tg_free(s);
}

enum tg_err
pg_store_open(const struct pg_options *options, struct store *out,
              struct hour_keys *hours, struct row_salt *salt)
{
    struct pg_store *s = tg_alloc(sizeof(*s));
    enum tg_err err;

    if (s == NULL)
        return TG_E_NOMEM;
    if ((err = pg_session_init(&s->session, options)) == TG_OK)
        err = pg_session_ensure(&s->session, tg_mono_now());
    if (err == TG_OK)
        err = pg_vacuum_new(options, &s->vacuum);
    if (err != TG_OK) {
        close_store(s);
        return err;
    }
    s->run.session = &s->session;
    *salt = s->session.salt;
    *out = (struct store){s, run, expire, count_rows, close_store};
    *hours = (struct hour_keys){s, get_hour_key, destroy_hour_keys};
    return TG_OK;
}

enum tg_err
pg_store_migrate(const struct pg_options *options)
{
    struct pg_session session;
    enum tg_err err;

    if ((err = pg_session_init(&session, options)) != TG_OK)
        return err;
    return pg_session_migrate(&session);
}

const char *
pg_store_check_uri(const char *uri)
{
    return pg_connection_check_uri(uri);
}

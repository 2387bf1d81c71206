/* See pg_ear.h. */
#include "store/postgres/pg_ear.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/postgres/pg_connection.h"
#include "store/postgres/pg_wakes.h"
#include "store/thread.h"

enum {
    HEARD_MOST = 4096,   /* that wait to be taken; beyond: all */
    TOLD_MOST = PG_WAKES_TEXT / PG_WAKES_LONGEST, /* that wait to be told */
    BEAT_MS = 2000,      /* between two looks whether the server is the one */
    PATIENCE_MS = 2000,  /* for its answer */
    PAUSE_MS = 500       /* between two attempts to connect */
};

struct pg_ear {
    struct pg_options options;
    struct pg_connection connection; /* the thread's */
    pthread_t thread;
    int news;                        /* a bell: something was heard */
    int orders;                      /* a bell: the thread has to do */

    pthread_mutex_t lock;
    /* Under the lock: */
    struct pg_wake heard[HEARD_MOST]; /* a ring */
    size_t first;
    size_t count;
    bool all;
    struct pg_wake told[TOLD_MOST];
    size_t told_count;
    bool is_ending;
};

/* ---- what was heard ---------------------------------------------------- */

static void
hear_all(struct pg_ear *ear)
{
    pthread_mutex_lock(&ear->lock);
    ear->all = true;
    ear->count = 0;
    pthread_mutex_unlock(&ear->lock);
    thread_ring(ear->news);
}

static void
hear_wake(struct pg_ear *ear, const struct pg_wake *wake)
{
    pthread_mutex_lock(&ear->lock);
    if (ear->count == HEARD_MOST) {
        ear->all = true;
        ear->count = 0;
    }
    if (!ear->all)
        ear->heard[(ear->first + ear->count++) % HEARD_MOST] = *wake;
    pthread_mutex_unlock(&ear->lock);
}

static void
hear(struct pg_ear *ear, const char *text)
{
    struct tg_span rest = tg_span_text(text);
    enum tg_err err = rest.len == 0 ? TG_E_FORMAT : TG_OK;
    struct pg_wake wake;

    while (err == TG_OK && (err = pg_wakes_next(&rest, &wake)) == TG_OK)
        hear_wake(ear, &wake);
    if (err == TG_E_NOT_FOUND)
        thread_ring(ear->news);
    else
        hear_all(ear);
}

enum pg_heard
pg_ear_take(struct pg_ear *ear, struct pg_wake *wake)
{
    enum pg_heard heard = PG_HEARD_NOTHING;

    pthread_mutex_lock(&ear->lock);
    if (ear->all) {
        heard = PG_HEARD_ALL;
        ear->all = false;
    } else if (ear->count > 0) {
        heard = PG_HEARD_WAKE;
        *wake = ear->heard[ear->first];
        ear->first = (ear->first + 1) % HEARD_MOST;
        ear->count--;
    } else {
        /* Under the lock: a ring for what comes next must not be lost. */
        thread_silence(ear->news);
    }
    pthread_mutex_unlock(&ear->lock);
    return heard;
}

/* ---- telling ----------------------------------------------------------- */

void
pg_ear_tell(struct pg_ear *ear, const struct pg_wake *wake)
{
    pthread_mutex_lock(&ear->lock);
    if (ear->told_count < TOLD_MOST)
        ear->told[ear->told_count++] = *wake;
    pthread_mutex_unlock(&ear->lock);
    thread_ring(ear->orders);
}

/* All that is to be told, as a statement; empty when there is nothing. It is no
 * promise, so nobody waits for its commit. */
static enum tg_err
write_told(struct pg_ear *ear, struct tg_buf *out)
{
    struct pg_wake told[TOLD_MOST];
    enum tg_err err = TG_OK;
    size_t count;

    pthread_mutex_lock(&ear->lock);
    count = ear->told_count;
    memcpy(told, ear->told, count * sizeof(told[0]));
    ear->told_count = 0;
    pthread_mutex_unlock(&ear->lock);
    if (count == 0)
        return TG_OK;
    err = tg_buf_text(out, "BEGIN; SET LOCAL synchronous_commit = off;"
                           " SELECT pg_notify('tigress', '");
    for (size_t i = 0; i < count && err == TG_OK; i++)
        err = pg_wakes_add(out, &told[i]);
    if (err == TG_OK)
        err = tg_buf_text(out, "'); COMMIT");
    return err == TG_OK ? tg_buf_terminate(out) : err;
}

static enum tg_err
tell(struct pg_ear *ear)
{
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err = write_told(ear, &text);

    if (err == TG_OK && text.len > 0)
        err = pg_connection_query(&ear->connection, (const char *)text.ptr,
                                  tg_mono_now() + PATIENCE_MS, NULL);
    tg_buf_free(&text);
    return err;
}

/* ---- listening --------------------------------------------------------- */

/* A server that was deposed answers questions, but gets nothing acknowledged
 * by its standbys any more. */
static enum tg_err
beat(struct pg_ear *ear)
{
    const char *question = ear->options.durability == PG_REPLICATED
        ? "SELECT pg_logical_emit_message(true, 'tigress', '')"
        : "SELECT 1";
    enum tg_err err;

    ear->connection.warned = false;
    err = pg_connection_query(&ear->connection, question,
                              tg_mono_now() + PATIENCE_MS, NULL);
    return err == TG_OK && ear->connection.warned ? TG_E_STORE : err;
}

/* First what is to be told, then whether this is the server to listen to, and
 * only then everybody is woken: what changed before is seen by who looks. */
static enum tg_err
begin_to_listen(struct pg_ear *ear)
{
    enum tg_err err = pg_connection_open(&ear->connection);

    if (err == TG_OK) /* a beat that nobody confirms */
        err = pg_connection_end_leftovers(&ear->connection,
                                          tg_mono_now() + PATIENCE_MS);
    if (err == TG_OK)
        err = pg_connection_query(&ear->connection, "LISTEN tigress",
                                  tg_mono_now() + PATIENCE_MS, NULL);
    if (err == TG_OK)
        err = beat(ear);
    if (err == TG_OK)
        hear_all(ear);
    else
        pg_connection_close(&ear->connection);
    return err;
}

static void
hear_notifications(struct pg_ear *ear)
{
    PGnotify *note;

    while ((note = PQnotifies(ear->connection.pg)) != NULL) {
        hear(ear, note->extra);
        PQfreemem(note);
    }
}

/* Wait for a notification, for an order, or for `ms`. False: it is to end. */
static bool
goes_on(struct pg_ear *ear, int ms)
{
    struct pollfd fds[] = {
        {.fd = ear->orders, .events = POLLIN},
        {.fd = ear->connection.pg != NULL ? PQsocket(ear->connection.pg) : -1,
         .events = POLLIN},
    };
    bool is_ending;

    (void)poll(fds, sizeof(fds) / sizeof(fds[0]), ms);
    pthread_mutex_lock(&ear->lock);
    thread_silence(ear->orders);
    is_ending = ear->is_ending;
    pthread_mutex_unlock(&ear->lock);
    return !is_ending;
}

static enum tg_err
work(struct pg_ear *ear, tg_mono_ms *next_beat)
{
    enum tg_err err = TG_OK;

    if (PQconsumeInput(ear->connection.pg) == 0)
        return TG_E_NETWORK;
    if (tg_mono_now() >= *next_beat) {
        err = beat(ear);
        *next_beat = tg_mono_now() + BEAT_MS;
    }
    if (err == TG_OK)
        err = tell(ear);
    if (err == TG_OK)
        hear_notifications(ear);
    return err;
}

static void *
thread_main(void *self)
{
    struct pg_ear *ear = self;
    tg_mono_ms next_beat = 0;
    int pause = 0;

    while (goes_on(ear, pause)) {
        if (ear->connection.pg == NULL) {
            pause = begin_to_listen(ear) == TG_OK ? 0 : PAUSE_MS;
            next_beat = tg_mono_now() + BEAT_MS;
        } else if (work(ear, &next_beat) == TG_OK) {
            pause = (int)(next_beat - tg_mono_now());
        } else {
            pg_connection_close(&ear->connection);
            pause = 0;
        }
        if (pause < 0)
            pause = 0;
    }
    pg_connection_close(&ear->connection);
    return NULL;
}

/* ---- start and end ----------------------------------------------------- */

static void
release(struct pg_ear *ear)
{
    if (ear->news >= 0)
        close(ear->news);
    if (ear->orders >= 0)
        close(ear->orders);
    pthread_mutex_destroy(&ear->lock);
    tg_free(ear);
}

enum tg_err
pg_ear_new(const struct pg_options *options, struct pg_ear **out)
{
    struct pg_ear *ear = tg_alloc(sizeof(*ear));
    enum tg_err err;

    if (ear == NULL)
        return TG_E_NOMEM;
    ear->options = *options;
    /* The store's thread complains of the same database. */
    ear->options.complain = NULL;
    pthread_mutex_init(&ear->lock, NULL);
    ear->news = thread_bell();
    ear->orders = thread_bell();
    err = ear->news < 0 || ear->orders < 0
              ? TG_E_IO
              : pg_connection_init(&ear->connection, &ear->options);
    if (err == TG_OK)
        err = thread_start(&ear->thread, thread_main, ear);
    if (err != TG_OK) {
        release(ear);
        return err;
    }
    *out = ear;
    return TG_OK;
}

int
pg_ear_fd(const struct pg_ear *ear)
{
    return ear->news;
}

void
pg_ear_free(struct pg_ear *ear)
{
    if (ear == NULL)
        return;
    pthread_mutex_lock(&ear->lock);
    ear->is_ending = true;
    pthread_mutex_unlock(&ear->lock);
    thread_ring(ear->orders);
    pthread_join(ear->thread, NULL);
    release(ear);
}

/* See pg_kit.h. */
#include "pg_kit.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

enum { WAITS = 1000, WAIT_US = 20000 };

static char words[512];
static unsigned word_count;

static void
complain(void *self, const char *text)
{
    (void)self;
    snprintf(words, sizeof(words), "%s", text);
    word_count++;
}

const char *
pg_kit_words(void)
{
    return words;
}

unsigned
pg_kit_word_count(void)
{
    return word_count;
}

void
pg_kit_forget_words(void)
{
    words[0] = 0;
    word_count = 0;
}

void
pg_kit_clear(void)
{
    /* A test that failed may have left a setting behind. */
    kit_sql("ALTER SYSTEM RESET ALL");
    kit_sql("SELECT pg_reload_conf()");
    kit_sql("DROP SCHEMA IF EXISTS tigress CASCADE");
    pg_kit_forget_words();
}

enum tg_err
pg_kit_open(struct kit *k, const char *uri, enum pg_durability durability)
{
    const struct pg_options options = {
        .uri = uri != NULL ? uri : kit_database(),
        .durability = durability,
        .complain = complain,
    };
    struct row_salt salt;

    memset(k, 0, sizeof(*k));
    return pg_store_open(&options, &k->store, &k->hours, &salt);
}

const char *
pg_kit_uri_of(const char *user)
{
    static char uri[256];
    const char *after = strchr(kit_database(), '@');

    assert_non_null(after);
    snprintf(uri, sizeof(uri), "postgresql://%s%s", user, after);
    return uri;
}

void
pg_kit_wait_until(const char *question)
{
    for (int i = 0; i < WAITS; i++) {
        if (strcmp(kit_sql(question), "t") == 0)
            return;
        usleep(WAIT_US);
    }
    fail_msg("this did not come true: %s", question);
}

/* ---- a standby --------------------------------------------------------- */

/* Streaming replication (PostgreSQL 15, 55.4): the server sends `w`, where it
 * begins, two numbers more and the log. A standby says `r`, what it has
 * written, flushed and applied, and two numbers more; now and then also when
 * nothing has come, since what it says before the server has taken it for one
 * that keeps up does not count. */
enum { NUMBER_LEN = 8, WAL_HEAD = 1 + 3 * NUMBER_LEN };
enum { REPLY_LEN = 1 + 4 * NUMBER_LEN + 1, TICK_MS = 20 };

struct pg_standby {
    PGconn *pg;
    pthread_t thread;
    uint64_t has; /* the log up to there */
    _Atomic bool ends;
};

static void
put_number(char *out, uint64_t number)
{
    for (size_t i = 0; i < NUMBER_LEN; i++)
        out[i] = (char)(number >> (56 - 8 * i));
}

static uint64_t
get_number(const char *bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < NUMBER_LEN; i++)
        number = number << 8 | (uint8_t)bytes[i];
    return number;
}

static void
confirm(const struct pg_standby *s)
{
    char reply[REPLY_LEN] = {'r'};

    for (size_t i = 0; i < 3; i++)
        put_number(reply + 1 + i * NUMBER_LEN, s->has);
    (void)PQputCopyData(s->pg, reply, REPLY_LEN);
    (void)PQflush(s->pg);
}

static void
take_message(struct pg_standby *s, const char *bytes, int len)
{
    if (bytes[0] == 'w' && len > WAL_HEAD)
        s->has = get_number(bytes + 1) + (uint64_t)(len - WAL_HEAD);
}

static void *
standby_main(void *self)
{
    struct pg_standby *s = self;
    struct pollfd one = {.fd = PQsocket(s->pg), .events = POLLIN};
    char *bytes;
    int len;

    while (!s->ends) {
        while ((len = PQgetCopyData(s->pg, &bytes, 1)) > 0) {
            take_message(s, bytes, len);
            PQfreemem(bytes);
        }
        if (len < 0)
            break;
        confirm(s);
        (void)poll(&one, 1, TICK_MS);
        (void)PQconsumeInput(s->pg);
    }
    return NULL;
}

struct pg_standby *
pg_standby_new(const char *name)
{
    struct pg_standby *s = calloc(1, sizeof(*s));
    char text[320];
    unsigned high, low;
    PGresult *result;

    assert_non_null(s);
    snprintf(text, sizeof(text), "%s&replication=true&application_name=%s",
             kit_database(), name);
    s->pg = PQconnectdb(text);
    assert_int_equal(sscanf(kit_sql("SELECT pg_current_wal_flush_lsn()"),
                            "%X/%X", &high, &low), 2);
    s->has = (uint64_t)high << 32 | low;
    snprintf(text, sizeof(text), "START_REPLICATION PHYSICAL %X/%X", high,
             low);
    result = PQexec(s->pg, text);
    assert_int_equal(PQresultStatus(result), PGRES_COPY_BOTH);
    PQclear(result);
    assert_int_equal(pthread_create(&s->thread, NULL, standby_main, s), 0);
    return s;
}

void
pg_standby_free(struct pg_standby *s)
{
    s->ends = true;
    pthread_join(s->thread, NULL);
    PQfinish(s->pg);
    free(s);
}

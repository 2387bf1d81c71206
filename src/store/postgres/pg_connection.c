/* See pg_connection.h.
 *
 * libpq is used without blocking, and poll(2) waits: its own blocking calls
 * know no deadline once a connection stands. For the same reason the servers
 * of a URI are tried one by one here, not by libpq.
 */
#include "store/postgres/pg_connection.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crypto/random.h"

enum { PARAMETERS_MOST = 64, VALUE_MOST = 256, CONNECT_TIMEOUT_S = 2 };
enum { SQLSTATE_LEN = 5, LEFTOVER_MS = 20 /* between two looks for one */ };

/* What libpq is told; values are borrowed. */
struct parameters {
    const char *names[PARAMETERS_MOST + 1];
    const char *values[PARAMETERS_MOST + 1];
    size_t count;
    /* One server's part of lists such as host=a,b. */
    char host[VALUE_MOST];
    char hostaddr[VALUE_MOST];
    char port[VALUE_MOST];
};

enum tg_err
pg_connection_init(struct pg_connection *c, const struct pg_options *options)
{
    uint8_t tag[8];
    enum tg_err err;

    *c = (struct pg_connection){.options = options};
    if ((err = random_bytes(tag, sizeof(tag))) != TG_OK)
        return err;
    snprintf(c->name, sizeof(c->name), "tigress-%02x%02x%02x%02x%02x%02x%02x"
             "%02x", tag[0], tag[1], tag[2], tag[3], tag[4], tag[5], tag[6],
             tag[7]);
    return TG_OK;
}

void
pg_connection_complain(const struct pg_connection *c)
{
    if (c->options->complain != NULL)
        c->options->complain(c->options->complain_self,
                             pg_trouble_words(c->trouble));
}

/* ---- what the URI says ------------------------------------------------- */

static bool
is_postgresql(const char *uri)
{
    return strncmp(uri, "postgresql://", 13) == 0 ||
           strncmp(uri, "postgres://", 11) == 0;
}

static const char *
value_of(const PQconninfoOption *given, const char *name)
{
    for (; given->keyword != NULL; given++)
        if (strcmp(given->keyword, name) == 0)
            return given->val;
    return NULL;
}

const char *
pg_connection_check_uri(const char *uri)
{
    PQconninfoOption *given;
    char *ignored = NULL;
    bool has_password;

    if (!is_postgresql(uri))
        return "the store's address must begin with postgresql://";
    given = PQconninfoParse(uri, &ignored);
    PQfreemem(ignored); /* it may repeat a password */
    if (given == NULL)
        return "the store's address is not understood: its form is "
               "postgresql://USER@HOST/DATABASE?passfile=FILE, and what may "
               "stand behind the ? are libpq's words, such as sslmode=";
    has_password = value_of(given, "password") != NULL;
    PQconninfoFree(given);
    if (has_password)
        return "a password in the store's address can be read by many: put "
               "it into a file, and name that with passfile=";
    return NULL;
}

/* The n-th of a list with commas; a list of one stands for all. False: the
 * list is longer than it should be for any server. */
static void
part_of(const char *list, size_t n, char out[VALUE_MOST])
{
    const char *from = list;

    if (strchr(list, ',') != NULL)
        for (; n > 0 && strchr(from, ',') != NULL; n--)
            from = strchr(from, ',') + 1;
    snprintf(out, VALUE_MOST, "%.*s", (int)strcspn(from, ","), from);
}

static size_t
count_servers(const PQconninfoOption *given)
{
    const char *list = value_of(given, "hostaddr");
    size_t count = 1;

    if (list == NULL)
        list = value_of(given, "host");
    for (; list != NULL && *list != 0; list++)
        count += *list == ',';
    return count;
}

static void
set(struct parameters *p, const char *name, const char *value)
{
    assert(p->count < PARAMETERS_MOST);
    p->names[p->count] = name;
    p->values[p->count++] = value;
}

/* What was given counts; these are for what was not. */
static void
set_defaults(struct parameters *p, const PQconninfoOption *given)
{
    static const char *const defaults[][2] = {
        {"target_session_attrs", "read-write"}, {"keepalives_idle", "5"},
        {"keepalives_interval", "2"},           {"keepalives_count", "3"},
        {"tcp_user_timeout", "5000"},
    };

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (value_of(given, defaults[i][0]) == NULL)
            set(p, defaults[i][0], defaults[i][1]);
}

static void
choose_server(struct parameters *p, const PQconninfoOption *given, size_t n,
              const char *application)
{
    p->count = 0;
    for (; given->keyword != NULL; given++) {
        if (given->val == NULL ||
            strcmp(given->keyword, "application_name") == 0)
            continue;
        if (strcmp(given->keyword, "host") == 0) {
            part_of(given->val, n, p->host);
            set(p, "host", p->host);
        } else if (strcmp(given->keyword, "hostaddr") == 0) {
            part_of(given->val, n, p->hostaddr);
            set(p, "hostaddr", p->hostaddr);
        } else if (strcmp(given->keyword, "port") == 0) {
            part_of(given->val, n, p->port);
            set(p, "port", p->port);
        } else {
            set(p, given->keyword, given->val);
        }
    }
    set(p, "application_name", application);
    set(p, "client_encoding", "UTF8");
}

/* ---- connecting -------------------------------------------------------- */

/* False at the deadline. */
static bool
wait_for(int fd, short events, tg_mono_ms deadline)
{
    struct pollfd one = {.fd = fd, .events = events};

    for (;;) {
        tg_mono_ms left = deadline - tg_mono_now();
        int ready = poll(&one, 1, left > 0 ? (int)left : 0);

        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        if (left <= 0)
            return false;
    }
}

/* With the verbosity that was set, the server's words are a severity and the
 * SQLSTATE; others are libpq's own. */
static enum pg_trouble
why_not(PGconn *pg)
{
    const char *words = PQerrorMessage(pg);
    const char *state = strstr(words, ":  ");
    char sqlstate[SQLSTATE_LEN + 1];

    if (PQconnectionNeedsPassword(pg) != 0)
        return PG_PASSWORD_WANTED;
    if (strstr(words, "read-only") != NULL)
        return PG_NO_PRIMARY;
    if (strstr(words, "SSL") != NULL || strstr(words, "certificate") != NULL)
        return PG_NO_TLS;
    if (state == NULL || strlen(state + 3) < SQLSTATE_LEN)
        return PG_NO_ANSWER;
    memcpy(sqlstate, state + 3, SQLSTATE_LEN);
    sqlstate[SQLSTATE_LEN] = 0;
    return pg_trouble_of(sqlstate);
}

static bool
finish_connecting(PGconn *pg, tg_mono_ms deadline)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED ||
            !wait_for(PQsocket(pg),
                      status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                      deadline))
            return false;
        status = PQconnectPoll(pg);
    }
    return true;
}

/* Standbys say so by themselves when one connects. */
static bool
takes_writes(const PGconn *pg)
{
    static const char *const telling[] = {"in_hot_standby",
                                          "default_transaction_read_only"};

    for (size_t i = 0; i < 2; i++) {
        const char *value = PQparameterStatus(pg, telling[i]);

        if (value != NULL && strcmp(value, "on") == 0)
            return false;
    }
    return true;
}

static PGconn *
connect_to(const struct parameters *p, tg_mono_ms deadline,
           enum pg_trouble *trouble)
{
    PGconn *pg = PQconnectStartParams(p->names, p->values, 0);

    *trouble = PG_NO_ANSWER;
    if (pg == NULL)
        return NULL;
    (void)PQsetErrorVerbosity(pg, PQERRORS_SQLSTATE);
    if (PQstatus(pg) == CONNECTION_BAD || !finish_connecting(pg, deadline)) {
        *trouble = why_not(pg);
    } else if (!takes_writes(pg)) {
        *trouble = PG_NO_PRIMARY;
    } else if (PQsetnonblocking(pg, 1) == 0) {
        *trouble = PG_FINE;
        return pg;
    }
    PQfinish(pg);
    return NULL;
}

/* A warning at a commit says that it is not what was asked for. */
static void
on_notice(void *self, const PGresult *notice)
{
    struct pg_connection *c = self;
    const char *severity =
        PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        c->warned = true;
}

static tg_mono_ms
timeout_ms(const PQconninfoOption *given)
{
    const char *text = value_of(given, "connect_timeout");
    long seconds = text == NULL ? 0 : strtol(text, NULL, 10);

    if (seconds <= 0 || seconds > 60)
        seconds = CONNECT_TIMEOUT_S;
    return (tg_mono_ms)seconds * 1000;
}

/* Of several troubles the first tells most; but a server that is not there may
 * be a standby, and one that takes no writes is. */
static enum pg_trouble
worse(enum pg_trouble before, enum pg_trouble now)
{
    if (before == PG_NO_ANSWER && now == PG_NO_PRIMARY)
        return before;
    return before == PG_FINE || before == PG_NO_PRIMARY ||
                   before == PG_NO_ANSWER
               ? now
               : before;
}

static enum pg_trouble
try_servers(struct pg_connection *c, const PQconninfoOption *given)
{
    const size_t count = count_servers(given);
    enum pg_trouble all = PG_FINE;

    for (size_t i = 0; i < count; i++) {
        const size_t n = (c->server + i) % count;
        struct parameters p = {0};
        enum pg_trouble trouble;

        choose_server(&p, given, n, c->name);
        set_defaults(&p, given);
        c->pg = connect_to(&p, tg_mono_now() + timeout_ms(given), &trouble);
        if (c->pg != NULL) {
            c->server = n;
            return PG_FINE;
        }
        all = worse(all, trouble);
    }
    return all;
}

enum tg_err
pg_connection_open(struct pg_connection *c)
{
    PQconninfoOption *given = PQconninfoParse(c->options->uri, NULL);
    enum pg_trouble trouble;

    assert(c->pg == NULL);
    if (given == NULL)
        return TG_E_STORE;
    trouble = try_servers(c, given);
    PQconninfoFree(given);
    if (c->pg == NULL) {
        c->trouble = trouble;
        return TG_E_STORE;
    }
    c->warned = false;
    (void)PQsetNoticeReceiver(c->pg, on_notice, c);
    return TG_OK;
}

/* The next one begins with another server. This one may have been deposed
 * without knowing: it would take us in again and again, and confirm nothing. */
void
pg_connection_close(struct pg_connection *c)
{
    if (c->pg != NULL)
        c->server++;
    PQfinish(c->pg);
    c->pg = NULL;
}

void
pg_connection_lose(struct pg_connection *c, enum pg_trouble trouble)
{
    pg_connection_close(c);
    c->was_lost = true;
    c->trouble = trouble;
}

/* ---- asking ------------------------------------------------------------ */

enum tg_err
pg_connection_await(struct pg_connection *c, tg_mono_ms deadline)
{
    for (;;) {
        int unsent = PQflush(c->pg);
        short events = POLLIN;

        if (unsent >= 0 && PQisBusy(c->pg) == 0)
            return TG_OK;
        if (unsent > 0)
            events |= POLLOUT;
        if (unsent < 0 && PQstatus(c->pg) == CONNECTION_BAD)
            break;
        if (!wait_for(PQsocket(c->pg), events, deadline) ||
            PQconsumeInput(c->pg) == 0)
            break;
    }
    pg_connection_lose(c, PG_NO_ANSWER);
    return TG_E_NETWORK;
}

static enum tg_err
judge(struct pg_connection *c, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    ExecStatusType status = PQresultStatus(result);
    enum tg_err err;

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return TG_OK;
    if ((err = pg_trouble_error(sqlstate)) == TG_E_NETWORK)
        pg_connection_lose(c, pg_trouble_of(sqlstate));
    else
        c->trouble = pg_trouble_of(sqlstate);
    return err;
}

enum tg_err
pg_connection_query(struct pg_connection *c, const char *text,
                    tg_mono_ms deadline, PGresult **out)
{
    PGresult *last = NULL;
    PGresult *next;
    enum tg_err err = TG_OK;

    if (PQsendQuery(c->pg, text) == 0) {
        pg_connection_lose(c, PG_NO_ANSWER);
        return TG_E_NETWORK;
    }
    while (err == TG_OK) {
        if ((err = pg_connection_await(c, deadline)) != TG_OK)
            break;
        if ((next = PQgetResult(c->pg)) == NULL)
            break;
        PQclear(last);
        last = next;
        err = judge(c, last);
    }
    while (err != TG_OK && c->pg != NULL &&
           pg_connection_await(c, deadline) == TG_OK &&
           (next = PQgetResult(c->pg)) != NULL)
        PQclear(next);
    if (err == TG_OK && out != NULL) {
        *out = last;
        last = NULL;
    }
    PQclear(last);
    return err;
}

/* ---- what was left behind ---------------------------------------------- */

/* Tell those of our name to end, wait a second for each; how many there were,
 * whatever became of them. One that ends meanwhile by itself is no failure. */
static enum tg_err
end_others(struct pg_connection *c, tg_mono_ms deadline, long *count)
{
    struct tg_buf text = TG_BUF_EMPTY;
    PGresult *result = NULL;
    enum tg_err err;

    err = tg_buf_printf(&text,
                        "SELECT count(pg_catalog.pg_terminate_backend(pid,"
                        " 1000)) FROM pg_catalog.pg_stat_activity"
                        " WHERE application_name = '%s'"
                        " AND pid <> pg_catalog.pg_backend_pid()",
                        c->name);
    if (err == TG_OK && (err = tg_buf_terminate(&text)) == TG_OK)
        err = pg_connection_query(c, (const char *)text.ptr, deadline,
                                  &result);
    tg_buf_free(&text);
    if (err != TG_OK)
        return err;
    *count = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return TG_OK;
}

enum tg_err
pg_connection_end_leftovers(struct pg_connection *c, tg_mono_ms deadline)
{
    enum tg_err err;
    long count;

    while (c->was_lost) {
        if ((err = end_others(c, deadline, &count)) != TG_OK)
            return err;
        c->was_lost = count > 0;
        if (count > 0)
            (void)poll(NULL, 0, LEFTOVER_MS);
    }
    return TG_OK;
}

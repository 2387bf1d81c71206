/* See daemon.h. */
#include "push/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/alloc.h"
#include "push/listen.h"
#include "push/place.h"
#include "push/poster.h"
#include "push/report.h"
#include "push/sender.h"

enum {
    REPORT_MS = 60 * 1000,
    LAST_CHANCE_MS = 5 * 1000, /* between the signal and the end */
    SENDERS_MOST = 8           /* that finish what they have begun */
};

struct daemon {
    const char *path; /* of the configuration */
    char *socket;     /* as it was when it started; likewise */
    char *group;
    size_t queue_most;
    struct loop *loop;
    struct queue *queue;
    struct listener *listener;
    struct sender *sender;
    struct sender *retired[SENDERS_MOST];
    struct report report;
    struct report told;
    sigset_t waiting;     /* what may interrupt a wait: everything */
    tg_mono_ms watchdog;  /* how often to tell; 0: nobody wants to know */
    tg_mono_ms watched;   /* when it was told */
    tg_mono_ms next_told; /* when the counts are due */
    bool is_told[QUEUE_SERVICES]; /* of trouble, before they were due */
    tg_mono_ms end;       /* 0: no end is near */
};

static volatile sig_atomic_t is_told_to_end;
static volatile sig_atomic_t is_told_to_reload;

static void
on_signal(int number)
{
    if (number == SIGHUP)
        is_told_to_reload = 1;
    else
        is_told_to_end = 1;
}

/* Signals come while it waits, at no other time. */
static void
take_signals(struct daemon *d)
{
    static const int numbers[] = {SIGHUP, SIGTERM, SIGINT};
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;

    sigemptyset(&held);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&held, numbers[i]);
    sigprocmask(SIG_BLOCK, &held, &d->waiting);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigdelset(&d->waiting, numbers[i]);
        sigaction(numbers[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* A wait that finds something at once lets none in. */
static void
let_signals_in(const struct daemon *d)
{
    sigset_t held;

    sigprocmask(SIG_SETMASK, &d->waiting, &held);
    sigprocmask(SIG_SETMASK, &held, NULL);
}

/* ---- what comes in, what goes back ------------------------------------- */

static void
on_ring(void *self, const struct doorbell *bell)
{
    struct daemon *d = self;
    struct arrivals *arrivals = &d->report.arrivals;
    size_t service = sender_service(d->sender, bell->type);
    struct doorbell_mark mark;

    if (service == QUEUE_SERVICES) {
        arrivals->unknown++;
        return;
    }
    if (doorbell_mark(bell->type, bell->data, &mark) != TG_OK) {
        arrivals->dropped++;
        return;
    }
    switch (queue_add(d->queue, bell, &mark, service, tg_mono_now())) {
    case QUEUE_ADDED:
        return;
    case QUEUE_FOLDED:
        arrivals->folded++;
        return;
    case QUEUE_FULL:
    case QUEUE_NO_MEMORY:
        break;
    }
    arrivals->dropped++;
}

static void
on_dead(void *self, const struct doorbell_mark *mark)
{
    const struct daemon *d = self;

    if (d->listener != NULL)
        listener_tell_dead(d->listener, mark);
}

/* ---- the configuration ------------------------------------------------- */

static struct sender_ports
ports_of(struct daemon *d)
{
    return (struct sender_ports){.loop = d->loop, .queue = &d->queue,
                                 .counts = d->report.services,
                                 .dead = on_dead, .self = d};
}

static enum tg_err
note(char **at, const char *text)
{
    if (text == NULL)
        return TG_OK;
    *at = tg_alloc(strlen(text) + 1);
    if (*at == NULL)
        return TG_E_NOMEM;
    memcpy(*at, text, strlen(text));
    return TG_OK;
}

/* Remember what cannot change later. */
static enum tg_err
note_place(struct daemon *d, const struct push_config *config)
{
    enum tg_err err = note(&d->socket, config->socket);

    d->queue_most = config->queue;
    return err != TG_OK ? err : note(&d->group, config->group);
}

static bool
is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The configuration and the services that it names. False: it was said. */
static bool
configure(struct daemon *d, struct sender **out)
{
    struct push_config config = {0};
    struct config_problem problem = {0};
    enum tg_err err = config_read(d->path, &config, &problem);
    bool is_first = d->socket == NULL;
    const struct sender_ports ports = ports_of(d);

    if (err == TG_OK && is_first)
        err = note_place(d, &config);
    if (err == TG_OK && (!is_same(d->socket, config.socket) ||
                         !is_same(d->group, config.group) ||
                         d->queue_most != config.queue))
        report_say("socket, group and queue are as they were: they are read "
                   "at the start alone");
    if (err == TG_OK)
        err = sender_new(&ports, &config, out, &problem);
    if (err != TG_OK)
        report_problem(d->path, &problem, err);
    config_free(&config);
    tg_buf_free(&problem.text);
    return err == TG_OK;
}

/* ---- senders that finish what they have begun -------------------------- */

static struct sender **
place_for_retired(struct daemon *d)
{
    for (size_t i = 0; i < SENDERS_MOST; i++)
        if (d->retired[i] == NULL)
            return &d->retired[i];
    return NULL;
}

static void
run_retired(struct daemon *d, tg_mono_ms now)
{
    for (size_t i = 0; i < SENDERS_MOST; i++) {
        if (d->retired[i] == NULL)
            continue;
        sender_run(d->retired[i], now);
        if (sender_in_flight(d->retired[i]) == 0) {
            sender_free(d->retired[i]);
            d->retired[i] = NULL;
        }
    }
}

static size_t
in_flight(const struct daemon *d)
{
    size_t count = sender_in_flight(d->sender);

    for (size_t i = 0; i < SENDERS_MOST; i++)
        if (d->retired[i] != NULL)
            count += sender_in_flight(d->retired[i]);
    return count;
}

/* As long as there is no place, the signal is not forgotten. */
static void
reload(struct daemon *d)
{
    struct sender **place = place_for_retired(d);
    struct sender *fresh;

    if (place == NULL)
        return;
    is_told_to_reload = 0;
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                     tg_mono_now() * 1000);
    if (configure(d, &fresh)) {
        sender_retire(d->sender);
        *place = d->sender;
        d->sender = fresh;
        report_say("the configuration was read anew");
    } else {
        report_say("all goes on with the configuration as it was");
    }
    (void)sd_notify(0, "READY=1");
}

/* ---- the clock --------------------------------------------------------- */

static void
tell_counts(struct daemon *d)
{
    size_t waiting = queue_count(d->queue);

    d->report.listener = listener_counts(d->listener);
    report_counts(&d->told, &d->report, waiting);
    (void)sd_notifyf(0, "STATUS=%zu doorbells wait, %zu workers are "
                     "connected", waiting, d->report.listener.connected);
}

/* Trouble at once, but once a minute; the rest each minute. */
static void
tell_what_is_due(struct daemon *d, tg_mono_ms now)
{
    bool is_new = false;

    if (now >= d->next_told) {
        tell_counts(d);
        memset(d->is_told, 0, sizeof(d->is_told));
        d->next_told = now + REPORT_MS;
        return;
    }
    for (size_t i = 0; i < QUEUE_SERVICES; i++)
        if (d->report.services[i].trouble[0] != '\0' && !d->is_told[i])
            is_new = d->is_told[i] = true;
    if (is_new)
        tell_counts(d);
}

static void
do_what_is_due(struct daemon *d, tg_mono_ms now)
{
    sender_run(d->sender, now);
    run_retired(d, now);
    tell_what_is_due(d, now);
    if (d->watchdog > 0 && now >= d->watched + d->watchdog) {
        (void)sd_notify(0, "WATCHDOG=1");
        d->watched = now;
    }
}

static tg_mono_ms
earlier(tg_mono_ms a, tg_mono_ms b)
{
    return b >= 0 && b < a ? b : a;
}

static tg_mono_ms
next_due(const struct daemon *d)
{
    tg_mono_ms next = earlier(d->next_told, sender_next(d->sender));

    for (size_t i = 0; i < SENDERS_MOST; i++)
        if (d->retired[i] != NULL)
            next = earlier(next, sender_next(d->retired[i]));
    if (d->watchdog > 0)
        next = earlier(next, d->watched + d->watchdog);
    return d->end > 0 ? earlier(next, d->end) : next;
}

/* ---- the end ----------------------------------------------------------- */

static bool
is_something_due(const struct daemon *d, tg_mono_ms now)
{
    for (size_t i = 0; i < QUEUE_SERVICES; i++) {
        tg_mono_ms due = queue_next_due(d->queue, i);

        if (due >= 0 && due <= now)
            return true;
    }
    return false;
}

static bool
is_at_end(const struct daemon *d, tg_mono_ms now)
{
    return d->end > 0 &&
           (now >= d->end ||
            (in_flight(d) == 0 && !is_something_due(d, now)));
}

static void
serve(struct daemon *d)
{
    for (;;) {
        tg_mono_ms now = tg_mono_now();
        tg_mono_ms next;

        let_signals_in(d);
        if (is_told_to_end != 0 && d->end == 0) {
            (void)sd_notify(0, "STOPPING=1");
            listener_stop(d->listener);
            now = tg_mono_now(); /* what it has just taken in is due */
            d->end = now + LAST_CHANCE_MS;
        }
        if (is_told_to_reload != 0 && d->end == 0)
            reload(d);
        do_what_is_due(d, now);
        if (is_at_end(d, now))
            return;
        next = next_due(d);
        now = tg_mono_now();
        loop_wait(d->loop, next > now ? next - now : 0, &d->waiting);
    }
}

static void
tell_end(struct daemon *d)
{
    tell_counts(d);
    report_say("ended; %zu doorbells are left undelivered",
               queue_count(d->queue));
}

/* ---- beginning --------------------------------------------------------- */

/* Keys and tokens are in our memory: it is nobody's, and not the disk's. */
static void
shut_in(void)
{
    const struct rlimit none = {0, 0};
    struct rlimit files;

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* Whether it will be able to listen; else it is said. */
static bool
is_place_good(const struct daemon *d, bool is_start)
{
    char why[PLACE_WHY_MOST];
    enum place place = place_judge(d->socket, d->group, why);

    if (place == PLACE_LATER && !is_start) {
        report_say("note: %s, as it must be at the start: the unit for systemd "
                   "makes it", why);
        return true;
    }
    if (place != PLACE_GOOD)
        report_say("cannot listen at %s: %s", d->socket, why);
    return place == PLACE_GOOD;
}

static bool
open_socket(struct daemon *d)
{
    const char *why = NULL;
    enum tg_err err;

    if (!is_place_good(d, true))
        return false;
    err = listener_open(d->loop, d->socket, d->group, on_ring, d, &d->listener,
                        &why);
    if (err == TG_E_LOCKED)
        report_say("somebody listens at %s already: is another tigress-push "
                   "running?", d->socket);
    else if (err != TG_OK)
        report_say("cannot listen at %s: %s", d->socket,
                   why != NULL ? why : tg_err_name(err));
    return err == TG_OK;
}

static bool
begin(struct daemon *d)
{
    uint64_t watchdog_us = 0;

    if ((d->loop = loop_new()) == NULL || poster_library_open() != TG_OK) {
        report_say("this machine has no room for it");
        return false;
    }
    if (!configure(d, &d->sender))
        return false;
    if ((d->queue = queue_new(d->queue_most)) == NULL) {
        report_say("there is no memory for a queue of that size");
        return false;
    }
    if (!open_socket(d))
        return false;
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        d->watchdog = (tg_mono_ms)(watchdog_us / 2000) + 1;
    d->watched = tg_mono_now();
    d->next_told = d->watched + REPORT_MS;
    return true;
}

bool
daemon_run(const char *path)
{
    struct daemon d = {.path = path};
    bool is_begun;

    shut_in();
    take_signals(&d);
    if ((is_begun = begin(&d))) {
        (void)sd_notify(0, "READY=1");
        report_say("ready");
        serve(&d);
        tell_end(&d);
    }
    for (size_t i = 0; i < SENDERS_MOST; i++)
        sender_free(d.retired[i]);
    sender_free(d.sender);
    listener_free(d.listener);
    queue_free(d.queue);
    loop_free(d.loop);
    poster_library_close();
    tg_free(d.socket);
    tg_free(d.group);
    return is_begun;
}

bool
daemon_check(const char *path)
{
    struct daemon d = {.path = path};
    bool is_right;

    shut_in();
    if (poster_library_open() != TG_OK || (d.loop = loop_new()) == NULL) {
        report_say("this machine has no room for it");
        return false;
    }
    is_right = configure(&d, &d.sender) && is_place_good(&d, false);
    if (is_right) {
        printf("%s is all right; services:", path);
        for (size_t i = 0; i < QUEUE_SERVICES; i++)
            if (sender_has(d.sender, i))
                printf(" %s", sender_names[i]);
        putchar('\n');
    }
    sender_free(d.sender);
    loop_free(d.loop);
    poster_library_close();
    tg_free(d.socket);
    tg_free(d.group);
    return is_right;
}

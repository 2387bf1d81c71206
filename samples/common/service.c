/* See service.h. One thread: the loop below lets libmicrohttpd work whenever
 * something has arrived, and it calls back; a call is in service_call.c, the
 * certificate is made in service_identity.c. */
#include "service.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "service_call.h"

enum { BACKLOG = 128, HOST_MAX = 64, CONNECTION_MEMORY = 32 * 1024 };

/* No session is resumed: connections are not to be told apart. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%NO_TICKETS"

/* A client that is connected, in the order of their coming. */
struct visitor {
    struct visitor *next;
    struct visitor *previous;
    int fd;
    int64_t until_ms;
    bool dismissed;
};

struct service {
    struct service_target target;
    struct MHD_Daemon *daemon;
    struct visitor *first;
    struct visitor *last;
    sigset_t waiting; /* the signals that are held while it waits */
    int events;       /* libmicrohttpd's descriptor for everything */
};

static volatile sig_atomic_t ending;

static void
on_signal(int signal)
{
    (void)signal;
    ending = 1;
}

static int64_t
monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
add_visitor(struct service *service, int fd, void **context)
{
    struct visitor *visitor = calloc(1, sizeof(*visitor));

    *context = visitor;
    if (visitor == NULL)
        return; /* then only silence ends it */
    visitor->fd = fd;
    visitor->until_ms = monotonic_ms() + SERVICE_SECONDS * 1000;
    visitor->previous = service->last;
    if (service->last == NULL)
        service->first = visitor;
    else
        service->last->next = visitor;
    service->last = visitor;
}

static void
remove_visitor(struct service *service, void **context)
{
    struct visitor *visitor = *context;

    if (visitor == NULL)
        return;
    if (visitor->previous == NULL)
        service->first = visitor->next;
    else
        visitor->previous->next = visitor->next;
    if (visitor->next == NULL)
        service->last = visitor->previous;
    else
        visitor->next->previous = visitor->previous;
    free(visitor);
    *context = NULL;
}

static void
on_connection(void *self, struct MHD_Connection *connection, void **context,
              enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        remove_visitor(self, context);
        return;
    }
    info = MHD_get_connection_info(connection,
                                   MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL)
        add_visitor(self, info->connect_fd, context);
}

/* Who sends a byte now and then would stay for ever. Returns how long it takes
 * until the next one has to go, in milliseconds; -1: nobody is here. */
static int64_t
dismiss_visitors(struct service *service)
{
    int64_t now_ms = monotonic_ms();

    for (struct visitor *v = service->first; v != NULL; v = v->next) {
        if (v->until_ms > now_ms)
            return v->until_ms - now_ms;
        if (!v->dismissed)
            shutdown(v->fd, SHUT_RDWR);
        v->dismissed = true;
    }
    return -1;
}

/* A path stays as it was sent, so that no two texts name the same thing. */
static size_t
leave_escapes(void *self, struct MHD_Connection *connection, char *text)
{
    (void)self;
    (void)connection;
    return strlen(text);
}

/* "host:port" or "[host]:port", addresses only. The socket, or -1. */
static int
open_socket(const char *listening, char host[static HOST_MAX])
{
    const struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST |
                                                AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(listening, ':');
    struct addrinfo *found = NULL;
    char address[HOST_MAX];
    size_t len;
    int fd;

    if (colon == NULL || (len = (size_t)(colon - listening)) >= HOST_MAX)
        return -1;
    snprintf(host, HOST_MAX, "%.*s", (int)len, listening);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']')
        snprintf(address, sizeof(address), "%.*s", (int)len - 2, host + 1);
    else
        snprintf(address, sizeof(address), "%s", host);
    if (getaddrinfo(address, colon + 1, &wanted, &found) != 0)
        return -1;
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                0);
    if (fd >= 0 &&
        (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) ||
         bind(fd, found->ai_addr, found->ai_addrlen) != 0 ||
         listen(fd, BACKLOG) != 0)) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* The port that a socket got. 0: unknown. */
static unsigned
port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char port[8];

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, NULL, 0, port,
                    sizeof(port), NI_NUMERICSERV) != 0)
        return 0;
    return (unsigned)strtoul(port, NULL, 10);
}

/* Takes `fd` over. */
static enum tg_err
start(struct service *service, const struct state *state, int fd)
{
    struct text certificate = TEXT_EMPTY;
    struct text key = TEXT_EMPTY;
    const union MHD_DaemonInfo *info;
    enum tg_err err;

    if ((err = state_read(state, SERVICE_CERTIFICATE_FILE, &certificate)) ==
            TG_OK &&
        (err = state_read(state, SERVICE_KEY_FILE, &key)) == TG_OK) {
        service->daemon = MHD_start_daemon(
            MHD_USE_EPOLL | MHD_USE_TLS, 0, NULL, NULL, service_call_go_on,
            &service->target, MHD_OPTION_LISTEN_SOCKET, fd,
            MHD_OPTION_HTTPS_MEM_CERT, certificate.at,
            MHD_OPTION_HTTPS_MEM_KEY, key.at, MHD_OPTION_HTTPS_PRIORITIES,
            PRIORITIES, MHD_OPTION_CONNECTION_LIMIT,
            (unsigned)SERVICE_CONNECTIONS_MAX,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVICE_SECONDS,
            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
            service_call_end, &service->target, MHD_OPTION_NOTIFY_CONNECTION,
            on_connection, service, MHD_OPTION_UNESCAPE_CALLBACK,
            leave_escapes, NULL, MHD_OPTION_END);
        err = service->daemon == NULL ? TG_E_CRYPTO : TG_OK;
    }
    text_free(&key);
    text_free(&certificate);
    if (err != TG_OK) {
        close(fd);
        return err;
    }
    info = MHD_get_daemon_info(service->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    service->events = info->epoll_fd;
    return TG_OK;
}

/* Wait until something arrives, at most `limit_ms` (-1: any time), and let it
 * be worked on. */
static void
work(struct service *service, int64_t limit_ms)
{
    struct pollfd waiting = {.fd = service->events, .events = POLLIN};
    int64_t wait_ms = dismiss_visitors(service);
    MHD_UNSIGNED_LONG_LONG hint_ms;
    struct timespec wait;

    if (MHD_get_timeout(service->daemon, &hint_ms) == MHD_YES &&
        (wait_ms < 0 || hint_ms < (MHD_UNSIGNED_LONG_LONG)wait_ms))
        wait_ms = (int64_t)hint_ms;
    if (limit_ms >= 0 && (wait_ms < 0 || limit_ms < wait_ms))
        wait_ms = limit_ms;
    wait.tv_sec = wait_ms / 1000;
    wait.tv_nsec = wait_ms % 1000 * 1000000;
    (void)ppoll(&waiting, 1, wait_ms < 0 ? NULL : &wait, &service->waiting);
    (void)MHD_run(service->daemon);
}

/* Until a signal comes, then until all that is under way is answered. */
static void
serve(struct service *service)
{
    int64_t until_ms;
    int listening;

    while (!ending)
        work(service, -1);
    listening = MHD_quiesce_daemon(service->daemon);
    if (listening >= 0)
        close(listening);
    until_ms = monotonic_ms() + SERVICE_STOP_SECONDS * 1000;
    while (service->target.calls > 0 && monotonic_ms() < until_ms)
        work(service, until_ms - monotonic_ms());
    MHD_stop_daemon(service->daemon);
}

/* Signals come while the loop waits, and at no other moment. */
static void
hold_signals(struct service *service)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigprocmask(SIG_BLOCK, &held, &service->waiting);
    sigdelset(&service->waiting, SIGTERM);
    sigdelset(&service->waiting, SIGINT);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int
cannot_start(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This service has no certificate yet: run "
                          "`%s init`.",
                          report->program);
    return report_error(report, err, "starting the service", NULL);
}

int
service_run(const struct state *state, struct report *report,
            const char *listen, service_handler *handler, void *self)
{
    struct service service = {.target = {.handler = handler, .self = self}};
    char certificate[STATE_PATH_MAX];
    char host[HOST_MAX];
    unsigned port;
    enum tg_err err;
    int fd;

    if ((err = state_path(state, SERVICE_CERTIFICATE_FILE, certificate)) !=
        TG_OK)
        return cannot_start(report, err);
    if ((fd = open_socket(listen, host)) < 0)
        return report_end(report, REPORT_USAGE,
                          "The service cannot listen at %s: that is no "
                          "address and port of this machine, such as "
                          "127.0.0.1:8444, or another program has it.",
                          listen);
    port = port_of(fd);
    hold_signals(&service);
    if ((err = start(&service, state, fd)) != TG_OK)
        return cannot_start(report, err);
    printf("ready https://%s:%u ca=%s\n", host, port, certificate);
    fflush(stdout);
    serve(&service);
    return REPORT_DONE;
}

/* load: an exact number of requests over TLS, every answer checked.
 *
 * It prepares what it needs, prints `prepared`, waits for a line on standard
 * input (so that whoever measures the server can look first), does the work,
 * and prints one line of JSON. A single wrong answer ends it with status 1: a
 * benchmark must not count failures. One thread; the server's cost is what is
 * measured, not ours.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "link.h"
#include "script.h"

enum { PATIENCE_MS = 20000, EVENTS_MOST = 64 };

struct options {
    unsigned port;
    const char *ca_file;
    enum script_kind kind;
    bool constant;
    unsigned long count;       /* requests */
    unsigned long connections; /* at a time */
    unsigned long mailboxes;   /* that SCRIPT_READ reads */
    const char *device_file;   /* of SCRIPT_CREATE; NULL: any device */
};

/* One connection's place. */
struct lane {
    struct link link;
    struct script script;
};

struct load {
    const struct options *options;
    SSL_CTX *context;
    struct sockaddr_in address;
    int epoll;
    struct lane *lanes;
    unsigned long lane_count;
    struct script_mailbox *mailboxes;
    unsigned long mailbox_count;
    struct script_device *devices; /* one for each request, or NULL */
    bool reconnect;         /* a new connection for each request */
    unsigned long started;  /* requests */
    unsigned long finished;
    unsigned long total;
    size_t body_bytes[STEP_COUNT]; /* of the last answer of each kind */
};

static int
complain(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    return 1;
}

/* ---- the work ---------------------------------------------------------- */

static bool
watch(struct load *load, struct lane *lane)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = lane};

    return epoll_ctl(load->epoll, EPOLL_CTL_ADD, lane->link.fd, &event) == 0;
}

/* Put the lane's next request on its way; connect first if need be. */
static bool
start_request(struct load *load, struct lane *lane)
{
    struct script *script = &lane->script;

    if (lane->link.fd < 0 &&
        (link_open(&lane->link, load->context, &load->address, NULL) != TG_OK ||
         !watch(load, lane)))
        return false;
    if (script->kind == SCRIPT_READ && load->mailbox_count > 0)
        script->mailbox =
            load->mailboxes[load->started % load->mailbox_count];
    if (load->devices != NULL)
        script->device = &load->devices[load->started];
    link_clear(&lane->link);
    load->started++;
    return script_request(script, load->reconnect, &lane->link.out) == TG_OK;
}

/* Check one answer and note what later phases need of it. */
static bool
finish_request(struct load *load, struct lane *lane)
{
    enum script_step step = script_step(&lane->script);
    struct tg_span body = link_body(&lane->link);

    if (!script_accept(&lane->script, lane->link.status, body)) {
        fprintf(stderr, "load: a %s was answered %u with %zu bytes\n",
                script_step_name(step), lane->link.status, body.len);
        return false;
    }
    load->finished++;
    load->body_bytes[step] = body.len;
    if (lane->script.kind == SCRIPT_PREPARE && step == STEP_BIND)
        load->mailboxes[load->mailbox_count++] = lane->script.mailbox;
    return true;
}

/* Go on with one lane as far as it goes without waiting. */
static bool
drive(struct load *load, struct lane *lane)
{
    for (;;) {
        switch (link_go_on(&lane->link)) {
        case LINK_WAITS:
            return true;
        case LINK_BROKEN:
            return complain("a connection broke") == 0;
        case LINK_ANSWERED:
            break;
        }
        if (!finish_request(load, lane))
            return false;
        link_clear(&lane->link); /* an idle lane has nothing to send */
        if (load->reconnect || load->started == load->total)
            link_close(&lane->link);
        if (load->started == load->total)
            return true;
        if (!start_request(load, lane))
            return complain("a request could not be made") == 0;
    }
}

static bool
wait_and_drive(struct load *load)
{
    struct epoll_event events[EVENTS_MOST];
    int count = epoll_wait(load->epoll, events, EVENTS_MOST, PATIENCE_MS);

    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0)
        return complain("no answer for too long") == 0;
    for (int i = 0; i < count; i++) {
        struct lane *lane = events[i].data.ptr;

        /* Between its last answer and its end a lane may still be told of
         * the server's goodbye. */
        if (lane->link.fd >= 0 && lane->link.out.len > 0 &&
            load->finished < load->total && !drive(load, lane))
            return false;
    }
    return true;
}

/* Run `total` requests of one kind to their end. */
static bool
run(struct load *load, enum script_kind kind, unsigned long total)
{
    bool constant = load->options->constant;

    load->total = total;
    load->started = 0;
    load->finished = 0;
    for (unsigned long i = 0; i < load->lane_count; i++) {
        struct lane *lane = &load->lanes[i];

        lane->script = (struct script){.kind = kind, .constant = constant};
        if (load->started < total &&
            (!start_request(load, lane) || !drive(load, lane)))
            return false;
    }
    while (load->finished < total) {
        if (!wait_and_drive(load))
            return false;
    }
    return true;
}

/* ---- phases ------------------------------------------------------------ */

/* "REQUEST-ID CLAIM STATEMENT", a line for each request. */
static bool
read_devices(struct load *load)
{
    unsigned long count = load->options->count;
    FILE *file = fopen(load->options->device_file, "r");
    bool fine = file != NULL;

    load->devices = tg_alloc(count * sizeof(load->devices[0]));
    for (unsigned long i = 0; fine && i < count; i++) {
        struct script_device *device = &load->devices[i];

        fine = fscanf(file, "%36s %36s %ms", device->request_id, device->claim,
                      &device->statement) == 3;
    }
    if (file != NULL)
        (void)fclose(file);
    return fine;
}

static void
free_devices(struct load *load)
{
    for (unsigned long i = 0; load->devices != NULL && i < load->options->count;
         i++)
        free(load->devices[i].statement);
    tg_free(load->devices);
}

static bool
prepare(struct load *load)
{
    const struct options *o = load->options;

    if (o->device_file != NULL && !read_devices(load))
        return false;
    if (o->kind != SCRIPT_READ || o->constant)
        return true;
    load->mailboxes = tg_alloc(o->mailboxes * sizeof(load->mailboxes[0]));
    if (load->mailboxes == NULL)
        return false;
    load->lane_count = 1;
    load->reconnect = false;
    return run(load, SCRIPT_PREPARE,
               o->mailboxes * script_length(SCRIPT_PREPARE));
}

static void
print_result(const struct load *load, tg_mono_ms took)
{
    const char *between = "";

    printf("{\"requests\": %lu, \"seconds\": %.3f, \"bytes\": {",
           load->finished, (double)took / 1000);
    for (enum script_step step = 0; step < STEP_COUNT; step++) {
        printf("%s\"%s\": %zu", between, script_step_name(step),
               load->body_bytes[step]);
        between = ", ";
    }
    printf("}}\n");
}

static bool
wait_for_a_line(const char *say)
{
    char line[16];

    printf("%s\n", say);
    return fgets(line, sizeof(line), stdin) != NULL;
}

static int
work(struct load *load)
{
    const struct options *o = load->options;
    tg_mono_ms begin;

    if (!prepare(load))
        return complain("could not prepare");
    load->lane_count = o->connections;
    load->reconnect = o->kind != SCRIPT_MIX;
    if (!wait_for_a_line("prepared"))
        return complain("nobody told me to start");
    begin = tg_mono_now();
    if (!run(load, o->kind, o->count))
        return 1;
    print_result(load, tg_mono_now() - begin);
    return 0;
}

static int
set_up_and_work(const struct options *options)
{
    struct load load = {
        .options = options,
        .address = {.sin_family = AF_INET,
                    .sin_port = htons((uint16_t)options->port),
                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
    };
    unsigned long lanes = options->connections;
    int status = 1;

    load.context = link_context(options->ca_file);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.lanes = tg_alloc(lanes * sizeof(load.lanes[0]));
    if (load.context != NULL && load.epoll >= 0 && load.lanes != NULL) {
        for (unsigned long i = 0; i < lanes; i++)
            load.lanes[i].link.fd = -1;
        status = work(&load);
        for (unsigned long i = 0; i < lanes; i++)
            link_done(&load.lanes[i].link);
    } else {
        complain("could not start; is the --ca file right?");
    }
    free_devices(&load);
    tg_free(load.mailboxes);
    tg_free(load.lanes);
    SSL_CTX_free(load.context);
    return status;
}

/* ---- options ----------------------------------------------------------- */

static const char usage[] =
    "usage: load --port N --ca FILE --kind create|read|mix\n"
    "            [--count N] [--connections N] [--mailboxes N] [--constant]\n"
    "            [--devices FILE]\n"
    "       load --payload   what every mailbox holds\n";

static bool
parse_kind(const char *name, struct options *o)
{
    static const enum script_kind kinds[] = {SCRIPT_CREATE, SCRIPT_READ,
                                             SCRIPT_MIX};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(name, script_kind_name(kinds[i])) == 0) {
            o->kind = kinds[i];
            return true;
        }
    }
    return false;
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},
        {"ca", required_argument, NULL, 'a'},
        {"kind", required_argument, NULL, 'k'},
        {"count", required_argument, NULL, 'n'},
        {"connections", required_argument, NULL, 'c'},
        {"mailboxes", required_argument, NULL, 'm'},
        {"constant", no_argument, NULL, 'x'},
        {"devices", required_argument, NULL, 'd'},
        {NULL, 0, NULL, 0},
    };
    bool fine = true;
    int option;

    while (fine &&
           (option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 'p':
            o->port = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'a':
            o->ca_file = optarg;
            break;
        case 'k':
            fine = parse_kind(optarg, o);
            break;
        case 'n':
            o->count = strtoul(optarg, NULL, 10);
            break;
        case 'c':
            o->connections = strtoul(optarg, NULL, 10);
            break;
        case 'm':
            o->mailboxes = strtoul(optarg, NULL, 10);
            break;
        case 'x':
            o->constant = true;
            break;
        case 'd':
            o->device_file = optarg;
            break;
        default:
            fine = false;
            break;
        }
    }
    return fine && optind == argc && o->port > 0 && o->ca_file != NULL &&
           o->count > 0 && o->connections > 0 && o->mailboxes > 0;
}

int
main(int argc, char **argv)
{
    struct options options = {.kind = SCRIPT_CREATE, .count = 1000,
                              .connections = 32, .mailboxes = 64};

    if (argc == 2 && strcmp(argv[1], "--payload") == 0)
        return puts(script_payload_data) < 0;
    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return set_up_and_work(&options);
}

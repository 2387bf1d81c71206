/* hold: thousands of TLS connections that stay open, silent or with a read
 * that waits on each.
 *
 * Each is opened and asked one thing first, a few at a time, as devices come.
 * It says when it is ready for what is next, and does that when it gets a line
 * on standard input:
 *
 *   prepared  mailboxes are there; next: open
 *   held      all are open, and wait if they are to; next is a number of
 *             updates, of mailboxes drawn at random and one after another,
 *             which is answered with how long the wakes took; or the end of
 *             input
 *
 * A read whose time is over waits again. A single wrong answer ends it with
 * status 1.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/random.h"
#include "link.h"
#include "script.h"

enum {
    PATIENCE_MS = 20000,
    EVENTS_MOST = 64,
    AT_A_TIME = 32,      /* that prepare, or are being opened */
    PER_ADDRESS = 8192,  /* connections from one address of ours */
    REQUESTS_MOST = 500, /* on the speaker's connection; nginx allows 1000 */
    LINE_MOST = 32
};

struct options {
    unsigned port;
    const char *ca_file;
    bool constant; /* the server answers a constant, and nothing waits */
    bool waits;
    unsigned long connections;
};

/* One connection's place, and who speaks there. */
struct place {
    struct link link;
    struct script script;
    bool is_held; /* silent now, or waiting */
    int64_t woken_us;
};

struct hold {
    const struct options *options;
    SSL_CTX *context;
    struct sockaddr_in address;
    int epoll;
    struct place *places;
    struct script_mailbox *mailboxes;
    unsigned long begun; /* mailboxes, or connections */
    unsigned long done;
    struct place speaker; /* who updates */
    int64_t told_us;      /* when it had its answer */
    unsigned long over;   /* waits whose time was over */
};

static bool
complain(const char *what)
{
    fprintf(stderr, "hold: %s\n", what);
    return false;
}

static int64_t
now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- one request ------------------------------------------------------- */

static bool
connect_to(struct hold *hold, struct place *place)
{
    unsigned long number =
        place == &hold->speaker ? 0 : (unsigned long)(place - hold->places);
    const struct sockaddr_in source = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 +
                                 (in_addr_t)(number / PER_ADDRESS))};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = place};

    return link_open(&place->link, hold->context, &hold->address, &source) ==
               TG_OK &&
           epoll_ctl(hold->epoll, EPOLL_CTL_ADD, place->link.fd, &event) == 0;
}

static bool drive(struct hold *hold, struct place *place);

static bool
ask(struct hold *hold, struct place *place, enum script_kind kind)
{
    place->script.kind = kind;
    if (place->link.fd < 0 && !connect_to(hold, place))
        return complain("cannot connect");
    link_clear(&place->link);
    if (script_request(&place->script, false, &place->link.out) != TG_OK)
        return complain("a request could not be made");
    return drive(hold, place);
}

/* ---- opening and waiting ----------------------------------------------- */

/* Open the next one, if one is left; `before` is done. */
static bool
open_next(struct hold *hold, struct place *before)
{
    struct place *place = &hold->places[hold->begun];

    (void)before;
    if (hold->begun == hold->options->connections)
        return true;
    place->script = (struct script){.constant = hold->options->constant,
                                    .version = 1};
    place->script.mailbox = hold->mailboxes[hold->begun++];
    return ask(hold, place, SCRIPT_READ);
}

static bool
is_held_now(struct hold *hold, struct place *place)
{
    if (place->is_held)
        return true;
    place->is_held = true;
    hold->done++;
    return open_next(hold, place);
}

static bool
after_wait(struct hold *hold, struct place *place)
{
    if (place->link.status == SCRIPT_UNCHANGED) {
        hold->over++;
    } else {
        place->woken_us = now_us();
        place->script.version++;
    }
    return ask(hold, place, SCRIPT_WAIT);
}

/* ---- preparing --------------------------------------------------------- */

static bool
make_next(struct hold *hold, struct place *place)
{
    if (hold->begun == hold->options->connections) {
        link_close(&place->link);
        return true;
    }
    hold->begun++;
    return ask(hold, place, SCRIPT_PREPARE);
}

static bool
after_prepare(struct hold *hold, struct place *place)
{
    if (script_step(&place->script) != STEP_CREATE) /* the bind comes now */
        return ask(hold, place, SCRIPT_PREPARE);
    hold->mailboxes[hold->done++] = place->script.mailbox;
    return make_next(hold, place);
}

/* ---- events ------------------------------------------------------------ */

static bool
after_answer(struct hold *hold, struct place *place)
{
    struct tg_span body = link_body(&place->link);

    if (!script_accept(&place->script, place->link.status, body)) {
        fprintf(stderr, "hold: a %s was answered %u with %zu bytes\n",
                script_kind_name(place->script.kind), place->link.status,
                body.len);
        return false;
    }
    switch (place->script.kind) {
    case SCRIPT_PREPARE:
        return after_prepare(hold, place);
    case SCRIPT_READ:
        link_clear(&place->link);
        return hold->options->waits ? ask(hold, place, SCRIPT_WAIT)
                                    : is_held_now(hold, place);
    case SCRIPT_WAIT:
        return after_wait(hold, place);
    case SCRIPT_UPDATE:
        hold->told_us = now_us();
        link_clear(&place->link);
        return true;
    case SCRIPT_CREATE:
    case SCRIPT_MIX:
    case SCRIPT_KINDS:
        break;
    }
    return complain("an answer to nothing");
}

static bool
drive(struct hold *hold, struct place *place)
{
    switch (link_go_on(&place->link)) {
    case LINK_WAITS:
        return place->script.kind != SCRIPT_WAIT ||
               !link_is_sent(&place->link) || is_held_now(hold, place);
    case LINK_ANSWERED:
        return after_answer(hold, place);
    case LINK_BROKEN:
        break;
    }
    return complain("a connection broke");
}

/* Wait for events, also of standard input when `input` is not NULL; that is
 * set then, and the events are dealt with. */
static bool
turn(struct hold *hold, int patience_ms, bool *input)
{
    struct epoll_event events[EVENTS_MOST];
    int count = epoll_wait(hold->epoll, events, EVENTS_MOST, patience_ms);

    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0)
        return complain("no answer for too long");
    for (int i = 0; i < count; i++) {
        struct place *place = events[i].data.ptr;

        if (place == NULL) {
            if (input != NULL)
                *input = true;
        } else if (place->link.fd >= 0 && place->link.out.len > 0 &&
                   !drive(hold, place)) {
            return false;
        }
    }
    return true;
}

static bool
run(struct hold *hold, bool (*next)(struct hold *, struct place *))
{
    hold->begun = hold->done = 0;
    for (int i = 0; i < AT_A_TIME; i++)
        if (!next(hold, &hold->places[i]))
            return false;
    while (hold->done < hold->options->connections)
        if (!turn(hold, PATIENCE_MS, NULL))
            return false;
    return true;
}

/* ---- waking ------------------------------------------------------------ */

static bool
draw(struct hold *hold, struct place **out)
{
    uint32_t number;

    if (random_bytes(&number, sizeof(number)) != TG_OK)
        return complain("no random bytes");
    *out = &hold->places[number % hold->options->connections];
    return true;
}

/* One update, of a mailbox that is waited for: in µs, from its beginning and
 * from its answer to the answer of who waits. */
static bool
wake_one(struct hold *hold, int64_t *from_sent, int64_t *from_told)
{
    struct place *place;
    int64_t sent_us;

    if (!draw(hold, &place))
        return false;
    place->woken_us = hold->told_us = 0;
    hold->speaker.script.mailbox = place->script.mailbox;
    sent_us = now_us();
    if (!ask(hold, &hold->speaker, SCRIPT_UPDATE))
        return false;
    while (place->woken_us == 0 || hold->told_us == 0)
        if (!turn(hold, PATIENCE_MS, NULL))
            return false;
    *from_sent = place->woken_us - sent_us;
    *from_told = place->woken_us - hold->told_us;
    return true;
}

static int
compare(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;

    return (*left > *right) - (*left < *right);
}

static void
print_spread(const char *name, int64_t *times, unsigned long count)
{
    qsort(times, count, sizeof(times[0]), compare);
    printf("\"%s\": {\"p50\": %lld, \"p99\": %lld, \"most\": %lld}", name,
           (long long)times[count / 2], (long long)times[count * 99 / 100],
           (long long)times[count - 1]);
}

static bool
wake_and_tell(struct hold *hold, unsigned long count)
{
    int64_t *times = tg_alloc(2 * count * sizeof(times[0]));
    bool fine = times != NULL;

    for (unsigned long i = 0; fine && i < count; i++) {
        if (i % REQUESTS_MOST == 0)
            link_close(&hold->speaker.link);
        fine = wake_one(hold, &times[i], &times[count + i]);
    }
    if (fine) {
        printf("{\"over\": %lu, ", hold->over);
        print_spread("sent", times, count);
        printf(", ");
        print_spread("told", times + count, count);
        printf("}\n");
    }
    tg_free(times);
    return fine;
}

/* ---- being told -------------------------------------------------------- */

/* False at the end of input. */
static bool
read_line(char line[LINE_MOST])
{
    ssize_t got = read(STDIN_FILENO, line, LINE_MOST - 1);

    line[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* Hold them until the end of input, and wake some when told. */
static bool
obey(struct hold *hold)
{
    struct epoll_event event = {.events = EPOLLIN};
    char line[LINE_MOST];

    if (epoll_ctl(hold->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
        return complain("standard input is not to be waited for");
    for (;;) {
        bool input = false;
        unsigned long count;

        if (!turn(hold, -1, &input))
            return false;
        if (!input)
            continue;
        if (!read_line(line))
            return true;
        count = strtoul(line, NULL, 10);
        if (count > 0 && hold->options->waits && !wake_and_tell(hold, count))
            return false;
    }
}

static bool
work(struct hold *hold)
{
    char line[LINE_MOST];

    if (!hold->options->constant && !run(hold, make_next))
        return false;
    printf("prepared\n");
    if (!read_line(line))
        return true;
    if (!run(hold, open_next))
        return false;
    printf("held\n");
    return obey(hold);
}

static bool
set_up_and_work(const struct options *options)
{
    struct hold hold = {
        .options = options,
        .address = {.sin_family = AF_INET,
                    .sin_port = htons((uint16_t)options->port),
                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .speaker.link.fd = -1,
    };
    unsigned long count = options->connections;
    bool fine = false;

    hold.context = link_context(options->ca_file);
    hold.epoll = epoll_create1(EPOLL_CLOEXEC);
    hold.places = tg_alloc(count * sizeof(hold.places[0]));
    hold.mailboxes = tg_alloc(count * sizeof(hold.mailboxes[0]));
    if (hold.context != NULL && hold.epoll >= 0 && hold.places != NULL &&
        hold.mailboxes != NULL) {
        for (unsigned long i = 0; i < count; i++)
            hold.places[i].link.fd = -1;
        fine = work(&hold);
        for (unsigned long i = 0; i < count; i++)
            link_done(&hold.places[i].link);
        link_done(&hold.speaker.link);
    } else {
        (void)complain("could not start; is the --ca file right?");
    }
    tg_free(hold.mailboxes);
    tg_free(hold.places);
    SSL_CTX_free(hold.context);
    return fine;
}

/* ---- options ----------------------------------------------------------- */

static const char usage[] =
    "usage: hold --port N --ca FILE [--connections N] [--waits | --constant]\n";

static bool
parse_options(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},
        {"ca", required_argument, NULL, 'a'},
        {"connections", required_argument, NULL, 'c'},
        {"waits", no_argument, NULL, 'w'},
        {"constant", no_argument, NULL, 'x'},
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
        case 'c':
            o->connections = strtoul(optarg, NULL, 10);
            break;
        case 'w':
            o->waits = true;
            break;
        default:
            o->constant = option == 'x';
            fine = o->constant;
            break;
        }
    }
    return fine && optind == argc && o->port > 0 && o->ca_file != NULL &&
           o->connections >= AT_A_TIME && !(o->waits && o->constant);
}

int
main(int argc, char **argv)
{
    struct options options = {.connections = 1000};

    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return set_up_and_work(&options) ? 0 : 1;
}

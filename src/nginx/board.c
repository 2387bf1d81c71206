/* See board.h.
 *
 * An entry of the ring is written like a seqlock: its number is 0 while it is
 * being written, and its place in the whole history plus one afterwards.
 * Sockets have names drawn at random, so that nobody can be waiting at the
 * name of a worker that died; who writes into one can only make its worker look
 * at the board.
 */
#include "nginx/board.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "crypto/random.h"
#include "nginx/shared.h"

enum {
    RING = 4096,      /* entries; a power of two */
    PLACES = 256,     /* workers, of all generations */
    NAME_LEN = 16,    /* random bytes of a socket's name */
    PATIENCE = 50,    /* looks at an entry that is still being written … */
    PATIENCE_MS = 2,  /* … and the time between them */
    MS_PER_S = 1000,
    LOT_BITS = 20,    /* of a ticket, that are drawn */
    LOT_MOST = (1 << LOT_BITS) - 1,
    ZONE_SIZE = 1024 * 1024
};

struct entry {
    _Atomic uint64_t number;
    pid_t from;
    struct board_note note;
};

struct place {
    _Atomic pid_t pid; /* 0: free */
    _Atomic unsigned waiting;
    atomic_flag is_rung;
    uint8_t name[NAME_LEN]; /* set before `waiting` can rise */
};

struct wall {
    _Atomic uint64_t next;
    _Atomic uint64_t tickets;
    struct place places[PLACES];
    struct entry ring[RING];
};

struct board {
    struct wall *wall;
    struct place *place;
    uint64_t seen; /* everything before this was heard */
    ngx_connection_t *bell;
    ngx_event_t again; /* an entry was not yet complete */
    unsigned patience;
    ngx_fd_t caller; /* an unnamed socket, to ring others from */
    struct board_ear ear;
};

/* ---- shared memory ----------------------------------------------------- */

ngx_int_t
board_reserve(ngx_conf_t *cf, struct relay_main *main)
{
    static_assert(sizeof(struct wall) < ZONE_SIZE / 2, "slabs need room too");
    main->board_zone = shared_reserve(cf, "tigress_board_1", ZONE_SIZE,
                                      sizeof(struct wall));
    return main->board_zone != NULL ? NGX_OK : NGX_ERROR;
}

/* ---- ringing ----------------------------------------------------------- */

/* In the abstract namespace: nothing of it is in the file system. */
static socklen_t
name_of(const struct place *place, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    ngx_memcpy(out->sun_path + 1, place->name, NAME_LEN);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + NAME_LEN);
}

/* Unless somebody else has taken it in the meantime. */
static void
free_place(struct place *place, pid_t holder)
{
    (void)atomic_compare_exchange_strong(&place->pid, &holder, 0);
}

static bool
is_waited_at(const struct board *board, const struct place *place)
{
    return place != board->place && atomic_load(&place->pid) != 0 &&
           atomic_load(&place->waiting) > 0;
}

/* False when nobody is there: the worker was killed, and its reads with it. A
 * full socket has been rung enough. */
static bool
ring(const struct board *board, struct place *place)
{
    pid_t holder = atomic_load(&place->pid);
    struct sockaddr_un name;
    socklen_t len = name_of(place, &name);

    if (sendto(board->caller, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
               (struct sockaddr *)&name, len) >= 0 ||
        ngx_socket_errno != ECONNREFUSED)
        return true;
    free_place(place, holder);
    return false;
}

/* Once until it looks. Whoever took the place over while its old worker was
 * being rung is rung too: others left that to us. */
static void
ring_once(const struct board *board, struct place *place)
{
    while (is_waited_at(board, place) &&
           !atomic_flag_test_and_set(&place->is_rung)) {
        if (ring(board, place))
            return;
        atomic_flag_clear(&place->is_rung);
    }
}

static void
ring_those_who_wait(const struct board *board)
{
    for (size_t i = 0; i < PLACES; i++)
        ring_once(board, &board->wall->places[i]);
}

/* Also who seems to have been rung: who said so may have died on the way. */
static void
ring_all_who_wait(const struct board *board)
{
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &board->wall->places[i];

        if (is_waited_at(board, place))
            (void)ring(board, place);
    }
}

void
board_post(struct board *board, const struct board_note *note)
{
    struct wall *wall = board->wall;
    uint64_t number = atomic_fetch_add(&wall->next, 1);
    struct entry *entry = &wall->ring[number % RING];

    atomic_store(&entry->number, 0);
    atomic_thread_fence(memory_order_seq_cst);
    entry->from = ngx_pid;
    entry->note = *note;
    atomic_store(&entry->number, number + 1);
    ring_those_who_wait(board);
    board->ear.hear(board->ear.data, note);
}

/* ---- hearing ----------------------------------------------------------- */

enum reading { READ_ENTRY, READ_NOT_YET, READ_OVERRUN };

static enum reading
read_entry(const struct wall *wall, uint64_t at, struct entry *out)
{
    const struct entry *entry = &wall->ring[at % RING];
    uint64_t number = atomic_load(&entry->number);

    if (number != at + 1)
        return number > at + 1 ? READ_OVERRUN : READ_NOT_YET;
    out->from = entry->from;
    out->note = entry->note;
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load(&entry->number) == at + 1 ? READ_ENTRY : READ_OVERRUN;
}

static void
hear_all_again(struct board *board)
{
    static const struct board_note all = {.kind = BOARD_ALL};

    board->seen = atomic_load(&board->wall->next);
    board->patience = PATIENCE;
    board->ear.hear(board->ear.data, &all);
}

/* True when the next entry must be waited for a little. */
static bool
is_not_yet(struct board *board)
{
    if (board->patience == 0) {
        hear_all_again(board); /* who was writing it has died */
        return false;
    }
    board->patience--;
    ngx_add_timer(&board->again, PATIENCE_MS);
    return true;
}

static void
listen_up(struct board *board)
{
    struct entry entry;

    while (board->seen < atomic_load(&board->wall->next)) {
        switch (read_entry(board->wall, board->seen, &entry)) {
        case READ_ENTRY:
            board->seen++;
            board->patience = PATIENCE;
            if (entry.from != ngx_pid) /* heard when it was posted */
                board->ear.hear(board->ear.data, &entry.note);
            break;
        case READ_NOT_YET:
            if (is_not_yet(board))
                return;
            break;
        case READ_OVERRUN:
            hear_all_again(board);
            break;
        }
    }
}

static void
on_again(ngx_event_t *event)
{
    listen_up(event->data);
}

static void
on_ring(ngx_event_t *event)
{
    ngx_connection_t *c = event->data;
    struct board *board = c->data;
    u_char ignored[16];

    if (c->close) { /* so nginx tells what is idle that its worker ends */
        c->close = 0;
        c->idle = 0;
        board->ear.end(board->ear.data);
    }
    while (recv(c->fd, ignored, sizeof(ignored), MSG_DONTWAIT) >= 0)
        continue;
    atomic_flag_clear(&board->place->is_rung);
    listen_up(board);
}

/* ---- waiting ----------------------------------------------------------- */

void
board_wait(struct board *board)
{
    /* What was posted while nobody waited here did not ring, and need not have
     * been heard: the store is looked at after this. */
    if (atomic_fetch_add(&board->place->waiting, 1) == 0)
        board->seen = atomic_load(&board->wall->next);
}

void
board_wait_no_more(struct board *board)
{
    atomic_fetch_sub(&board->place->waiting, 1);
}

uint64_t
board_ticket(struct board *board)
{
    const ngx_time_t *now = ngx_timeofday();
    uint64_t clock = (uint64_t)now->sec * MS_PER_S + now->msec;
    uint64_t last = atomic_load(&board->wall->tickets);
    uint64_t next;

    /* Two machines must not draw the same in one millisecond. */
    clock = clock << LOT_BITS | ((uint64_t)ngx_random() & LOT_MOST);
    do
        next = last + 1 > clock ? last + 1 : clock;
    while (!atomic_compare_exchange_weak(&board->wall->tickets, &last, next));
    return next;
}

void
board_see_ticket(struct board *board, uint64_t ticket)
{
    uint64_t last = atomic_load(&board->wall->tickets);

    while (last < ticket && !atomic_compare_exchange_weak(
                                &board->wall->tickets, &last, ticket))
        ;
}

/* ---- joining and leaving ----------------------------------------------- */

static bool
is_dead(pid_t pid)
{
    return kill(pid, 0) != 0 && ngx_errno == ESRCH;
}

/* A free place, or one whose worker was killed. */
static struct place *
take_place(struct wall *wall)
{
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &wall->places[i];
        pid_t holder = atomic_load(&place->pid);

        if (holder != 0 && !is_dead(holder))
            continue;
        if (!atomic_compare_exchange_strong(&place->pid, &holder, ngx_pid))
            continue;
        atomic_store(&place->waiting, 0);
        atomic_flag_clear(&place->is_rung);
        return place;
    }
    return NULL;
}

static ngx_fd_t
open_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static ngx_int_t
hang_bell(struct board *board, ngx_cycle_t *cycle)
{
    struct sockaddr_un name;
    ngx_connection_t *c;
    ngx_fd_t fd;
    socklen_t len;

    if (random_bytes(board->place->name, NAME_LEN) != TG_OK)
        return NGX_ERROR;
    len = name_of(board->place, &name);
    if ((fd = open_socket()) < 0)
        return NGX_ERROR;
    if (bind(fd, (struct sockaddr *)&name, len) != 0 ||
        (c = ngx_get_connection(fd, cycle->log)) == NULL) {
        (void)close(fd);
        return NGX_ERROR;
    }
    c->data = board;
    c->read->handler = on_ring;
    c->read->log = cycle->log;
    c->idle = 1;
    board->bell = c;
    return ngx_add_event(c->read, NGX_READ_EVENT, 0);
}

struct board *
board_join(ngx_cycle_t *cycle, struct relay_main *main,
           const struct board_ear *ear)
{
    static const struct board_note all = {.kind = BOARD_ALL};
    struct board *board = ngx_pcalloc(cycle->pool, sizeof(*board));

    if (board == NULL)
        return NULL;
    board->wall = shared_block(main->board_zone);
    board->ear = *ear;
    board->patience = PATIENCE;
    board->again = (ngx_event_t){.handler = on_again, .data = board,
                                 .log = cycle->log, .cancelable = 1};
    board->caller = open_socket();
    board->place = take_place(board->wall);
    if (board->caller < 0 || board->place == NULL ||
        hang_bell(board, cycle) != NGX_OK) {
        board_leave(board);
        return NULL;
    }
    board->seen = atomic_load(&board->wall->next);
    board_post(board, &all);
    ring_all_who_wait(board);
    return board;
}

void
board_leave(struct board *board)
{
    if (board == NULL)
        return;
    if (board->again.timer_set)
        ngx_del_timer(&board->again);
    if (board->bell != NULL)
        ngx_close_connection(board->bell);
    if (board->caller >= 0)
        (void)close(board->caller);
    if (board->place != NULL)
        free_place(board->place, ngx_pid);
}

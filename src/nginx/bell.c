/* See bell.h.
 *
 * Connecting to a socket of this machine is done at once or fails at once. So
 * there is no attempt under way to wait for: whoever has something to ring
 * tries, but not again for a moment after a failure.
 */
#include "nginx/bell.h"

#include <assert.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "doorbell/doorbell.h"
#include "nginx/dead_marks.h"
#include "nginx/shared.h"

enum {
    PAUSE_MS = 100,          /* between two attempts to connect */
    REPORT_MS = 60 * 1000,   /* between two lines about what was dropped */
    PACKETS_AT_ONCE = 64,    /* heard before others have their turn */
    ZONE_SIZE = 256 * 1024
};

struct bell {
    struct dead_marks *dead;
    struct sockaddr_un address;
    ngx_log_t *log;
    ngx_connection_t *line; /* NULL: not connected */
    ngx_msec_t last_dial;
    ngx_uint_t dropped;     /* and not yet reported */
    ngx_err_t why;          /* of the last one */
    ngx_event_t report;
};

/* ---- shared memory ----------------------------------------------------- */

ngx_int_t
bell_reserve(ngx_conf_t *cf, struct relay_main *main)
{
    static_assert(sizeof(struct dead_marks) < ZONE_SIZE * 3 / 4,
                  "slabs need room too");
    if (main->push_path.len == 0)
        return NGX_OK;
    main->bell_zone = shared_reserve(cf, "tigress_bell_1", ZONE_SIZE,
                                     sizeof(struct dead_marks));
    return main->bell_zone != NULL ? NGX_OK : NGX_ERROR;
}

/* ---- dead tokens ------------------------------------------------------- */

/* relay_policy.is_dead; in the store's thread, too. */
static bool
is_dead(const void *self, const struct notification_token *token)
{
    const struct dead_marks *dead = self;
    struct doorbell_mark mark;

    return dead_marks_any(dead) &&
           doorbell_mark(token->type, token->data, &mark) == TG_OK &&
           dead_marks_has(dead, &mark);
}

void
bell_believe(struct bell *bell, const struct notification_token *token)
{
    struct doorbell_mark mark;

    if (bell != NULL && token->type.len > 0 && dead_marks_any(bell->dead) &&
        doorbell_mark(token->type, token->data, &mark) == TG_OK)
        dead_marks_remove(bell->dead, &mark);
}

/* ---- hearing ----------------------------------------------------------- */

static void
hang_up(struct bell *bell)
{
    if (bell->line != NULL)
        ngx_close_connection(bell->line);
    bell->line = NULL;
}

/* False when there is no more for now, or nobody any more. */
static bool
hear_one(struct bell *bell)
{
    uint8_t packet[1 + DOORBELL_MARK_LEN + 1]; /* one more is too long */
    struct doorbell_mark mark;
    ssize_t len = recv(bell->line->fd, packet, sizeof(packet), MSG_DONTWAIT);

    if (len < 0 && (ngx_socket_errno == NGX_EAGAIN ||
                    ngx_socket_errno == NGX_EINTR))
        return false;
    if (len <= 0 ||
        doorbell_read_dead((struct tg_span){packet, (size_t)len}, &mark) !=
            TG_OK) {
        hang_up(bell); /* it has ended, or is not what it should be */
        return false;
    }
    dead_marks_add(bell->dead, &mark);
    return true;
}

static void
on_packet(ngx_event_t *event)
{
    ngx_connection_t *c = event->data;
    struct bell *bell = c->data;

    if (c->close) { /* the time that a worker has to end is over */
        hang_up(bell);
        return;
    }
    for (int i = 0; i < PACKETS_AT_ONCE && hear_one(bell); i++)
        continue;
}

/* ---- connecting -------------------------------------------------------- */

static ngx_connection_t *
connect_to(struct bell *bell, ngx_fd_t fd)
{
    ngx_connection_t *c;

    if (connect(fd, (const struct sockaddr *)&bell->address,
                sizeof(bell->address)) != 0) {
        bell->why = ngx_socket_errno;
        return NULL;
    }
    if ((c = ngx_get_connection(fd, bell->log)) == NULL)
        return NULL;
    c->data = bell;
    c->read->handler = on_packet;
    c->read->log = bell->log;
    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) == NGX_OK)
        return c;
    ngx_free_connection(c);
    return NULL;
}

/* True when connected. */
static bool
reach(struct bell *bell)
{
    ngx_fd_t fd;

    if (bell->line != NULL)
        return true;
    if (ngx_current_msec - bell->last_dial < PAUSE_MS)
        return false;
    bell->last_dial = ngx_current_msec;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        bell->why = ngx_socket_errno;
        return false;
    }
    if ((bell->line = connect_to(bell, fd)) == NULL)
        (void)close(fd);
    return bell->line != NULL;
}

/* ---- ringing ----------------------------------------------------------- */

static void
log_dropped(struct bell *bell)
{
    if (bell->dropped > 0)
        ngx_log_error(NGX_LOG_WARN, bell->log, bell->why,
                      "tigress: doorbells_dropped count=%ui", bell->dropped);
    bell->dropped = 0;
}

static void
on_report(ngx_event_t *event)
{
    struct bell *bell = event->data;

    if (bell->dropped == 0)
        return;
    log_dropped(bell);
    ngx_add_timer(event, REPORT_MS);
}

/* The first is told at once, what follows it in a minute. */
static void
drop(struct bell *bell)
{
    bell->dropped++;
    if (bell->report.timer_set)
        return;
    log_dropped(bell);
    ngx_add_timer(&bell->report, REPORT_MS);
}

/* A line on which nobody listens any more is given up, and tried once anew. */
static bool
send_out(struct bell *bell, const struct tg_buf *packet)
{
    while (reach(bell)) {
        if (send(bell->line->fd, packet->ptr, packet->len,
                 MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return true;
        bell->why = ngx_socket_errno;
        if (bell->why == NGX_EAGAIN) /* it is slow, or stands still */
            return false;
        hang_up(bell);
    }
    return false;
}

void
bell_ring(struct bell *bell, const struct relay_call *call)
{
    const struct exchange *ex = &call->exchange;
    const struct notification_token *token = &ex->effects.notify_token;
    const struct doorbell doorbell = {.until = ex->mailbox.expires,
                                      .type = token->type,
                                      .data = token->data};
    struct tg_buf packet = TG_BUF_EMPTY;

    if (bell == NULL || ex->op.result != TG_OK ||
        ex->effects.notify == SIDE_NONE ||
        !mailbox_push_supported(token, &ex->site->policy) ||
        is_dead(bell->dead, token))
        return;
    if (doorbell_write_ring(&doorbell, &packet) != TG_OK ||
        !send_out(bell, &packet))
        drop(bell);
    tg_buf_free(&packet);
}

/* ---- start and end ----------------------------------------------------- */

struct bell *
bell_start(ngx_cycle_t *cycle, struct relay_main *main)
{
    struct relay_location **locations = main->locations.elts;
    struct bell *bell;

    if (main->bell_zone == NULL)
        return NULL;
    if ((bell = ngx_pcalloc(cycle->pool, sizeof(*bell))) == NULL)
        return NULL;
    bell->dead = shared_block(main->bell_zone);
    bell->log = cycle->log;
    bell->last_dial = ngx_current_msec - PAUSE_MS;
    bell->report = (ngx_event_t){.handler = on_report, .data = bell,
                                 .log = cycle->log, .cancelable = 1};
    bell->address.sun_family = AF_UNIX;
    ngx_memcpy(bell->address.sun_path, main->push_path.data,
               main->push_path.len);
    for (ngx_uint_t i = 0; i < main->locations.nelts; i++) {
        locations[i]->exchange_site.policy.is_dead = is_dead;
        locations[i]->exchange_site.policy.is_dead_self = bell->dead;
    }
    return bell;
}

void
bell_stop(struct bell *bell)
{
    if (bell == NULL)
        return;
    if (bell->report.timer_set)
        ngx_del_timer(&bell->report);
    log_dropped(bell);
    hang_up(bell);
}

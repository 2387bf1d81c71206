/* See nodes.h. What is heard is in a thread's queue (pg_ear.h), which rings an
 * eventfd: one more connection to nginx's event loop. */
#include "nginx/nodes.h"

#include "nginx/board.h"
#include "nginx/park.h"
#include "nginx/stores.h"
#include "store/postgres/pg_ear.h"

struct nodes {
    struct park *park;
    struct pg_ear *ear;
    ngx_connection_t *bell;
};

static struct board_note
note_of(const struct pg_wake *wake)
{
    struct board_note note = {.kind = BOARD_CHANGED, .key = wake->key};

    if (wake->kind == PG_WAKE_END)
        note.kind = BOARD_OVER;
    if (wake->kind == PG_WAKE_NEWER) {
        note.kind = BOARD_NEWER;
        note.claim = wake->claim;
        note.ticket = wake->ticket;
    }
    return note;
}

static void
on_bell(ngx_event_t *event)
{
    static const struct board_note all = {.kind = BOARD_ALL};
    const ngx_connection_t *c = event->data;
    const struct nodes *nodes = c->data;
    struct board_note note;
    struct pg_wake wake;
    enum pg_heard heard;

    while ((heard = pg_ear_take(nodes->ear, &wake)) != PG_HEARD_NOTHING) {
        note = heard == PG_HEARD_ALL ? all : note_of(&wake);
        park_hear(nodes->park, &note);
    }
}

void
nodes_tell_newer(struct nodes *nodes, const struct board_note *note)
{
    const struct pg_wake wake = {.kind = PG_WAKE_NEWER, .key = note->key,
                                 .claim = note->claim,
                                 .ticket = note->ticket};

    if (nodes != NULL)
        pg_ear_tell(nodes->ear, &wake);
}

static ngx_int_t
hang_bell(struct nodes *nodes, ngx_cycle_t *cycle)
{
    ngx_connection_t *c =
        ngx_get_connection(pg_ear_fd(nodes->ear), cycle->log);

    if (c == NULL)
        return NGX_ERROR;
    c->data = nodes;
    c->read->handler = on_bell;
    c->read->log = cycle->log;
    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        return NGX_ERROR;
    }
    nodes->bell = c;
    return NGX_OK;
}

struct nodes *
nodes_start(ngx_cycle_t *cycle, struct relay_main *main)
{
    struct pg_options options;
    struct nodes *nodes;

    if (!stores_is_shared(main) || main->park == NULL)
        return NULL;
    if ((nodes = ngx_pcalloc(cycle->pool, sizeof(*nodes))) == NULL)
        return NULL;
    nodes->park = main->park;
    options = stores_postgres(main);
    if (pg_ear_new(&options, &nodes->ear) != TG_OK)
        return NULL;
    if (hang_bell(nodes, cycle) != NGX_OK) {
        nodes_stop(nodes);
        return NULL;
    }
    return nodes;
}

void
nodes_stop(struct nodes *nodes)
{
    if (nodes == NULL)
        return;
    if (nodes->bell != NULL) {
        (void)ngx_del_event(nodes->bell->read, NGX_READ_EVENT, 0);
        nodes->bell->fd = (ngx_socket_t)-1; /* the ear closes it */
        ngx_free_connection(nodes->bell);
    }
    pg_ear_free(nodes->ear);
}

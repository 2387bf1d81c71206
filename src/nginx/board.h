/* The board on the wall between the workers: which rows have changed, so that
 * a read that waits in one worker hears of a change made in another (R-WAIT-3).
 *
 * It is a ring in shared memory. A worker that has reads waiting is rung at a
 * socket of its own when something is posted; nobody else is. A ring that has
 * been overrun, or a worker that died while it was posting, costs everybody
 * who waits one look at the store, never a wake.
 *
 * The order that makes it right: who waits says so on the board first and looks
 * at the store then; who changes something commits first, and looks at the
 * board then. One of the two sees the other.
 */
#ifndef NGINX_BOARD_H
#define NGINX_BOARD_H

#include "nginx/module.h"

enum board_kind {
    BOARD_CHANGED = 1, /* the row: read it again */
    BOARD_NEWER = 2,   /* a newer read of this claim waits: end older ones */
    BOARD_ALL = 3,     /* something may have been missed: read all again */
    BOARD_OVER = 4     /* the row: read it again, and wait no more */
};

struct board_note {
    enum board_kind kind;
    struct store_key key; /* not for BOARD_ALL */
    uint64_t claim;       /* BOARD_NEWER: the beginning of its mark */
    uint64_t ticket;      /* BOARD_NEWER: what is older ends */
};

struct board;

/* While the configuration is read: reserve the shared memory, which outlives
 * reloads. */
ngx_int_t board_reserve(ngx_conf_t *cf, struct relay_main *main);

/* Who is told, from the event loop of its worker. */
struct board_ear {
    void *data;
    void (*hear)(void *data, const struct board_note *note);
    void (*end)(void *data); /* the worker is to end, once all is answered */
};

/* In a worker: take a place on the board, and hear every note that is posted
 * from now on. NULL when there is no memory, descriptor or place left. The
 * first thing that all hear is BOARD_ALL, since this worker may stand in for
 * one that died before it posted. */
struct board *board_join(ngx_cycle_t *cycle, struct relay_main *main,
                         const struct board_ear *ear);
void board_leave(struct board *board);

/* One more read of this worker waits, or one less. */
void board_wait(struct board *board);
void board_wait_no_more(struct board *board);

/* Numbers that rise, over all workers, and over other machines as far as their
 * tickets were seen; no two are the same. */
uint64_t board_ticket(struct board *board);
void board_see_ticket(struct board *board, uint64_t ticket);

/* Tell all workers, this one included (before it returns). */
void board_post(struct board *board, const struct board_note *note);

#endif

/* Reads that wait for the other side (PROTOCOL §6).
 *
 *   park_enter()   before the store is looked at for the first time
 *   park_rest()    back from the store, unchanged: sleep, or look again when it
 *                  was woken in the meantime
 *   park_leave()   it is going to be answered
 *
 * A read that sleeps costs memory only (R-WAIT-2): its connection, the head of
 * its request (away.h) and one timer. When it is woken it comes in once more,
 * through handler_content(), and park_enter() knows it again.
 */
#ifndef NGINX_PARK_H
#define NGINX_PARK_H

#include "nginx/module.h"

struct park;

/* What is done with a read. */
struct park_hands {
    void (*look)(struct relay_call *call); /* hand it in again */
    void (*give_up)(struct relay_call *call); /* answer it as unchanged */
};

/* In a worker. NULL: reads cannot wait here. */
struct park *park_start(ngx_cycle_t *cycle, struct relay_main *main,
                        const struct park_hands *hands);

/* The process ends: give up on all that wait. Accepts NULL. */
void park_stop(struct park *park);

/* A read that may come to wait hears of its row from now on. NGX_DECLINED: not
 * here, or not now, since the worker ends; it is to be answered as it is.
 * NGX_AGAIN: it has waited already. NGX_DONE: likewise, and is to be given
 * up. */
ngx_int_t park_enter(struct park *park, struct relay_call *call);

/* NGX_DECLINED: its time is over, answer it. NGX_BUSY: as many wait as may.
 * NGX_OK: it sleeps, or looks again; the call may be no more. */
ngx_int_t park_rest(struct park *park, struct relay_call *call);

/* Accepts a call that has not entered. */
void park_leave(struct relay_call *call);

/* Something was heard from elsewhere than the board. */
struct board_note;
void park_hear(struct park *park, const struct board_note *note);

/* After a commit: whoever waits for this row, anywhere, looks again; `is_over`:
 * and is answered whatever it finds. Accepts NULL. */
void park_wake(struct park *park, const struct store_key *key, bool is_over);

#endif

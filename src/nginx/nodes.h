/* Relays on other machines that serve from the same database: what they change
 * wakes who waits here (R-WAIT-3). */
#ifndef NGINX_NODES_H
#define NGINX_NODES_H

#include "nginx/module.h"

struct nodes;

/* In a worker, behind park_start(). NULL: there are no others, or nothing can
 * be heard of them; reads then wait no longer than they asked to. */
struct nodes *nodes_start(ngx_cycle_t *cycle, struct relay_main *main);

/* A newer read of a claim waits here, so that older ones elsewhere are to be
 * ended: note->kind is BOARD_NEWER. Accepts NULL. */
struct board_note;
void nodes_tell_newer(struct nodes *nodes, const struct board_note *note);

/* Accepts NULL. */
void nodes_stop(struct nodes *nodes);

#endif

/* From the queue to the services: a lane for each, with a limit of its own, so
 * that one that hangs delays no other.
 *
 * One sender stands for one configuration. When that is read anew a new sender
 * takes over, and the old one ends when nothing of its is under way any more.
 */
#ifndef PUSH_SENDER_H
#define PUSH_SENDER_H

#include "push/loop.h"
#include "push/queue.h"
#include "push/services.h"
#include "push/trouble.h"

struct sender;

/* Since the start; of one service. */
struct sender_counts {
    uint64_t delivered;
    uint64_t dead;
    uint64_t retried; /* posts that failed and are to be repeated */
    uint64_t refused; /* given up: it would be no use to try again */
    uint64_t late;    /* given up: the mailbox has ended, or will before */
    /* The last, in words; empty: none since it was told. */
    char trouble[TROUBLE_MOST];
};

struct sender_ports {
    struct loop *loop;
    struct queue **queue; /* may be made later, before sender_run() */
    struct sender_counts *counts; /* QUEUE_SERVICES of them */
    /* R-PUSH-3 */
    void (*dead)(void *self, const struct doorbell_mark *mark);
    void *self;
};

/* Names for people: apns, fcm, webpush. */
extern const char *const sender_names[QUEUE_SERVICES];

/* Open the services of the configuration, which becomes the sender's and is
 * left zeroed in any case. TG_OK, or as in services.h with *problem. */
TG_MUST_USE enum tg_err sender_new(const struct sender_ports *ports,
                                   struct push_config *config,
                                   struct sender **out,
                                   struct config_problem *problem);
/* NULL is fine. What is under way stays in the queue, as if in flight. */
void sender_free(struct sender *sender);

/* Which of the services a type of tokens belongs to; QUEUE_SERVICES: none. */
size_t sender_service(const struct sender *sender, struct tg_span type);

bool sender_has(const struct sender *sender, size_t service);

/* Finish what is under way; begin nothing. */
void sender_retire(struct sender *sender);
/* How many posts are under way. */
size_t sender_in_flight(const struct sender *sender);

/* Send what is due. Then at the latest at the time of sender_next(), or when
 * the loop has told something; -1: not by a clock. */
void sender_run(struct sender *sender, tg_mono_ms now);
tg_mono_ms sender_next(const struct sender *sender);

#endif

/* Random sequences of calls, with a clock of their own, against a model.
 *
 * The model keeps no state of a mailbox: only the history of what was done.
 * Each sentence of PROTOCOL §5 is then a question to the history ("who was the
 * last to read first, and has not relinquished since?"), which is another way
 * to say it than the core's, so that both are unlikely to be wrong in the same
 * way.
 *
 * A failure prints its seed; `TIGRESS_SEED=n test_mailbox_model` replays it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "relay/mailbox.h"

enum { ROUNDS = 4000, STEPS = 120, IDS = 12, START = 5000 };

enum call { CREATE, DISPLAY, READ, UPDATE, DELETE, RELINQUISH, CALLS };

struct step {
    enum call call;
    int claim;
    int id;
    int data;       /* the payload, as a number */
    bool body_fine;
    bool device_fine; /* create */
    int version;    /* If-Match or If-None-Match; 0: none */
    int rights;     /* create */
    tg_time_s life; /* create */
    tg_time_s now;
};

struct answer {
    enum relay_outcome outcome;
    int version; /* of DONE and ALREADY_DONE where the call has one */
    int data;    /* of read */
};

/* ---- the model --------------------------------------------------------- */

struct history {
    size_t count;
    struct {
        struct step step;
        int version;
        bool bound; /* this read was a first read */
    } done[STEPS];
};

static int
last(const struct history *h, enum call call)
{
    for (int i = (int)h->count - 1; i >= 0; i--)
        if (h->done[i].step.call == call)
            return i;
    return -1;
}

/* The event with which the present recipient came, or -1. */
static int
binding(const struct history *h)
{
    int left = last(h, RELINQUISH);

    for (int i = (int)h->count - 1; i > left; i--)
        if (h->done[i].step.call == READ && h->done[i].bound)
            return i;
    return -1;
}

/* The version that the update `id` of `claim` made, if it is among the last
 * eight of that claim since it is bound; else 0. */
static int
remembered(const struct history *h, int claim, int id, int since)
{
    int seen = 0;

    for (int i = (int)h->count - 1; i >= since && seen < 8; i--) {
        if (h->done[i].step.call != UPDATE || h->done[i].step.claim != claim)
            continue;
        seen++;
        if (h->done[i].step.id == id)
            return h->done[i].version;
    }
    return 0;
}

static struct answer
model_create(const struct history *h, const struct step *s)
{
    const struct step *made = h->count > 0 ? &h->done[0].step : NULL;

    if (made != NULL && s->now < made->now + made->life)
        return (struct answer){.outcome = RELAY_ALREADY_DONE};
    if (!s->body_fine)
        return (struct answer){.outcome = RELAY_BODY_REFUSED};
    if (!s->device_fine)
        return (struct answer){.outcome = RELAY_ATTESTATION_REFUSED};
    return (struct answer){RELAY_DONE, 1, 0};
}

static struct answer
model_answer(const struct history *h, const struct step *s)
{
    const struct step *made = h->count > 0 ? &h->done[0].step : NULL;
    int writes = 1;
    int data = 0;
    int came = binding(h);
    int left = last(h, RELINQUISH);
    bool initiator;
    bool recipient;
    bool may;

    if (s->call == CREATE)
        return model_create(h, s);
    if (made == NULL || last(h, DELETE) >= 0 ||
        s->now >= made->now + made->life)
        return (struct answer){.outcome = RELAY_NO_SUCH_MAILBOX};
    if (s->call == DISPLAY)
        return (struct answer){.outcome = RELAY_DONE};

    for (size_t i = 0; i < h->count; i++)
        if (h->done[i].step.call == UPDATE || i == 0) {
            writes = h->done[i].version;
            data = h->done[i].step.data;
        }
    initiator = s->claim == made->claim;
    recipient = came >= 0 && h->done[came].step.claim == s->claim;

    if (s->call == RELINQUISH && left >= 0 &&
        h->done[left].step.claim == s->claim && h->done[left].step.id == s->id)
        return (struct answer){.outcome = RELAY_ALREADY_DONE};
    if (s->call == UPDATE && (initiator || recipient)) {
        int version = remembered(h, s->claim, s->id, initiator ? 0 : came);

        if (version > 0)
            return (struct answer){RELAY_ALREADY_DONE, version, 0};
    }

    may = initiator || recipient || (s->call == READ && came < 0);
    if (s->call == RELINQUISH)
        may = recipient;
    if (!may)
        return (struct answer){.outcome = RELAY_CLAIM_REFUSED};
    if ((s->call == UPDATE && !(made->rights & RIGHT_WRITE)) ||
        (s->call == READ && !initiator && !(made->rights & RIGHT_READ)) ||
        (s->call == DELETE && !initiator && !(made->rights & RIGHT_DELETE)))
        return (struct answer){.outcome = RELAY_RIGHT_REFUSED};
    if (!s->body_fine && (s->call == READ || s->call == UPDATE))
        return (struct answer){.outcome = RELAY_BODY_REFUSED};
    if (s->call == UPDATE && s->version != 0 && s->version != writes)
        return (struct answer){.outcome = RELAY_PRECONDITION_FAILED};
    if (s->call == READ && s->version == writes)
        return (struct answer){RELAY_UNCHANGED, writes, 0};
    if (s->call == UPDATE)
        return (struct answer){RELAY_DONE, writes + 1, 0};
    return (struct answer){RELAY_DONE, writes, s->call == READ ? data : 0};
}

static void
model_remember(struct history *h, const struct step *s, int version)
{
    int came = binding(h);

    if (s->call == CREATE)
        h->count = 0; /* the one before is over, or there was none */
    h->done[h->count].step = *s;
    h->done[h->count].version = version;
    h->done[h->count].bound =
        s->call == READ && s->claim != h->done[0].step.claim && came < 0;
    h->count++;
}

/* ---- the core under the same step -------------------------------------- */

struct world {
    struct mailbox mb;
    struct create_memory memory;
    struct history history;
    uint8_t data[STEPS][sizeof(int)];
};

static struct relay_request
core_request(struct world *w, const struct step *s, size_t n)
{
    struct relay_request rq = {0};

    memset(rq.claim.bytes, s->claim + 1, sizeof(rq.claim.bytes));
    memset(rq.id.uuid.bytes, s->id + 1, sizeof(rq.id.uuid.bytes));
    memcpy(w->data[n], &s->data, sizeof(s->data));
    rq.body.acceptable = s->body_fine;
    rq.attestation_refused = !s->device_fine;
    rq.body.payload.data = TG_SPAN_ARRAY(w->data[n]);
    rq.body.rights = (uint8_t)s->rights;
    rq.body.expiration_choice = EXPIRATION_LIFETIME;
    rq.body.expiration = s->life;
    if (s->version != 0) {
        struct etag_condition c = {CONDITION_LIST, 1, {(uint64_t)s->version}};

        rq.if_match = c;
        rq.if_none_match = c;
    }
    return rq;
}

static struct answer
core_answer(struct world *w, const struct step *s, size_t n)
{
    static const struct relay_policy policy = {1000, 1000, NULL, 0};
    static const struct mailbox_id id = {{{1}}};
    const struct relay_request rq = core_request(w, s, n);
    struct relay_effects fx = {0};
    struct answer a = {0};

    switch (s->call) {
    case CREATE:
        a.outcome = mailbox_create(&w->mb, &w->memory, &id, &rq, &policy,
                                   s->now, &fx);
        break;
    case DISPLAY:
        a.outcome = mailbox_display(&w->mb, s->now, &fx);
        break;
    case READ:
        a.outcome = mailbox_read(&w->mb, &rq, &policy, s->now, &fx);
        if (a.outcome == RELAY_DONE)
            memcpy(&a.data, w->mb.payload.data.ptr, sizeof(a.data));
        break;
    case UPDATE:
        a.outcome = mailbox_update(&w->mb, &rq, &policy, s->now, &fx);
        break;
    case DELETE:
        a.outcome = mailbox_delete(&w->mb, &rq, s->now, &fx);
        break;
    case RELINQUISH:
        a.outcome = mailbox_relinquish(&w->mb, &rq, s->now, &fx);
        break;
    case CALLS:
        break;
    }
    a.version = (int)fx.version;
    return a;
}

/* ---- the runs ---------------------------------------------------------- */

static int
below(unsigned *seed, int bound)
{
    return rand_r(seed) / 7 % bound;
}

static struct step
random_step(unsigned *seed, tg_time_s now)
{
    /* Creates and deletes are rarer, so that mailboxes have a life. */
    static const enum call calls[] = {CREATE, DISPLAY, READ,   READ,
                                      READ,   UPDATE,  UPDATE, UPDATE,
                                      UPDATE, UPDATE,  UPDATE, UPDATE,
                                      RELINQUISH};
    /* Long conversations of the same two, so that memories fill up. */
    static const int claims[] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 3};
    struct step s = {0};

    s.call = calls[below(seed, sizeof(calls) / sizeof(calls[0]))];
    if (below(seed, 100) == 0)
        s.call = DELETE;
    s.claim = s.call == CREATE ? 0 : claims[below(seed, 10)];
    s.id = s.call == CREATE ? 0 : below(seed, IDS);
    s.data = below(seed, 1000000);
    s.body_fine = below(seed, 8) != 0;
    s.device_fine = below(seed, 8) != 0;
    s.version = below(seed, 3) == 0 ? 1 + below(seed, 20) : 0;
    s.rights = below(seed, 3) == 0 ? 1 + below(seed, 7) : 7;
    s.life = 20 + below(seed, 400);
    s.now = now;
    return s;
}

static bool
same_answer(enum call call, const struct answer *core,
            const struct answer *model)
{
    bool has_version = call == READ || call == UPDATE;

    if (core->outcome != model->outcome || core->data != model->data)
        return false;
    if (has_version && model->version != 0 && core->version != model->version)
        return false;
    return true;
}

static void
run(unsigned seed, unsigned done[RELAY_UNCHANGED + 1])
{
    static struct world w;
    unsigned state = seed;
    tg_time_s now = START;

    memset(&w, 0, sizeof(w));
    for (size_t n = 0; n < STEPS; n++) {
        struct step s = random_step(&state, now);
        struct answer core;
        struct answer model;

        if (n == 0) {
            s.call = CREATE;
            s.claim = 0;
            s.id = 0;
        }
        model = model_answer(&w.history, &s);
        core = core_answer(&w, &s, n);
        if (!same_answer(s.call, &core, &model))
            fail_msg("TIGRESS_SEED=%u step %zu call %d claim %d id %d: "
                     "outcome %d version %d, the model says %d and %d",
                     seed, n, s.call, s.claim, s.id, core.outcome,
                     core.version, model.outcome, model.version);
        done[core.outcome]++;
        if (core.outcome == RELAY_DONE || core.outcome == RELAY_UNCHANGED)
            model_remember(&w.history, &s, core.version);
        now += below(&state, 6);
    }
}

/* §5 R-READ-1 R-READ-2 R-READ-3 R-UPD-1 R-UPD-3 R-DEL-1 R-REL-1 R-IDEM D10 */
static void
random_calls_are_answered_as_the_model_says(void **state)
{
    const char *given = getenv("TIGRESS_SEED");
    unsigned first = given != NULL ? (unsigned)strtoul(given, NULL, 10)
                                   : (unsigned)time(NULL);
    unsigned rounds = given != NULL ? 1 : ROUNDS;
    unsigned done[RELAY_UNCHANGED + 1] = {0};

    (void)state;
    print_message("# seeds from %u\n", first);
    for (unsigned i = 0; i < rounds; i++)
        run(first + i, done);
    if (given != NULL)
        return;
    /* Sequences that never reach an outcome would say nothing about it. */
    for (int outcome = 0; outcome <= RELAY_UNCHANGED; outcome++)
        if (outcome != RELAY_EXPIRATION_PAST)
            assert_true(done[outcome] > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_calls_are_answered_as_the_model_says),
    };

    return cmocka_run_group_tests_name("mailbox model", tests, NULL, NULL);
}

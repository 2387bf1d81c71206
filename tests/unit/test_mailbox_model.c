/* Random sequences of calls on one mailbox after the other, with a clock of
 * their own: the core answers them, and so does the model (mailbox_model.h).
 * What stores add to it is tests/contract/test_model.c's.
 *
 * A failure prints its seed; `TIGRESS_SEED=n test_mailbox_model` replays it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mailbox_model.h"

enum { ROUNDS = 4000, STEPS = 120, START = 5000 };
enum { LIFETIME_DEFAULT = 150, LIFETIME_MAX = 350 };

/* What a step sends, as bytes: the mailbox borrows them. */
struct sent {
    int data;
    int token;
};

struct world {
    struct mailbox mb;
    struct create_memory memory;
    struct model model;
    struct sent sent[STEPS];
};

/* ---- the core under a step --------------------------------------------- */

static struct tg_span
bytes_of(const int *number)
{
    return (struct tg_span){(const uint8_t *)number, sizeof(*number)};
}

static int
number_in(struct tg_span bytes)
{
    int number = 0;

    if (bytes.len == sizeof(number))
        memcpy(&number, bytes.ptr, sizeof(number));
    return number;
}

static struct relay_request
core_request(const struct model_step *s, struct sent *sent)
{
    struct relay_request rq = {0};

    *sent = (struct sent){s->data, s->token};
    memset(rq.claim.bytes, s->claim + 1, sizeof(rq.claim.bytes));
    memset(rq.id.uuid.bytes, s->id + 1, sizeof(rq.id.uuid.bytes));
    rq.attestation_refused = !s->device_fine;
    rq.has_waited = s->waited;
    rq.body.acceptable = s->body_fine;
    rq.body.payload.data = bytes_of(&sent->data);
    rq.body.display.title = bytes_of(&sent->data);
    if (s->token != 0) {
        rq.body.token.type = s->token % 2 == 1 ? TG_SPAN_LITERAL("known")
                                               : TG_SPAN_LITERAL("unknown");
        rq.body.token.data = bytes_of(&sent->token);
    }
    rq.body.rights = (uint8_t)s->rights;
    rq.body.expiration_choice = s->choice;
    rq.body.expiration = s->expiration;
    rq.if_match = model_condition(s);
    rq.if_none_match = model_condition(s);
    return rq;
}

static enum relay_outcome
core_call(struct world *w, const struct model_step *s, struct sent *sent,
          struct relay_effects *fx)
{
    static const struct tg_span types[] = {TG_SPAN_LITERAL("known")};
    static const struct relay_policy policy = {
        .lifetime_default = LIFETIME_DEFAULT,
        .lifetime_max = LIFETIME_MAX,
        .push_types = types,
        .push_type_count = 1,
    };
    const struct relay_request rq = core_request(s, sent);
    struct mailbox_id id = {{{0}}};

    switch (s->call) {
    case MODEL_CREATE:
        id.uuid.bytes[0] = (uint8_t)w->model.mailboxes;
        return mailbox_create(&w->mb, &w->memory, &id, &rq, &policy, s->now,
                              fx);
    case MODEL_DISPLAY: return mailbox_display(&w->mb, s->now, fx);
    case MODEL_READ: return mailbox_read(&w->mb, &rq, &policy, s->now, fx);
    case MODEL_UPDATE: return mailbox_update(&w->mb, &rq, &policy, s->now, fx);
    case MODEL_DELETE: return mailbox_delete(&w->mb, &rq, s->now, fx);
    case MODEL_RELINQUISH: return mailbox_relinquish(&w->mb, &rq, s->now, fx);
    }
    fail();
    return RELAY_NO_SUCH_MAILBOX;
}

static struct model_answer
core_answer(struct world *w, const struct model_step *s, struct sent *sent)
{
    struct relay_effects fx;
    struct model_answer a = {.outcome = core_call(w, s, sent, &fx)};
    bool is_told = a.outcome == RELAY_DONE || a.outcome == RELAY_UNCHANGED;

    if (s->call == MODEL_CREATE &&
        (is_told || a.outcome == RELAY_ALREADY_DONE)) {
        a.mailbox = w->memory.mailbox.uuid.bytes[0];
        a.expires = w->memory.expires;
    }
    if ((s->call == MODEL_DISPLAY || s->call == MODEL_READ) && is_told) {
        a.expires = w->mb.expires;
        a.displayed = number_in(w->mb.display.title);
    }
    if (s->call == MODEL_READ && a.outcome == RELAY_DONE)
        a.data = number_in(w->mb.payload.data);
    if (s->call == MODEL_READ || s->call == MODEL_UPDATE)
        a.version = (int)fx.version;
    a.push = fx.push_supported;
    a.rung = number_in(fx.notify_token.data);
    a.wakes = fx.wake;
    a.ends_waits = fx.ends_waits;
    a.changes = fx.changed || fx.removed;
    return a;
}

/* ---- the runs ---------------------------------------------------------- */

/* There is one mailbox at a time, and one memory of its create. */
static struct model_step
step(const struct model *m, unsigned *seed, tg_time_s now)
{
    const int newest = m->mailboxes - 1;
    struct model_step s = model_random_step(m, seed, newest, now);

    if (m->mailboxes == 0)
        s.call = MODEL_CREATE;
    if (s.call == MODEL_CREATE)
        s.claim = s.id = 0;
    s.mailbox = newest;
    return s;
}

static void
run(unsigned first, unsigned done[MODEL_OUTCOMES])
{
    static struct world w;
    unsigned seed = first;
    tg_time_s now = START;

    memset(&w, 0, sizeof(w));
    w.model.lifetime_default = LIFETIME_DEFAULT;
    w.model.lifetime_max = LIFETIME_MAX;
    for (size_t n = 0; n < STEPS; n++) {
        const struct model_step s = step(&w.model, &seed, now);
        const struct model_answer model = model_answer(&w.model, &s);
        const struct model_answer core = core_answer(&w, &s, &w.sent[n]);
        const char *difference = model_difference(&core, &model);

        if (difference != NULL) {
            print_message("# the core: %s\n", model_line(&s, &core));
            print_message("# the model: %s\n", model_line(&s, &model));
            fail_msg("TIGRESS_SEED=%u: at step %zu the %s is another", first,
                     n, difference);
        }
        done[core.outcome]++;
        model_remember(&w.model, &s, &model);
        now += model_below(&seed, 6);
    }
}

/* §5 R-READ-1 R-READ-2 R-READ-3 R-UPD-1 R-UPD-2 R-UPD-3 R-DEL-1 R-REL-1 R-IDEM
 * R-PUSH-1 D6 D7 D10 */
static void
random_calls_are_answered_as_the_model_says(void **state)
{
    bool is_given;
    const unsigned first = model_first_seed(&is_given);
    const unsigned rounds = is_given ? 1 : ROUNDS;
    unsigned done[MODEL_OUTCOMES] = {0};

    (void)state;
    print_message("# seeds from %u\n", first);
    for (unsigned i = 0; i < rounds; i++)
        run(first + i, done);
    if (is_given)
        return;
    /* Sequences that never reach an outcome would say nothing about it. */
    for (int outcome = 0; outcome < MODEL_OUTCOMES; outcome++)
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

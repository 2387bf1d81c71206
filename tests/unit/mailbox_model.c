/* See mailbox_model.h. */
#include "mailbox_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- questions to the history ------------------------------------------ */

/* The last of these calls on the mailbox that was done, or -1. */
static int
last(const struct model *m, int mailbox, enum model_call call)
{
    for (int i = (int)m->count - 1; i >= 0; i--)
        if (m->done[i].step.mailbox == mailbox && m->done[i].step.call == call)
            return i;
    return -1;
}

/* The first read with which the present recipient came, or -1. */
static int
binding(const struct model *m, int mailbox)
{
    int left = last(m, mailbox, MODEL_RELINQUISH);

    for (int i = (int)m->count - 1; i > left; i--)
        if (m->done[i].step.mailbox == mailbox && m->done[i].answer.binds)
            return i;
    return -1;
}

/* The token that a device gave last, since it is bound. */
static int
token_of(const struct model *m, int mailbox, int claim, int since)
{
    for (int i = (int)m->count - 1; i >= since; i--) {
        const struct model_step *s = &m->done[i].step;

        if (s->mailbox == mailbox && s->claim == claim && s->token != 0 &&
            (s->call == MODEL_CREATE || s->call == MODEL_READ ||
             s->call == MODEL_UPDATE))
            return s->token;
    }
    return 0;
}

/* The update `id` of a device, if it is among its last eight since it is
 * bound; else NULL. */
static const struct model_answer *
remembered(const struct model *m, const struct model_step *s, int since)
{
    int seen = 0;

    for (int i = (int)m->count - 1; i >= since && seen < 8; i--) {
        const struct model_step *then = &m->done[i].step;

        if (then->call != MODEL_UPDATE || then->mailbox != s->mailbox ||
            then->claim != s->claim)
            continue;
        seen++;
        if (then->id == s->id)
            return &m->done[i].answer;
    }
    return NULL;
}

static bool
names(const int etags[2], int version)
{
    for (int i = 0; i < 2; i++)
        if (etags[i] == version || etags[i] == MODEL_ANY)
            return true;
    return false;
}

/* ---- the calls --------------------------------------------------------- */

static struct model_answer
refused(enum relay_outcome why)
{
    return (struct model_answer){.outcome = why};
}

static tg_time_s
expires_at(const struct model *m, const struct model_step *s)
{
    tg_time_s at = s->now + m->lifetime_default;

    if (s->choice == EXPIRATION_AT)
        at = s->expiration;
    if (s->choice == EXPIRATION_LIFETIME)
        at = s->now + s->expiration;
    return at > s->now + m->lifetime_max ? s->now + m->lifetime_max : at;
}

static struct model_answer
answer_create(const struct model *m, const struct model_step *s)
{
    tg_time_s expires = expires_at(m, s);

    for (size_t i = 0; i < m->count; i++) {
        const struct model_step *then = &m->done[i].step;

        if (then->call == MODEL_CREATE && then->claim == s->claim &&
            then->id == s->id && s->now < m->done[i].answer.expires)
            return (struct model_answer){
                .outcome = RELAY_ALREADY_DONE,
                .mailbox = then->mailbox,
                .expires = m->done[i].answer.expires,
                .push = m->done[i].answer.push,
            };
    }
    if (!s->body_fine)
        return refused(RELAY_BODY_REFUSED);
    if (expires <= s->now)
        return refused(RELAY_EXPIRATION_PAST);
    if (!s->device_fine)
        return refused(RELAY_ATTESTATION_REFUSED);
    return (struct model_answer){
        .outcome = RELAY_DONE,
        .mailbox = m->mailboxes,
        .expires = expires,
        .push = s->token % 2 == 1,
        .changes = true,
    };
}

/* A mailbox as the history tells it. */
struct view {
    int made;       /* where it was created */
    int came;       /* where the recipient did, or -1 */
    bool initiator; /* it is she who calls */
    bool recipient; /* or the one that is bound */
    int version;
    int data;
    int mine;   /* the caller's token, with the one that is given now */
    int theirs; /* the other side's */
};

static struct view
look(const struct model *m, const struct model_step *s)
{
    struct view v = {.made = last(m, s->mailbox, MODEL_CREATE),
                     .came = binding(m, s->mailbox),
                     .version = 1};
    int friend = v.came >= 0 ? m->done[v.came].step.claim : -1;
    int owner = m->done[v.made].step.claim;
    int newest = last(m, s->mailbox, MODEL_UPDATE);
    int owners = token_of(m, s->mailbox, owner, v.made);
    int friends = v.came < 0 ? 0 : token_of(m, s->mailbox, friend, v.came);

    v.initiator = s->claim == owner;
    v.recipient = v.came >= 0 && s->claim == friend;
    if (newest >= 0)
        v.version = m->done[newest].answer.version;
    v.data = m->done[newest >= 0 ? newest : v.made].step.data;
    v.mine = v.initiator ? owners : v.recipient ? friends : 0;
    v.theirs = v.initiator ? friends : owners;
    return v;
}

static struct model_answer
answer_read(const struct model *m, const struct model_step *s, struct view v)
{
    const int mine = s->token != 0 ? s->token : v.mine;
    struct model_answer a = {
        .outcome = RELAY_DONE,
        .version = v.version,
        .displayed = m->done[v.made].step.data,
        .expires = m->done[v.made].answer.expires,
        .data = v.data,
        .push = mine % 2 == 1,
        .binds = !v.initiator && !v.recipient,
    };

    if (a.binds && (v.came >= 0 || s->waited))
        return refused(RELAY_CLAIM_REFUSED);
    if (!v.initiator && !(m->done[v.made].step.rights & RIGHT_READ))
        return refused(RELAY_RIGHT_REFUSED);
    if (!s->body_fine)
        return refused(RELAY_BODY_REFUSED);
    a.changes = a.binds || mine != v.mine;
    if (names(s->etags, v.version)) {
        a.outcome = RELAY_UNCHANGED;
        a.data = 0;
    }
    return a;
}

static struct model_answer
answer_update(const struct model *m, const struct model_step *s, struct view v)
{
    const int mine = s->token != 0 ? s->token : v.mine;
    const struct model_answer *then;

    if (!v.initiator && !v.recipient)
        return refused(RELAY_CLAIM_REFUSED);
    then = remembered(m, s, v.initiator ? v.made : v.came);
    if (then != NULL)
        return (struct model_answer){
            .outcome = RELAY_ALREADY_DONE,
            .version = then->version,
            .push = then->push,
            .rung = then->version == v.version ? v.theirs : 0,
        };
    if (!(m->done[v.made].step.rights & RIGHT_WRITE))
        return refused(RELAY_RIGHT_REFUSED);
    if (!s->body_fine)
        return refused(RELAY_BODY_REFUSED);
    if ((s->etags[0] != 0 || s->etags[1] != 0) && !names(s->etags, v.version))
        return refused(RELAY_PRECONDITION_FAILED);
    return (struct model_answer){
        .outcome = RELAY_DONE,
        .version = v.version + 1,
        .push = mine % 2 == 1,
        .rung = v.theirs,
        .wakes = true,
        .changes = true,
    };
}

static struct model_answer
answer_delete(const struct model *m, const struct model_step *s, struct view v)
{
    (void)s;
    if (!v.initiator && !v.recipient)
        return refused(RELAY_CLAIM_REFUSED);
    if (!v.initiator && !(m->done[v.made].step.rights & RIGHT_DELETE))
        return refused(RELAY_RIGHT_REFUSED);
    return (struct model_answer){.outcome = RELAY_DONE,
                                 .rung = v.theirs,
                                 .wakes = true,
                                 .changes = true};
}

static struct model_answer
answer_relinquish(const struct model *m, const struct model_step *s,
                  struct view v)
{
    const int left = last(m, s->mailbox, MODEL_RELINQUISH);
    const int owner = m->done[v.made].step.claim;
    const int owners = token_of(m, s->mailbox, owner, v.made);

    if (left >= 0 && m->done[left].step.claim == s->claim &&
        m->done[left].step.id == s->id)
        return (struct model_answer){.outcome = RELAY_ALREADY_DONE,
                                     .rung = v.came < 0 ? owners : 0};
    if (!v.recipient)
        return refused(RELAY_CLAIM_REFUSED);
    return (struct model_answer){.outcome = RELAY_DONE,
                                 .rung = owners,
                                 .wakes = true,
                                 .ends_waits = true,
                                 .changes = true};
}

/* There is such a mailbox: created, not deleted, not over. */
static bool
is_live(const struct model *m, int mailbox, tg_time_s now)
{
    return now < model_expires(m, mailbox) &&
           last(m, mailbox, MODEL_DELETE) < 0;
}

struct model_answer
model_answer(const struct model *m, const struct model_step *s)
{
    struct view v;

    if (s->call == MODEL_CREATE)
        return answer_create(m, s);
    if (!is_live(m, s->mailbox, s->now))
        return refused(RELAY_NO_SUCH_MAILBOX);
    v = look(m, s);
    switch (s->call) {
    case MODEL_CREATE: break;
    case MODEL_DISPLAY:
        return (struct model_answer){
            .outcome = RELAY_DONE,
            .displayed = m->done[v.made].step.data,
            .expires = m->done[v.made].answer.expires,
        };
    case MODEL_READ: return answer_read(m, s, v);
    case MODEL_UPDATE: return answer_update(m, s, v);
    case MODEL_DELETE: return answer_delete(m, s, v);
    case MODEL_RELINQUISH: return answer_relinquish(m, s, v);
    }
    assert(!"a call that the model does not know");
    return refused(RELAY_NO_SUCH_MAILBOX);
}

void
model_remember(struct model *m, const struct model_step *s,
               const struct model_answer *a)
{
    if (!a->changes)
        return;
    assert(m->count < MODEL_MOST);
    m->done[m->count].step = *s;
    m->done[m->count].answer = *a;
    if (s->call == MODEL_CREATE)
        m->done[m->count].step.mailbox = m->mailboxes++;
    m->count++;
}

tg_time_s
model_expires(const struct model *m, int mailbox)
{
    int made = last(m, mailbox, MODEL_CREATE);

    return made < 0 ? 0 : m->done[made].answer.expires;
}

size_t
model_rows(const struct model *m, tg_time_s now)
{
    size_t rows = 0;

    for (size_t i = 0; i < m->count; i++)
        if (m->done[i].step.call == MODEL_CREATE) {
            rows += is_live(m, m->done[i].step.mailbox, now);
            rows += now < m->done[i].answer.expires;
        }
    return rows;
}

/* ---- to compare, and to tell ------------------------------------------- */

const char *
model_difference(const struct model_answer *a, const struct model_answer *b)
{
    if (a->outcome != b->outcome)
        return "outcome";
    if (a->mailbox != b->mailbox)
        return "mailbox";
    if (a->version != b->version)
        return "version";
    if (a->data != b->data)
        return "payload";
    if (a->displayed != b->displayed)
        return "display information";
    if (a->expires != b->expires)
        return "expiration";
    if (a->push != b->push)
        return "isPushNotificationSupported";
    if (a->rung != b->rung)
        return "who is rung";
    if (a->wakes != b->wakes || a->ends_waits != b->ends_waits)
        return "what becomes of those that wait";
    if (a->changes != b->changes)
        return "whether there is a change";
    return NULL;
}

const char *
model_line(const struct model_step *s, const struct model_answer *a)
{
    static const char *const calls[] = {"create", "display", "read",
                                        "update", "delete",  "relinquish"};
    static const char *const outcomes[MODEL_OUTCOMES] = {
        "done",           "already done",   "no such mailbox",
        "claim refused",  "right refused",  "body refused",
        "expired before", "device refused", "precondition failed",
        "unchanged"};
    static char line[256];

    snprintf(line, sizeof(line),
             "%lld mailbox %d claim %d id %d %s%s data %d token %d etags "
             "%d %d body %d: %s, mailbox %d version %d data %d rung %d",
             (long long)s->now, s->mailbox, s->claim, s->id, calls[s->call],
             s->waited ? " again" : "", s->data, s->token, s->etags[0],
             s->etags[1], s->body_fine, outcomes[a->outcome], a->mailbox,
             a->version, a->data, a->rung);
    return line;
}

struct etag_condition
model_condition(const struct model_step *s)
{
    struct etag_condition c = {0};

    for (int i = 0; i < 2; i++) {
        if (s->etags[i] > 0)
            c.versions[c.count++] = (uint64_t)s->etags[i];
        if (s->etags[i] == MODEL_ANY)
            return (struct etag_condition){.kind = CONDITION_ANY};
    }
    if (c.count > 0)
        c.kind = CONDITION_LIST;
    return c;
}

/* ---- what devices may come up with ------------------------------------- */

int
model_below(unsigned *seed, int bound)
{
    return rand_r(seed) / 7 % bound;
}

static void
choose_expiration(const struct model *m, unsigned *seed, struct model_step *s)
{
    int most = (int)(m->lifetime_max + m->lifetime_max / 5);

    s->choice = (enum expiration_choice)model_below(seed, 3);
    s->expiration = 1 + model_below(seed, most);
    if (s->choice == EXPIRATION_AT && model_below(seed, 2) == 0)
        s->expiration = -model_below(seed, 3);
    if (s->choice == EXPIRATION_AT)
        s->expiration += s->now;
}

/* Mostly the version that is there, the one before, or the one to come. */
static void
choose_etags(const struct model *m, unsigned *seed, struct model_step *s)
{
    const int newest = last(m, s->mailbox, MODEL_UPDATE);
    const int version = newest < 0 ? 1 : m->done[newest].answer.version;

    if (model_below(seed, 3) != 0)
        return;
    s->etags[0] = version - 1 + model_below(seed, 3);
    if (model_below(seed, 4) == 0)
        s->etags[1] = 1 + model_below(seed, version + 5);
    if (model_below(seed, 10) == 0)
        s->etags[0] = MODEL_ANY;
}

/* What was done last is repeated more often than what was done long ago. */
static bool
choose_retry(const struct model *m, unsigned *seed, struct model_step *s)
{
    struct model_step again;
    int back = 1 + model_below(seed, 1 + model_below(seed, 40));

    if (back > (int)m->count)
        return false;
    again = m->done[(int)m->count - back].step;
    again.now = s->now;
    if (model_below(seed, 2) == 0) {
        again.data = s->data;
        again.token = s->token;
        again.body_fine = s->body_fine;
        again.etags[0] = s->etags[0];
        again.etags[1] = s->etags[1];
    }
    *s = again;
    return true;
}

static void
choose_waited(unsigned *seed, struct model_step *s)
{
    s->waited = s->call == MODEL_READ && model_below(seed, 6) == 0;
    if (!s->waited)
        return;
    s->token = 0; /* it was taken when the read came */
    s->body_fine = true;
}

struct model_step
model_random_step(const struct model *m, unsigned *seed, int mailbox,
                  tg_time_s now)
{
    /* Creates and deletes are rarer, so that mailboxes have a life. */
    static const enum model_call calls[] = {
        MODEL_CREATE, MODEL_DISPLAY, MODEL_READ,   MODEL_READ,
        MODEL_READ,   MODEL_UPDATE,  MODEL_UPDATE, MODEL_UPDATE,
        MODEL_UPDATE, MODEL_UPDATE,  MODEL_UPDATE, MODEL_UPDATE,
        MODEL_RELINQUISH};
    /* Long conversations of the same two, so that memories fill up. */
    static const int claims[] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 4};
    enum { CALLS = sizeof(calls) / sizeof(calls[0]) };
    enum { CALLERS = sizeof(claims) / sizeof(claims[0]) };
    struct model_step s = {.mailbox = mailbox, .now = now};

    s.call = calls[model_below(seed, CALLS)];
    if (model_below(seed, 100) == 0)
        s.call = MODEL_DELETE;
    s.claim = claims[model_below(seed, CALLERS)];
    s.id = model_below(seed, 40);
    s.data = 1 + model_below(seed, 1000000);
    if (model_below(seed, 4) == 0)
        s.token = 1 + model_below(seed, 1000);
    s.body_fine = model_below(seed, 8) != 0;
    s.device_fine = model_below(seed, 8) != 0;
    s.rights = model_below(seed, 3) == 0 ? 1 + model_below(seed, 7) : 7;
    choose_expiration(m, seed, &s);
    choose_etags(m, seed, &s);
    if (model_below(seed, 6) == 0)
        (void)choose_retry(m, seed, &s);
    else
        choose_waited(seed, &s);
    return s;
}

unsigned
model_first_seed(bool *is_given)
{
    const char *given = getenv("TIGRESS_SEED");

    *is_given = given != NULL;
    return given != NULL ? (unsigned)strtoul(given, NULL, 10)
                         : (unsigned)time(NULL);
}

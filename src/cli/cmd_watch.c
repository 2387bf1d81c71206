/* tigress watch [SHARE]
 *
 * Ends with the first news, so that a script can act on it and watch again.
 */
#include <time.h>

#include "commands.h"
#include "deliver.h"
#include "each.h"

enum { TIMEOUT_S = 300, PAUSE_MAX_S = 10 };

/* One round over all shares. */
struct round {
    struct deliver deliver;
    unsigned live; /* shares that can still bring news */
    unsigned news;
    enum tg_err trouble; /* a relay that may be back in a while */
};

static int
report_end(struct session *s, const struct tg_share *share)
{
    if (s->out.json) {
        struct output_object o = output_begin("gone");

        output_number(&o, "share", tg_share_id(share));
        output_end(&o);
    }
    output_note(&s->out, "Share %lld is over.", (long long)tg_share_id(share));
    return STATUS_GONE;
}

/* What tg_share_receive() or tg_share_wait() has brought. */
static int
settle(struct session *s, struct deliver *d, struct tg_share *share,
       enum tg_err err, struct tg_provisioning *message)
{
    int status;

    if (err == TG_E_GONE)
        return report_end(s, share);
    if (err != TG_OK)
        return session_fail(s, ABOUT_SHARE, err);
    status = deliver_message(s, d, share, message);
    tg_provisioning_free(message);
    return status;
}

static int
watch_one(struct session *s, struct tg_share *share, long timeout_s)
{
    struct tg_provisioning *message = NULL;
    struct deliver d;
    enum tg_err err = TG_E_GONE;
    int status = deliver_begin(s, &d);

    if (status != STATUS_DONE)
        return status;
    if (!session_has_ended(share))
        err = tg_share_wait(share, timeout_s, &message);
    status = settle(s, &d, share, err, message);
    deliver_end(&d);
    return status;
}

static int
look(struct session *s, struct tg_share *share, void *self)
{
    struct round *round = self;
    struct tg_provisioning *message = NULL;
    enum tg_err err;

    if (session_has_ended(share))
        return STATUS_DONE;
    round->live++;
    err = tg_share_receive(share, &message);
    if (err == TG_E_NO_NEWS)
        return STATUS_DONE;
    if (err == TG_E_NETWORK || err == TG_E_BUSY) {
        round->trouble = err;
        return STATUS_DONE;
    }
    if (err == TG_OK || err == TG_E_GONE)
        round->news++;
    return settle(s, &round->deliver, share, err, message);
}

static int64_t
now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

static int
watch_all(struct session *s, long timeout_s)
{
    int64_t end = now_s() + timeout_s;
    int64_t pause_s = 1;

    for (;;) {
        struct round round = {{NULL, -1}, 0, 0, TG_E_NO_NEWS};
        int status = each_share(s, look, &round);
        int64_t left = end - now_s();

        if (status != STATUS_DONE || round.news > 0)
            return status;
        if (round.live == 0 || left <= 0)
            return session_fail(s, ABOUT_SHARE, round.trouble);
        if (pause_s > left)
            pause_s = left;
        nanosleep(&(struct timespec){pause_s, 0}, NULL);
        if (pause_s < PAUSE_MAX_S)
            pause_s++;
    }
}

int
cmd_watch(struct session *s)
{
    const struct options *o = s->options;
    long timeout_s = o->timeout == 0 ? TIMEOUT_S : o->timeout;
    struct tg_share *share = NULL;
    int status;

    if (o->operand_count == 1 && o->out != NULL)
        return output_usage(&s->out, "--out wants one share to be named.");
    status = session_open(s, SESSION_KNOWN);
    if (status != STATUS_DONE)
        return status;
    if (o->operand_count == 1)
        return watch_all(s, timeout_s);
    status = session_share(s, o->operands[1], &share);
    if (status == STATUS_DONE)
        status = watch_one(s, share, timeout_s);
    tg_share_close(share);
    return status;
}

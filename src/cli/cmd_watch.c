/* tigress watch [SHARE]
 *
 * Ends with the first news, so that a script can act on it and watch again.
 */
#include <stdlib.h>

#include "commands.h"
#include "deliver.h"
#include "each.h"

enum { TIMEOUT_S = 300 };

/* The shares that can still bring news. */
struct watched {
    struct tg_share **shares;
    size_t count;
    size_t room;
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

static bool
make_room(struct watched *w)
{
    size_t room = w->room == 0 ? 8 : w->room * 2;
    struct tg_share **more = reallocarray(w->shares, room, sizeof(*more));

    if (more == NULL)
        return false;
    w->shares = more;
    w->room = room;
    return true;
}

/* Open all shares that have not ended. */
static enum tg_err
open_living(struct session *s, struct watched *w)
{
    int64_t id = 0;
    enum tg_err err;

    while ((err = session_next_share(s, id, &id)) == TG_OK) {
        if (w->count == w->room && !make_room(w))
            return TG_E_NOMEM;
        err = session_open_share(s, id, &w->shares[w->count]);
        if (err == TG_E_NOT_FOUND) /* forgotten by another process meanwhile */
            continue;
        if (err != TG_OK)
            return err;
        if (session_has_ended(w->shares[w->count]))
            tg_share_close(w->shares[w->count]);
        else
            w->count++;
    }
    return err == TG_E_NOT_FOUND ? TG_OK : err;
}

static void
close_living(struct watched *w)
{
    for (size_t i = 0; i < w->count; i++)
        tg_share_close(w->shares[i]);
    free(w->shares);
}

static int
watch_all(struct session *s, long timeout_s)
{
    struct watched w = {NULL, 0, 0};
    struct tg_provisioning *message = NULL;
    struct deliver to_output = {NULL, -1};
    struct tg_share *share;
    size_t which = 0;
    int status;
    enum tg_err err;

    if ((err = open_living(s, &w)) == TG_OK)
        err = tg_share_wait_any(w.shares, w.count, timeout_s, &which);
    if (err != TG_OK) {
        status = session_fail(s, ABOUT_SHARE, err);
    } else {
        share = w.shares[which];
        err = tg_share_receive(share, &message);
        status = settle(s, &to_output, share, err, message);
    }
    close_living(&w);
    return status;
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

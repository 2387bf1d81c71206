/* See each.h. */
#include "each.h"

static int
visit_one(struct session *s, int64_t id,
          int (*visit)(struct session *, struct tg_share *, void *),
          void *self)
{
    struct tg_share *share = NULL;
    enum tg_err err = session_open_share(s, id, &share);
    int status;

    if (err == TG_E_NOT_FOUND) /* forgotten by another process meanwhile */
        return STATUS_DONE;
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    status = visit(s, share, self);
    tg_share_close(share);
    return status;
}

int
each_share(struct session *s,
           int (*visit)(struct session *, struct tg_share *, void *),
           void *self)
{
    int64_t id = 0;
    int first = STATUS_DONE;
    enum tg_err err;

    while ((err = session_next_share(s, id, &id)) == TG_OK) {
        int status = visit_one(s, id, visit, self);

        if (first == STATUS_DONE)
            first = status;
    }
    if (err != TG_E_NOT_FOUND && first == STATUS_DONE)
        first = output_fail(&s->out, ABOUT_SHARE, err, NULL);
    return first;
}

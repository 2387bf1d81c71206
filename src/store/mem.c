/* See mem.h. Written to be obviously right, not to be fast: chains of rows,
 * and a sweep that looks at all of them. */
#include "store/mem.h"

#include <string.h>

#include "base/alloc.h"
#include "crypto/random.h"

enum { CHAINS = 1024 };

struct mem_row {
    struct mem_row *next;
    struct store_key key;
    tg_time_s expires;
    struct tg_buf blob;
};

struct mem_hour {
    struct mem_hour *next;
    tg_time_s hour;
    struct hour_key key;
};

struct mem {
    struct mem_row *chains[CHAINS];
    struct store_count count;
    struct mem_hour *hours;
};

/* ---- rows -------------------------------------------------------------- */

/* Where the row is linked, or would be: lookup keys look random. */
static struct mem_row **
find(struct mem *m, const struct store_key *key)
{
    size_t chain = (key->bytes[0] | (size_t)key->bytes[1] << 8) % CHAINS;
    struct mem_row **at = &m->chains[chain];

    while (*at != NULL &&
           memcmp((*at)->key.bytes, key->bytes, STORE_KEY_LEN) != 0)
        at = &(*at)->next;
    return at;
}

static struct mem_row *
row_new(const struct store_key *key, const struct store_row *content)
{
    struct mem_row *row = tg_alloc(sizeof(*row));

    if (row == NULL)
        return NULL;
    row->key = *key;
    row->expires = content->expires;
    if (tg_buf_append(&row->blob, content->blob) != TG_OK) {
        tg_free(row);
        return NULL;
    }
    return row;
}

static void
row_free(struct mem_row *row)
{
    if (row == NULL)
        return;
    tg_buf_free(&row->blob);
    tg_free(row);
}

static void
unlink_row(struct mem *m, struct mem_row **at)
{
    struct mem_row *row = *at;

    if (row == NULL)
        return;
    *at = row->next;
    m->count.rows--;
    m->count.bytes -= row->blob.len;
    row_free(row);
}

/* Takes the place of a row of that key, if there is one. */
static void
link_row(struct mem *m, struct mem_row *row)
{
    struct mem_row **at = find(m, &row->key);

    unlink_row(m, at);
    row->next = *at;
    *at = row;
    m->count.rows++;
    m->count.bytes += row->blob.len;
}

/* Both rows or none. */
static enum tg_err
put(struct mem *m, const struct store_key *key,
    const struct store_change *change)
{
    struct mem_row *row = NULL;
    struct mem_row *companion = NULL;

    if (change->has_companion && *find(m, &change->companion_key) != NULL)
        return TG_E_EXISTS;
    row = row_new(key, &change->row);
    if (change->has_companion)
        companion = row_new(&change->companion_key, &change->companion);
    if (row == NULL || (change->has_companion && companion == NULL)) {
        row_free(row);
        row_free(companion);
        return TG_E_NOMEM;
    }
    link_row(m, row);
    if (companion != NULL)
        link_row(m, companion);
    return TG_OK;
}

/* ---- the port ---------------------------------------------------------- */

static enum tg_err
decide(struct store_op *op, const struct mem_row *found,
       struct store_change *change)
{
    struct store_row row;

    *change = (struct store_change){0};
    if (found == NULL)
        return op->decide(op, NULL, change);
    row = (struct store_row){found->expires, tg_span_buf(&found->blob)};
    return op->decide(op, &row, change);
}

static enum tg_err
run_one(struct mem *m, struct store_op *op)
{
    struct mem_row **at = find(m, &op->key);
    struct store_change change;
    enum tg_err err;

    if ((err = decide(op, *at, &change)) != TG_OK)
        return err;
    if (op->only_reads && change.verb != STORE_KEEP) {
        if (op->no_write)
            return TG_E_STATE;
        op->only_reads = false;
        if ((err = decide(op, *at, &change)) != TG_OK)
            return err;
    }
    switch (change.verb) {
    case STORE_KEEP: return TG_OK;
    case STORE_PUT: return put(m, &op->key, &change);
    case STORE_REMOVE: unlink_row(m, at); return TG_OK;
    }
    return TG_E_STATE;
}

static void
run(void *self, struct store_op *const ops[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        ops[i]->result = run_one(self, ops[i]);
}

static enum tg_err
expire(void *self, tg_time_s now, size_t most, size_t *removed)
{
    struct mem *m = self;
    size_t count = 0;

    for (size_t i = 0; i < CHAINS; i++) {
        struct mem_row **at = &m->chains[i];

        while (*at != NULL && count < most) {
            if ((*at)->expires <= now) {
                unlink_row(m, at);
                count++;
            } else {
                at = &(*at)->next;
            }
        }
    }
    *removed = count;
    return TG_OK;
}

static enum tg_err
count_rows(void *self, struct store_count *out)
{
    const struct mem *m = self;

    *out = m->count;
    return TG_OK;
}

/* ---- hour keys --------------------------------------------------------- */

static enum tg_err
get_hour_key(void *self, tg_time_s expires, bool create, struct hour_key *out)
{
    struct mem *m = self;
    tg_time_s hour = expires / HOUR_SECONDS;
    struct mem_hour *made;

    for (const struct mem_hour *h = m->hours; h != NULL; h = h->next)
        if (h->hour == hour) {
            *out = h->key;
            return TG_OK;
        }
    if (!create)
        return TG_E_NOT_FOUND;
    if ((made = tg_alloc(sizeof(*made))) == NULL)
        return TG_E_STORE;
    if (random_bytes(made->key.bytes, HOUR_KEY_LEN) != TG_OK) {
        tg_free(made);
        return TG_E_STORE;
    }
    made->hour = hour;
    made->next = m->hours;
    m->hours = made;
    *out = made->key;
    return TG_OK;
}

static void
drop_hour(struct mem_hour **at)
{
    struct mem_hour *hour = *at;

    *at = hour->next;
    tg_wipe(hour, sizeof(*hour));
    tg_free(hour);
}

static enum tg_err
destroy_hour_keys(void *self, tg_time_s now)
{
    struct mem *m = self;
    struct mem_hour **at = &m->hours;

    while (*at != NULL) {
        if ((*at)->hour < now / HOUR_SECONDS)
            drop_hour(at);
        else
            at = &(*at)->next;
    }
    return TG_OK;
}

/* ---- opening and closing ----------------------------------------------- */

static void
close_all(void *self)
{
    struct mem *m = self;

    for (size_t i = 0; i < CHAINS; i++)
        while (m->chains[i] != NULL)
            unlink_row(m, &m->chains[i]);
    while (m->hours != NULL)
        drop_hour(&m->hours);
    tg_free(m);
}

enum tg_err
mem_open(struct store *out, struct hour_keys *hours)
{
    struct mem *m = tg_alloc(sizeof(*m));

    if (m == NULL)
        return TG_E_NOMEM;
    *out = (struct store){m, run, expire, count_rows, close_all};
    *hours = (struct hour_keys){m, get_hour_key, destroy_hour_keys};
    return TG_OK;
}

/* See pg_batch.h.
 *
 * A row and its companion are written by one statement, so that neither goes
 * in alone. That statement knows one version of each. An operation that would
 * change such a row once more waits for the next round.
 */
#include "store/postgres/pg_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- slots by key ------------------------------------------------------ */

static uint16_t *
place_of(struct pg_batch *b, const struct store_key *key)
{
    uint32_t at;

    memcpy(&at, key->bytes, sizeof(at)); /* keys look random */
    for (;; at++) {
        uint16_t *place = &b->table[at % PG_TABLE];

        if (*place == 0 || memcmp(b->slots[*place - 1].key.bytes, key->bytes,
                                  STORE_KEY_LEN) == 0)
            return place;
    }
}

struct pg_slot *
pg_batch_find(struct pg_batch *b, const struct store_key *key)
{
    const uint16_t *place = place_of(b, key);

    return *place == 0 ? NULL : &b->slots[*place - 1];
}

static struct pg_slot *
find_or_add(struct pg_batch *b, const struct store_key *key)
{
    uint16_t *place = place_of(b, key);
    struct pg_slot *slot;

    if (*place != 0)
        return &b->slots[*place - 1];
    assert(b->count < PG_SLOTS);
    slot = &b->slots[b->count++];
    *slot = (struct pg_slot){.key = *key, .partner = PG_NOBODY};
    *place = (uint16_t)b->count;
    return slot;
}

static size_t
number_of(const struct pg_batch *b, const struct pg_slot *slot)
{
    return (size_t)(slot - b->slots);
}

struct pg_slot *
pg_batch_writer(struct pg_batch *b, struct pg_slot *slot)
{
    return slot->is_second ? &b->slots[slot->partner] : slot;
}

void
pg_batch_begin(struct pg_batch *b, struct store_op *const ops[], size_t count)
{
    assert(count <= STORE_BATCH_MOST);
    memset(b->table, 0, sizeof(b->table));
    b->count = 0;
    for (size_t i = 0; i < count; i++)
        find_or_add(b, &ops[i]->key);
    b->loaded = b->count;
}

void
pg_batch_loaded(struct pg_slot *slot, int64_t stamp,
                const struct store_row *row)
{
    slot->found = true;
    slot->stamp = stamp;
    slot->is_there = true;
    slot->row = *row;
}

/* ---- deciding ---------------------------------------------------------- */

static enum tg_err
ask(struct store_op *op, const struct pg_slot *slot,
    struct store_change *change)
{
    *change = (struct store_change){0};
    return op->decide(op, slot->is_there ? &slot->row : NULL, change);
}

static enum pg_turn
defer(struct pg_slot *slot)
{
    slot->is_closed = true;
    return PG_DEFERRED;
}

static void
write_row(struct pg_slot *slot, const struct store_row *row)
{
    slot->is_there = true;
    slot->row = *row;
    slot->changed = true;
}

/* Row and companion, or neither. Whether the companion's place is taken in the
 * database shows when it is written. */
static enum pg_turn
put_pair(struct pg_batch *b, struct store_op *op, struct pg_slot *slot,
         const struct store_change *change)
{
    struct pg_slot *other = find_or_add(b, &change->companion_key);

    if (other->is_there || other == slot) {
        op->result = TG_E_EXISTS;
        return PG_ERRED;
    }
    if (other->changed || other->found)
        return defer(slot);
    write_row(slot, &change->row);
    write_row(other, &change->companion);
    slot->partner = number_of(b, other);
    other->partner = number_of(b, slot);
    other->is_second = true;
    return PG_CHANGED;
}

static enum pg_turn
apply(struct pg_batch *b, struct store_op *op, struct pg_slot *slot,
      const struct store_change *change)
{
    if (change->verb == STORE_KEEP)
        return PG_KEPT;
    if (change->verb == STORE_REMOVE && !slot->is_there)
        return PG_KEPT;
    if (slot->partner != PG_NOBODY)
        return defer(slot);
    if (change->wake > slot->wake)
        slot->wake = change->wake;
    if (change->verb == STORE_PUT && change->has_companion)
        return put_pair(b, op, slot, change);
    if (change->verb == STORE_PUT) {
        write_row(slot, &change->row);
    } else {
        slot->is_there = false;
        slot->changed = true;
    }
    return PG_CHANGED;
}

static enum pg_turn
decide(struct pg_batch *b, struct store_op *op, struct pg_slot *slot)
{
    struct store_change change;

    if (slot->is_closed)
        return PG_DEFERRED;
    if ((op->result = ask(op, slot, &change)) != TG_OK)
        return PG_ERRED;
    if (op->only_reads && change.verb != STORE_KEEP) {
        if (op->no_write) {
            op->result = TG_E_STATE;
            return PG_ERRED;
        }
        op->only_reads = false;
        if ((op->result = ask(op, slot, &change)) != TG_OK)
            return PG_ERRED;
    }
    return apply(b, op, slot, &change);
}

void
pg_batch_decide(struct pg_batch *b, struct store_op *const ops[],
                size_t count)
{
    for (size_t i = 0; i < count; i++)
        b->turns[i] = decide(b, ops[i], pg_batch_find(b, &ops[i]->key));
}

/* ---- what is to be written --------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
    const struct pg_slot *const *x = a;
    const struct pg_slot *const *y = b;

    return memcmp((*x)->key.bytes, (*y)->key.bytes, STORE_KEY_LEN);
}

size_t
pg_batch_writes(struct pg_batch *b, struct pg_slot *out[PG_SLOTS])
{
    size_t count = 0;

    for (size_t i = 0; i < b->count; i++) {
        struct pg_slot *slot = &b->slots[i];

        if (slot->changed && !slot->is_second &&
            (slot->found || slot->is_there))
            out[count++] = slot;
    }
    qsort(out, count, sizeof(struct pg_slot *), by_key);
    return count;
}

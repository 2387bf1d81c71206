/* See dead_marks.h. Each mark belongs to one of the sets, as a processor's
 * cache has them, and may lie in any of its places. */
#include "nginx/dead_marks.h"

#include <assert.h>
#include <string.h>

struct halves {
    uint64_t of[2];
};

static struct halves
halves_of(const struct doorbell_mark *mark)
{
    struct halves halves;

    static_assert(sizeof(halves) == DOORBELL_MARK_LEN, "two halves");
    memcpy(halves.of, mark->bytes, sizeof(halves));
    return halves;
}

/* Marks are digests: any bits of them are as good as others. */
static size_t
set_of(struct halves halves)
{
    return halves.of[0] % DEAD_MARKS_SETS;
}

static bool
is_at(const struct dead_mark *place, struct halves halves)
{
    return atomic_load(&place->halves[0]) == halves.of[0] &&
           atomic_load(&place->halves[1]) == halves.of[1];
}

static void
put(struct dead_mark *place, struct halves halves)
{
    atomic_store(&place->halves[0], halves.of[0]);
    atomic_store(&place->halves[1], halves.of[1]);
}

bool
dead_marks_any(const struct dead_marks *table)
{
    return atomic_load(&table->added) > 0;
}

bool
dead_marks_has(const struct dead_marks *table,
               const struct doorbell_mark *mark)
{
    struct halves halves = halves_of(mark);
    const struct dead_set *set = &table->sets[set_of(halves)];

    if (!dead_marks_any(table))
        return false;
    for (size_t i = 0; i < DEAD_MARKS_WAYS; i++)
        if (is_at(&set->marks[i], halves))
            return true;
    return false;
}

/* A free place, or one whose turn it is. */
static struct dead_mark *
place_in(struct dead_set *set)
{
    static const struct halves none;

    for (size_t i = 0; i < DEAD_MARKS_WAYS; i++)
        if (is_at(&set->marks[i], none))
            return &set->marks[i];
    return &set->marks[atomic_fetch_add(&set->next, 1) % DEAD_MARKS_WAYS];
}

void
dead_marks_add(struct dead_marks *table, const struct doorbell_mark *mark)
{
    struct halves halves = halves_of(mark);

    if (dead_marks_has(table, mark))
        return;
    atomic_fetch_add(&table->added, 1);
    put(place_in(&table->sets[set_of(halves)]), halves);
}

void
dead_marks_remove(struct dead_marks *table, const struct doorbell_mark *mark)
{
    static const struct halves none;
    struct halves halves = halves_of(mark);
    struct dead_set *set = &table->sets[set_of(halves)];

    for (size_t i = 0; i < DEAD_MARKS_WAYS; i++)
        if (is_at(&set->marks[i], halves))
            put(&set->marks[i], none);
}

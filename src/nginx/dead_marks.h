/* Which tokens a service has called dead (R-PUSH-3): a table that all workers
 * share, of digests alone. Knows no nginx.
 *
 * Bounded: a mark that is added where there is no room takes the place of an
 * older one, whose token may then be rung once more.
 *
 * Without a lock, since whoever holds one may be killed. Two who write into one
 * place at once, or one who dies there, leave a mark that belongs to no token.
 */
#ifndef NGINX_DEAD_MARKS_H
#define NGINX_DEAD_MARKS_H

#include <stdatomic.h>

#include "doorbell/doorbell.h"

enum { DEAD_MARKS_SETS = 1024, DEAD_MARKS_WAYS = 8 };

struct dead_mark {
    _Atomic uint64_t halves[2]; /* both 0: free */
};

struct dead_set {
    _Atomic unsigned next; /* whose turn it is to make room */
    struct dead_mark marks[DEAD_MARKS_WAYS];
};

/* All zero: empty. */
struct dead_marks {
    _Atomic uint64_t added; /* ever; 0: nobody needs to look */
    struct dead_set sets[DEAD_MARKS_SETS];
};

/* Whether a look can find anything: spares the digest of a token. */
bool dead_marks_any(const struct dead_marks *table);

bool dead_marks_has(const struct dead_marks *table,
                    const struct doorbell_mark *mark);
void dead_marks_add(struct dead_marks *table,
                    const struct doorbell_mark *mark);

/* Does nothing when it is not there. */
void dead_marks_remove(struct dead_marks *table,
                       const struct doorbell_mark *mark);

#endif

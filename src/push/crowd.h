/* How many posts are under way to each host of a service.
 *
 * Web Push has many hosts. One that does not answer would take all places of
 * the lane in the end, and so delay what goes to the others: it may have most
 * of them at first, and few once it has been found silent.
 */
#ifndef PUSH_CROWD_H
#define PUSH_CROWD_H

#include "base/bytes.h"

enum { CROWD_HOSTS = 128 };

/* Zeroed before use. Hosts that share a place by chance share its limit. */
struct crowd {
    struct crowd_host {
        size_t under_way;
        unsigned unanswered; /* posts, since the last that was */
    } hosts[CROWD_HOSTS];
};

/* The place of the host of a URL. */
size_t crowd_place(struct tg_span url);

/* Whether one more may go there, of a lane that may have `most` under way. */
bool crowd_has_room(const struct crowd *crowd, size_t place, size_t most);

void crowd_begin(struct crowd *crowd, size_t place);
void crowd_end(struct crowd *crowd, size_t place, bool was_answered);

#endif

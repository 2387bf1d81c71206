/* See crowd.h. */
#include "push/crowd.h"

enum {
    SILENT_AFTER = 3, /* posts without an answer */
    SILENT_MOST = 2,
    SLASHES_BEFORE_PATH = 3
};

size_t
crowd_place(struct tg_span url)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    unsigned slashes = 0;

    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] == '/' && ++slashes == SLASHES_BEFORE_PATH)
            break;
        hash = (hash ^ url.ptr[i]) * 16777619u;
    }
    return hash % CROWD_HOSTS;
}

/* Three quarters, so that others always find a place. */
bool
crowd_has_room(const struct crowd *crowd, size_t place, size_t most)
{
    const struct crowd_host *host = &crowd->hosts[place];
    bool is_silent = host->unanswered >= SILENT_AFTER;
    size_t limit = is_silent ? SILENT_MOST : most - most / 4;

    return host->under_way < limit;
}

void
crowd_begin(struct crowd *crowd, size_t place)
{
    crowd->hosts[place].under_way++;
}

void
crowd_end(struct crowd *crowd, size_t place, bool was_answered)
{
    struct crowd_host *host = &crowd->hosts[place];

    host->under_way--;
    host->unanswered = was_answered ? 0 : host->unanswered + 1;
}

/* See fingerprints.h. */
#include "fingerprints.h"

#include <stdlib.h>
#include <string.h>

enum { ROW = DEVICE_KEY_FINGERPRINT };

void
fingerprints_free(struct fingerprints *set)
{
    free(set->at);
    *set = FINGERPRINTS_EMPTY;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool
fingerprints_has(const struct fingerprints *set, const char *fingerprint)
{
    return set->count > 0 &&
           bsearch(fingerprint, set->at, set->count, ROW, compare) != NULL;
}

static bool
is_fingerprint(const char *text)
{
    return strlen(text) == ROW - 1 &&
           strspn(text, "0123456789abcdef") == ROW - 1;
}

enum tg_err
fingerprints_add(struct fingerprints *set, const struct members *members,
                 const char *name)
{
    struct fingerprints all = FINGERPRINTS_EMPTY;
    const char *text;
    size_t more = 0;

    if (!members_has(members, name))
        return TG_E_FORMAT;
    while (members_list_text(members, name, more) != NULL)
        more++;
    all.at = calloc(set->count + more + 1, ROW);
    if (all.at == NULL)
        return TG_E_NOMEM;
    if (set->count > 0)
        memcpy(all.at, set->at, set->count * ROW);
    all.count = set->count;
    for (size_t i = 0; i < more; i++) {
        text = members_list_text(members, name, i);
        if (!is_fingerprint(text)) {
            fingerprints_free(&all);
            return TG_E_FORMAT;
        }
        if (!fingerprints_has(set, text))
            memcpy(all.at[all.count++], text, ROW);
    }
    qsort(all.at, all.count, ROW, compare);
    fingerprints_free(set);
    *set = all;
    return TG_OK;
}

void
fingerprints_write(const struct fingerprints *set, struct members *members,
                   const char *name)
{
    members_set_list(members, name);
    for (size_t i = 0; i < set->count; i++)
        members_add_text(members, name, set->at[i]);
}

/* The discovery document of a relay, parsed (PROTOCOL §7). It comes from
 * outside: a known member of the wrong kind, or a number out of range, makes
 * the whole document as good as none, since it is only there to help. Unknown
 * members are ignored, and so are unknown words in its lists. */
#ifndef CLIENT_DISCOVERY_H
#define CLIENT_DISCOVERY_H

#include <stdbool.h>

#include <tigress/relay_info.h>

enum {
    DISCOVERY_MAX = 16 * 1024, /* bytes of a document */
    DISCOVERY_LIST_MAX = 16,
    DISCOVERY_TEXT_MAX = 64,
    DISCOVERY_NUMBER_MAX = 0x7fffffff
};

struct discovery_list {
    bool is_said; /* maybe with nothing in it */
    size_t count;
    char text[DISCOVERY_LIST_MAX][DISCOVERY_TEXT_MAX + 1];
};

/* Numbers are -1 when they were not said. */
struct tg_relay_info {
    struct discovery_list versions;
    struct discovery_list payload_types;
    struct discovery_list notifications;
    struct discovery_list attestation_formats;
    int64_t payload_max;
    int64_t lifetime_default_s;
    int64_t lifetime_max_s;
    int64_t wait_max_s;
    enum tg_attestation_policy attestation;
};

/* TG_E_FORMAT, TG_E_LIMIT (too long, too deep, a list too long, a number out
 * of range), TG_E_NOMEM; *out is then untouched. */
TG_MUST_USE enum tg_err discovery_parse(struct tg_span text,
                                        struct tg_relay_info *out);

bool discovery_has(const struct discovery_list *list, const char *word);

#endif

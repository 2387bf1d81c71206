/* Bodies while they are judged: one function for each call that has one, and
 * the parts that several share. Each returns WIRE_FINE, or the first member
 * that is at fault by its full name; then the draft's request is not used. */
#ifndef WIRE_BODY_H
#define WIRE_BODY_H

#include "base/json.h"
#include "wire/wire.h"

struct body_draft {
    const struct tg_json *root; /* an object */
    const struct wire_limits *limits;
    struct request_body *request;
    /* Has room for every text of the body before anything is kept in it, so
     * that it never moves and spans into it stay valid. */
    struct tg_buf *bytes;
};

struct wire_problem body_create(struct body_draft *draft);
struct wire_problem body_read(struct body_draft *draft);
struct wire_problem body_update(struct body_draft *draft);

/* `payload`, required (R-CREATE-1). */
struct wire_problem body_payload(struct body_draft *draft);

/* `notificationToken`, optional (§13). */
struct wire_problem body_token(struct body_draft *draft);

/* ---- members ----------------------------------------------------------- */

struct wire_problem body_fine(void);

/* `member` and `reason` are literals. */
struct wire_problem body_bad(const char *member, const char *reason);

/* A required, non-empty text; `member` is its full name for the problem.
 * *out is borrowed from the tree. */
struct wire_problem body_text(const struct tg_json *object, const char *name,
                              const char *member, struct tg_span *out);

/* A member that must be an object when it is there; *out NULL when not. */
struct wire_problem body_object(const struct tg_json *object,
                                const char *name,
                                const struct tg_json **out);

/* Copy a text of the tree into the draft's bytes. */
struct tg_span body_keep(struct body_draft *draft, struct tg_span text);

#endif

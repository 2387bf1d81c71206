/* The mailbox: its state, and what each call of the protocol does to it.
 *
 * Every call is one function: it looks at the mailbox, the request and the
 * time, changes the mailbox in memory, says in `effects` what has to follow,
 * and returns the outcome in the words of the protocol. It does no I/O, so
 * deciding twice about the same row is harmless; only what is committed counts.
 *
 * Order of checks in all of them (PROTOCOL §4): mailbox exists, this claim
 * already did this request, claim, right, body, attestation, precondition. What
 * comes before (method, size, headers) is the business of wire/.
 */
#ifndef RELAY_MAILBOX_H
#define RELAY_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "relay/limits.h"

/* ---- identifiers ------------------------------------------------------- */

/* A capability: whoever knows it may ask for the mailbox. Never logged. */
struct mailbox_id {
    struct tg_uuid uuid;
};

struct request_id {
    struct tg_uuid uuid;
};

/* What the relay keeps of a device claim: SHA-256(claim ‖ mailbox identifier).
 * Two mailboxes of one device have nothing in common that could be compared. */
enum { CLAIM_MARK_LEN = 32 };
struct claim_mark {
    uint8_t bytes[CLAIM_MARK_LEN];
};

/* ---- state ------------------------------------------------------------- */

/* Who calls, or whom to notify. */
enum mailbox_side { SIDE_NONE, SIDE_INITIATOR, SIDE_RECIPIENT };

/* Access rights (R-CREATE-3), a set. */
enum { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_DELETE = 4 };

struct mailbox_payload {
    struct tg_span type; /* the algorithm's name */
    struct tg_span data; /* ciphertext; never empty */
};

/* Public: the preview shows it. UTF-8, judged by wire/. */
struct display_info {
    struct tg_span title;
    struct tg_span description;
    struct tg_span image_url;
};

/* Where to ring when the mailbox changes; type.len is 0 when there is none. */
struct notification_token {
    struct tg_span type;
    struct tg_span data;
};

/* One completed update, so that its retry is recognised and answered as the
 * first time (R-IDEM, D10). A relinquish is remembered apart from these, since
 * it makes the relay forget all of them; the method is thus never in doubt. */
struct remembered_request {
    struct request_id id;
    uint64_t version;    /* of the payload after that call */
    bool push_supported; /* as it was answered */
};

/* The last updates of one side, oldest first. */
struct request_memory {
    size_t count;
    struct remembered_request requests[LIMIT_REMEMBERED_REQUESTS];
};

/* All spans are borrowed: from the opened row, or from the request that has
 * just changed the mailbox. They live as long as both. */
struct mailbox {
    bool exists;       /* false: no such row; nothing else then has meaning */
    tg_time_s expires; /* the mailbox is gone at this second */
    uint64_t version;  /* of the payload; starts at 1; the ETag */
    uint8_t rights;    /* RIGHT_… */
    struct claim_mark initiator;
    bool has_recipient;
    struct claim_mark recipient; /* only with has_recipient */
    struct mailbox_payload payload;
    struct display_info display;
    struct notification_token initiator_token;
    struct notification_token recipient_token;
    struct request_memory initiator_memory;
    struct request_memory recipient_memory;
    bool has_relinquish;               /* D10: the last one, whoever did it */
    struct claim_mark relinquish_claim;
    struct request_id relinquish_id;
};

/* What is left of a create for its retries (D4); lives as long as the mailbox
 * would have. */
struct create_memory {
    bool exists;
    struct mailbox_id mailbox;
    tg_time_s expires;
    bool push_supported;
};

/* ---- request ----------------------------------------------------------- */

enum expiration_choice {
    EXPIRATION_DEFAULT,
    EXPIRATION_AT,      /* mailboxConfiguration.expiration */
    EXPIRATION_LIFETIME /* mailboxConfiguration.lifetime (D7) */
};

/* If-Match or If-None-Match (RFC 9110 §13.1.1, §13.1.2), already reduced to
 * versions: tags that are not of our form match nothing and are left out. */
enum condition_kind { CONDITION_NONE, CONDITION_ANY, CONDITION_LIST };
struct etag_condition {
    enum condition_kind kind;
    size_t count;
    uint64_t versions[LIMIT_ETAGS];
};

/* The parsed body. `acceptable` is wire/'s verdict on it: a refusal is only
 * reported when it is the body's turn, so that a retry (201) or a stranger
 * (401) is answered first. */
struct request_body {
    bool acceptable;
    struct mailbox_payload payload;  /* create, update */
    struct display_info display;     /* create */
    struct notification_token token; /* type.len 0: none given */
    uint8_t rights;                  /* create; RIGHT_… */
    enum expiration_choice expiration_choice;
    tg_time_s expiration; /* EXPIRATION_AT: UTC; EXPIRATION_LIFETIME: seconds */
};

struct relay_request {
    struct claim_mark claim;
    struct request_id id; /* create, update, delete, relinquish */
    struct request_body body;
    struct etag_condition if_match;      /* update */
    struct etag_condition if_none_match; /* read */
    bool attestation_refused; /* create: what the device says of itself does not
                                 convince, or is missing (R-ATT-2) */
    bool has_waited; /* read: not for the first time, so it was bound then;
                        it takes no place that has become free since (§13) */
};

/* What the operator has configured, as far as decisions depend on it. */
struct relay_policy {
    tg_time_s lifetime_default; /* seconds, > 0 */
    tg_time_s lifetime_max;     /* seconds, >= lifetime_default */
    const struct tg_span *push_types; /* configured notification services */
    size_t push_type_count;
    /* Whether a service has called a token dead (R-PUSH-3). It may learn of one
     * at any moment. NULL: none is. */
    bool (*is_dead)(const void *self, const struct notification_token *token);
    const void *is_dead_self;
};

/* ---- outcome ----------------------------------------------------------- */

enum relay_outcome {
    RELAY_DONE,
    RELAY_ALREADY_DONE,     /* a retry: answer as the first time, 201 */
    RELAY_NO_SUCH_MAILBOX,
    RELAY_CLAIM_REFUSED,    /* not bound to this mailbox */
    RELAY_RIGHT_REFUSED,    /* bound, or could be, but lacks the right */
    RELAY_BODY_REFUSED,     /* as wire/ found; it keeps the reason */
    RELAY_EXPIRATION_PAST,  /* R-CREATE-4 */
    RELAY_ATTESTATION_REFUSED, /* R-ATT-2 */
    RELAY_PRECONDITION_FAILED, /* If-Match: stale (R-UPD-3) */
    RELAY_UNCHANGED         /* If-None-Match: the caller has this version */
};

/* What has to follow, once the decision is durable and not before. */
struct relay_effects {
    bool changed;            /* the row must be saved … */
    bool removed;            /* … or removed (then `changed` is false) */
    bool wake;               /* the payload changed, or the mailbox went: who
                              * waits is to look again … */
    bool ends_waits;         /* … and is answered, though it be unchanged */
    enum mailbox_side notify; /* whom to ring, if anyone (R-UPD-2); by a retry
                               * too, since the first ring may be lost */
    struct notification_token notify_token; /* borrowed as in the mailbox */
    bool push_supported;     /* for the answer (R-PUSH-1, D8) */
    uint64_t version;        /* for the answer's ETag */
};

/* ---- decisions --------------------------------------------------------- */

/* Each takes:
 *   mb   in/out  the opened row, or one with `exists` false
 *   rq           borrowed; afterwards *mb may borrow spans from it
 *   fx   out     set on every outcome
 * An outcome other than RELAY_DONE leaves *mb as it was, but for
 * RELAY_UNCHANGED, which withholds the payload and nothing else.
 */

/* R-CREATE-1…5, D4…D7. `memory` in/out: what an earlier try has left; `id`
 * is the fresh identifier for the case that there is none. */
enum relay_outcome mailbox_create(struct mailbox *mb,
                                  struct create_memory *memory,
                                  const struct mailbox_id *id,
                                  const struct relay_request *rq,
                                  const struct relay_policy *policy,
                                  tg_time_s now, struct relay_effects *fx);

/* ReadDisplayInformation, R-PRE-1: never changes anything. */
enum relay_outcome mailbox_display(const struct mailbox *mb, tg_time_s now,
                                   struct relay_effects *fx);

/* ReadSecureContent, R-READ-1…3. */
enum relay_outcome mailbox_read(struct mailbox *mb,
                                const struct relay_request *rq,
                                const struct relay_policy *policy,
                                tg_time_s now, struct relay_effects *fx);

/* R-UPD-1…3. */
enum relay_outcome mailbox_update(struct mailbox *mb,
                                  const struct relay_request *rq,
                                  const struct relay_policy *policy,
                                  tg_time_s now, struct relay_effects *fx);

/* R-DEL-1. */
enum relay_outcome mailbox_delete(struct mailbox *mb,
                                  const struct relay_request *rq,
                                  tg_time_s now, struct relay_effects *fx);

/* R-REL-1. */
enum relay_outcome mailbox_relinquish(struct mailbox *mb,
                                      const struct relay_request *rq,
                                      tg_time_s now,
                                      struct relay_effects *fx);

/* Before a decision: forget the tokens that are dead (R-PUSH-3). This alone is
 * no reason to save the row; whoever saves it for another has it forgotten. */
void mailbox_forget_dead(struct mailbox *mb,
                         const struct relay_policy *policy);

/* Whether `token` is of a type that is configured here (R-PUSH-1). */
bool mailbox_push_supported(const struct notification_token *token,
                            const struct relay_policy *policy);

#endif

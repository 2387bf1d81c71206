/* What a device says to a relay, request by request, and what it expects. */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include "base/bytes.h"
#include "base/uuid.h"

enum script_step {
    STEP_CREATE,
    STEP_BIND, /* the recipient's first read */
    STEP_READ, /* a later one */
    STEP_WAIT, /* the initiator's, for another version than it has */
    STEP_UPDATE,
    STEP_DELETE,
    STEP_COUNT
};

enum script_kind {
    SCRIPT_CREATE,  /* a create, over and over */
    SCRIPT_READ,    /* a read of a mailbox that is there already */
    SCRIPT_MIX,     /* 1 create, 1 bind, 3 reads, 2 updates, 1 delete */
    SCRIPT_PREPARE, /* a create and a bind: for the others */
    SCRIPT_WAIT,    /* a read that waits, over and over */
    SCRIPT_UPDATE,  /* what it waits for */
    SCRIPT_KINDS
};

/* One mailbox, as its two devices know it. */
struct script_mailbox {
    char id[TG_UUID_TEXT_LEN + 1];
    char initiator[TG_UUID_TEXT_LEN + 1];
    char recipient[TG_UUID_TEXT_LEN + 1];
};

/* Who makes a mailbox, and what it says of itself to do so. */
struct script_device {
    char request_id[TG_UUID_TEXT_LEN + 1];
    char claim[TG_UUID_TEXT_LEN + 1];
    char *statement; /* Mailbox-Device-Attestation */
};

struct script {
    enum script_kind kind;
    bool constant; /* the server answers a constant: there are no mailboxes */
    unsigned position;
    struct script_mailbox mailbox;
    unsigned long version; /* that SCRIPT_WAIT has */
    const struct script_device *device; /* of the next create; NULL: any */
};

/* What every create and update carries: payload.data, in base64. */
extern const char script_payload_data[];

const char *script_step_name(enum script_step step);
const char *script_kind_name(enum script_kind kind);

/* How many requests one round has. */
unsigned script_length(enum script_kind kind);

enum script_step script_step(const struct script *script);

/* Append the next request to *out. `last` asks the server to close after it.
 * TG_E_NOMEM, TG_E_RANDOM. */
TG_MUST_USE enum tg_err script_request(struct script *script, bool last,
                                       struct tg_buf *out);

/* Whether the answer is the right one; then the script moves on. A wait that
 * found nothing new is answered rightly, too. */
enum { SCRIPT_UNCHANGED = 412 };
bool script_accept(struct script *script, unsigned status,
                   struct tg_span body);

#endif

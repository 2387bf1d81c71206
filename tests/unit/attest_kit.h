/* For tests of attestation formats: an authority that is trusted, and what one
 * format's procedure says of a statement. */
#ifndef ATTEST_KIT_H
#define ATTEST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/formats.h"
#include "forge.h"

struct attest_kit {
    struct forge_authority authority;
    struct attest_trust *trust; /* in its root */
    struct attest_policy policy;
};

static inline void
attest_kit_init(struct attest_kit *kit, enum attest_format format)
{
    forge_authority_init(&kit->authority);
    kit->trust = forge_trust(&kit->authority.root, 1);
    forge_policy(&kit->policy, format, kit->trust);
}

static inline void
attest_kit_done(struct attest_kit *kit)
{
    attest_trust_free(kit->trust);
    forge_authority_done(&kit->authority);
}

/* Finish and end what was begun, and judge it. */
static inline enum attest_reason
attest_kit_judge(const struct attest_kit *kit, attest_format_check *check,
                 struct forge *f)
{
    struct attest_verdict verdict = {.reason = ATTEST_MISSING};
    struct attest_statement statement;
    enum attest_reason reason;

    reason = attest_statement_read(forge_finish(f), &statement, &verdict);
    if (reason == ATTEST_FINE) {
        reason = check(&statement, &kit->policy, FORGE_NOW);
        attest_statement_done(&statement);
    }
    forge_end(f);
    return reason;
}

#endif

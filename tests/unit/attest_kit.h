/* For tests of attestation: an authority that is trusted, and what the relay
 * says of a statement. */
#ifndef ATTEST_KIT_H
#define ATTEST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/trust.h"
#include "forge.h"

struct attest_kit {
    enum attest_format format;
    struct forge_authority authority;
    struct attest_trust *trust; /* in its root */
    struct attest_policy policy;
};

static inline void
attest_kit_init(struct attest_kit *kit, enum attest_format format)
{
    kit->format = format;
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

/* Finish what was begun, and have it judged as a relay does. */
static inline enum attest_reason
attest_kit_verify(const struct attest_kit *kit, struct forge *f)
{
    struct attest_verdict verdict = attest_verify(
        &kit->policy, forge_finish(f), f->challenge, FORGE_NOW);

    assert_true(verdict.has_format);
    assert_int_equal(verdict.format, kit->format);
    return verdict.reason;
}

#endif

/* For tests of one format's procedure, alone; main() says of which. */
#ifndef ATTEST_FORMAT_KIT_H
#define ATTEST_FORMAT_KIT_H

#include "attest_kit.h"

#include "attest/formats.h"

static struct attest_kit kit;

static int
set_up(void **state)
{
    (void)state;
    attest_kit_init(&kit, kit.format);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    attest_kit_done(&kit);
    return 0;
}

/* A statement that is right, until something is changed in it. */
static struct forge
begin(void)
{
    struct forge f;

    forge_begin(&f, kit.format, &kit.authority);
    return f;
}

/* Finish and end what was begun, and judge it by another policy. */
static enum attest_reason
judge_by(const struct attest_policy *policy, struct forge *f)
{
    struct attest_verdict verdict = {.reason = ATTEST_MISSING};
    struct attest_statement statement;
    enum attest_reason reason;

    reason = attest_statement_read(forge_finish(f), &statement, &verdict);
    if (reason == ATTEST_FINE) {
        reason = attest_format_procedure(statement.format)(&statement, policy,
                                                           FORGE_NOW);
        attest_statement_done(&statement);
    }
    forge_end(f);
    return reason;
}

static enum attest_reason
judge(struct forge *f)
{
    return judge_by(&kit.policy, f);
}

/* What is true of each format whose leaf has an authority above it. */
static inline void
check_that_the_leaf_leads_to_a_root_now(void)
{
    struct forge f = begin();
    struct forge_authority same;

    f.above_count = 0;
    assert_int_equal(judge(&f), ATTEST_CHAIN);
    f = begin();
    f.leaf.until = FORGE_NOW - 1;
    assert_int_equal(judge(&f), ATTEST_CHAIN);
    f = begin();
    f.leaf.from = FORGE_NOW + 1;
    assert_int_equal(judge(&f), ATTEST_CHAIN);
    forge_authority_init(&same);
    forge_begin(&f, kit.format, &same);
    assert_int_equal(judge(&f), ATTEST_CHAIN);
    forge_authority_done(&same);
}

#endif

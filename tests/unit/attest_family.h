/* What tests of chains of certificates share: a family of them, and verdicts
 * over them and over others like them. */
#ifndef ATTEST_FAMILY_H
#define ATTEST_FAMILY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "forge.h"

/* A root, an intermediate, a leaf, and trust in the root. */
struct family {
    struct forge_authority authority;
    EVP_PKEY *leaf_key;
    struct forge_certificate leaf_says;
    X509 *leaf;
    struct attest_trust *trust;
};

static inline int
set_up(void **state)
{
    static struct family family;
    struct family *f = &family;

    *f = (struct family){.leaf_says = forge_leaf_template()};
    forge_authority_init(&f->authority);
    f->leaf_key = forge_key(FORGE_P256);
    f->leaf = forge_issue(&f->leaf_says, f->leaf_key, f->authority.intermediate,
                          f->authority.key);
    f->trust = forge_trust(&f->authority.root, 1);
    *state = f;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct family *f = *state;

    attest_trust_free(f->trust);
    X509_free(f->leaf);
    EVP_PKEY_free(f->leaf_key);
    forge_authority_done(&f->authority);
    return 0;
}

/* The verdict over up to four certificates, leaf first, NULL behind. */
static inline enum attest_reason
judge_at(const struct attest_trust *trust, X509 *const sent[5], tg_time_s now)
{
    struct certificate_chain chain = {0};

    for (size_t i = 0; i < 5 && sent[i] != NULL; i++)
        chain.certificates[chain.count++] = sent[i];
    return attest_trust_check(trust, &chain, now);
}

static inline enum attest_reason
judge(const struct attest_trust *trust, X509 *a, X509 *b, X509 *c, X509 *d)
{
    X509 *const sent[5] = {a, b, c, d};

    return judge_at(trust, sent, FORGE_NOW);
}

/* A leaf that says something else, below the intermediate; freed. */
static inline enum attest_reason
judge_leaf(const struct family *f, const struct forge_certificate *says)
{
    X509 *leaf = forge_issue(says, f->leaf_key, f->authority.intermediate,
                             f->authority.key);
    enum attest_reason reason =
        judge(f->trust, leaf, f->authority.intermediate, NULL, NULL);

    X509_free(leaf);
    return reason;
}

/* An intermediate that says something else, and a leaf below it; freed. */
static inline enum attest_reason
judge_between(const struct family *f, const struct forge_certificate *says,
              enum forge_kind kind)
{
    EVP_PKEY *key = forge_key(kind);
    X509 *between =
        forge_issue(says, key, f->authority.root, f->authority.root_key);
    X509 *leaf = forge_issue(&f->leaf_says, f->leaf_key, between, key);
    enum attest_reason reason = judge(f->trust, leaf, between, NULL, NULL);

    X509_free(leaf);
    X509_free(between);
    EVP_PKEY_free(key);
    return reason;
}

/* A test with a family of its own. */
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif

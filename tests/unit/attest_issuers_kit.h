/* What tests of remembered issuers share: an authority, devices below it, and
 * verdicts that tell whether issuers were remembered. */
#ifndef ATTEST_ISSUERS_KIT_H
#define ATTEST_ISSUERS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/issuers.h"
#include "attest/trust_inside.h"
#include "forge.h"

enum { SENT_MOST = 5, SHORT = 100 /* seconds */ };

static struct forge_authority authority;
static EVP_PKEY *leaf_key;

static inline int
begin(void **state)
{
    (void)state;
    forge_authority_init(&authority);
    leaf_key = forge_key(FORGE_P256);
    return 0;
}

static inline int
end(void **state)
{
    (void)state;
    EVP_PKEY_free(leaf_key);
    forge_authority_done(&authority);
    return 0;
}

/* A device below this issuer. */
static inline X509 *
make_leaf(X509 *issuer, EVP_PKEY *issuer_key)
{
    const struct forge_certificate says = forge_leaf_template();

    return forge_issue(&says, leaf_key, issuer, issuer_key);
}

/* An authority on leaf_key, below the root. */
static inline X509 *
make_between(const struct forge_certificate *says)
{
    return forge_issue(says, leaf_key, authority.root, authority.root_key);
}

/* Whether the issuers that were known last led to `authority`'s own root. */
static _Thread_local bool root_is_anchor;

/* What is said of a statement with these certificates, leaf first, NULL behind,
 * and whether it found them remembered. */
static inline enum attest_reason
judge(const struct attest_trust *trust, X509 *const *sent, size_t own,
      tg_time_s now, bool *was_known)
{
    struct tg_buf statement = TG_BUF_EMPTY;
    struct certificate_chain chain;
    enum attest_reason reason;
    struct cbor_item map;
    size_t count = 0;

    while (sent[count] != NULL)
        count++;
    forge_cbor_map(&statement, 1);
    forge_cbor_text(&statement, "x5c");
    forge_cbor_array(&statement, count);
    for (size_t i = 0; i < count; i++) {
        struct tg_buf der = TG_BUF_EMPTY;

        forge_certificate_der(&der, sent[i]);
        forge_cbor_bytes(&statement, tg_span_buf(&der));
        tg_buf_free(&der);
    }
    assert_int_equal(cbor_parse(tg_span_buf(&statement), CBOR_ANY_ORDER, &map),
                     TG_OK);
    reason = attest_trust_read(trust, &map, own, &chain);
    if (reason == ATTEST_FINE) {
        *was_known = chain.known.anchor != NULL;
        root_is_anchor =
            *was_known && X509_cmp(chain.known.anchor, authority.root) == 0;
        assert_int_equal(chain.count, count);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(X509_cmp(chain.certificates[i], sent[i]), 0);
        reason = attest_trust_check(trust, &chain, now);
        certificate_chain_done(&chain);
    }
    tg_buf_free(&statement);
    return reason;
}

#define CHAIN(...) ((X509 *[SENT_MOST + 1]){__VA_ARGS__})

/* The verdict is this one, and issuers were known or were not. */
static inline void
expect(const struct attest_trust *trust, X509 *const *sent, tg_time_s now,
       enum attest_reason reason, bool is_known)
{
    bool was_known;

    assert_int_equal(judge(trust, sent, 1, now, &was_known), reason);
    assert_int_equal(was_known, is_known);
}

#endif

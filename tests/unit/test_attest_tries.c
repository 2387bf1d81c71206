/* How often a chain that leads to nobody is looked at: each time costs the
 * relay a signature at least (DECISION(11)). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509_vfy.h>

#include "attest/trust_inside.h"
#include "forge.h"

enum { MOST = TRUST_NAMESAKES_MOST, NAMES = 2 };

static int failures;
static int right;

/* OpenSSL calls this for each certificate that is right, and at the first in a
 * path that is not. */
static int
count(int is_right, X509_STORE_CTX *ctx)
{
    (void)ctx;
    if (is_right)
        right++;
    else
        failures++;
    return is_right;
}

/* Roots of a name, each with a key of its own, or all with this one. */
struct roots {
    X509 *each[NAMES * MOST];
    EVP_PKEY *keys[NAMES * MOST];
    size_t count;
};

static void
add_roots(struct roots *roots, const char *name, size_t count, EVP_PKEY *key)
{
    const struct forge_certificate says = forge_authority_template(name);

    for (size_t i = 0; i < count; i++) {
        EVP_PKEY *own = key != NULL ? key : forge_key(FORGE_P256);

        if (key != NULL)
            assert_int_equal(EVP_PKEY_up_ref(key), 1);
        roots->keys[roots->count] = own;
        roots->each[roots->count++] = forge_issue(&says, own, NULL, own);
    }
}

static void
free_roots(struct roots *roots)
{
    for (size_t i = 0; i < roots->count; i++) {
        X509_free(roots->each[i]);
        EVP_PKEY_free(roots->keys[i]);
    }
}

static X509 *
issue(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    const struct forge_certificate says = forge_authority_template(name);

    return forge_issue(&says, key, issuer, issuer_key);
}

/* The verdict; and how many times somebody was found to be wrong. */
static enum attest_reason
judge(const struct roots *roots, X509 *a, X509 *b, X509 *c)
{
    struct attest_trust *trust = forge_trust(roots->each, roots->count);
    struct certificate_chain chain = {.certificates = {a, b, c}};
    enum attest_reason reason;

    while (chain.certificates[chain.count] != NULL)
        chain.count++;
    X509_STORE_set_verify_cb(trust->ways, count);
    failures = 0;
    right = 0;
    reason = attest_trust_check(trust, &chain, FORGE_NOW);
    attest_trust_free(trust);
    return reason;
}

static void
one_of_eight_roots_of_a_name_is_found(void **state)
{
    struct roots roots = {.count = 0};
    EVP_PKEY *key = forge_key(FORGE_P256);

    (void)state;
    add_roots(&roots, "CN=A", MOST, NULL);
    for (size_t i = 0; i < MOST; i++) {
        X509 *leaf = issue("CN=Leaf", key, roots.each[i], roots.keys[i]);

        assert_int_equal(judge(&roots, leaf, NULL, NULL), ATTEST_FINE);
        assert_int_equal(failures, i);
        X509_free(leaf);
    }
    EVP_PKEY_free(key);
    free_roots(&roots);
}

static void
roots_of_several_names_are_tried_eight_times_in_all(void **state)
{
    struct roots roots = {.count = 0};
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *middle, *leaf;

    (void)state;
    add_roots(&roots, "CN=A", MOST, NULL);
    add_roots(&roots, "CN=B", MOST, NULL);
    middle = issue("CN=A", key, roots.each[MOST], key);
    leaf = issue("CN=Leaf", key, middle, key);
    assert_int_equal(judge(&roots, leaf, middle, NULL), ATTEST_CHAIN);
    assert_int_equal(failures, MOST);
    X509_free(leaf);
    X509_free(middle);
    EVP_PKEY_free(key);
    free_roots(&roots);
}

/* The certificates of a maker are public: anybody can hang a leaf below. */
static void
a_leaf_that_its_issuer_did_not_sign_is_looked_at_once(void **state)
{
    struct roots roots = {.count = 0};
    EVP_PKEY *root_key = forge_key(FORGE_P256);
    EVP_PKEY *key = forge_key(FORGE_P256);
    EVP_PKEY *other = forge_key(FORGE_P256);
    X509 *middle, *leaf;

    (void)state;
    add_roots(&roots, "CN=A", MOST, root_key);
    middle = issue("CN=Middle", key, roots.each[0], root_key);
    leaf = issue("CN=Leaf", other, middle, other);
    assert_int_equal(judge(&roots, leaf, middle, NULL), ATTEST_CHAIN);
    assert_int_equal(failures, 1);
    assert_int_equal(right, 2); /* the root, and who is below it */
    X509_free(leaf);
    X509_free(middle);
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
    EVP_PKEY_free(root_key);
    free_roots(&roots);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_eight_roots_of_a_name_is_found),
        cmocka_unit_test(roots_of_several_names_are_tried_eight_times_in_all),
        cmocka_unit_test(a_leaf_that_its_issuer_did_not_sign_is_looked_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

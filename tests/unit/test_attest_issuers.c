/* What is remembered of issuers, and what is judged each time nevertheless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "attest/issuers.h"
#include "attest/trust_inside.h"
#include "forge.h"

enum { SENT_MOST = 5, SHORT = 100 /* seconds */ };

static struct forge_authority authority;
static EVP_PKEY *leaf_key;

static int
begin(void **state)
{
    (void)state;
    forge_authority_init(&authority);
    leaf_key = forge_key(FORGE_P256);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    EVP_PKEY_free(leaf_key);
    forge_authority_done(&authority);
    return 0;
}

/* A device below this issuer. */
static X509 *
make_leaf(X509 *issuer, EVP_PKEY *issuer_key)
{
    const struct forge_certificate says = forge_leaf_template();

    return forge_issue(&says, leaf_key, issuer, issuer_key);
}

/* An authority on leaf_key, below the root. */
static X509 *
make_between(const struct forge_certificate *says)
{
    return forge_issue(says, leaf_key, authority.root, authority.root_key);
}

/* Whether the issuers that were known last led to `authority`'s own root. */
static _Thread_local bool root_is_anchor;

/* What is said of a statement with these certificates, leaf first, NULL behind,
 * and whether it found them remembered. */
static enum attest_reason
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
static void
expect(const struct attest_trust *trust, X509 *const *sent, tg_time_s now,
       enum attest_reason reason, bool is_known)
{
    bool was_known;

    assert_int_equal(judge(trust, sent, 1, now, &was_known), reason);
    assert_int_equal(was_known, is_known);
}

static void
issuers_that_led_to_a_root_are_remembered(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *a = make_leaf(authority.intermediate, authority.key);
    X509 *b = make_leaf(authority.intermediate, authority.key);

    (void)state;
    expect(trust, CHAIN(a, authority.intermediate), FORGE_NOW, ATTEST_FINE,
           false);
    assert_int_equal(issuers_count(trust->issuers), 1);
    expect(trust, CHAIN(b, authority.intermediate), FORGE_NOW, ATTEST_FINE,
           true);
    assert_int_equal(issuers_count(trust->issuers), 1);
    /* The root behind them makes another chain. */
    expect(trust, CHAIN(b, authority.intermediate, authority.root), FORGE_NOW,
           ATTEST_FINE, false);
    expect(trust, CHAIN(a, authority.intermediate, authority.root), FORGE_NOW,
           ATTEST_FINE, true);
    assert_int_equal(issuers_count(trust->issuers), 2);
    attest_trust_free(trust);
    X509_free(a);
    X509_free(b);
}

/* Counts certificates that have a mark, as they are freed. */
static int freed;

static void
count_freed(void *parent, void *mark, CRYPTO_EX_DATA *data, int index,
            long argument, void *more)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)argument;
    (void)more;
    if (mark != NULL)
        freed++;
}

/* Each with so many certificates of its own. */
static void
nothing_of_a_device_is_kept(void **state)
{
    int index = X509_get_ex_new_index(0, NULL, NULL, NULL, count_freed);
    const struct forge_certificate says = forge_authority_template("CN=Batch");
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *batch =
        forge_issue(&says, leaf_key, authority.intermediate, authority.key);
    X509 *leaf = make_leaf(batch, leaf_key);

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        for (size_t own = 1; own <= 3; own++) {
            struct certificate_chain chain = {.count = 3, .own = own};

            chain.certificates[0] = X509_dup(leaf);
            chain.certificates[1] = X509_dup(batch);
            chain.certificates[2] = X509_dup(authority.intermediate);
            memset(chain.issuers, (int)own, sizeof(chain.issuers));
            for (size_t i = 0; i < own; i++)
                X509_set_ex_data(chain.certificates[i], index, &freed);
            assert_int_equal(attest_trust_check(trust, &chain, FORGE_NOW),
                             ATTEST_FINE);
            freed = 0;
            certificate_chain_done(&chain);
            assert_int_equal(freed, own);
        }
    }
    assert_int_equal(issuers_count(trust->issuers), 2);
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(batch);
}

static void
who_has_issued_nothing_else_is_not_kept(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *direct = make_leaf(authority.root, authority.root_key);
    X509 *leaf = make_leaf(authority.intermediate, authority.key);
    bool was_known;

    (void)state;
    expect(trust, CHAIN(direct), FORGE_NOW, ATTEST_FINE, false);
    assert_int_equal(judge(trust, CHAIN(leaf, authority.intermediate), 2,
                           FORGE_NOW, &was_known),
                     ATTEST_FINE);
    assert_int_equal(issuers_count(trust->issuers), 0);
    attest_trust_free(trust);
    X509_free(direct);
    X509_free(leaf);
}

static void
issuers_of_a_chain_that_is_refused_are_not_kept(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *forged = make_leaf(authority.intermediate, leaf_key);
    struct forge_authority same;
    X509 *other;

    (void)state;
    forge_authority_init(&same); /* of the same names */
    other = make_leaf(same.intermediate, same.key);
    expect(trust, CHAIN(forged, authority.intermediate), FORGE_NOW,
           ATTEST_CHAIN, false);
    expect(trust, CHAIN(other, same.intermediate), FORGE_NOW, ATTEST_CHAIN,
           false);
    expect(trust, CHAIN(other, same.intermediate, same.root), FORGE_NOW,
           ATTEST_CHAIN, false);
    assert_int_equal(issuers_count(trust->issuers), 0);
    attest_trust_free(trust);
    forge_authority_done(&same);
    X509_free(forged);
    X509_free(other);
}

static void
below_known_issuers_a_device_is_judged_as_ever(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    struct forge_certificate says = forge_leaf_template();
    X509 *between = authority.intermediate;
    X509 *good = make_leaf(between, authority.key);
    X509 *forged = make_leaf(between, leaf_key);
    X509 *elsewhere = make_leaf(authority.root, authority.root_key);
    X509 *revoked, *early, *late, *critical;

    (void)state;
    says.serial = "0bad";
    revoked = forge_issue(&says, leaf_key, between, authority.key);
    says.serial = NULL;
    says.from = FORGE_NOW + 1;
    early = forge_issue(&says, leaf_key, between, authority.key);
    says.from = FORGE_NOW - 2;
    says.until = FORGE_NOW - 1;
    late = forge_issue(&says, leaf_key, between, authority.key);
    says.until = FORGE_NOW + SHORT;
    forge_add_extension(&says, "1.2.3.4", TG_SPAN_LITERAL("\x05\x00"), true);
    critical = forge_issue(&says, leaf_key, between, authority.key);
    forge_revoke(trust, "0bad\n");

    expect(trust, CHAIN(good, between), FORGE_NOW, ATTEST_FINE, false);
    expect(trust, CHAIN(revoked, between), FORGE_NOW, ATTEST_REVOKED, true);
    expect(trust, CHAIN(forged, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(elsewhere, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(early, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(early, between), FORGE_NOW + 1, ATTEST_FINE, true);
    expect(trust, CHAIN(late, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(critical, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(between, between), FORGE_NOW, ATTEST_CHAIN, true);
    expect(trust, CHAIN(good, between), FORGE_NOW, ATTEST_FINE, true);
    X509_free(good);
    X509_free(forged);
    X509_free(elsewhere);
    X509_free(revoked);
    X509_free(early);
    X509_free(late);
    X509_free(critical);
    attest_trust_free(trust);
}

static void
a_known_issuer_that_is_revoked_is_refused(void **state)
{
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    struct forge_certificate says = forge_authority_template("CN=Between");
    X509 *between, *leaf;

    (void)state;
    says.serial = "0dead0";
    between = make_between(&says);
    leaf = make_leaf(between, leaf_key);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, true);
    forge_revoke(trust, "0dead0\n");
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_REVOKED, true);
    X509_free(leaf);
    X509_free(between);
    attest_trust_free(trust);
}

static void
a_known_chain_whose_root_is_revoked_is_refused(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Root");
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *root, *between, *leaf;
    struct attest_trust *trust;

    (void)state;
    says.serial = "0dead1";
    root = forge_issue(&says, key, NULL, key);
    says = forge_authority_template("CN=Between");
    between = forge_issue(&says, leaf_key, root, key);
    leaf = make_leaf(between, leaf_key);
    trust = forge_trust(&root, 1);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    forge_revoke(trust, "0dead1\n");
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_REVOKED, true);
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(between);
    X509_free(root);
    EVP_PKEY_free(key);
}

/* A root and an issuer below it, one of which is valid for less time. */
static void
check_times(bool is_root_short)
{
    struct forge_certificate says = forge_authority_template("CN=Root");
    EVP_PKEY *key = forge_key(FORGE_P256);
    const tg_time_s from = FORGE_NOW - SHORT, until = FORGE_NOW + SHORT;
    X509 *root, *between, *leaf;
    struct attest_trust *trust;

    if (is_root_short) {
        says.from = from;
        says.until = until;
    }
    root = forge_issue(&says, key, NULL, key);
    says = forge_authority_template("CN=Between");
    if (!is_root_short) {
        says.from = from;
        says.until = until;
    }
    between = forge_issue(&says, leaf_key, root, key);
    leaf = make_leaf(between, leaf_key);
    trust = forge_trust(&root, 1);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    for (int d = -2; d <= 2; d++) {
        expect(trust, CHAIN(leaf, between), from + d,
               d < 0 ? ATTEST_CHAIN : ATTEST_FINE, true);
        expect(trust, CHAIN(leaf, between), until + d,
               d < 0 ? ATTEST_FINE : ATTEST_CHAIN, true);
    }
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(between);
    X509_free(root);
    EVP_PKEY_free(key);
}

static void
known_issuers_count_as_long_as_all_up_to_the_root_are_valid(void **state)
{
    (void)state;
    check_times(false);
    check_times(true);
}

static void
other_roots_know_nothing_of_them(void **state)
{
    struct attest_trust *before = forge_trust(&authority.root, 1);
    X509 *leaf = make_leaf(authority.intermediate, authority.key);
    struct forge_authority same;
    struct attest_trust *after;

    (void)state;
    forge_authority_init(&same);
    after = forge_trust(&same.root, 1);
    expect(before, CHAIN(leaf, authority.intermediate), FORGE_NOW, ATTEST_FINE,
           false);
    expect(after, CHAIN(leaf, authority.intermediate), FORGE_NOW, ATTEST_CHAIN,
           false);
    attest_trust_free(before);
    attest_trust_free(after);
    forge_authority_done(&same);
    X509_free(leaf);
}

/* It was sent, it expired, and it is not what was found to be trusted. */
static void
an_older_certificate_of_the_root_is_not_the_anchor(void **state)
{
    struct forge_certificate old =
        forge_authority_template("C=AA,O=Test Maker,CN=Test Root");
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *leaf = make_leaf(authority.root, authority.root_key);
    X509 *below = make_leaf(authority.intermediate, authority.key);
    X509 *before;

    (void)state;
    old.until = FORGE_NOW - 1;
    before = forge_issue(&old, authority.root_key, NULL, authority.root_key);
    for (int turn = 0; turn < 2; turn++) {
        expect(trust, CHAIN(leaf, before), FORGE_NOW, ATTEST_FINE, turn > 0);
        assert_int_equal(root_is_anchor, turn > 0);
        expect(trust, CHAIN(below, authority.intermediate, before), FORGE_NOW,
               ATTEST_FINE, turn > 0);
    }
    attest_trust_free(trust);
    X509_free(before);
    X509_free(below);
    X509_free(leaf);
}

static void
issuers_that_limit_names_are_not_remembered(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Between");
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *between, *leaf;

    (void)state;
    /* permitted: any directory name */
    forge_add_extension(&says, "2.5.29.30",
                        TG_SPAN_LITERAL("\x30\x08\xa0\x06\x30\x04\xa4\x02"
                                        "\x30\x00"),
                        true);
    between = make_between(&says);
    leaf = make_leaf(between, leaf_key);
    for (int turn = 0; turn < 2; turn++)
        expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    attest_trust_free(trust);
    X509_free(leaf);
    X509_free(between);
}

/* One root that has only one issuer in a row below it: it counts those of a
 * device, too, and not those that issue their own successors. */
static void
the_length_of_a_path_is_judged_each_time(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Root");
    EVP_PKEY *key = forge_key(FORGE_P256);
    EVP_PKEY *same_key = forge_key(FORGE_P256);
    X509 *root, *between, *same, *more, *leaf, *below_same, *below_more;
    struct attest_trust *trust;
    bool was_known;

    (void)state;
    says.path_length = 1;
    root = forge_issue(&says, key, NULL, key);
    says = forge_authority_template("CN=Between");
    between = forge_issue(&says, leaf_key, root, key);
    /* What tells it from one that it has signed itself: */
    forge_add_extension(&says, "2.5.29.14", TG_SPAN_LITERAL("\x04\x02yy"),
                        false);
    forge_add_extension(&says, "2.5.29.35",
                        TG_SPAN_LITERAL("\x30\x04\x80\x02zz"), false);
    same = forge_issue(&says, same_key, between, leaf_key);
    says = forge_authority_template("CN=More");
    more = forge_issue(&says, leaf_key, between, leaf_key);
    leaf = make_leaf(between, leaf_key);
    below_same = make_leaf(same, same_key);
    below_more = make_leaf(more, leaf_key);
    trust = forge_trust(&root, 1);
    expect(trust, CHAIN(leaf, between), FORGE_NOW, ATTEST_FINE, false);
    assert_int_equal(issuers_count(trust->issuers), 1);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(judge(trust, CHAIN(below_same, same, between), 2,
                               FORGE_NOW, &was_known),
                         ATTEST_FINE);
        assert_false(was_known);
        assert_int_equal(judge(trust, CHAIN(below_more, more, between), 2,
                               FORGE_NOW, &was_known),
                         ATTEST_CHAIN);
        assert_false(was_known);
    }
    assert_int_equal(issuers_count(trust->issuers), 1);
    attest_trust_free(trust);
    X509_free(below_more);
    X509_free(below_same);
    X509_free(leaf);
    X509_free(more);
    X509_free(same);
    X509_free(between);
    X509_free(root);
    EVP_PKEY_free(same_key);
    EVP_PKEY_free(key);
}

static void
no_more_are_remembered_than_there_is_room_for(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Between");
    static uint8_t filler[ISSUERS_DER_MOST];
    struct attest_trust *trust = forge_trust(&authority.root, 1);
    X509 *first = make_between(&says);
    X509 *leaf = make_leaf(first, leaf_key);
    X509 *big;

    (void)state;
    expect(trust, CHAIN(leaf, first), FORGE_NOW, ATTEST_FINE, false);
    for (size_t i = 1; i < ISSUERS_MOST + 3; i++) {
        X509 *other = make_between(&says);

        expect(trust, CHAIN(leaf, other), FORGE_NOW, ATTEST_FINE, false);
        assert_int_equal(issuers_count(trust->issuers),
                         i < ISSUERS_MOST ? i + 1 : ISSUERS_MOST);
        /* Who is asked for stays. */
        expect(trust, CHAIN(leaf, first), FORGE_NOW, ATTEST_FINE, true);
        X509_free(other);
    }
    memset(filler, 0xff, sizeof(filler));
    forge_add_extension(&says, "1.2.4",
                        (struct tg_span){filler, sizeof(filler)}, false);
    big = make_between(&says);
    for (int turn = 0; turn < 2; turn++)
        expect(trust, CHAIN(leaf, big), FORGE_NOW, ATTEST_FINE, false);
    attest_trust_free(trust);
    X509_free(big);
    X509_free(leaf);
    X509_free(first);
}

/* ---- threads ------------------------------------------------------------- */

enum { THREADS = 3, TURNS = 60, ISSUERS = 5 };

struct crowd {
    struct attest_trust *trust;
    X509 *between[ISSUERS];
    X509 *leaf, *forged;
};

static void *
judge_many(void *argument)
{
    const struct crowd *crowd = argument;
    uintptr_t wrong = 0;

    for (size_t i = 0; i < TURNS; i++) {
        X509 *between = crowd->between[i % ISSUERS];
        bool is_forged = i % 7 == 0, was_known;

        wrong += judge(crowd->trust,
                       CHAIN(is_forged ? crowd->forged : crowd->leaf, between),
                       1, FORGE_NOW,
                       &was_known) != (is_forged ? ATTEST_CHAIN : ATTEST_FINE);
        if (i % 16 == 15)
            issuers_forget(crowd->trust->issuers);
    }
    return (void *)wrong;
}

static void
several_threads_may_judge_at_once(void **state)
{
    const struct forge_certificate says = forge_authority_template("CN=Issuer");
    struct crowd crowd = {.trust = forge_trust(&authority.root, 1)};
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < ISSUERS; i++)
        crowd.between[i] = make_between(&says);
    crowd.leaf = make_leaf(crowd.between[0], leaf_key);
    crowd.forged = make_leaf(crowd.between[0], authority.key);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge_many, &crowd),
                         0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    for (size_t i = 0; i < ISSUERS; i++)
        X509_free(crowd.between[i]);
    X509_free(crowd.leaf);
    X509_free(crowd.forged);
    attest_trust_free(crowd.trust);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issuers_that_led_to_a_root_are_remembered),
        cmocka_unit_test(nothing_of_a_device_is_kept),
        cmocka_unit_test(who_has_issued_nothing_else_is_not_kept),
        cmocka_unit_test(issuers_of_a_chain_that_is_refused_are_not_kept),
        cmocka_unit_test(below_known_issuers_a_device_is_judged_as_ever),
        cmocka_unit_test(a_known_issuer_that_is_revoked_is_refused),
        cmocka_unit_test(a_known_chain_whose_root_is_revoked_is_refused),
        cmocka_unit_test(
            known_issuers_count_as_long_as_all_up_to_the_root_are_valid),
        cmocka_unit_test(other_roots_know_nothing_of_them),
        cmocka_unit_test(an_older_certificate_of_the_root_is_not_the_anchor),
        cmocka_unit_test(issuers_that_limit_names_are_not_remembered),
        cmocka_unit_test(the_length_of_a_path_is_judged_each_time),
        cmocka_unit_test(no_more_are_remembered_than_there_is_room_for),
        cmocka_unit_test(several_threads_may_judge_at_once),
    };

    return cmocka_run_group_tests(tests, begin, end);
}

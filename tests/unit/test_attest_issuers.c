/* What is remembered of issuers. What is judged each time nevertheless is
 * test_attest_issuers_known.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "attest_issuers_kit.h"

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
        cmocka_unit_test(other_roots_know_nothing_of_them),
        cmocka_unit_test(issuers_that_limit_names_are_not_remembered),
        cmocka_unit_test(no_more_are_remembered_than_there_is_room_for),
        cmocka_unit_test(several_threads_may_judge_at_once),
    };

    return cmocka_run_group_tests(tests, begin, end);
}

/* The car sample's own knowledge: grants, messages, certificates, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "certificate.h"
#include "messages.h"
#include "state.h"

#define VIN       "WVWZZZ1JZXW000001"
#define OTHER_VIN "WVWZZZ1JZXW000002"
#define SHARE     "8c5ff1f1ce0d0ea2f9dcc1ff4d1b3c9a"

enum { HOUR = 3600, NOW = 1800000000 };

static struct grant
grant_of(const char *names, moment from, moment until)
{
    struct grant grant = {.not_before = from, .not_after = until};

    assert_true(grant_set_vehicle(VIN, &grant));
    assert_true(entitlements_parse(names, &grant.allowed));
    return grant;
}

static void
only_dates_that_exist_are_moments(void **state)
{
    static const char *const wrong[] = {
        "", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
        "2026-11-20T24:00:00Z", "2026-11-20T10:00:60Z",
        "2026-11-20 10:00:00Z", "2026-11-20T10:00:00", "2026-11-20T10:00:00z",
        "2026-11-20T10:00:00ZZ", "2026-1-20T10:00:00Z",
        "1969-12-31T23:59:59Z", "2026-11-20T-1:00:00Z",
    };
    char text[MOMENT_TEXT];
    moment when = -5;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(moment_parse(wrong[i], &when));
    assert_int_equal(when, -5);
    assert_true(moment_parse("2028-02-29T12:34:56Z", &when));
    moment_format(when, text);
    assert_string_equal(text, "2028-02-29T12:34:56Z");
}

static void
a_set_of_entitlements_has_one_text(void **state)
{
    static const char *const wrong[] = {"", ",", "unlock,", ",unlock", "fly",
                                        "unlock,unlock", "Unlock",
                                        "unlock start", "all,unlock"};
    char text[ENTITLEMENTS_TEXT];
    entitlements set = 99;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(entitlements_parse(wrong[i], &set));
    assert_int_equal(set, 99);
    assert_true(entitlements_parse("trunk,unlock,start", &set));
    entitlements_format(set, text);
    assert_string_equal(text, "unlock,start,trunk");
    assert_true(entitlements_parse("all", &set));
    entitlements_format(set, text);
    assert_string_equal(text, "unlock,lock,start,drive,trunk");
}

static void
a_grant_is_within_another_only_if_nothing_reaches_out(void **state)
{
    struct grant outer = grant_of("unlock,start", NOW, NOW + HOUR);
    struct grant same = outer;
    struct grant smaller = grant_of("start", NOW + 1, NOW + HOUR - 1);
    struct grant more = grant_of("unlock,trunk", NOW, NOW + HOUR);
    struct grant earlier = grant_of("unlock", NOW - 1, NOW + HOUR);
    struct grant later = grant_of("unlock", NOW, NOW + HOUR + 1);
    struct grant other = smaller;

    (void)state;
    assert_true(grant_set_vehicle(OTHER_VIN, &other));
    assert_true(grant_within(&same, &outer));
    assert_true(grant_within(&smaller, &outer));
    assert_false(grant_within(&more, &outer));
    assert_false(grant_within(&earlier, &outer));
    assert_false(grant_within(&later, &outer));
    assert_false(grant_within(&other, &outer));
}

static void
only_vins_are_vehicles(void **state)
{
    (void)state;
    assert_true(grant_is_vin(VIN));
    assert_false(grant_is_vin(""));
    assert_false(grant_is_vin("WVWZZZ1JZXW00001"));
    assert_false(grant_is_vin("WVWZZZ1JZXW0000012"));
    assert_false(grant_is_vin("WVWZZZ1JZXW00000O"));
    assert_false(grant_is_vin("wvwzzz1jzxw000001"));
}

static void
base64_has_one_form(void **state)
{
    static const char *const wrong[] = {"A", "AB", "ABC", "AB==x", "AB=C",
                                        "AAB=", "A===", "====", "AA==AA==",
                                        "AA-_", " AAAA", "AAAA\n"};
    struct text out = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(text_from_base64(wrong[i], &out), TG_E_FORMAT);
    assert_int_equal(text_from_base64("AAE=", &out), TG_OK);
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.at, "\0\1", 2);
    text_free(&out);
    assert_int_equal(text_from_base64("", &out), TG_OK);
    assert_int_equal(out.len, 0);
    text_free(&out);
}

/* A KeyCreationRequest with one member replaced. */
static enum tg_err
parse_with(const char *type, const char *version, const char *share,
           const char *vehicle, const char *list, const char *from,
           const char *name)
{
    struct key_creation_request message;
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    assert_int_equal(
        text_print(&json,
                   "{\"type\":%s,\"version\":%s,\"share\":%s,\"vehicle\":%s,"
                   "\"entitlements\":%s,\"notBefore\":%s,"
                   "\"notAfter\":\"2026-11-22T10:00:00Z\",\"name\":%s}",
                   type, version, share, vehicle, list, from, name),
        TG_OK);
    err = messages_parse_creation(text_span(&json), &message);
    text_free(&json);
    return err;
}

static void
a_message_with_a_wrong_member_cannot_be_read(void **state)
{
    static const char *const good[] = {
        "\"KeyCreationRequest\"", "1", "\"" SHARE "\"", "\"" VIN "\"",
        "[\"unlock\"]", "\"2026-11-20T10:00:00Z\"", "\"Weekend\""};
    static const struct {
        int member;
        const char *value;
    } cases[] = {
        {0, "\"KeySigningRequest\""}, {0, "null"}, {1, "2"}, {1, "\"1\""},
        {1, "1.0"}, {2, "\"8c\""}, {2, "\"" SHARE "00\""}, {2, "7"},
        {2, "\"8C5FF1F1CE0D0EA2F9DCC1FF4D1B3C9A\""}, {3, "\"car\""},
        {3, "null"}, {4, "[]"}, {4, "\"unlock\""}, {4, "[\"fly\"]"},
        {4, "[\"unlock\",\"unlock\"]"}, {4, "[1]"}, {4, "{}"},
        {5, "\"tomorrow\""}, {5, "1763632800"},
        {5, "\"2026-11-22T10:00:00Z\""}, {5, "\"2026-11-23T10:00:00Z\""},
        {6, "\"\""}, {6, "\"a\\nb\""}, {6, "null"}, {6, "[]"},
        {6, "\"0123456789012345678901234567890123456789012345678901234567890"
            "1234\""},
    };

    (void)state;
    assert_int_equal(parse_with(good[0], good[1], good[2], good[3], good[4],
                                good[5], good[6]),
                     TG_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *m[7];

        memcpy(m, good, sizeof(m));
        m[cases[i].member] = cases[i].value;
        assert_int_equal(
            parse_with(m[0], m[1], m[2], m[3], m[4], m[5], m[6]), TG_E_FORMAT);
    }
}

static void
the_words_of_a_proof_are_those_of_the_formats_page(void **state)
{
    struct messages_terms terms = {
        .share = SHARE, .grant = grant_of("start,unlock", NOW, NOW + HOUR)};
    struct text words = TEXT_EMPTY;
    struct text der = TEXT_EMPTY;
    struct text base64 = TEXT_EMPTY;
    struct text expected = TEXT_EMPTY;
    EVP_PKEY *key = NULL;

    (void)state;
    assert_int_equal(device_key_make(&key), TG_OK);
    assert_int_equal(device_key_public(key, &der), TG_OK);
    assert_int_equal(text_to_base64(text_span(&der), &base64), TG_OK);
    assert_int_equal(messages_proof_words(&terms, key, &words), TG_OK);
    assert_int_equal(
        text_print(&expected,
                   "tigress-car-key-signing-request-v1\n" SHARE "\n" VIN
                   "\nunlock,start\n2027-01-15T08:00:00Z\n"
                   "2027-01-15T09:00:00Z\n%s\n",
                   base64.at),
        TG_OK);
    assert_string_equal(words.at, expected.at);
    text_free(&expected);
    text_free(&base64);
    text_free(&der);
    text_free(&words);
    EVP_PKEY_free(key);
}

static void
a_signing_request_comes_back_as_it_was_sent(void **state)
{
    struct key_signing_request sent = {
        .terms = {.share = SHARE, .grant = grant_of("all", NOW, NOW + HOUR)}};
    struct key_signing_request got;
    struct text words = TEXT_EMPTY;
    struct text json = TEXT_EMPTY;

    (void)state;
    assert_int_equal(device_key_make(&sent.key), TG_OK);
    assert_int_equal(messages_proof_words(&sent.terms, sent.key, &words),
                     TG_OK);
    assert_int_equal(
        device_key_sign(sent.key, text_span(&words), &sent.proof), TG_OK);
    assert_int_equal(messages_format_signing(&sent, &json), TG_OK);
    assert_int_equal(messages_parse_signing(text_span(&json), &got), TG_OK);
    assert_true(messages_terms_equal(&sent.terms, &got.terms));
    assert_int_equal(device_key_verify(got.key, text_span(&words),
                                       text_span(&got.proof)),
                     TG_OK);
    words.at[0] ^= 1;
    assert_int_equal(device_key_verify(got.key, text_span(&words),
                                       text_span(&got.proof)),
                     TG_E_AUTH);
    messages_free_signing(&got);
    messages_free_signing(&sent);
    text_free(&json);
    text_free(&words);
}

/* Maker, owner and friend, with a key and a certificate each. */
struct family {
    EVP_PKEY *maker_key, *owner_key, *friend_key;
    X509 *root, *owner, *leaf;
};

static X509 *
issue(EVP_PKEY *key, const struct grant *grant, int path_length, X509 *issuer,
      EVP_PKEY *issuer_key)
{
    struct certificate_order order = {
        .subject = "test",
        .key = key,
        .grant = grant,
        .not_before = NOW - 24 * HOUR,
        .not_after = NOW + 24 * HOUR,
        .path_length = path_length,
    };
    X509 *made = NULL;

    assert_int_equal(certificate_issue(&order, issuer, issuer_key, &made),
                     TG_OK);
    return made;
}

static int
set_up_family(void **state)
{
    struct grant owner = grant_of("unlock,start", NOW - HOUR, NOW + HOUR);
    struct grant lent = grant_of("unlock", NOW - 60, NOW + 60);
    struct family *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    assert_int_equal(device_key_make(&f->maker_key), TG_OK);
    assert_int_equal(device_key_make(&f->owner_key), TG_OK);
    assert_int_equal(device_key_make(&f->friend_key), TG_OK);
    f->root = issue(f->maker_key, NULL, 1, NULL, f->maker_key);
    f->owner = issue(f->owner_key, &owner, 0, f->root, f->maker_key);
    f->leaf = issue(f->friend_key, &lent, CERTIFICATE_LEAF, f->owner,
                    f->owner_key);
    *state = f;
    return 0;
}

static int
tear_down_family(void **state)
{
    struct family *f = *state;

    X509_free(f->leaf);
    X509_free(f->owner);
    X509_free(f->root);
    EVP_PKEY_free(f->friend_key);
    EVP_PKEY_free(f->owner_key);
    EVP_PKEY_free(f->maker_key);
    free(f);
    return 0;
}

static enum refusal
judge(X509 *leaf, X509 *issuer, X509 *root, moment now)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    struct grant grant = {.allowed = 99};
    enum refusal why;

    sk_X509_push(chain, leaf);
    if (issuer != NULL)
        sk_X509_push(chain, issuer);
    why = certificate_check(chain, root, now, &grant);
    sk_X509_free(chain);
    /* Nothing is granted by a refusal. */
    assert_true((why == REFUSAL_NONE) == (grant.allowed != 99));
    return why;
}

static void
a_chain_holds_from_its_first_second_until_its_end(void **state)
{
    struct family *f = *state;

    assert_int_equal(judge(f->leaf, f->owner, f->root, NOW - 61),
                     REFUSAL_TOO_EARLY);
    assert_int_equal(judge(f->leaf, f->owner, f->root, NOW - 60),
                     REFUSAL_NONE);
    assert_int_equal(judge(f->leaf, f->owner, f->root, NOW + 59),
                     REFUSAL_NONE);
    assert_int_equal(judge(f->leaf, f->owner, f->root, NOW + 60),
                     REFUSAL_TOO_LATE);
}

static void
a_chain_with_a_gap_or_another_root_is_refused(void **state)
{
    struct family *f = *state;
    X509 *other = issue(f->friend_key, NULL, 1, NULL, f->friend_key);

    assert_int_equal(judge(f->leaf, NULL, f->root, NOW), REFUSAL_CHAIN);
    assert_int_equal(judge(f->leaf, f->owner, other, NOW), REFUSAL_CHAIN);
    assert_int_equal(judge(f->root, NULL, f->root, NOW), REFUSAL_CHAIN);
    X509_free(other);
}

static void
a_certificate_that_gives_more_than_its_issuer_has_is_refused(void **state)
{
    struct family *f = *state;
    struct grant wrong[] = {
        grant_of("trunk", NOW - 60, NOW + 60),
        grant_of("unlock", NOW - 2 * HOUR, NOW + 60),
        grant_of("unlock", NOW - 60, NOW + 2 * HOUR),
        grant_of("unlock", NOW - 60, NOW + 60),
    };

    assert_true(grant_set_vehicle(OTHER_VIN, &wrong[3]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        X509 *leaf = issue(f->friend_key, &wrong[i], CERTIFICATE_LEAF,
                           f->owner, f->owner_key);

        assert_int_equal(judge(leaf, f->owner, f->root, NOW), REFUSAL_BEYOND);
        X509_free(leaf);
    }
}

static void
a_friends_key_cannot_certify_a_third_one(void **state)
{
    struct family *f = *state;
    struct grant lent = grant_of("unlock", NOW - 60, NOW + 60);
    X509 *third = issue(f->maker_key, &lent, CERTIFICATE_LEAF, f->leaf,
                        f->friend_key);

    assert_int_equal(judge(third, f->leaf, f->root, NOW), REFUSAL_CHAIN);
    X509_free(third);
}

static void
an_owner_cannot_make_another_owner(void **state)
{
    struct family *f = *state;
    struct grant lent = grant_of("unlock", NOW - 60, NOW + 60);
    X509 *second = issue(f->friend_key, &lent, 0, f->owner, f->owner_key);

    assert_int_equal(judge(second, f->owner, f->root, NOW), REFUSAL_CHAIN);
    X509_free(second);
}

static void
a_certificate_without_a_grant_is_no_key(void **state)
{
    struct family *f = *state;
    X509 *bare = issue(f->friend_key, NULL, CERTIFICATE_LEAF, f->owner,
                       f->owner_key);
    struct grant grant;

    assert_int_equal(judge(bare, f->owner, f->root, NOW), REFUSAL_CHAIN);
    assert_int_equal(certificate_grant(bare, &grant), REFUSAL_FORMAT);
    X509_free(bare);
}

static void
a_key_on_another_curve_is_refused(void **state)
{
    struct family *f = *state;
    struct grant lent = grant_of("unlock", NOW - 60, NOW + 60);
    EVP_PKEY *other = EVP_EC_gen("P-384");
    X509 *leaf = issue(other, &lent, CERTIFICATE_LEAF, f->owner, f->owner_key);

    assert_int_equal(judge(leaf, f->owner, f->root, NOW), REFUSAL_CHAIN);
    X509_free(leaf);
    EVP_PKEY_free(other);
}

static void
a_certificate_changed_anywhere_is_refused(void **state)
{
    struct family *f = *state;
    struct text der = TEXT_EMPTY;

    assert_int_equal(certificate_to_der(f->leaf, &der), TG_OK);
    for (size_t i = 0; i < der.len; i++) {
        X509 *changed = NULL;

        der.at[i] ^= 1;
        if (certificate_from_der(text_span(&der), &changed) == TG_OK)
            assert_int_not_equal(judge(changed, f->owner, f->root, NOW),
                                 REFUSAL_NONE);
        X509_free(changed);
        der.at[i] ^= 1;
    }
    text_free(&der);
}

static void
a_file_is_replaced_as_a_whole_and_is_private(void **state)
{
    char top[] = "/tmp/tigress-car-XXXXXX";
    char path[STATE_PATH_MAX];
    struct text got = TEXT_EMPTY;
    struct state directory;
    struct stat info;

    (void)state;
    assert_non_null(mkdtemp(top));
    assert_int_equal(state_open(top, true, &directory), TG_OK);
    assert_int_equal(state_read(&directory, "a", &got), TG_E_NOT_FOUND);
    /* What a run that was killed has left beside it does not matter. */
    assert_int_equal(state_write(&directory, "a.new", text_span_of("half")),
                     TG_OK);
    assert_int_equal(state_write(&directory, "a", text_span_of("one")), TG_OK);
    assert_int_equal(state_write(&directory, "a", text_span_of("two")), TG_OK);
    assert_int_equal(state_read(&directory, "a", &got), TG_OK);
    assert_string_equal(got.at, "two");
    assert_false(state_has(&directory, "a.new"));
    assert_int_equal(state_path(&directory, "a", path), TG_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(state_remove(&directory, "a"), TG_OK);
    assert_int_equal(state_remove(&directory, "a"), TG_OK);
    assert_int_equal(state_remove(&directory, "lock"), TG_OK);
    text_free(&got);
    state_close(&directory);
    assert_int_equal(rmdir(top), 0);
}

#define FAMILY(test) \
    cmocka_unit_test_setup_teardown(test, set_up_family, tear_down_family)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_dates_that_exist_are_moments),
        cmocka_unit_test(a_set_of_entitlements_has_one_text),
        cmocka_unit_test(a_grant_is_within_another_only_if_nothing_reaches_out),
        cmocka_unit_test(only_vins_are_vehicles),
        cmocka_unit_test(base64_has_one_form),
        cmocka_unit_test(a_message_with_a_wrong_member_cannot_be_read),
        cmocka_unit_test(the_words_of_a_proof_are_those_of_the_formats_page),
        cmocka_unit_test(a_signing_request_comes_back_as_it_was_sent),
        FAMILY(a_chain_holds_from_its_first_second_until_its_end),
        FAMILY(a_chain_with_a_gap_or_another_root_is_refused),
        FAMILY(a_certificate_that_gives_more_than_its_issuer_has_is_refused),
        FAMILY(a_friends_key_cannot_certify_a_third_one),
        FAMILY(an_owner_cannot_make_another_owner),
        FAMILY(a_certificate_without_a_grant_is_no_key),
        FAMILY(a_key_on_another_curve_is_refused),
        FAMILY(a_certificate_changed_anywhere_is_refused),
        cmocka_unit_test(a_file_is_replaced_as_a_whole_and_is_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

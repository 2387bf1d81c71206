/* The messages of a car key share: what is written is what docs/formats.md
 * says, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certificate.h"
#include "messages.h"

#define VIN   "WVWZZZ1JZXW000001"
#define SHARE "8c5ff1f1ce0d0ea2f9dcc1ff4d1b3c9a"

/* base64 of 32 and of 64 zero bytes. */
#define ZEROS    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BYTES_32 ZEROS "="
#define BYTES_64 ZEROS ZEROS "=="

enum { HOUR = 3600, NOW = 1800000000 };

/* One member of a message, and a value that it must not have. NULL: absent. */
struct wrong {
    const char *member;
    const char *value;
};

struct member {
    const char *name;
    const char *value;
};

/* The text of the members, with one replaced. */
static struct text
json_with(const struct member *members, size_t count,
          const struct wrong *wrong)
{
    struct text json = TEXT_EMPTY;
    struct text longer;

    assert_int_equal(text_print(&json, "{\"more\":null"), TG_OK);
    for (size_t i = 0; i < count; i++) {
        const char *value = members[i].value;

        if (wrong != NULL && strcmp(members[i].name, wrong->member) == 0)
            value = wrong->value;
        if (value == NULL)
            continue;
        assert_int_equal(text_print(&longer, "%s,\"%s\":%s", json.at,
                                    members[i].name, value),
                         TG_OK);
        text_free(&json);
        json = longer;
    }
    assert_int_equal(text_print(&longer, "%s}", json.at), TG_OK);
    text_free(&json);
    return longer;
}

/* What each member of the terms must not be. */
static const struct wrong wrong_terms[] = {
    {"type", "null"}, {"type", "\"KeyRequest\""}, {"type", NULL},
    {"version", "2"}, {"version", "\"1\""}, {"version", "1.0"},
    {"share", "\"8c\""}, {"share", "\"" SHARE "00\""}, {"share", "7"},
    {"share", "\"8C5FF1F1CE0D0EA2F9DCC1FF4D1B3C9A\""},
    {"vehicle", "\"car\""}, {"vehicle", "null"},
    {"entitlements", "[]"}, {"entitlements", "\"unlock\""},
    {"entitlements", "[\"fly\"]"}, {"entitlements", "[1]"},
    {"entitlements", "[\"unlock\",\"unlock\"]"}, {"entitlements", "{}"},
    {"notBefore", "\"tomorrow\""}, {"notBefore", "1763632800"},
    {"notBefore", "\"2026-11-22T10:00:00Z\""},
    {"notBefore", "\"2026-11-23T10:00:00Z\""}, {"notAfter", NULL},
    {"uses", "0"}, {"uses", "-1"}, {"uses", "1000001"}, {"uses", "\"1\""},
    {"uses", "1.5"}, {"uses", "null"}, {"sharing", "2"}, {"sharing", "-1"},
    {"sharing", "true"}, {"sharing", "null"},
};

#define TERMS                                                                 \
    {"version", "1"}, {"share", "\"" SHARE "\""}, {"vehicle", "\"" VIN "\""}, \
        {"entitlements", "[\"unlock\"]"},                                     \
        {"notBefore", "\"2026-11-20T10:00:00Z\""},                            \
        {"notAfter", "\"2026-11-22T10:00:00Z\""}, {"uses", "20"},             \
        {"sharing", "1"}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum tg_err
parse(enum messages_kind kind, struct tg_span json)
{
    struct key_creation_request creation;
    struct key_signing_request signing;
    struct pin_retry_request retry;
    struct key_import_request import;
    struct share_cancelled cancelled;
    enum tg_err err = TG_E_UNKNOWN;

    switch (kind) {
    case MESSAGES_CREATION: return messages_parse_creation(json, &creation);
    case MESSAGES_RETRY: return messages_parse_retry(json, &retry);
    case MESSAGES_CANCELLED: return messages_parse_cancelled(json, &cancelled);
    case MESSAGES_SIGNING:
        if ((err = messages_parse_signing(json, &signing)) == TG_OK)
            messages_free_signing(&signing);
        return err;
    case MESSAGES_IMPORT:
        if ((err = messages_parse_import(json, &import)) == TG_OK)
            messages_free_import(&import);
        return err;
    case MESSAGES_NONE: break;
    }
    return err;
}

/* That the message is read as it is, and with none of the wrong members. */
static void
check_members(enum messages_kind kind, const struct member *members,
              size_t count, const struct wrong *wrong, size_t wrong_count)
{
    struct text json = json_with(members, count, NULL);

    assert_int_equal(messages_kind(text_span(&json)), kind);
    assert_int_equal(parse(kind, text_span(&json)), TG_OK);
    text_free(&json);
    for (size_t i = 0; i < wrong_count; i++) {
        json = json_with(members, count, &wrong[i]);
        if (parse(kind, text_span(&json)) != TG_E_FORMAT)
            fail_msg("read: %s", json.at);
        text_free(&json);
    }
}

static void
an_offer_with_a_wrong_member_cannot_be_read(void **state)
{
    static const struct member members[] = {
        {"type", "\"KeyCreationRequest\""}, TERMS,
        {"name", "\"Weekend\""}, {"pakeShare", "\"" BYTES_32 "\""}};
    static const struct wrong wrong[] = {
        {"name", "\"\""}, {"name", "\"a\\nb\""}, {"name", "null"},
        {"name", "[]"}, {"name", "\"01234567890123456789012345678901234567"
                                 "890123456789012345678901234\""},
        {"pakeShare", NULL}, {"pakeShare", "\"\""}, {"pakeShare", "1"},
        {"pakeShare", "\"AAAA\""}, {"pakeShare", "\"" BYTES_64 "\""}};

    (void)state;
    check_members(MESSAGES_CREATION, members, COUNT(members), wrong_terms,
                  COUNT(wrong_terms));
    check_members(MESSAGES_CREATION, members, COUNT(members), wrong,
                  COUNT(wrong));
}

static void
terms_without_limits_are_unlimited(void **state)
{
    static const struct member members[] = {
        {"type", "\"KeyCreationRequest\""}, TERMS,
        {"name", "\"Weekend\""}, {"pakeShare", "\"" BYTES_32 "\""}};
    static const struct wrong no_uses = {"uses", NULL};
    static const struct wrong no_sharing = {"sharing", NULL};
    struct key_creation_request message;
    struct text json = json_with(members, COUNT(members), &no_uses);

    (void)state;
    assert_int_equal(messages_parse_creation(text_span(&json), &message),
                     TG_OK);
    assert_int_equal(message.terms.grant.uses, 0);
    assert_int_equal(message.terms.grant.sharing, 1);
    text_free(&json);
    json = json_with(members, COUNT(members), &no_sharing);
    assert_int_equal(messages_parse_creation(text_span(&json), &message),
                     TG_OK);
    assert_int_equal(message.terms.grant.uses, 20);
    assert_int_equal(message.terms.grant.sharing, 0);
    text_free(&json);
}

static void
a_retry_with_a_wrong_member_cannot_be_read(void **state)
{
    static const struct member members[] = {
        {"type", "\"PinRetryRequest\""}, {"version", "1"},
        {"share", "\"" SHARE "\""}, {"attempt", "3"},
        {"pakeShare", "\"" BYTES_32 "\""}};
    static const struct wrong wrong[] = {
        {"type", "\"ShareCancelled\""}, {"version", "2"}, {"share", "1"},
        {"attempt", "1"}, {"attempt", "4"}, {"attempt", "\"2\""},
        {"attempt", NULL}, {"pakeShare", NULL}, {"pakeShare", "\"AAAA\""}};

    (void)state;
    check_members(MESSAGES_RETRY, members, COUNT(members), wrong,
                  COUNT(wrong));
}

static void
a_reason_that_is_not_known_is_a_refusal(void **state)
{
    static const struct member members[] = {
        {"type", "\"ShareCancelled\""}, {"version", "1"},
        {"share", "\"" SHARE "\""}, {"reason", "\"pin\""}};
    static const struct wrong wrong[] = {
        {"version", "2"}, {"share", NULL}, {"reason", NULL}, {"reason", "1"}};
    static const struct wrong unknown = {"reason", "\"weather\""};
    struct share_cancelled message;
    struct text json = json_with(members, COUNT(members), NULL);

    (void)state;
    check_members(MESSAGES_CANCELLED, members, COUNT(members), wrong,
                  COUNT(wrong));
    assert_int_equal(messages_parse_cancelled(text_span(&json), &message),
                     TG_OK);
    assert_int_equal(message.reason, MESSAGES_PIN);
    text_free(&json);
    json = json_with(members, COUNT(members), &unknown);
    assert_int_equal(messages_parse_cancelled(text_span(&json), &message),
                     TG_OK);
    assert_int_equal(message.reason, MESSAGES_REFUSED);
    text_free(&json);
}

static struct messages_terms
example_terms(void)
{
    struct messages_terms terms = {
        .share = SHARE,
        .grant = {.not_before = NOW, .not_after = NOW + HOUR, .uses = 20}};

    assert_true(grant_set_vehicle(VIN, &terms.grant));
    assert_true(entitlements_parse("start,unlock", &terms.grant.allowed));
    return terms;
}

static void
the_words_of_a_proof_are_those_of_the_formats_page(void **state)
{
    struct messages_terms terms = example_terms();
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
                   "2027-01-15T09:00:00Z\n20\n0\n%s\n",
                   base64.at),
        TG_OK);
    assert_string_equal(words.at, expected.at);
    text_free(&expected);
    text_free(&base64);
    text_free(&der);
    text_free(&words);
    EVP_PKEY_free(key);
}

static struct key_signing_request
example_request(struct text *words)
{
    struct key_signing_request request = {.terms = example_terms(),
                                          .attempt = 2};

    memset(request.pake_share, 7, sizeof(request.pake_share));
    memset(request.pake_tag, 9, sizeof(request.pake_tag));
    assert_int_equal(device_key_make(&request.key), TG_OK);
    assert_int_equal(messages_proof_words(&request.terms, request.key, words),
                     TG_OK);
    assert_int_equal(
        device_key_sign(request.key, text_span(words), &request.proof), TG_OK);
    return request;
}

static void
a_signing_request_comes_back_as_it_was_sent(void **state)
{
    struct text words = TEXT_EMPTY;
    struct text json = TEXT_EMPTY;
    struct key_signing_request sent = example_request(&words);
    struct key_signing_request got;

    (void)state;
    assert_int_equal(messages_format_signing(&sent, &json), TG_OK);
    assert_int_equal(messages_parse_signing(text_span(&json), &got), TG_OK);
    assert_true(messages_terms_equal(&sent.terms, &got.terms));
    assert_int_equal(got.attempt, 2);
    assert_memory_equal(got.pake_share, sent.pake_share, TG_PAKE_SHARE_LEN);
    assert_memory_equal(got.pake_tag, sent.pake_tag, TG_PAKE_TAG_LEN);
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

static void
a_request_with_a_wrong_member_cannot_be_read(void **state)
{
    struct text words = TEXT_EMPTY;
    struct key_signing_request request = example_request(&words);
    struct text der = TEXT_EMPTY;
    struct text key = TEXT_EMPTY;
    struct text quoted = TEXT_EMPTY;
    struct member members[] = {
        {"type", "\"KeySigningRequest\""}, TERMS,
        {"publicKey", NULL}, {"proof", "\"AAAA\""}, {"attempt", "1"},
        {"pakeShare", "\"" BYTES_32 "\""}, {"pakeTag", "\"" BYTES_64 "\""}};
    static const struct wrong wrong[] = {
        {"publicKey", "\"AAAA\""}, {"publicKey", NULL}, {"proof", NULL},
        {"proof", "\"!\""}, {"attempt", "0"}, {"attempt", "4"},
        {"attempt", NULL}, {"pakeShare", NULL}, {"pakeShare", "\"AAAA\""},
        {"pakeTag", NULL}, {"pakeTag", "\"" BYTES_32 "\""}};

    (void)state;
    assert_int_equal(device_key_public(request.key, &der), TG_OK);
    assert_int_equal(text_to_base64(text_span(&der), &key), TG_OK);
    assert_int_equal(text_print(&quoted, "\"%s\"", key.at), TG_OK);
    for (size_t i = 0; i < COUNT(members); i++)
        if (strcmp(members[i].name, "publicKey") == 0)
            members[i].value = quoted.at;
    check_members(MESSAGES_SIGNING, members, COUNT(members), wrong_terms,
                  COUNT(wrong_terms));
    check_members(MESSAGES_SIGNING, members, COUNT(members), wrong,
                  COUNT(wrong));
    text_free(&quoted);
    text_free(&key);
    text_free(&der);
    text_free(&words);
    messages_free_signing(&request);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_with_a_wrong_member_cannot_be_read),
        cmocka_unit_test(terms_without_limits_are_unlimited),
        cmocka_unit_test(a_retry_with_a_wrong_member_cannot_be_read),
        cmocka_unit_test(a_reason_that_is_not_known_is_a_refusal),
        cmocka_unit_test(the_words_of_a_proof_are_those_of_the_formats_page),
        cmocka_unit_test(a_signing_request_comes_back_as_it_was_sent),
        cmocka_unit_test(a_request_with_a_wrong_member_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

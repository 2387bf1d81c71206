/* The authenticator in software, before the relay's own judgement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/statement.h"
#include "attest/trust.h"
#include "authenticator/authenticator.h"
#include "authenticator/certificate.h"
#include "authenticator/encode.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/json.h"
#include "challenge/challenge.h"
#include "client/attestation.h"
#include "crypto/hash.h"

#define RELAY "relay.example:8443"
#define ORIGIN "https://relay.example:8443"
#define RP_ID "relay.example"
#define CLAIM "0f0e0d0c-0b0a-4908-8706-050403020100"
#define REQUEST "12345678-9abc-4def-8123-456789abcdef"
#define BODY "{\"payload\":{\"type\":\"AEAD_AES_128_GCM\",\"data\":\"AQID\"}}"

enum { NAME = sizeof("Mailbox-Device-Attestation: ") - 1 };

/* A directory that is not there yet, in one that goes away. */
struct place {
    char top[32];
    char authenticator[48];
};

static struct place
make_place(void)
{
    struct place place = {.top = "/tmp/tigress-auth-XXXXXX"};

    assert_non_null(mkdtemp(place.top));
    snprintf(place.authenticator, sizeof(place.authenticator), "%s/a",
             place.top);
    return place;
}

static void
remove_place(const struct place *place)
{
    static const char *const names[] = {"/root.pem", "/root.pem.new",
                                        "/key.pem", ""};
    char path[80];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", place->authenticator, names[i]);
        (void)remove(path);
    }
    assert_int_equal(rmdir(place->top), 0);
}

static struct authenticator *
make_authenticator(const struct place *place, enum authenticator_format format)
{
    struct authenticator *made = NULL;

    assert_int_equal(authenticator_open(place->authenticator, format, &made),
                     TG_OK);
    return made;
}

static enum tg_err
ask(const struct authenticator *a, const struct discovery_list *formats,
    struct tg_buf *line)
{
    const struct tg_relay_call call = {
        .relay = RELAY, .claim = CLAIM, .request_id = REQUEST};

    return attestation_make(authenticator_provider(a), &call,
                            TG_SPAN_LITERAL(BODY), formats, line);
}

/* What a relay says that trusts in this root. */
static struct attest_verdict
judge(const char *root, const struct tg_buf *line, uint8_t first_byte)
{
    const struct tg_span origin = TG_SPAN_LITERAL(ORIGIN);
    const struct tg_span rp_id = TG_SPAN_LITERAL(RP_ID);
    static const uint8_t data[] = {1, 2, 3};
    uint8_t challenge[TG_ATTESTATION_CHALLENGE_LEN];
    uint8_t hashes[1][ATTEST_HASH_LEN];
    struct attest_trust *trust = attest_trust_new();
    struct attest_trust_error error;
    struct attest_verdict verdict;
    struct tg_uuid claim, request;

    assert_int_equal(hash_sha256(&rp_id, 1, hashes[0]), TG_OK);
    assert_int_equal(tg_uuid_parse(TG_SPAN_LITERAL(CLAIM), &claim), TG_OK);
    assert_int_equal(tg_uuid_parse(TG_SPAN_LITERAL(REQUEST), &request), TG_OK);
    assert_int_equal(challenge_make(&claim, &request,
                                    TG_SPAN_LITERAL("AEAD_AES_128_GCM"),
                                    TG_SPAN_ARRAY(data), challenge),
                     TG_OK);
    challenge[0] ^= first_byte;
    assert_int_equal(attest_trust_add_roots(trust, root, tg_time_now(),
                                            &error),
                     TG_OK);
    const struct attest_policy policy = {
        .rule = ATTEST_REQUIRED,
        .formats = 1u << ATTEST_PACKED | 1u << ATTEST_APPLE,
        .origins = &origin, .origin_count = 1,
        .rp_id_hashes = (const uint8_t(*)[ATTEST_HASH_LEN])hashes,
        .rp_id_count = 1, .trust = trust};

    verdict = attest_verify(
        &policy, (struct tg_span){line->ptr + NAME, line->len - NAME},
        challenge, tg_time_now());
    attest_trust_free(trust);
    return verdict;
}

/* R-ATT-1 R-ATT-2 D9 */
static void
what_it_says_convinces_whoever_trusts_its_root_and_nobody_else(void **state)
{
    struct place place = make_place();
    struct place other = make_place();
    struct authenticator *stranger =
        make_authenticator(&other, AUTHENTICATOR_ANY);

    (void)state;
    for (unsigned i = AUTHENTICATOR_PACKED; i <= AUTHENTICATOR_APPLE; i++) {
        struct authenticator *a =
            make_authenticator(&place, (enum authenticator_format)i);
        struct tg_buf line = TG_BUF_EMPTY;
        struct attest_verdict verdict;

        assert_int_equal(ask(a, NULL, &line), TG_OK);
        verdict = judge(authenticator_root(a), &line, 0);
        assert_int_equal(verdict.reason, ATTEST_FINE);
        assert_int_equal(verdict.format, i == AUTHENTICATOR_APPLE
                                             ? ATTEST_APPLE
                                             : ATTEST_PACKED);
        verdict = judge(authenticator_root(a), &line, 1);
        assert_int_equal(verdict.reason, ATTEST_CHALLENGE);
        verdict = judge(authenticator_root(stranger), &line, 0);
        assert_int_equal(verdict.reason, ATTEST_CHAIN);
        tg_buf_free(&line);
        authenticator_free(a);
    }
    authenticator_free(stranger);
    remove_place(&other);
    remove_place(&place);
}

/* R-ATT-2 */
static void
it_makes_the_first_format_that_the_relay_checks_or_none(void **state)
{
    static const struct {
        enum authenticator_format chosen;
        struct discovery_list checked;
        enum tg_err result;
        enum attest_format made;
    } cases[] = {
        {AUTHENTICATOR_ANY, {true, 2, {"apple", "packed"}}, TG_OK,
         ATTEST_PACKED},
        {AUTHENTICATOR_ANY, {true, 2, {"tpm", "apple"}}, TG_OK, ATTEST_APPLE},
        {AUTHENTICATOR_ANY, {true, 1, {"tpm"}}, TG_E_ATTESTATION, 0},
        {AUTHENTICATOR_ANY, {true, 0, {""}}, TG_E_ATTESTATION, 0},
        {AUTHENTICATOR_APPLE, {true, 2, {"packed", "apple"}}, TG_OK,
         ATTEST_APPLE},
        {AUTHENTICATOR_APPLE, {true, 1, {"packed"}}, TG_E_ATTESTATION, 0},
        {AUTHENTICATOR_PACKED, {true, 1, {"apple"}}, TG_E_ATTESTATION, 0},
        {AUTHENTICATOR_ANY, {false, 0, {""}}, TG_OK, ATTEST_PACKED},
    };
    struct place place = make_place();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct authenticator *a = make_authenticator(&place, cases[i].chosen);
        struct tg_buf line = TG_BUF_EMPTY;

        assert_int_equal(ask(a, &cases[i].checked, &line), cases[i].result);
        if (cases[i].result == TG_OK)
            assert_int_equal(judge(authenticator_root(a), &line, 0).format,
                             cases[i].made);
        tg_buf_free(&line);
        authenticator_free(a);
    }
    remove_place(&place);
}

/* The attestation object of a new statement. */
static void
make_object(const struct authenticator *a, struct tg_buf *out)
{
    struct tg_buf line = TG_BUF_EMPTY;
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    struct tg_span member;

    assert_int_equal(ask(a, NULL, &line), TG_OK);
    assert_int_equal(tg_base64_decode_any((struct tg_span){line.ptr + NAME,
                                                           line.len - NAME},
                                          &text),
                     TG_OK);
    assert_int_equal(tg_json_parse(tg_span_buf(&text), &json), TG_OK);
    assert_true(
        tg_json_text(tg_json_member(json, "attestationObject"), &member));
    assert_int_equal(tg_base64_decode_any(member, out), TG_OK);
    tg_json_free(json);
    tg_buf_free(&text);
    tg_buf_free(&line);
}

static size_t
times(const struct tg_buf *object, const uint8_t *bytes, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i + len <= object->len; i++)
        count += memcmp(object->ptr + i, bytes, len) == 0;
    return count;
}

/* §9: the model is named in the authenticator data, and by `packed` in the
 * certificate too, which it has room for */
static void
two_statements_have_only_the_model_in_common(void **state)
{
    struct place place = make_place();

    (void)state;
    for (unsigned i = AUTHENTICATOR_PACKED; i <= AUTHENTICATOR_APPLE; i++) {
        struct authenticator *a =
            make_authenticator(&place, (enum authenticator_format)i);
        struct tg_buf one = TG_BUF_EMPTY;
        struct tg_buf two = TG_BUF_EMPTY;

        make_object(a, &one);
        make_object(a, &two);
        assert_int_equal(times(&one, certificate_aaguid,
                               CERTIFICATE_AAGUID_LEN),
                         i == AUTHENTICATOR_PACKED ? 2 : 1);
        /* The credential's id, 32 bytes, and its key, 77, end all. */
        assert_int_equal(times(&two, one.ptr + one.len - 109, 32), 0);
        assert_int_equal(times(&two, one.ptr + one.len - 67, 32), 0);
        tg_buf_free(&one);
        tg_buf_free(&two);
        authenticator_free(a);
    }
    remove_place(&place);
}

/* §9 */
static void
a_key_that_is_not_its_roots_is_no_authenticator(void **state)
{
    struct place place = make_place();
    struct place other = make_place();
    struct authenticator *none = NULL;
    char mine[64];
    char theirs[64];

    (void)state;
    authenticator_free(make_authenticator(&place, AUTHENTICATOR_ANY));
    authenticator_free(make_authenticator(&other, AUTHENTICATOR_ANY));
    snprintf(mine, sizeof(mine), "%s/key.pem", place.authenticator);
    snprintf(theirs, sizeof(theirs), "%s/key.pem", other.authenticator);
    assert_int_equal(rename(theirs, mine), 0);
    assert_int_equal(authenticator_open(place.authenticator,
                                        AUTHENTICATOR_ANY, &none),
                     TG_E_FORMAT);
    remove_place(&other);
    remove_place(&place);
}

/* R-ATT-1 */
static void
without_memory_a_statement_is_whole_or_not_there(void **state)
{
    struct place place = make_place();
    struct authenticator *a = NULL;
    struct tg_buf line = TG_BUF_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    (void)state;
    for (long calls = 0; calls < 100 && err != TG_OK; calls++) {
        tg_alloc_fail_after(calls);
        err = authenticator_open(place.authenticator, AUTHENTICATOR_ANY, &a);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
    }
    assert_int_equal(err, TG_OK);
    err = TG_E_NOMEM;
    for (long calls = 0; calls < 1000 && err != TG_OK; calls++) {
        tg_alloc_fail_after(calls);
        err = ask(a, NULL, &line);
        tg_alloc_fail_after(-1);
        /* TG_E_ATTESTATION: inside a certificate, where OpenSSL says no. */
        assert_true(err == TG_OK || line.len == 0);
    }
    assert_int_equal(err, TG_OK);
    assert_int_equal(judge(authenticator_root(a), &line, 0).reason,
                     ATTEST_FINE);
    tg_buf_free(&line);
    authenticator_free(a);
    remove_place(&place);
}

/* §9: the examples of RFC 8949, appendix A */
static void
cbor_is_written_in_its_shortest_form(void **state)
{
    static const struct {
        int64_t value;
        uint8_t bytes[9];
        size_t len;
    } cases[] = {
        {0, {0x00}, 1},
        {23, {0x17}, 1},
        {24, {0x18, 0x18}, 2},
        {100, {0x18, 0x64}, 2},
        {1000, {0x19, 0x03, 0xe8}, 3},
        {1000000, {0x1a, 0x00, 0x0f, 0x42, 0x40}, 5},
        {1000000000000,
         {0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00}, 9},
        {-1, {0x20}, 1},
        {-10, {0x29}, 1},
        {-100, {0x38, 0x63}, 2},
        {-1000, {0x39, 0x03, 0xe7}, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_buf out = TG_BUF_EMPTY;

        assert_int_equal(encode_integer(&out, cases[i].value), TG_OK);
        assert_int_equal(out.len, cases[i].len);
        assert_memory_equal(out.ptr, cases[i].bytes, out.len);
        tg_buf_free(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_it_says_convinces_whoever_trusts_its_root_and_nobody_else),
        cmocka_unit_test(
            it_makes_the_first_format_that_the_relay_checks_or_none),
        cmocka_unit_test(two_statements_have_only_the_model_in_common),
        cmocka_unit_test(a_key_that_is_not_its_roots_is_no_authenticator),
        cmocka_unit_test(without_memory_a_statement_is_whole_or_not_there),
        cmocka_unit_test(cbor_is_written_in_its_shortest_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

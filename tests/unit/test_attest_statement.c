/* What a device sends, taken apart: base64url, JSON and CBOR have one way of
 * being right each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/statement.h"
#include "base/alloc.h"
#include "forge.h"

static struct forge_authority authority;
static struct forge good; /* a finished statement of format `none` */

static enum attest_reason
read_header(struct tg_span header, struct attest_verdict *verdict)
{
    struct attest_statement statement;
    enum attest_reason reason;

    *verdict = (struct attest_verdict){0};
    reason = attest_statement_read(header, &statement, verdict);
    if (reason == ATTEST_FINE)
        attest_statement_done(&statement);
    return reason;
}

/* The header's value of a JSON text. */
static enum attest_reason
read_json(struct tg_span json)
{
    struct attest_verdict verdict;
    struct tg_buf header = TG_BUF_EMPTY;
    enum attest_reason reason;

    forge_base64url(&header, json);
    reason = read_header(tg_span_buf(&header), &verdict);
    tg_buf_free(&header);
    return reason;
}

static void
put(struct tg_buf *out, const char *text)
{
    forge_append(out, tg_span_text(text));
}

/* {`before`"clientDataJSON":"…`between`","attestationObject":"…`after` */
static enum attest_reason
read_around(const char *before, const char *between, const char *after)
{
    struct tg_buf json = TG_BUF_EMPTY;
    enum attest_reason reason;

    put(&json, "{");
    put(&json, before);
    put(&json, "\"clientDataJSON\":\"");
    forge_base64url(&json, tg_span_buf(&good.client_data));
    put(&json, between);
    put(&json, "\",\"attestationObject\":\"");
    forge_base64url(&json, tg_span_buf(&good.object));
    put(&json, after);
    reason = read_json(tg_span_buf(&json));
    tg_buf_free(&json);
    return reason;
}

static enum attest_reason
read_object(const struct tg_buf *object)
{
    struct tg_buf json = TG_BUF_EMPTY;
    enum attest_reason reason;

    put(&json, "{\"clientDataJSON\":\"e30\",\"attestationObject\":\"");
    forge_base64url(&json, tg_span_buf(object));
    put(&json, "\"}");
    reason = read_json(tg_span_buf(&json));
    tg_buf_free(&json);
    return reason;
}

static void
a_statement_is_taken_apart(void **state)
{
    struct attest_verdict verdict = {0};
    struct attest_statement statement;
    uint8_t hash[ATTEST_HASH_LEN];

    (void)state;
    assert_int_equal(attest_statement_read(tg_span_buf(&good.header),
                                           &statement, &verdict),
                     ATTEST_FINE);
    assert_true(tg_span_equal(statement.client_data,
                              tg_span_buf(&good.client_data)));
    forge_sha256(tg_span_buf(&good.client_data), hash);
    assert_memory_equal(statement.client_data_hash, hash, sizeof(hash));
    assert_int_equal(statement.format, ATTEST_NONE);
    assert_int_equal(statement.att_stmt.kind, CBOR_MAP);
    assert_int_equal(statement.att_stmt.count, 0);
    assert_true(tg_span_equal(statement.auth.bytes,
                              tg_span_buf(&good.auth_data)));
    assert_true(verdict.has_format);
    assert_int_equal(verdict.format, ATTEST_NONE);
    attest_statement_done(&statement);
}

static void
the_header_is_base64url_without_padding(void **state)
{
    struct attest_verdict verdict;
    struct tg_buf changed = TG_BUF_EMPTY;
    static const char *const ends[] = {"=", "==", "+", "/", "\n", " ", "A",
                                       "*"};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        tg_buf_clear(&changed);
        forge_append(&changed, tg_span_buf(&good.header));
        put(&changed, ends[i]);
        assert_int_equal(read_header(tg_span_buf(&changed), &verdict),
                         ATTEST_MALFORMED);
        assert_false(verdict.has_format);
    }
    assert_int_equal(read_header(TG_SPAN_LITERAL(""), &verdict),
                     ATTEST_MALFORMED);
    tg_buf_free(&changed);
}

/* A header of just so many bytes, which an unknown member fills. */
static enum attest_reason
read_filled(size_t header_len)
{
    struct attest_verdict verdict;
    struct tg_buf json = TG_BUF_EMPTY;
    struct tg_buf header = TG_BUF_EMPTY;
    enum attest_reason reason;

    put(&json, "{\"clientDataJSON\":\"");
    forge_base64url(&json, tg_span_buf(&good.client_data));
    put(&json, "\",\"attestationObject\":\"");
    forge_base64url(&json, tg_span_buf(&good.object));
    put(&json, "\"}");
    while (json.len < header_len / 4 * 3)
        put(&json, " ");
    forge_base64url(&header, tg_span_buf(&json));
    assert_int_equal(header.len, header_len);
    reason = read_header(tg_span_buf(&header), &verdict);
    tg_buf_free(&header);
    tg_buf_free(&json);
    return reason;
}

static void
a_header_has_16_kib_at_most(void **state)
{
    (void)state;
    assert_int_equal(read_filled(ATTEST_HEADER_MOST), ATTEST_FINE);
    assert_int_equal(read_filled(ATTEST_HEADER_MOST + 4), ATTEST_MALFORMED);
}

/* R-ATT-1; PROTOCOL §2 on members that are not known */
static void
the_json_has_both_members_and_may_have_others(void **state)
{
    (void)state;
    assert_int_equal(read_around("", "", "\"}"), ATTEST_FINE);
    assert_int_equal(read_around("\"transports\":[\"internal\"],", "",
                                 "\",\"publicKeyAlgorithm\":-7}"),
                     ATTEST_FINE);
    assert_int_equal(read_json(TG_SPAN_LITERAL("{\"clientDataJSON\":\"e30\"}")),
                     ATTEST_MALFORMED);
    assert_int_equal(
        read_json(TG_SPAN_LITERAL("{\"attestationObject\":\"oA\"}")),
        ATTEST_MALFORMED);
    assert_int_equal(read_json(TG_SPAN_LITERAL("{}")), ATTEST_MALFORMED);
    assert_int_equal(
        read_json(TG_SPAN_LITERAL("{\"clientDataJSON\":{},"
                                  "\"attestationObject\":\"oA\"}")),
        ATTEST_MALFORMED);
    assert_int_equal(
        read_json(TG_SPAN_LITERAL("{\"clientDataJSON\":\"e30\","
                                  "\"attestationObject\":1}")),
        ATTEST_MALFORMED);
}

/* … and as long as the right ones. */
static void
members_of_other_names_are_not_taken_for_them(void **state)
{
    static const char *const others[][3] = {
        {"{\"clientDataJSOM\":\"", "\",\"attestationObject\":\"", "\"}"},
        {"{\"clientDataJSON\":\"", "\",\"attestationObjecT\":\"", "\"}"},
        {"{\"clientDataJSON\":\"", "\",\"attestationObject\":\"", "\"]"},
        {"[\"clientDataJSON\",\"", "\",\"attestationObject\",\"", "\"]"},
        {"{\"clientDataJSON\":\"", "\",\"attestationObject\":\"", "\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct tg_buf json = TG_BUF_EMPTY;

        put(&json, others[i][0]);
        put(&json, "e30");
        put(&json, others[i][1]);
        forge_base64url(&json, tg_span_buf(&good.object));
        put(&json, others[i][2]);
        assert_int_equal(read_json(tg_span_buf(&json)), ATTEST_MALFORMED);
        tg_buf_free(&json);
    }
}

/* Client data is judged elsewhere: here it may be any bytes. */
static enum attest_reason
read_client_data(const char *text)
{
    struct tg_buf json = TG_BUF_EMPTY;
    enum attest_reason reason;

    put(&json, "{\"clientDataJSON\":\"");
    put(&json, text);
    put(&json, "\",\"attestationObject\":\"");
    forge_base64url(&json, tg_span_buf(&good.object));
    put(&json, "\"}");
    reason = read_json(tg_span_buf(&json));
    tg_buf_free(&json);
    return reason;
}

/* The plainest way is read without a tree. */
static void
it_does_not_matter_how_the_json_is_written(void **state)
{
    static const char *const plain[] = {"{\"clientDataJSON\":\"",
                                        "\",\"attestationObject\":\"", "\"}"};
    static const char *const others[][3] = {
        {" {\"clientDataJSON\":\"", "\",\"attestationObject\":\"", "\"}"},
        {"{\"clientDataJSON\": \"", "\",\"attestationObject\":\"", "\"}"},
        {"{\"clientDataJSON\":\"", "\",\"attestationObject\":\"", "\"}\n"},
        {"{\"client\\u0044ataJSON\":\"", "\",\"attestationObject\":\"",
         "\"}"},
        {"{\"clientDataJSON\":\"\\u0065", "\",\"attestationObject\":\"", "\"}"},
        {"\xef\xbb\xbf{\"clientDataJSON\":\"",
         "\",\"attestationObject\":\"", "\"}"},
    };

    (void)state;
    for (size_t i = 0; i <= sizeof(others) / sizeof(others[0]); i++) {
        const char *const *parts = i == 0 ? plain : others[i - 1];
        bool is_begun = strstr(parts[0], "\\u0065") != NULL;
        struct tg_buf json = TG_BUF_EMPTY;

        put(&json, parts[0]);
        put(&json, is_begun ? "30" : "e30");
        put(&json, parts[1]);
        forge_base64url(&json, tg_span_buf(&good.object));
        put(&json, parts[2]);
        assert_int_equal(read_json(tg_span_buf(&json)), ATTEST_FINE);
        tg_buf_free(&json);
    }
    assert_int_equal(read_client_data(""), ATTEST_FINE);
    assert_int_equal(read_client_data("e30\\"), ATTEST_MALFORMED);
    assert_int_equal(read_client_data("e30\\\""), ATTEST_MALFORMED);
    assert_int_equal(read_client_data("e3\n0"), ATTEST_MALFORMED);
    assert_int_equal(read_client_data("e3\xff"), ATTEST_MALFORMED);
}

static void
what_is_no_json_object_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(read_around("", "", "\"}{}"), ATTEST_MALFORMED);
    assert_int_equal(read_around("", "", "\""), ATTEST_MALFORMED);
    assert_int_equal(read_around("\"clientDataJSON\":\"e30\",", "", "\"}"),
                     ATTEST_MALFORMED);
    assert_int_equal(read_json(TG_SPAN_LITERAL("[]")), ATTEST_MALFORMED);
    assert_int_equal(read_json(TG_SPAN_LITERAL("\"x\"")), ATTEST_MALFORMED);
    assert_int_equal(read_json(TG_SPAN_LITERAL("null")), ATTEST_MALFORMED);
}

static void
members_are_base64url_without_padding(void **state)
{
    (void)state;
    assert_int_equal(read_around("", "=", "\"}"), ATTEST_MALFORMED);
    assert_int_equal(read_around("", "==", "\"}"), ATTEST_MALFORMED);
    assert_int_equal(read_around("", "/", "\"}"), ATTEST_MALFORMED);
    assert_int_equal(read_around("", "", "=\"}"), ATTEST_MALFORMED);
    assert_int_equal(read_around("", "", "\\n\"}"), ATTEST_MALFORMED);
    assert_int_equal(read_around("", "", "+\"}"), ATTEST_MALFORMED);
}

static void
the_alphabet_is_that_of_urls(void **state)
{
    (void)state;
    assert_int_equal(read_client_data("ab-_"), ATTEST_FINE);
    assert_int_equal(read_client_data("ab++"), ATTEST_MALFORMED);
    assert_int_equal(read_client_data("ab//"), ATTEST_MALFORMED);
    assert_int_equal(read_client_data("abc="), ATTEST_MALFORMED);
    assert_int_equal(read_client_data("abd"), ATTEST_MALFORMED); /* a bit */
    assert_int_equal(read_client_data("a"), ATTEST_MALFORMED);
}

static void
put_format(struct tg_buf *out, const char *format)
{
    forge_cbor_text(out, "fmt");
    forge_cbor_text(out, format);
}

static void
put_auth_data(struct tg_buf *out)
{
    forge_cbor_text(out, "authData");
    forge_cbor_bytes(out, tg_span_buf(&good.auth_data));
}

/* Takes `object`. */
static void
check_object(struct tg_buf *object, enum attest_reason expected)
{
    assert_int_equal(read_object(object), expected);
    tg_buf_free(object);
}

static void
an_object_has_three_members_in_any_order(void **state)
{
    struct tg_buf object = TG_BUF_EMPTY;

    (void)state;
    forge_cbor_map(&object, 3);
    put_auth_data(&object);
    forge_hex(&object, "67 61747453746d74 a0"); /* attStmt */
    put_format(&object, "none");
    check_object(&object, ATTEST_FINE);
    forge_cbor_map(&object, 4);
    put_auth_data(&object);
    forge_hex(&object, "67 61747453746d74 a0");
    put_format(&object, "none");
    forge_hex(&object, "65 6570417474 f4"); /* epAtt */
    check_object(&object, ATTEST_MALFORMED);
    forge_cbor_map(&object, 2);
    put_auth_data(&object);
    put_format(&object, "none");
    check_object(&object, ATTEST_MALFORMED);
    forge_cbor_map(&object, 2);
    forge_hex(&object, "67 61747453746d74 a0");
    put_format(&object, "none");
    check_object(&object, ATTEST_MALFORMED);
    forge_cbor_map(&object, 2);
    put_auth_data(&object);
    forge_hex(&object, "67 61747453746d74 a0");
    check_object(&object, ATTEST_MALFORMED);
}

static void
members_of_an_object_are_of_their_kind(void **state)
{
    struct tg_buf object = TG_BUF_EMPTY;

    (void)state;
    forge_cbor_map(&object, 3);
    put_format(&object, "none");
    forge_hex(&object, "67 61747453746d74 80"); /* attStmt: [] */
    put_auth_data(&object);
    check_object(&object, ATTEST_MALFORMED);
    forge_cbor_map(&object, 3);
    forge_hex(&object, "63 666d74 44 6e6f6e65"); /* fmt: h'…' */
    forge_hex(&object, "67 61747453746d74 a0");
    put_auth_data(&object);
    check_object(&object, ATTEST_MALFORMED);
    forge_cbor_map(&object, 3);
    put_format(&object, "none");
    forge_hex(&object, "67 61747453746d74 a0");
    forge_hex(&object, "68 6175746844617461 60"); /* authData: "" */
    check_object(&object, ATTEST_MALFORMED);
    forge_cbor_array(&object, 3);
    check_object(&object, ATTEST_MALFORMED);
}

static void
bytes_behind_an_object_are_refused(void **state)
{
    struct tg_buf object = TG_BUF_EMPTY;

    (void)state;
    forge_append(&object, tg_span_buf(&good.object));
    forge_hex(&object, "00");
    check_object(&object, ATTEST_MALFORMED);
    check_object(&object, ATTEST_MALFORMED); /* empty */
}

static void
a_format_that_nobody_knows_is_refused_and_not_claimed(void **state)
{
    static const char *const others[] = {"", "NONE", "none ", "compound",
                                         "android-safetynet"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct attest_verdict verdict;
        struct forge f;

        forge_begin(&f, ATTEST_NONE, &authority);
        f.format = others[i];
        assert_int_equal(read_header(forge_finish(&f), &verdict),
                         ATTEST_FORMAT_REFUSED);
        assert_false(verdict.has_format);
        forge_end(&f);
    }
}

static void
what_is_wrong_with_authenticator_data_is_told(void **state)
{
    struct attest_verdict verdict;
    struct forge f;

    (void)state;
    forge_begin(&f, ATTEST_PACKED, &authority);
    f.algorithm = -65535;
    assert_int_equal(read_header(forge_finish(&f), &verdict),
                     ATTEST_ALGORITHM);
    assert_true(verdict.has_format);
    assert_int_equal(verdict.format, ATTEST_PACKED);
    forge_end(&f);
}

static void
without_memory_there_is_no_verdict(void **state)
{
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    struct attest_verdict verdict;

    (void)state;
    for (long calls = 0; reason != ATTEST_FINE && calls < 100; calls++) {
        assert_int_equal(reason, ATTEST_UNAVAILABLE);
        tg_alloc_fail_after(calls);
        reason = read_header(tg_span_buf(&good.header), &verdict);
        tg_alloc_fail_after(-1);
    }
    assert_int_equal(reason, ATTEST_FINE);
}

static int
begin(void **state)
{
    (void)state;
    forge_authority_init(&authority);
    forge_begin(&good, ATTEST_NONE, &authority);
    (void)forge_finish(&good);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    forge_end(&good);
    forge_authority_done(&authority);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_taken_apart),
        cmocka_unit_test(the_header_is_base64url_without_padding),
        cmocka_unit_test(a_header_has_16_kib_at_most),
        cmocka_unit_test(the_json_has_both_members_and_may_have_others),
        cmocka_unit_test(members_of_other_names_are_not_taken_for_them),
        cmocka_unit_test(it_does_not_matter_how_the_json_is_written),
        cmocka_unit_test(what_is_no_json_object_is_malformed),
        cmocka_unit_test(members_are_base64url_without_padding),
        cmocka_unit_test(the_alphabet_is_that_of_urls),
        cmocka_unit_test(an_object_has_three_members_in_any_order),
        cmocka_unit_test(members_of_an_object_are_of_their_kind),
        cmocka_unit_test(bytes_behind_an_object_are_refused),
        cmocka_unit_test(
            a_format_that_nobody_knows_is_refused_and_not_claimed),
        cmocka_unit_test(what_is_wrong_with_authenticator_data_is_told),
        cmocka_unit_test(without_memory_there_is_no_verdict),
    };

    return cmocka_run_group_tests(tests, begin, end);
}

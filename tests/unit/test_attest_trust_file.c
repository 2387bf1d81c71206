/* The operator's files of roots and revoked serials: what is taken, and what
 * is said of the others. Which certificates may be roots is
 * test_attest_trust_root.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest_trust_kit.h"
#include "base/alloc.h"

enum { LARGE = (1 << 20) + 1 };

static void
several_roots_with_comments_and_other_line_ends_are_taken(void **state)
{
    struct tg_buf one = good_pem("CN=One"), two = good_pem("CN=Two");
    struct tg_buf all = TG_BUF_EMPTY;
    struct outcome outcome;

    (void)state;
    forge_append(&all, TG_SPAN_LITERAL("# roots\nsubject=CN = One\n\n"));
    forge_append(&all, tg_span_buf(&one));
    forge_append(&all, TG_SPAN_LITERAL("\r\n"));
    for (size_t i = 0; i < two.len; i++) {
        if (two.ptr[i] == '\n')
            forge_append(&all, TG_SPAN_LITERAL(" \r"));
        forge_append(&all, (struct tg_span){&two.ptr[i], 1});
    }
    forge_append(&all, tg_span_buf(&one)); /* again: counts once */
    all.len--;                             /* no line end */
    outcome = add_bytes(tg_span_buf(&all));
    assert_int_equal(outcome.err, TG_OK);
    assert_int_equal(outcome.roots, 2);
    tg_buf_free(&all);
    tg_buf_free(&two);
    tg_buf_free(&one);
}

static void
what_cannot_be_read_is_said(void **state)
{
    struct attest_trust *trust = attest_trust_new();
    struct attest_trust_error error;

    (void)state;
    assert_int_equal(attest_trust_add_roots(trust, "/nonexistent/roots.pem",
                                            FORGE_NOW, &error),
                     TG_E_IO);
    assert_string_equal(error.text,
                        "it cannot be opened: No such file or directory");
    assert_int_equal(attest_trust_add_roots(trust, "/", FORGE_NOW, &error),
                     TG_E_IO);
    assert_string_equal(error.text, "it cannot be read: Is a directory");
    assert_int_equal(
        attest_trust_add_revoked(trust, "/nonexistent/list", &error), TG_E_IO);
    attest_trust_free(trust);
}

static void
a_file_beyond_a_mebibyte_is_refused(void **state)
{
    static char large[LARGE + 1];
    struct outcome outcome;

    (void)state;
    memset(large, '\n', LARGE);
    outcome = add_text(large);
    assert_int_equal(outcome.err, TG_E_LIMIT);
    assert_string_equal(outcome.error.text, "it is larger than 1 MiB");
    large[LARGE - 1] = '\0';
    assert_int_equal(add_text(large).err, TG_E_FORMAT);
}

static void
a_file_without_certificates_is_refused(void **state)
{
    static const char none[] =
        "there is no certificate in it (in PEM, between lines that say BEGIN "
        "CERTIFICATE and END CERTIFICATE)";

    (void)state;
    assert_refused(add_text(""), none);
    assert_refused(add_text("hello\n"), none);
}

static void
other_things_in_pem_are_refused_by_their_line(void **state)
{
    struct tg_buf pem = good_pem("CN=One");
    struct tg_buf all = TG_BUF_EMPTY;

    (void)state;
    assert_refused(add_text("-----BEGIN PUBLIC KEY-----\nAA==\n"
                            "-----END PUBLIC KEY-----\n"),
                   "line 1 begins or ends something that is no certificate");
    assert_refused(add_text("\n----- BEGIN CERTIFICATE -----\n"),
                   "line 2 begins or ends something that is no certificate");
    forge_append(&all, tg_span_buf(&pem));
    forge_append(&all, TG_SPAN_LITERAL("-----BEGIN X509 CRL-----\n"));
    assert_int_equal(add_bytes(tg_span_buf(&all)).roots, 0);
    tg_buf_free(&all);
    tg_buf_free(&pem);
}

static void
a_broken_certificate_is_named_by_its_number_and_line(void **state)
{
    struct tg_buf one = good_pem("CN=One");
    struct tg_buf all = TG_BUF_EMPTY;
    struct outcome outcome;
    char *middle;

    (void)state;
    assert_refused(add_text("-----BEGIN CERTIFICATE-----\n"
                            "AAAA\n"
                            "-----END CERTIFICATE-----\n"),
                   "the 1st certificate, which ends in line 3, is damaged");
    assert_refused(add_text("-----BEGIN CERTIFICATE-----\n"
                            "-----END CERTIFICATE-----\n"),
                   "the 1st certificate, which ends in line 2, is damaged");
    assert_refused(add_text("-----BEGIN CERTIFICATE-----\n"
                            "AAAA\n"),
                   "the 1st certificate has no end (line 2)");
    assert_refused(add_text("-----BEGIN CERTIFICATE-----\n"
                            "AAAA\n"
                            "-----BEGIN CERTIFICATE-----\n"),
                   "the 1st certificate has no end (line 3)");
    assert_refused(add_text("-----BEGIN CERTIFICATE-----\n"
                            "AAAA\n"
                            "-----BEGIN CERTIFICATE-----\n"
                            "AAAA\n"
                            "-----END CERTIFICATE-----\n"),
                   "the 1st certificate has no end (line 3)");

    forge_append(&all, tg_span_buf(&one));
    forge_append(&all, tg_span_buf(&one));
    middle = (char *)all.ptr + one.len + 100;
    *middle = '*';
    outcome = add_bytes(tg_span_buf(&all));
    assert_int_equal(outcome.err, TG_E_FORMAT);
    assert_non_null(strstr(outcome.error.text, "the 2nd certificate, which "));
    assert_int_equal(outcome.roots, 0);
    tg_buf_free(&all);
    tg_buf_free(&one);
}

static void
a_certificate_with_an_extension_that_cannot_be_read_is_damaged(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Root");
    struct outcome outcome;

    (void)state;
    says.key_usage = NULL;
    forge_add_extension(&says, "2.5.29.15", TG_SPAN_LITERAL("\x01"), false);
    outcome = add_saying(&says, FORGE_P256);
    assert_int_equal(outcome.err, TG_E_FORMAT);
    assert_non_null(strstr(outcome.error.text, "is damaged"));
}

static void
bytes_behind_a_certificate_are_refused(void **state)
{
    const struct forge_certificate says = forge_authority_template("CN=One");
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *made = forge_issue(&says, key, NULL, key);
    struct tg_buf der = TG_BUF_EMPTY;

    (void)state;
    forge_certificate_der(&der, made);
    for (int turn = 0; turn < 2; turn++) {
        struct tg_buf pem = TG_BUF_EMPTY;

        forge_append(&pem, TG_SPAN_LITERAL("-----BEGIN CERTIFICATE-----\n"));
        forge_base64url(&pem, tg_span_buf(&der));
        for (size_t i = 0; i < pem.len; i++) {
            if (i > 30 && pem.ptr[i] == '-')
                pem.ptr[i] = '+';
            if (i > 30 && pem.ptr[i] == '_')
                pem.ptr[i] = '/';
        }
        for (size_t pad = der.len % 3; pad != 0 && pad < 3; pad++)
            forge_append(&pem, TG_SPAN_LITERAL("="));
        forge_append(&pem, TG_SPAN_LITERAL("\n-----END CERTIFICATE-----\n"));
        assert_int_equal(add_bytes(tg_span_buf(&pem)).err,
                         turn == 0 ? TG_OK : TG_E_FORMAT);
        forge_append(&der, TG_SPAN_LITERAL("\0"));
        tg_buf_free(&pem);
    }
    tg_buf_free(&der);
    X509_free(made);
    EVP_PKEY_free(key);
}

static void
what_was_there_stays_when_a_file_is_refused(void **state)
{
    struct forge_authority authority;
    struct attest_trust *trust;
    struct attest_trust_error error;
    struct tg_buf more = good_pem("CN=More");
    char path[FORGE_PATH];

    (void)state;
    forge_authority_init(&authority);
    trust = forge_trust(&authority.root, 1);
    forge_append(&more, TG_SPAN_LITERAL("-----BEGIN\n"));
    forge_file(path, tg_span_buf(&more));
    assert_int_equal(attest_trust_add_roots(trust, path, FORGE_NOW, &error),
                     TG_E_FORMAT);
    assert_int_equal(attest_trust_root_count(trust), 1);
    forge_file_done(path);
    tg_buf_free(&more);
    attest_trust_free(trust);
    forge_authority_done(&authority);
}

/* Add revoked serials; "" when they are taken. */
static const char *
add_serials(const char *text)
{
    static struct attest_trust_error error;
    struct attest_trust *trust = attest_trust_new();
    char path[FORGE_PATH];
    enum tg_err err;

    forge_file(path, tg_span_text(text));
    error.text[0] = '\0';
    err = attest_trust_add_revoked(trust, path, &error);
    assert_int_equal(err, error.text[0] == '\0' ? TG_OK : TG_E_FORMAT);
    forge_file_done(path);
    attest_trust_free(trust);
    return error.text;
}

static void
serials_are_taken_as_people_write_them(void **state)
{
    (void)state;
    assert_string_equal(add_serials(""), "");
    assert_string_equal(add_serials("# none\n\n  \n"), "");
    assert_string_equal(add_serials("0\n00:ab:CD\r\n\tef # why\nef"), "");
    assert_string_equal(
        add_serials("000000ffffffffffffffff"
                    "ffffffffffffffffffffffffffffffffffffffffffffffff"),
        "");
}

static void
what_is_no_serial_is_named_by_its_line(void **state)
{
    static const char *const lines[] = {
        "0x12",
        "12 34",
        "entries",
        ":12",
        "12:",
        "\"12\"",
        "-1",
        "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[200];

        (void)snprintf(text, sizeof(text), "# list\nab\n%s\n", lines[i]);
        assert_string_equal(add_serials(text),
                            "line 3 is no serial number in hexadecimal");
    }
}

static void
no_memory_is_an_error_and_leaks_nothing(void **state)
{
    struct tg_buf pem = good_pem("CN=One");
    struct attest_trust_error error;
    enum tg_err err = TG_E_NOMEM;
    char roots[FORGE_PATH], serials[FORGE_PATH];

    (void)state;
    forge_file(roots, tg_span_buf(&pem));
    forge_file(serials, TG_SPAN_LITERAL("ab\n"));
    for (long calls = 0; calls < 50 && err != TG_OK; calls++) {
        struct attest_trust *trust;

        tg_alloc_fail_after(calls);
        trust = attest_trust_new();
        err = TG_E_NOMEM;
        if (trust != NULL)
            err = attest_trust_add_roots(trust, roots, FORGE_NOW, &error);
        if (err == TG_OK)
            err = attest_trust_add_revoked(trust, serials, &error);
        tg_alloc_fail_after(-1);
        attest_trust_free(trust);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
    }
    assert_int_equal(err, TG_OK);
    forge_file_done(serials);
    forge_file_done(roots);
    tg_buf_free(&pem);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            several_roots_with_comments_and_other_line_ends_are_taken),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(a_file_beyond_a_mebibyte_is_refused),
        cmocka_unit_test(a_file_without_certificates_is_refused),
        cmocka_unit_test(other_things_in_pem_are_refused_by_their_line),
        cmocka_unit_test(a_broken_certificate_is_named_by_its_number_and_line),
        cmocka_unit_test(
            a_certificate_with_an_extension_that_cannot_be_read_is_damaged),
        cmocka_unit_test(bytes_behind_a_certificate_are_refused),
        cmocka_unit_test(what_was_there_stays_when_a_file_is_refused),
        cmocka_unit_test(serials_are_taken_as_people_write_them),
        cmocka_unit_test(what_is_no_serial_is_named_by_its_line),
        cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

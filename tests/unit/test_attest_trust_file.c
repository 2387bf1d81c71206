/* The operator's files of roots and revoked serials: what is taken, and what
 * is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "forge.h"

enum { LARGE = (1 << 20) + 1 };

/* Add these bytes as roots at FORGE_NOW; the error and the number of roots. */
struct outcome {
    enum tg_err err;
    struct attest_trust_error error;
    size_t roots;
};

static struct outcome
add_bytes(struct tg_span content)
{
    struct outcome outcome = {.error = {""}};
    struct attest_trust *trust = attest_trust_new();
    char path[FORGE_PATH];

    forge_file(path, content);
    outcome.err =
        attest_trust_add_roots(trust, path, FORGE_NOW, &outcome.error);
    outcome.roots = attest_trust_root_count(trust);
    forge_file_done(path);
    attest_trust_free(trust);
    return outcome;
}

static struct outcome
add_text(const char *text)
{
    return add_bytes(tg_span_text(text));
}

/* A certificate that says this, as PEM; the caller frees the buffer. */
static struct tg_buf
make_pem(const struct forge_certificate *says, enum forge_kind kind)
{
    struct tg_buf pem = TG_BUF_EMPTY;
    EVP_PKEY *key = forge_key(kind);
    X509 *made = forge_issue(says, key, NULL, key);

    forge_certificate_pem(&pem, made);
    X509_free(made);
    EVP_PKEY_free(key);
    return pem;
}

static struct outcome
add_saying(const struct forge_certificate *says, enum forge_kind kind)
{
    struct tg_buf pem = make_pem(says, kind);
    struct outcome outcome = add_bytes(tg_span_buf(&pem));

    tg_buf_free(&pem);
    return outcome;
}

/* Refused for its content, and this is said; nothing was kept. */
static void
assert_refused(struct outcome outcome, const char *text)
{
    assert_int_equal(outcome.err, TG_E_FORMAT);
    assert_string_equal(outcome.error.text, text);
    assert_int_equal(outcome.roots, 0);
}

static struct tg_buf
good_pem(const char *subject)
{
    const struct forge_certificate says = forge_authority_template(subject);

    return make_pem(&says, FORGE_P256);
}

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
roots_that_are_not_valid_now_are_named_with_the_day(void **state)
{
    struct forge_certificate says =
        forge_authority_template("C=AA,CN=Test Root");

    (void)state;
    says.until = FORGE_NOW;
    assert_refused(
        add_saying(&says, FORGE_P256),
        "the 1st certificate (CN=Test Root,C=AA) expired on 2027-01-15");
    says.until = FORGE_NOW + 1;
    assert_int_equal(add_saying(&says, FORGE_P256).err, TG_OK);
    says.from = FORGE_NOW + 1;
    says.until = FORGE_NOW + 2;
    assert_refused(add_saying(&says, FORGE_P256),
                   "the 1st certificate (CN=Test Root,C=AA) is not valid "
                   "before 2027-01-15");
}

static void
the_number_of_a_certificate_is_written_as_people_do(void **state)
{
    static const char *const numbers[] = {"1st",  "2nd",  "3rd",  "4th", "11th",
                                          "12th", "13th", "21st", "22nd"};
    static const size_t before[] = {0, 1, 2, 3, 10, 11, 12, 20, 21};
    struct forge_certificate says = forge_authority_template("");
    struct tg_buf good = good_pem("CN=Good");
    struct tg_buf bad;

    (void)state;
    says.until = FORGE_NOW - 1;
    bad = make_pem(&says, FORGE_P256);
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        struct tg_buf all = TG_BUF_EMPTY;
        char expected[100];

        for (size_t k = 0; k < before[i]; k++)
            forge_append(&all, tg_span_buf(&good));
        forge_append(&all, tg_span_buf(&bad));
        (void)snprintf(expected, sizeof(expected),
                       "the %s certificate (without a name) expired on "
                       "2027-01-15",
                       numbers[i]);
        assert_refused(add_bytes(tg_span_buf(&all)), expected);
        tg_buf_free(&all);
    }
    tg_buf_free(&bad);
    tg_buf_free(&good);
}

static void
a_name_from_outside_stays_on_one_line_and_fits(void **state)
{
    struct forge_certificate says =
        forge_authority_template("CN=Line\nBreak \xc3\xa9");
    struct outcome outcome;

    (void)state;
    says.until = FORGE_NOW - 1;
    assert_refused(add_saying(&says, FORGE_P256),
                   "the 1st certificate (CN=Line\\0ABreak \\C3\\A9) expired on "
                   "2027-01-15");
    says.subject =
        "O=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
        "OU=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,"
        "CN=cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
    outcome = add_saying(&says, FORGE_P256);
    assert_non_null(strstr(outcome.error.text, ") expired on 2027-01-15"));
}

static void
a_weak_key_is_no_root(void **state)
{
    const struct forge_certificate says =
        forge_authority_template("CN=Weak Root");

    (void)state;
    assert_refused(add_saying(&says, FORGE_RSA_1024),
                   "the 1st certificate (CN=Weak Root) has a key that is too "
                   "weak, or of a kind that is not known here");
    assert_int_equal(add_saying(&says, FORGE_RSA).err, TG_OK);
}

static void
a_certificate_for_other_work_is_no_root(void **state)
{
    static const char refused[] =
        "the 1st certificate (CN=Server) is not one of a certificate "
        "authority, and none with which a device signs";
    /* serverAuth, clientAuth; an unknown one is as good as none */
    static const struct {
        const char *usage;
        bool is_fine;
    } uses[] = {
        {"300a 0608 2b06010505070301", false},
        {"300a 0608 2b06010505070302", false},
        {"300a 0608 2b06010505070303", false},
        {"300a 0608 2b06010505070304", false},
        {"3005 0603 2a0304", true},
    };
    struct forge_certificate says = forge_authority_template("CN=Server");

    (void)state;
    says.basic = FORGE_BASIC_END;
    says.key_usage = NULL; /* a device's (U2F) */
    assert_int_equal(add_saying(&says, FORGE_P256).err, TG_OK);
    says.key_usage = "digitalSignature";
    assert_int_equal(add_saying(&says, FORGE_P256).err, TG_OK);
    says.key_usage = "keyEncipherment";
    assert_refused(add_saying(&says, FORGE_P256), refused);
    says.key_usage = NULL;
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        struct tg_buf usage = TG_BUF_EMPTY;
        struct outcome outcome;

        forge_hex(&usage, uses[i].usage);
        says.extension_count = 0;
        forge_add_extension(&says, "2.5.29.37", tg_span_buf(&usage), false);
        outcome = add_saying(&says, FORGE_P256);
        if (uses[i].is_fine)
            assert_int_equal(outcome.err, TG_OK);
        else
            assert_refused(outcome, refused);
        tg_buf_free(&usage);
    }
}

/* DECISION(11): the certificate of a device may be the root, of any format. */
static void
an_end_entity_is_a_root_only_where_a_device_could_sign_with_it(void **state)
{
    static const struct {
        const char *subject;
        enum forge_kind kind;
        bool is_fine;
    } leaves[] = {
        {"CN=Security Key", FORGE_P256, true},
        {"CN=Somebody", FORGE_RSA, false},
        {"CN=Somebody", FORGE_P384, false},
        {"OU=Authenticator Attestation,CN=Key", FORGE_RSA, true},
        {"OU=Authenticator,CN=Key", FORGE_RSA, false},
        {"", FORGE_RSA, false},
    };
    struct forge_certificate says = forge_leaf_template();
    struct tg_buf purpose = TG_BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        says.subject = leaves[i].subject;
        assert_int_equal(add_saying(&says, leaves[i].kind).err,
                         leaves[i].is_fine ? TG_OK : TG_E_FORMAT);
    }
    forge_hex(&purpose, "3007 0605 6781050803"); /* a TPM's */
    forge_add_extension(&says, "2.5.29.37", tg_span_buf(&purpose), false);
    assert_int_equal(add_saying(&says, FORGE_RSA).err, TG_OK);
    tg_buf_free(&purpose);
}

static void
a_root_with_an_unknown_critical_extension_is_refused(void **state)
{
    struct forge_certificate says = forge_authority_template("CN=Root");

    (void)state;
    forge_add_extension(&says, "1.2.3.4", TG_SPAN_LITERAL("one"), false);
    assert_int_equal(add_saying(&says, FORGE_P256).err, TG_OK);
    forge_add_extension(&says, "1.2.3.5", TG_SPAN_LITERAL("two"), true);
    assert_refused(add_saying(&says, FORGE_P256),
                   "the 1st certificate (CN=Root) has an extension that is "
                   "critical and not known here, so that nothing can lead to "
                   "it");
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

/* Each costs who verifies a signature, for every chain that names them. */
static void
nine_roots_of_one_name_are_refused(void **state)
{
    const struct forge_certificate says = forge_authority_template("CN=Same");
    struct tg_buf text = TG_BUF_EMPTY;
    struct outcome outcome;

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct tg_buf one = make_pem(&says, FORGE_P256);

        outcome = add_bytes(tg_span_buf(&text));
        assert_int_equal(outcome.roots, i);
        forge_append(&text, tg_span_buf(&one));
        if (i == 0) /* the same one is there once */
            forge_append(&text, tg_span_buf(&one));
        tg_buf_free(&one);
    }
    outcome = add_bytes(tg_span_buf(&text));
    assert_int_equal(outcome.err, TG_E_LIMIT);
    assert_int_equal(outcome.roots, 0);
    assert_string_equal(outcome.error.text,
                        "the 10th certificate (CN=Same) is one of more than 8 "
                        "with this name: take out those that you do not need");
    tg_buf_free(&text);
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
        cmocka_unit_test(roots_that_are_not_valid_now_are_named_with_the_day),
        cmocka_unit_test(the_number_of_a_certificate_is_written_as_people_do),
        cmocka_unit_test(a_name_from_outside_stays_on_one_line_and_fits),
        cmocka_unit_test(a_weak_key_is_no_root),
        cmocka_unit_test(a_certificate_for_other_work_is_no_root),
        cmocka_unit_test(
            an_end_entity_is_a_root_only_where_a_device_could_sign_with_it),
        cmocka_unit_test(a_root_with_an_unknown_critical_extension_is_refused),
        cmocka_unit_test(what_was_there_stays_when_a_file_is_refused),
        cmocka_unit_test(nine_roots_of_one_name_are_refused),
        cmocka_unit_test(serials_are_taken_as_people_write_them),
        cmocka_unit_test(what_is_no_serial_is_named_by_its_line),
        cmocka_unit_test(no_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

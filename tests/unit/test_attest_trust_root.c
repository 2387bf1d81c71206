/* Which certificates of the operator's file may be roots, and how the others
 * are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest_trust_kit.h"

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_that_are_not_valid_now_are_named_with_the_day),
        cmocka_unit_test(the_number_of_a_certificate_is_written_as_people_do),
        cmocka_unit_test(a_name_from_outside_stays_on_one_line_and_fits),
        cmocka_unit_test(a_weak_key_is_no_root),
        cmocka_unit_test(a_certificate_for_other_work_is_no_root),
        cmocka_unit_test(
            an_end_entity_is_a_root_only_where_a_device_could_sign_with_it),
        cmocka_unit_test(a_root_with_an_unknown_critical_extension_is_refused),
        cmocka_unit_test(nine_roots_of_one_name_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the alternative name of a TPM's certificate must say, and in which
 * shape; the other rules of WebAuthn Level 3 §8.3.1 are in test_attest_tpm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/tpm_certificate.h"
#include "forge_tpm.h"

static bool
names_tpm(const char *hex)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    bool names;

    forge_hex(&bytes, hex);
    names = tpm_certificate_names_tpm(tg_span_buf(&bytes));
    tg_buf_free(&bytes);
    return names;
}

/* The sets of one directoryName. */
static bool
sets_name_tpm(const char *sets)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    bool names;

    forge_tpm_names(&bytes, sets);
    names = tpm_certificate_names_tpm(tg_span_buf(&bytes));
    tg_buf_free(&bytes);
    return names;
}

static void
check_sets(const char *const *sets, bool expected)
{
    for (; *sets != NULL; sets++)
        if (sets_name_tpm(*sets) != expected)
            fail_msg("%s should be %s", *sets, expected ? "taken" : "refused");
}

/* TCG EK Credential Profile §3.2.9 */
static void
manufacturer_model_and_version_may_be_in_one_set_or_in_several(void **state)
{
    static const char *const sets[] = {
        "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION,
        "3116" TPM_MANUFACTURER "3112" TPM_MODEL "3110" TPM_VERSION,
        "3110" TPM_VERSION "3128" TPM_MODEL TPM_MANUFACTURER, NULL};

    (void)state;
    check_sets(sets, true);
}

static void
attributes_of_other_kinds_are_passed_over(void **state)
{
    static const char *const sets[] = {
        "310c 300a 0603 550403 0c03 616263"
        "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        "310b 3009 0605 6781050200 0500" /* 2.23.133.2.0 */
        "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        "310d 300b 0605 6781050204 0502 0000" /* 2.23.133.2.4 */
        "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        "310b 3009 0605 6781050301 0500" /* 2.23.133.3.1 */
        "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        "310c 300a 0606 678105020101 0500" /* 2.23.133.2.1.1 */
        "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        NULL};

    (void)state;
    check_sets(sets, true);
}

static void
a_name_that_lacks_one_of_them_is_refused(void **state)
{
    static const char *const sets[] = {"", "3126" TPM_MANUFACTURER TPM_VERSION,
                                       "3128" TPM_MANUFACTURER TPM_MODEL,
                                       "3122" TPM_MODEL TPM_VERSION, NULL};

    (void)state;
    check_sets(sets, false);
}

static void
a_name_that_has_one_of_them_twice_is_refused(void **state)
{
    static const char *const sets[] = {
        "314e" TPM_MANUFACTURER TPM_MANUFACTURER TPM_MODEL TPM_VERSION,
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION "3112" TPM_MODEL,
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION "3110" TPM_VERSION, NULL};

    (void)state;
    check_sets(sets, false);
}

static void
a_manufacturer_is_a_number_in_hexadecimal(void **state)
{
    static const char *const right[] = {
        /* id:00000000, id:53544D20, id:fffff1d0 as PrintableString */
        "3138 3014 0605 6781050201 0c0b 69643a3030303030303030" TPM_MODEL
            TPM_VERSION,
        "3138 3014 0605 6781050201 0c0b 69643a3533353434443230" TPM_MODEL
            TPM_VERSION,
        "3138 3014 0605 6781050201 130b 69643a6666666666316430" TPM_MODEL
            TPM_VERSION,
        NULL};
    static const char *const wrong[] = {
        /* id:0000000g, ID:00000000, id:0000000, id:000000000, STM */
        "3138 3014 0605 6781050201 0c0b 69643a3030303030303067" TPM_MODEL
            TPM_VERSION,
        "3138 3014 0605 6781050201 0c0b 49443a3030303030303030" TPM_MODEL
            TPM_VERSION,
        "3137 3013 0605 6781050201 0c0a 69643a30303030303030" TPM_MODEL
            TPM_VERSION,
        "3139 3015 0605 6781050201 0c0c 69643a303030303030303030" TPM_MODEL
            TPM_VERSION,
        "3130 300c 0605 6781050201 0c03 53544d" TPM_MODEL TPM_VERSION,
        NULL};

    (void)state;
    check_sets(right, true);
    check_sets(wrong, false);
}

static void
a_value_that_is_no_text_or_empty_is_refused(void **state)
{
    static const char *const sets[] = {
        "3137 3009 0605 6781050202 0c00" TPM_MANUFACTURER TPM_VERSION,
        "3131 3009 0605 6781050202 0c00" TPM_MANUFACTURER TPM_VERSION,
        "3132 300a 0605 6781050202 0401 61" TPM_MANUFACTURER TPM_VERSION,
        "3132 300a 0605 6781050202 8c01 61" TPM_MANUFACTURER TPM_VERSION,
        "3132 300a 0605 6781050202 2c01 61" TPM_MANUFACTURER TPM_VERSION,
        NULL};

    (void)state;
    check_sets(sets, false);
}

static void
a_name_that_is_not_encoded_right_is_refused(void **state)
{
    static const char *const sets[] = {
        "3038" TPM_MANUFACTURER TPM_MODEL TPM_VERSION, /* no SET */
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION "31",
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION "3101 30",
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION "3102 3100",
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION "3102 3000",
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION
        "3107 3005 0603 550403", /* no value */
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION
        "310b 3009 0603 550403 0500 0500", /* two */
        "3138" TPM_MANUFACTURER TPM_MODEL TPM_VERSION
        "3109 3007 0c03 550403 0500", /* no OID */
        NULL};

    (void)state;
    check_sets(sets, false);
}

#define NAME "303a 3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER

static void
there_is_one_directory_name_beside_others(void **state)
{
    (void)state;
    assert_true(names_tpm("303e a43c" NAME));
    /* dNSName before, otherName behind */
    assert_true(names_tpm("3045 8201 61 a43c" NAME "a002 0500"));
    assert_false(names_tpm("3000"));
    assert_false(names_tpm("3003 8201 61"));
    assert_false(names_tpm("307c a43c" NAME "a43c" NAME));
    assert_false(names_tpm("303e 843c" NAME)); /* primitive */
    assert_false(names_tpm("303e 303c" NAME)); /* no tag of a GeneralName */
    assert_false(names_tpm("3040 a43c" NAME "0500"));
    assert_false(names_tpm("3040 a43e" NAME "0500"));
    assert_false(names_tpm("303e a43c" NAME "00"));
    assert_false(names_tpm("313e a43c" NAME));
    assert_false(names_tpm(
        "303e a43c 313a 3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER));
    assert_false(names_tpm(""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            manufacturer_model_and_version_may_be_in_one_set_or_in_several),
        cmocka_unit_test(attributes_of_other_kinds_are_passed_over),
        cmocka_unit_test(a_name_that_lacks_one_of_them_is_refused),
        cmocka_unit_test(a_name_that_has_one_of_them_twice_is_refused),
        cmocka_unit_test(a_manufacturer_is_a_number_in_hexadecimal),
        cmocka_unit_test(a_value_that_is_no_text_or_empty_is_refused),
        cmocka_unit_test(a_name_that_is_not_encoded_right_is_refused),
        cmocka_unit_test(there_is_one_directory_name_beside_others),
    };

    return cmocka_run_group_tests_name("attest tpm certificate", tests, NULL,
                                       NULL);
}

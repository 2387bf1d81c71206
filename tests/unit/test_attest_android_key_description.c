/* Android's key description: what is taken of it, of all versions, and every
 * way in which it is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/android_key_description.h"
#include "forge_android.h"

static const struct tg_span challenge = TG_SPAN_LITERAL("a challenge");

static enum tg_err
read_description(const struct forge_android *android,
                 struct android_key_description *out)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    enum tg_err err;

    forge_android_description(&bytes, android, challenge);
    err = android_key_description_read(tg_span_buf(&bytes), out);
    if (err == TG_OK) {
        assert_true(tg_span_equal(out->challenge, challenge));
        out->challenge = challenge;
    }
    tg_buf_free(&bytes);
    return err;
}

static void
check_refused(const struct forge_android *android, const char *why)
{
    struct android_key_description description = {.hardware.purposes = 77};

    if (read_description(android, &description) != TG_E_FORMAT)
        fail_msg("taken: %s", why);
    assert_int_equal(description.hardware.purposes, 77);
}

/* §8.4; Android, "Key and ID attestation", schema. */
static void
challenge_and_both_lists_are_taken(void **state)
{
    struct forge_android android = forge_android_template();
    struct android_key_description description;

    (void)state;
    android.software = ANDROID_VERIFY ANDROID_IMPORTED;
    assert_int_equal(read_description(&android, &description), TG_OK);
    assert_int_equal(description.hardware.purposes, 1u << ANDROID_PURPOSE_SIGN);
    assert_true(description.hardware.has_origin);
    assert_int_equal(description.hardware.origin, ANDROID_ORIGIN_GENERATED);
    assert_false(description.hardware.all_applications);
    assert_int_equal(description.software.purposes,
                     1u << ANDROID_PURPOSE_VERIFY);
    assert_true(description.software.has_origin);
    assert_int_equal(description.software.origin, 2);
}

static void
every_version_that_devices_have_is_taken(void **state)
{
    static const char *const versions[] = {"020101",   "020102",   "020103",
                                           "020104",   "020164",   "020200c8",
                                           "0202012c", "02020190", "020129"};
    struct forge_android android = forge_android_template();
    struct android_key_description description;

    (void)state;
    android.hardware = ANDROID_SIGN ANDROID_GENERATED ANDROID_MODULE_HASH;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        android.versions[0] = versions[i];
        android.versions[1] = versions[i];
        assert_int_equal(read_description(&android, &description), TG_OK);
        assert_true(description.hardware.has_origin);
    }
}

static void
what_a_list_does_not_say_is_not_there(void **state)
{
    struct forge_android android = forge_android_template();
    struct android_key_description description;

    (void)state;
    android.hardware = "";
    assert_int_equal(read_description(&android, &description), TG_OK);
    assert_int_equal(description.hardware.purposes, 0);
    assert_false(description.hardware.has_origin);
    assert_false(description.hardware.all_applications);
}

static void
a_key_for_all_applications_is_seen_in_either_list(void **state)
{
    struct forge_android android = forge_android_template();
    struct android_key_description description;

    (void)state;
    android.software = ANDROID_ALL_APPLICATIONS;
    assert_int_equal(read_description(&android, &description), TG_OK);
    assert_true(description.software.all_applications);
    assert_false(description.hardware.all_applications);
    /* whatever it holds */
    android.hardware = "bf8458 03 020100";
    assert_int_equal(read_description(&android, &description), TG_OK);
    assert_true(description.hardware.all_applications);
}

static void
tags_may_come_in_any_order_and_purposes_twice(void **state)
{
    struct forge_android android = forge_android_template();
    struct android_key_description description;

    (void)state;
    android.hardware =
        ANDROID_GENERATED ANDROID_VERIFY ANDROID_ROOT_OF_TRUST ANDROID_SIGN;
    assert_int_equal(read_description(&android, &description), TG_OK);
    assert_int_equal(description.hardware.purposes,
                     1u << ANDROID_PURPOSE_SIGN | 1u << ANDROID_PURPOSE_VERIFY);
    assert_true(description.hardware.has_origin);
}

static void
a_list_that_is_not_encoded_right_is_refused(void **state)
{
    static const char *const lists[] = {
        ANDROID_GENERATED ANDROID_GENERATED, /* an origin twice */
        ANDROID_GENERATED ANDROID_IMPORTED,
        "bf853e 03 0201",          /* cut off */
        "bf853e 03 0a0100",        /* origin: no INTEGER */
        "bf853e 04 020100 00",     /* origin: something behind */
        "bf853e 06 020100 020100", /* origin: two of them */
        "bf853e 03 0201ff",        /* origin: negative */
        "bf853e 00",
        "9f853e 01 00",          /* not tagged explicitly */
        "a103 020102",           /* purpose: no SET */
        "a107 3103 020102 0500", /* purpose: something behind */
        "a105 3103 0a0102",      /* purpose: of no INTEGER */
        "a105 3103 020120",      /* purpose: 32 */
        "a105 3103 0201ff",      /* purpose: negative */
        "a104 3103 0201",
        "3000",   /* a member without a tag */
        "820103", /* another, not tagged explicitly */
        "a1",
    };
    struct forge_android android = forge_android_template();

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        android = forge_android_template();
        android.hardware = lists[i];
        check_refused(&android, lists[i]);
        android = forge_android_template();
        android.software = lists[i];
        check_refused(&android, lists[i]);
    }
}

static void
a_description_with_other_fields_is_refused(void **state)
{
    struct forge_android android;

    (void)state;
    for (int i = 0; i < 2; i++) {
        android = forge_android_template();
        android.versions[i] = "";
        check_refused(&android, "no version");
        android.versions[i] = "0a0103";
        check_refused(&android, "a version that is ENUMERATED");
        android = forge_android_template();
        android.levels[i] = "";
        check_refused(&android, "no security level");
        android.levels[i] = "020101";
        check_refused(&android, "a security level that is INTEGER");
    }
    android = forge_android_template();
    android.behind = "3000";
    check_refused(&android, "a field behind the lists");
    android = forge_android_template();
    android.behind_all = "00";
    check_refused(&android, "a byte behind");
}

static void
a_description_is_refused_wherever_it_ends_too_early(void **state)
{
    struct forge_android android = forge_android_template();
    struct android_key_description description;
    struct tg_buf bytes = TG_BUF_EMPTY;

    (void)state;
    forge_android_description(&bytes, &android, challenge);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(android_key_description_read(
                             (struct tg_span){bytes.ptr, len}, &description),
                         TG_E_FORMAT);
    tg_buf_free(&bytes);
}

/* The fields behind the levels, one after the other, each missing or of
 * another type. */
static void
a_description_that_lacks_a_field_is_refused(void **state)
{
    static const char *const bodies[] = {
        "020103 0a0101 020104 0a0101",
        "020103 0a0101 020104 0a0101 0401aa",
        "020103 0a0101 020104 0a0101 0401aa 0400",
        "020103 0a0101 020104 0a0101 0401aa 0400 3000",
        "020103 0a0101 020104 0a0101 0c01aa 0400 3000 3000",
        "020103 0a0101 020104 0a0101 0401aa 0c00 3000 3000",
        "020103 0a0101 020104 0a0101 0401aa 0400 3100 3000",
        "020103 0a0101 020104 0a0101 0401aa 0400 3000 3100",
    };
    struct android_key_description description;

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct tg_buf body = TG_BUF_EMPTY;
        struct tg_buf bytes = TG_BUF_EMPTY;

        forge_hex(&body, bodies[i]);
        forge_der(&bytes, 0x30, tg_span_buf(&body));
        assert_int_equal(
            android_key_description_read(tg_span_buf(&bytes), &description),
            TG_E_FORMAT);
        tg_buf_free(&body);
        tg_buf_free(&bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenge_and_both_lists_are_taken),
        cmocka_unit_test(every_version_that_devices_have_is_taken),
        cmocka_unit_test(what_a_list_does_not_say_is_not_there),
        cmocka_unit_test(a_key_for_all_applications_is_seen_in_either_list),
        cmocka_unit_test(tags_may_come_in_any_order_and_purposes_twice),
        cmocka_unit_test(a_list_that_is_not_encoded_right_is_refused),
        cmocka_unit_test(a_description_with_other_fields_is_refused),
        cmocka_unit_test(a_description_is_refused_wherever_it_ends_too_early),
        cmocka_unit_test(a_description_that_lacks_a_field_is_refused),
    };

    return cmocka_run_group_tests_name("attest android key description", tests,
                                       NULL, NULL);
}

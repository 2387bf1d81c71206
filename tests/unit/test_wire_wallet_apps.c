/* Which wallet apps a share URL opens: what may be written, and the files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"
#include "wire/wallet_apps.h"

#define PAIRS8  "00:11:22:33:aa:BB:Cc:dD"
#define PRINT   PAIRS8 ":" PAIRS8 ":" PAIRS8 ":" PAIRS8
#define APP     "ABCDE12345.com.example.wallet"
#define PACKAGE "com.example.wallet_2"

static void
assert_each(bool (*is)(struct tg_span), const char *const texts[],
            size_t count, bool wanted)
{
    for (size_t i = 0; i < count; i++)
        if (is(tg_span_text(texts[i])) != wanted)
            fail_msg("wrong about “%s”", texts[i]);
}

static void
an_app_of_apple_is_a_team_and_a_bundle(void **state)
{
    static const char *const good[] = {APP, "0000000000.a", "ABCDE12345.a-b"};
    static const char *const bad[] = {
        "", "ABCDE12345", "ABCDE12345.", "ABCDE1234.com.example",
        "ABCDE-2345.com.example", "ABCDE12345.com/x", "ABCDE12345.com_x",
        "ABCDE12345.\"", "ABCDE12345.a b", "abcde12345.com.x",
        "ABCDe12345.com.x"};

    (void)state;
    assert_each(wallet_apps_is_apple, good, COUNT(good), true);
    assert_each(wallet_apps_is_apple, bad, COUNT(bad), false);
}

static void
an_app_of_android_is_a_package_and_a_fingerprint(void **state)
{
    static const char *const packages[] = {PACKAGE, "a.b", "A1.b_2.c"};
    static const char *const no_packages[] = {
        "", "com", "com.", ".com", "com..x", "1com.x", "com.1x", "com.x-y",
        "com._x", "com.x\""};
    static const char *const prints[] = {PRINT};
    static const char *const no_prints[] = {
        "", PAIRS8, PRINT ":00", "0" PRINT, PAIRS8 ":" PAIRS8 ":" PAIRS8 ":"
        "00:11:22:33:aa:BB:Cc:dg", PAIRS8 ":" PAIRS8 ":" PAIRS8 ":"
        "00-11:22:33:aa:BB:Cc:dD"};

    (void)state;
    assert_each(wallet_apps_is_package, packages, COUNT(packages), true);
    assert_each(wallet_apps_is_package, no_packages, COUNT(no_packages),
                false);
    assert_each(wallet_apps_is_fingerprint, prints, COUNT(prints), true);
    assert_each(wallet_apps_is_fingerprint, no_prints, COUNT(no_prints),
                false);
}

static void
the_files_name_the_apps_and_the_mailbox_path(void **state)
{
    static const struct tg_span ids[] = {TG_SPAN_LITERAL(APP),
                                         TG_SPAN_LITERAL("0000000000.a")};
    static const struct wallet_apps_android apps[] = {
        {TG_SPAN_LITERAL("a.b"), TG_SPAN_LITERAL("00:01")},
        {TG_SPAN_LITERAL("c.d"), TG_SPAN_LITERAL("02:03")},
    };
    struct tg_buf text = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(wallet_apps_format_apple(ids, 2, &text), TG_OK);
    kit_span_is(tg_span_buf(&text),
                "{\"applinks\":{\"details\":[{\"appIDs\":[\"" APP "\","
                "\"0000000000.a\"],\"components\":[{\"/\":\"/v1/m/*\"}]}"
                "]}}");
    tg_buf_clear(&text);
    assert_int_equal(wallet_apps_format_android(apps, 2, &text), TG_OK);
    kit_span_is(
        tg_span_buf(&text),
        "[{\"relation\":[\"delegate_permission/common.handle_all_urls\"],"
        "\"target\":{\"namespace\":\"android_app\",\"package_name\":"
        "\"a.b\",\"sha256_cert_fingerprints\":[\"00:01\"]}},"
        "{\"relation\":[\"delegate_permission/common.handle_all_urls\"],"
        "\"target\":{\"namespace\":\"android_app\",\"package_name\":"
        "\"c.d\",\"sha256_cert_fingerprints\":[\"02:03\"]}}]");
    tg_buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_app_of_apple_is_a_team_and_a_bundle),
        cmocka_unit_test(an_app_of_android_is_a_package_and_a_fingerprint),
        cmocka_unit_test(the_files_name_the_apps_and_the_mailbox_path),
    };

    return cmocka_run_group_tests_name("wire_wallet_apps", tests, NULL, NULL);
}

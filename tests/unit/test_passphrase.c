/* The key from a passphrase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "crypto/passphrase.h"

static void
derive(const char *passphrase, struct passphrase_cost cost, char out[65])
{
    uint8_t salt[PASSPHRASE_SALT_LEN];
    uint8_t key[PASSPHRASE_KEY_LEN];

    for (size_t i = 0; i < sizeof(salt); i++)
        salt[i] = (uint8_t)i;
    assert_int_equal(
        passphrase_derive(tg_span_text(passphrase), salt, &cost, key), TG_OK);
    for (size_t i = 0; i < sizeof(key); i++)
        snprintf(out + 2 * i, 3, "%02x", key[i]);
}

/* RFC 9106; the values are those of OpenSSL's Argon2id. */
static void
the_key_is_that_of_another_implementation(void **state)
{
    char key[65];

    (void)state;
    derive("password", passphrase_cost_new, key);
    assert_string_equal(key, "def6fd068289b9a0cf1114f8e978a2c4"
                             "dab6faef377d895b9c2d59fc93fc5653");
    derive("password", (struct passphrase_cost){8 * 1024, 1}, key);
    assert_string_equal(key, "6708f1faf7314dfc009386f5258b181f"
                             "70f6190926363475fadec630a1bde67a");
}

static void
what_a_file_asks_for_is_bounded(void **state)
{
    static const struct passphrase_cost refused[] = {
        {0, 3},           {8 * 1024 - 1, 3}, {1024 * 1024 + 1, 3},
        {64 * 1024, 0},   {64 * 1024, 17},   {-1, 3},
        {INT64_MAX, 3},   {64 * 1024, -1},   {64 * 1024, INT64_MAX},
    };
    static const struct passphrase_cost allowed[] = {
        {8 * 1024, 1}, {1024 * 1024, 16}, {64 * 1024, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_false(passphrase_cost_is_allowed(&refused[i]));
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        assert_true(passphrase_cost_is_allowed(&allowed[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_that_of_another_implementation),
        cmocka_unit_test(what_a_file_asks_for_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

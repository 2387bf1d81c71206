/* The wallet's file: data of no share, and what of it can be read by whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <tigress/tigress.h>

#include "base/bytes.h"

/* A wallet in a directory of its own. */
struct fixture {
    char directory[64];
    char path[80];
    struct tg_wallet *wallet;
};

static void
reopen(struct fixture *f)
{
    tg_wallet_close(f->wallet);
    f->wallet = NULL;
    assert_int_equal(tg_wallet_open(f->path, &f->wallet), TG_OK);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->directory, sizeof(f->directory), "/tmp/test_wallet_XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/wallet", f->directory);
    reopen(f);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    tg_wallet_close(f->wallet);
    unlink(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static void
assert_data(struct fixture *f, const char *name, const char *value)
{
    struct tg_buf out = TG_BUF_EMPTY;

    assert_int_equal(tg_wallet_get(f->wallet, name, &out), TG_OK);
    assert_true(tg_span_is(tg_span_buf(&out), value));
    tg_buf_free(&out);
}

static void
data_of_no_share_are_kept(void **state)
{
    struct fixture *f = *state;
    struct tg_buf out = TG_BUF_EMPTY;

    assert_int_equal(tg_wallet_get(f->wallet, "key", &out), TG_E_NOT_FOUND);
    assert_int_equal(tg_wallet_put(f->wallet, "key", tg_span_text("old")),
                     TG_OK);
    assert_int_equal(tg_wallet_put(f->wallet, "key", tg_span_text("new")),
                     TG_OK);
    assert_int_equal(tg_wallet_put(f->wallet, "empty", TG_SPAN_EMPTY), TG_OK);
    reopen(f);
    assert_data(f, "key", "new");
    assert_data(f, "empty", "");
    assert_int_equal(tg_wallet_remove(f->wallet, "key"), TG_OK);
    assert_int_equal(tg_wallet_remove(f->wallet, "key"), TG_OK);
    assert_int_equal(tg_wallet_get(f->wallet, "key", &out), TG_E_NOT_FOUND);
    tg_buf_free(&out);
}

static void
data_have_names_and_sizes_within_limits(void **state)
{
    struct fixture *f = *state;
    struct tg_buf out = TG_BUF_EMPTY;
    size_t too_long = 1024 * 1024 + 1;
    uint8_t *value = calloc(1, too_long);
    char name[66];

    memset(name, 'n', 65);
    name[65] = '\0';
    assert_int_equal(tg_wallet_put(f->wallet, "", TG_SPAN_EMPTY), TG_E_LIMIT);
    assert_int_equal(tg_wallet_put(f->wallet, name, TG_SPAN_EMPTY),
                     TG_E_LIMIT);
    assert_int_equal(tg_wallet_get(f->wallet, name, &out), TG_E_LIMIT);
    assert_int_equal(tg_wallet_remove(f->wallet, name), TG_E_LIMIT);
    name[64] = '\0';
    assert_int_equal(
        tg_wallet_put(f->wallet, name, (struct tg_span){value, too_long}),
        TG_E_LIMIT);
    assert_int_equal(
        tg_wallet_put(f->wallet, name, (struct tg_span){value, too_long - 1}),
        TG_OK);
    free(value);
    assert_int_equal(tg_wallet_get(f->wallet, name, &out), TG_OK);
    assert_int_equal(out.len, too_long - 1);
    tg_buf_free(&out);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(data_of_no_share_are_kept),
        TEST(data_have_names_and_sizes_within_limits),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A wallet's data and its passphrase, as a program sees them. */
#include "wallet_kit.h"

#include "client/wallet.h"

static void
data_of_no_share_are_kept(void **state)
{
    struct fixture *f = *state;
    struct tg_buf out = TG_BUF_EMPTY;

    assert_int_equal(tg_wallet_get(f->wallet, "key", &out), TG_E_NOT_FOUND);
    put_data(f->wallet, "key", "old");
    put_data(f->wallet, "key", "new");
    put_data(f->wallet, "empty", "");
    reopen(f);
    assert_data(f->wallet, "key", "new");
    assert_data(f->wallet, "empty", "");
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

static enum tg_err
unlock(struct fixture *f, const char *passphrase)
{
    return tg_wallet_unlock(f->wallet, tg_span_text(passphrase));
}

static enum tg_err
set_passphrase(struct fixture *f, const char *passphrase)
{
    return tg_wallet_set_passphrase(f->wallet, tg_span_text(passphrase));
}

static void
a_wallet_without_a_passphrase_wants_none(void **state)
{
    struct fixture *f = *state;

    assert_false(tg_wallet_is_sealed(f->wallet));
    assert_int_equal(unlock(f, ""), TG_OK);
    assert_int_equal(unlock(f, "any"), TG_OK);
    put_data(f->wallet, "key", "value");
    assert_data(f->wallet, "key", "value");
}

/* THREATS 1 */
static void
a_sealed_wallet_is_of_no_use_until_its_passphrase_is_given(void **state)
{
    struct fixture *f = *state;
    struct wallet_row row = {0};
    struct tg_share *share;
    int64_t id;

    put_data(f->wallet, "key", "value");
    assert_int_equal(set_passphrase(f, "correct horse"), TG_OK);
    assert_false(tg_wallet_is_sealed(f->wallet));
    assert_data(f->wallet, "key", "value");
    reopen(f);
    assert_true(tg_wallet_is_sealed(f->wallet));
    assert_int_equal(tg_wallet_get(f->wallet, "key", NULL), TG_E_SEALED);
    assert_int_equal(tg_wallet_put(f->wallet, "key", TG_SPAN_EMPTY),
                     TG_E_SEALED);
    assert_int_equal(tg_wallet_remove(f->wallet, "key"), TG_E_SEALED);
    assert_int_equal(tg_wallet_next_share(f->wallet, 0, &id), TG_E_SEALED);
    assert_int_equal(tg_wallet_forget_share(f->wallet, 1), TG_E_SEALED);
    assert_int_equal(tg_share_open(f->wallet, NULL, 1, &share), TG_E_SEALED);
    assert_int_equal(wallet_save(f->wallet, &row), TG_E_SEALED);
    assert_int_equal(row.id, 0);
    assert_int_equal(set_passphrase(f, "another"), TG_E_SEALED);
    assert_int_equal(set_passphrase(f, ""), TG_E_SEALED);

    assert_int_equal(unlock(f, "correct horsf"), TG_E_AUTH);
    assert_int_equal(unlock(f, ""), TG_E_AUTH);
    assert_true(tg_wallet_is_sealed(f->wallet));
    assert_int_equal(unlock(f, "correct horse"), TG_OK);
    assert_false(tg_wallet_is_sealed(f->wallet));
    assert_data(f->wallet, "key", "value");
}

static void
a_wrong_passphrase_does_not_lock_an_open_wallet(void **state)
{
    struct fixture *f = *state;

    put_data(f->wallet, "key", "value");
    assert_int_equal(set_passphrase(f, "right"), TG_OK);
    assert_int_equal(unlock(f, "wrong"), TG_E_AUTH);
    assert_data(f->wallet, "key", "value");
}

static void
a_passphrase_is_changed_and_removed(void **state)
{
    struct fixture *f = *state;

    put_data(f->wallet, "key", "value");
    assert_int_equal(set_passphrase(f, "old"), TG_OK);
    assert_int_equal(set_passphrase(f, "new"), TG_OK);
    reopen(f);
    assert_int_equal(unlock(f, "old"), TG_E_AUTH);
    assert_int_equal(unlock(f, "new"), TG_OK);
    assert_int_equal(set_passphrase(f, ""), TG_OK);
    reopen(f);
    assert_false(tg_wallet_is_sealed(f->wallet));
    assert_data(f->wallet, "key", "value");
}

static void
a_passphrase_has_any_bytes_up_to_a_limit(void **state)
{
    static uint8_t bytes[TG_PASSPHRASE_MAX + 1];
    struct fixture *f = *state;
    struct tg_span longest = {bytes, TG_PASSPHRASE_MAX};
    struct tg_span too_long = {bytes, TG_PASSPHRASE_MAX + 1};

    memset(bytes, 0xff, sizeof(bytes));
    bytes[1] = 0;
    assert_int_equal(tg_wallet_set_passphrase(f->wallet, too_long),
                     TG_E_LIMIT);
    assert_int_equal(tg_wallet_set_passphrase(f->wallet, longest), TG_OK);
    reopen(f);
    assert_int_equal(tg_wallet_unlock(f->wallet, too_long), TG_E_LIMIT);
    bytes[2] = 0;
    assert_int_equal(tg_wallet_unlock(f->wallet, longest), TG_E_AUTH);
    bytes[2] = 0xff;
    assert_int_equal(tg_wallet_unlock(f->wallet, longest), TG_OK);
}

static void
another_process_notices_that_the_passphrase_changed(void **state)
{
    struct fixture *f = *state;
    struct tg_wallet *other;
    struct tg_buf out = TG_BUF_EMPTY;

    put_data(f->wallet, "key", "value");
    assert_int_equal(tg_wallet_open(f->path, &other), TG_OK);
    assert_int_equal(set_passphrase(f, "new"), TG_OK);
    assert_int_equal(tg_wallet_put(other, "key", TG_SPAN_EMPTY), TG_E_SEALED);
    assert_int_equal(tg_wallet_get(other, "key", &out), TG_E_SEALED);
    assert_true(tg_wallet_is_sealed(other));
    assert_int_equal(tg_wallet_unlock(other, tg_span_text("new")), TG_OK);
    assert_data(other, "key", "value");
    /* Without one it goes on by itself. */
    assert_int_equal(set_passphrase(f, ""), TG_OK);
    put_data(other, "key", "again");
    assert_data(f->wallet, "key", "again");
    tg_wallet_close(other);
}

static void
only_one_of_two_changes_of_the_passphrase_is_done(void **state)
{
    struct fixture *f = *state;
    struct tg_wallet *other;

    assert_int_equal(tg_wallet_open(f->path, &other), TG_OK);
    assert_int_equal(set_passphrase(f, "mine"), TG_OK);
    assert_int_equal(
        tg_wallet_set_passphrase(other, tg_span_text("theirs")), TG_E_SEALED);
    tg_wallet_close(other);
    reopen(f);
    assert_int_equal(unlock(f, "mine"), TG_OK);
}

static void
a_share_survives_its_wallet_being_sealed_anew(void **state)
{
    struct fixture *f = *state;
    struct wallet_row row = {.role = TG_RECIPIENT, .state = TG_SHARE_OPEN};
    struct tg_share *share;
    int64_t id = 0;

    assert_int_equal(tg_buf_text(&row.title, "Key"), TG_OK);
    assert_int_equal(wallet_save(f->wallet, &row), TG_OK);
    row.id = 0;
    assert_int_equal(wallet_save(f->wallet, &row), TG_OK);
    assert_int_equal(row.id, 2);
    wallet_row_done(&row);
    assert_int_equal(wallet_put(f->wallet, 1, "data", TG_SPAN_LITERAL("v")),
                     TG_OK);
    assert_int_equal(tg_wallet_forget_share(f->wallet, 2), TG_OK);
    assert_int_equal(set_passphrase(f, "p"), TG_OK);
    assert_int_equal(tg_share_open(f->wallet, NULL, 1, &share), TG_OK);
    assert_string_equal(tg_share_title(share), "Key");
    assert_int_equal(tg_share_role(share), TG_RECIPIENT);
    tg_share_close(share);
    /* Deleting still takes the data along; no id comes again. */
    assert_int_equal(tg_wallet_forget_share(f->wallet, 1), TG_OK);
    assert_int_equal(wallet_get(f->wallet, 1, "data", NULL), TG_E_NOT_FOUND);
    assert_int_equal(tg_wallet_next_share(f->wallet, 0, &id), TG_E_NOT_FOUND);
    assert_int_equal(wallet_save(f->wallet, &row), TG_OK);
    assert_int_equal(row.id, 3);
    wallet_row_done(&row);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(data_of_no_share_are_kept),
        TEST(data_have_names_and_sizes_within_limits),
        TEST(a_wallet_without_a_passphrase_wants_none),
        TEST(a_sealed_wallet_is_of_no_use_until_its_passphrase_is_given),
        TEST(a_wrong_passphrase_does_not_lock_an_open_wallet),
        TEST(a_passphrase_is_changed_and_removed),
        TEST(a_passphrase_has_any_bytes_up_to_a_limit),
        TEST(another_process_notices_that_the_passphrase_changed),
        TEST(only_one_of_two_changes_of_the_passphrase_is_done),
        TEST(a_share_survives_its_wallet_being_sealed_anew),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

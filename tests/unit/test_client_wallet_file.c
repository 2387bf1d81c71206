/* The wallet's file in other hands: what can be read in it, and what is
 * noticed when somebody has changed it. */
#include "wallet_kit.h"

#include "client/wallet.h"

static const char *const texts[] = {
    "relay.example", "0b0c0d0e-1111",   "vertical-text", "The red car",
    "Its key",       "https://i.example", "a-secret-of-16-b", "claim-7",
    "etag-of-it",    "hash-of-it",      "order-of-it",   "inbox-of-it",
    "request-id-9",  "body-of-it",      "seen-pending",  "order-pending",
};

/* A share with a text of its own in every field, and data of all kinds. */
static void
fill(struct tg_wallet *wallet)
{
    struct wallet_row row = {.role = TG_INITIATOR, .state = TG_SHARE_OPEN};
    struct tg_buf *fields[] = {
        &row.relay,       &row.mailbox,    &row.vertical,    &row.title,
        &row.description, &row.image_url,  &row.secret,      &row.claim,
        &row.etag,        &row.seen,       &row.order,       &row.inbox,
        &row.pending_id,  &row.pending_body, &row.pending_seen,
        &row.pending_order};

    for (size_t i = 0; i < 16; i++)
        assert_int_equal(tg_buf_text(fields[i], texts[i]), TG_OK);
    assert_int_equal(wallet_save(wallet, &row), TG_OK);
    assert_int_equal(wallet_put(wallet, row.id, "n", TG_SPAN_LITERAL("data1")),
                     TG_OK);
    assert_int_equal(wallet_put(wallet, row.id, "m", TG_SPAN_LITERAL("data2")),
                     TG_OK);
    put_data(wallet, "n", "data3");
    wallet_row_done(&row);
}

static void
assert_no_text_can_be_read(const struct fixture *f)
{
    for (size_t i = 0; i < 16; i++)
        assert_false(can_be_read(f, tg_span_text(texts[i])));
    assert_false(can_be_read(f, TG_SPAN_LITERAL("data1")));
    assert_false(can_be_read(f, TG_SPAN_LITERAL("data2")));
    assert_false(can_be_read(f, TG_SPAN_LITERAL("data3")));
}

static void
set_passphrase(struct fixture *f, const char *passphrase)
{
    assert_int_equal(
        tg_wallet_set_passphrase(f->wallet, tg_span_text(passphrase)), TG_OK);
}

/* THREATS 1 */
static void
no_value_can_be_read_in_the_files(void **state)
{
    struct fixture *f = *state;

    fill(f->wallet);
    assert_no_text_can_be_read(f);
    set_passphrase(f, "a long passphrase");
    assert_no_text_can_be_read(f);
    assert_false(can_be_read(f, TG_SPAN_LITERAL("a long passphrase")));
    set_passphrase(f, "");
    assert_no_text_can_be_read(f);
}

/* THREATS 1 */
static void
what_the_old_key_opens_does_not_stay(void **state)
{
    static const char *const queries[] = {
        "SELECT key FROM keyring", "SELECT secret FROM share",
        "SELECT value FROM share_data", "SELECT value FROM wallet_data"};
    struct fixture *f = *state;
    struct tg_buf old[4] = {TG_BUF_EMPTY};

    /* Rows that come and go leave gaps, where copies could stay. */
    for (int i = 0; i < 40; i++)
        fill(f->wallet);
    for (int i = 2; i < 40; i += 2)
        assert_int_equal(tg_wallet_forget_share(f->wallet, i), TG_OK);
    for (int round = 0; round < 3; round++) {
        static const char *const passphrases[] = {"one", "two", ""};

        for (size_t i = 0; i < 4; i++) {
            query_bytes(f->path, queries[i], &old[i]);
            assert_true(can_be_read(f, tg_span_buf(&old[i])));
        }
        set_passphrase(f, passphrases[round]);
        for (size_t i = 0; i < 4; i++)
            assert_false(can_be_read(f, tg_span_buf(&old[i])));
    }
    for (size_t i = 0; i < 4; i++)
        tg_buf_free(&old[i]);
}

static enum tg_err
load(struct fixture *f)
{
    struct wallet_row row = {0};
    enum tg_err err = wallet_load(f->wallet, 1, &row);

    wallet_row_done(&row);
    return err;
}

static enum tg_err
get(struct fixture *f, int64_t share, const char *name)
{
    struct tg_buf out = TG_BUF_EMPTY;
    enum tg_err err = wallet_get(f->wallet, share, name, &out);

    assert_true(err == TG_OK || out.len == 0);
    tg_buf_free(&out);
    return err;
}

static void
values_that_were_swapped_do_not_open(void **state)
{
    static const char *const changes[] = {
        "UPDATE share SET title = description, description = title"
        " WHERE id = 1",
        "UPDATE share SET title = (SELECT title FROM share WHERE id = 2)"
        " WHERE id = 1",
        "UPDATE share SET state = 3 WHERE id = 1",
        "UPDATE share SET role = 2 WHERE id = 1",
        "UPDATE share SET revision = revision + 1 WHERE id = 1",
        "UPDATE share SET expires_s = expires_s + 1 WHERE id = 1",
        "UPDATE share SET pending_verb = 1 WHERE id = 1",
        "UPDATE share SET secret = x'' WHERE id = 1",
        "UPDATE share SET secret = substr(secret, 1, 27) WHERE id = 1",
        "UPDATE share SET inbox = substr(inbox, 1, length(inbox) - 1)"
        " WHERE id = 1",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        reopen(f);
        fill(f->wallet);
        fill(f->wallet);
        assert_int_equal(load(f), TG_OK);
        run_sql(f->path, changes[i]);
        assert_int_equal(load(f), TG_E_FORMAT);
        tg_wallet_close(f->wallet);
        f->wallet = NULL;
        unlink(f->path);
    }
}

static void
data_that_were_swapped_do_not_open(void **state)
{
    struct fixture *f = *state;

    fill(f->wallet);
    fill(f->wallet);
    run_sql(f->path,
            "UPDATE share_data SET value = (SELECT value FROM share_data"
            " WHERE share = 1 AND name = 'm') WHERE share = 1 AND name = 'n';"
            "UPDATE share_data SET value = (SELECT value FROM share_data"
            " WHERE share = 1 AND name = 'm') WHERE share = 2 AND name = 'm';"
            "INSERT INTO wallet_data SELECT 'm', value FROM share_data"
            " WHERE share = 1 AND name = 'm';"
            "INSERT INTO wallet_data SELECT 'x', value FROM wallet_data"
            " WHERE name = 'n';");
    assert_int_equal(get(f, 1, "m"), TG_OK);
    assert_int_equal(get(f, 1, "n"), TG_E_FORMAT);
    assert_int_equal(get(f, 2, "m"), TG_E_FORMAT);
    assert_int_equal(get(f, WALLET_ITSELF, "m"), TG_E_FORMAT);
    assert_int_equal(get(f, WALLET_ITSELF, "x"), TG_E_FORMAT);
    assert_int_equal(get(f, WALLET_ITSELF, "n"), TG_OK);
    run_sql(f->path, "UPDATE wallet_data SET value = substr(value, 1, 5)");
    assert_int_equal(get(f, WALLET_ITSELF, "n"), TG_E_FORMAT);
    /* Nothing is sealed anew that could not be opened: the old key holds. */
    assert_int_equal(
        tg_wallet_set_passphrase(f->wallet, tg_span_text("p")), TG_E_FORMAT);
    reopen(f);
    assert_false(tg_wallet_is_sealed(f->wallet));
    assert_int_equal(get(f, 1, "m"), TG_OK);
}

/* A thief who puts his own key there learns nothing from it. */
static void
a_keyring_that_was_changed_opens_nothing(void **state)
{
    static const struct {
        const char *change;
        enum tg_err opening;   /* of the wallet */
        enum tg_err unlocking; /* when it opens */
    } cases[] = {
        {"memory_kib = 1073741824", TG_E_FORMAT, TG_OK},
        {"memory_kib = 9223372036854775807", TG_E_FORMAT, TG_OK},
        {"memory_kib = -1", TG_E_FORMAT, TG_OK},
        {"memory_kib = 8", TG_E_FORMAT, TG_OK},
        {"passes = 0", TG_E_FORMAT, TG_OK},
        {"passes = 1000000000", TG_E_FORMAT, TG_OK},
        {"kdf = 'scrypt'", TG_E_FORMAT, TG_OK},
        {"kdf = 'none'", TG_E_FORMAT, TG_OK},
        {"salt = x'00'", TG_E_FORMAT, TG_OK},
        {"salt = x''", TG_E_FORMAT, TG_OK},
        {"key = substr(key, 1, 59)", TG_E_FORMAT, TG_OK},
        {"key = x''", TG_E_FORMAT, TG_OK},
        {"passes = 2", TG_OK, TG_E_AUTH},
        {"memory_kib = 32768", TG_OK, TG_E_AUTH},
        {"salt = zeroblob(16)", TG_OK, TG_E_AUTH},
        {"key = zeroblob(60)", TG_OK, TG_E_AUTH},
        {"generation = 7", TG_OK, TG_E_AUTH},
        {"kdf = 'none', key = zeroblob(32)", TG_OK, TG_OK},
    };
    struct fixture *f = *state;

    put_data(f->wallet, "n", "v");
    set_passphrase(f, "p");
    run_sql(f->path, "CREATE TABLE saved AS SELECT * FROM keyring");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[128];

        tg_wallet_close(f->wallet);
        f->wallet = NULL;
        snprintf(sql, sizeof(sql), "UPDATE keyring SET %s", cases[i].change);
        run_sql(f->path, sql);
        assert_int_equal(tg_wallet_open(f->path, &f->wallet),
                         cases[i].opening);
        if (f->wallet != NULL) {
            assert_int_equal(tg_wallet_unlock(f->wallet, tg_span_text("p")),
                             cases[i].unlocking);
            assert_int_not_equal(get(f, WALLET_ITSELF, "n"), TG_OK);
        }
        run_sql(f->path, "DELETE FROM keyring;"
                         "INSERT INTO keyring SELECT * FROM saved");
    }
    run_sql(f->path, "DELETE FROM keyring");
    assert_int_equal(get(f, WALLET_ITSELF, "n"), TG_E_FORMAT);
}

/* An old keyring put back under the present data. */
static void
an_old_passphrase_opens_nothing_that_is_new(void **state)
{
    struct fixture *f = *state;

    put_data(f->wallet, "n", "v");
    set_passphrase(f, "old");
    run_sql(f->path, "CREATE TABLE saved AS SELECT * FROM keyring");
    set_passphrase(f, "new");
    run_sql(f->path, "DELETE FROM keyring;"
                     "INSERT INTO keyring SELECT * FROM saved");
    reopen(f);
    assert_int_equal(tg_wallet_unlock(f->wallet, tg_span_text("old")), TG_OK);
    assert_int_equal(get(f, WALLET_ITSELF, "n"), TG_E_FORMAT);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_value_can_be_read_in_the_files),
        TEST(what_the_old_key_opens_does_not_stay),
        TEST(values_that_were_swapped_do_not_open),
        TEST(data_that_were_swapped_do_not_open),
        TEST(a_keyring_that_was_changed_opens_nothing),
        TEST(an_old_passphrase_opens_nothing_that_is_new),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

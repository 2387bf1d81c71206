/* The wallet's file, and what a share does without a network. What it does
 * with one is in tests/scenario/hostile_relay_test.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <tigress/tigress.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/wallet.h"

#define ID "0b0c0d0e-1111-4222-8333-444455556666"
#define URL "https://relay.example/v1/m/" ID "?v=c#AAECAwQFBgcICQoLDA0ODw=="

/* A wallet in a directory of its own, and a client that allows one relay. */
struct fixture {
    char directory[64];
    char path[80];
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct tg_wallet *wallet;
};

static struct tg_wallet *
open_wallet(const char *path)
{
    struct tg_wallet *wallet;

    assert_int_equal(tg_wallet_open(path, &wallet), TG_OK);
    return wallet;
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->directory, sizeof(f->directory), "/tmp/test_client_XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/wallet", f->directory);
    assert_int_equal(tg_allow_list_new(&f->allowed), TG_OK);
    assert_int_equal(tg_allow_list_add(f->allowed, "relay.example"), TG_OK);
    assert_int_equal(tg_relay_client_new(f->allowed, &f->client), TG_OK);
    f->wallet = open_wallet(f->path);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    tg_wallet_close(f->wallet);
    tg_relay_client_free(f->client);
    tg_allow_list_free(f->allowed);
    unlink(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static struct tg_share_offer
good_offer(void)
{
    return (struct tg_share_offer){
        .relay = "relay.example",
        .title = "Key",
        .description = "Of the red car",
        .image_url = "https://images.example/key.png",
        .vertical = TG_VERTICAL_CAR,
        .access_rights = "RWD",
        .format = TG_FORMAT_CAR_KEY,
        .content = tg_span_text("{\"step\":1}"),
    };
}

static size_t
count_shares(struct tg_wallet *wallet)
{
    size_t count = 0;
    int64_t id = 0;

    while (tg_wallet_next_share(wallet, id, &id) == TG_OK)
        count++;
    return count;
}

static struct tg_share *
accept_url(struct fixture *f)
{
    struct tg_share_url *url;
    struct tg_share *share;

    assert_int_equal(tg_share_url_parse(tg_span_text(URL), &url), TG_OK);
    assert_int_equal(tg_share_accept(f->wallet, f->client, url, &share),
                     TG_OK);
    tg_share_url_free(url);
    return share;
}

static void
a_wallet_is_readable_by_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_shares(f->wallet), 0);
}

static void
a_share_that_was_created_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    const struct tg_share_offer offer = good_offer();
    struct tg_share *share;
    struct tg_buf url = TG_BUF_EMPTY;

    assert_int_equal(tg_share_create(f->wallet, f->client, &offer, &share),
                     TG_OK);
    assert_int_equal(tg_share_state(share), TG_SHARE_NEW);
    assert_true(tg_share_is_pending(share));
    assert_int_equal(tg_share_invitation(share, &url), TG_E_STATE);
    tg_share_close(share);
    tg_wallet_close(f->wallet);

    f->wallet = open_wallet(f->path);
    assert_int_equal(tg_share_open(f->wallet, NULL, 1, &share), TG_OK);
    assert_int_equal(tg_share_role(share), TG_INITIATOR);
    assert_int_equal(tg_share_state(share), TG_SHARE_NEW);
    assert_int_equal(tg_share_vertical(share), TG_VERTICAL_CAR);
    assert_true(tg_share_is_pending(share));
    assert_string_equal(tg_share_title(share), "Key");
    assert_string_equal(tg_share_relay(share), "relay.example");
    tg_share_close(share);
}

/* R-URL-2 */
static void
nothing_is_begun_with_a_relay_that_is_not_listed(void **state)
{
    struct fixture *f = *state;
    struct tg_share_offer offer = good_offer();
    struct tg_share_url *url;
    struct tg_share *share;

    offer.relay = "other.example";
    assert_int_equal(tg_share_create(f->wallet, f->client, &offer, &share),
                     TG_E_UNTRUSTED);
    assert_int_equal(
        tg_share_url_parse(tg_span_text("https://other.example/v1/m/" ID
                                        "#AAECAwQFBgcICQoLDA0ODw=="), &url),
        TG_OK);
    assert_int_equal(tg_share_accept(f->wallet, f->client, url, &share),
                     TG_E_UNTRUSTED);
    tg_share_url_free(url);
    assert_int_equal(count_shares(f->wallet), 0);
}

/* R-CREATE-1, R-CREATE-2, R-CREATE-3: refused before anything is stored */
static void
an_offer_that_no_relay_takes_is_refused(void **state)
{
    static char long_title[TG_SHARE_URL_MAX];
    struct fixture *f = *state;
    struct tg_share_offer offers[10];
    static const enum tg_err errors[10] = {
        TG_E_FORMAT, TG_E_FORMAT, TG_E_FORMAT, TG_E_FORMAT, TG_E_FORMAT,
        TG_E_FORMAT, TG_E_FORMAT, TG_E_FORMAT, TG_E_FORMAT, TG_E_LIMIT};

    memset(long_title, 'x', 129);
    for (size_t i = 0; i < 10; i++)
        offers[i] = good_offer();
    offers[0].title = NULL;
    offers[1].title = "";
    offers[2].description = "a\nb";
    offers[3].image_url = "http://images.example/";
    offers[4].image_url = "https://user@images.example/";
    offers[5].access_rights = "RR";
    offers[6].access_rights = "X";
    offers[7].content = tg_span_text("[]");
    offers[8].token_type = "org.w3.webpush";
    offers[9].title = long_title;
    for (size_t i = 0; i < 10; i++) {
        struct tg_share *share = NULL;

        assert_int_equal(
            tg_share_create(f->wallet, f->client, &offers[i], &share),
            errors[i]);
        assert_null(share);
    }
    assert_int_equal(count_shares(f->wallet), 0);
}

static void
accepting_twice_gives_the_same_share(void **state)
{
    struct fixture *f = *state;
    struct tg_share *first = accept_url(f);
    struct tg_share *second = accept_url(f);
    struct tg_buf url = TG_BUF_EMPTY;

    assert_int_equal(tg_share_id(first), tg_share_id(second));
    assert_int_equal(tg_share_role(first), TG_RECIPIENT);
    assert_int_equal(count_shares(f->wallet), 1);
    assert_int_equal(tg_share_invitation(first, &url), TG_OK);
    assert_string_equal((const char *)url.ptr, URL);
    tg_buf_clear(&url);
    assert_int_equal(tg_share_address(first, &url), TG_OK);
    assert_string_equal((const char *)url.ptr,
                        "https://relay.example/v1/m/" ID "?v=c");
    tg_buf_free(&url);
    tg_share_close(first);
    tg_share_close(second);
}

static void
a_recipient_without_a_message_has_nothing_to_answer(void **state)
{
    struct fixture *f = *state;
    struct tg_share *share = accept_url(f);

    assert_int_equal(
        tg_share_send(share, TG_FORMAT_CAR_KEY, tg_span_text("{}")),
        TG_E_STATE);
    assert_false(tg_share_is_pending(share));
    tg_share_close(share);
}

static void
an_initiator_has_nothing_to_relinquish(void **state)
{
    struct fixture *f = *state;
    const struct tg_share_offer offer = good_offer();
    struct tg_share *share;

    assert_int_equal(tg_share_create(f->wallet, f->client, &offer, &share),
                     TG_OK);
    assert_int_equal(tg_share_relinquish(share), TG_E_STATE);
    assert_int_equal(tg_share_state(share), TG_SHARE_NEW);
    tg_share_close(share);
}

static void
data_of_the_caller_is_kept_with_its_share(void **state)
{
    static const uint8_t bytes[] = {0, 1, 0, 255};
    struct fixture *f = *state;
    struct tg_share *share = accept_url(f);
    struct tg_buf out = TG_BUF_EMPTY;
    char name[70];

    assert_int_equal(tg_share_get(share, "key", &out), TG_E_NOT_FOUND);
    assert_int_equal(tg_share_put(share, "key", tg_span_text("old")), TG_OK);
    assert_int_equal(tg_share_put(share, "key", TG_SPAN_ARRAY(bytes)), TG_OK);
    assert_int_equal(tg_share_put(share, "empty", TG_SPAN_EMPTY), TG_OK);
    tg_wallet_close(f->wallet);
    tg_share_close(share);
    f->wallet = open_wallet(f->path);
    assert_int_equal(tg_share_open(f->wallet, NULL, 1, &share), TG_OK);
    assert_int_equal(tg_share_get(share, "key", &out), TG_OK);
    assert_int_equal(out.len, sizeof(bytes));
    assert_memory_equal(out.ptr, bytes, sizeof(bytes));
    tg_buf_clear(&out);
    assert_int_equal(tg_share_get(share, "empty", &out), TG_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(tg_share_remove(share, "key"), TG_OK);
    assert_int_equal(tg_share_remove(share, "key"), TG_OK);
    assert_int_equal(tg_share_get(share, "key", &out), TG_E_NOT_FOUND);
    memset(name, 'n', 65);
    name[65] = '\0';
    assert_int_equal(tg_share_put(share, name, TG_SPAN_EMPTY), TG_E_LIMIT);
    assert_int_equal(tg_share_put(share, "", TG_SPAN_EMPTY), TG_E_LIMIT);
    tg_buf_free(&out);
    tg_share_close(share);
}

static void
a_forgotten_share_is_gone_with_its_data(void **state)
{
    struct fixture *f = *state;
    struct tg_share *share = accept_url(f);
    struct tg_share *again;

    assert_int_equal(tg_share_put(share, "key", tg_span_text("v")), TG_OK);
    assert_int_equal(tg_wallet_forget_share(f->wallet, 1), TG_OK);
    assert_int_equal(tg_wallet_forget_share(f->wallet, 1), TG_E_NOT_FOUND);
    assert_int_equal(tg_share_put(share, "key", tg_span_text("v")),
                     TG_E_NOT_FOUND);
    assert_int_equal(tg_share_handled(share), TG_E_NOT_FOUND);
    again = accept_url(f);
    assert_int_equal(tg_share_id(again), 2); /* never the same id again */
    tg_share_close(share);
    tg_share_close(again);
}

static void
run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void
files_that_are_no_wallet_are_left_alone(void **state)
{
    struct fixture *f = *state;
    struct tg_wallet *wallet = NULL;
    FILE *file;

    assert_int_equal(tg_wallet_open("/nonexistent/wallet", &wallet),
                     TG_E_NOT_FOUND);
    run_sql(f->path, "PRAGMA user_version = 99");
    assert_int_equal(tg_wallet_open(f->path, &wallet), TG_E_UNKNOWN);
    run_sql(f->path, "PRAGMA application_id = 7");
    assert_int_equal(tg_wallet_open(f->path, &wallet), TG_E_FORMAT);
    file = fopen(f->path, "w");
    fputs("This is a letter, not a database, and it is long enough to be "
          "recognised as such by everybody who looks at its first hundred "
          "bytes.", file);
    fclose(file);
    assert_int_equal(tg_wallet_open(f->path, &wallet), TG_E_FORMAT);
    assert_null(wallet);
}

/* A change by another process between reading and writing is noticed: shown
 * through two handles on one file, the row's revision counted up between. */
static void
two_processes_do_not_overwrite_each_other(void **state)
{
    struct fixture *f = *state;
    struct tg_share *share = accept_url(f);
    struct wallet_row row;
    sqlite3 *db;

    assert_int_equal(wallet_load(f->wallet, 1, &row), TG_OK);
    assert_int_equal(tg_buf_text(&row.inbox, "{}"), TG_OK);
    assert_int_equal(wallet_save(f->wallet, &row), TG_OK);
    wallet_row_done(&row);

    /* From the moment that the share writes, another writer is first. */
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TRIGGER first BEFORE UPDATE ON share BEGIN"
                     " SELECT RAISE(IGNORE); END", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(tg_share_handled(share), TG_E_LOCKED);
    assert_true(tg_share_has_message(share));
    assert_int_equal(sqlite3_exec(db, "DROP TRIGGER first", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(tg_share_handled(share), TG_OK);
    assert_false(tg_share_has_message(share));
    sqlite3_close(db);
    tg_share_close(share);
}

/* Whatever allocation fails while a share is made: all of it is there, or
 * nothing is. */
static void
no_memory_leaves_a_whole_share_or_none(void **state)
{
    struct fixture *f = *state;
    const struct tg_share_offer offer = good_offer();
    enum tg_err err = TG_E_NOMEM;
    long n;

    for (n = 0; err != TG_OK; n++) {
        struct tg_share *share = NULL;
        size_t before = count_shares(f->wallet);

        assert_true(n < 300);
        tg_alloc_fail_after(n);
        err = tg_share_create(f->wallet, f->client, &offer, &share);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        assert_true(err == TG_OK || share == NULL);
        assert_true(count_shares(f->wallet) - before <= 1);
        tg_share_close(share);
    }
    assert_true(n > 20);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_wallet_is_readable_by_its_owner_alone),
        TEST(a_share_that_was_created_is_there_after_a_restart),
        TEST(nothing_is_begun_with_a_relay_that_is_not_listed),
        TEST(an_offer_that_no_relay_takes_is_refused),
        TEST(accepting_twice_gives_the_same_share),
        TEST(a_recipient_without_a_message_has_nothing_to_answer),
        TEST(an_initiator_has_nothing_to_relinquish),
        TEST(data_of_the_caller_is_kept_with_its_share),
        TEST(a_forgotten_share_is_gone_with_its_data),
        TEST(files_that_are_no_wallet_are_left_alone),
        TEST(two_processes_do_not_overwrite_each_other),
        TEST(no_memory_leaves_a_whole_share_or_none),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

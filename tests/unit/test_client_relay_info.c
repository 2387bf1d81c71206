/* What a relay said of itself, as the wallet keeps it (§7), and the device's
 * notification tokens (§8). How it is asked for is in
 * tests/scenario/discovery_client_test.py. */
#include "wallet_kit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "client/relay_info.h"
#include "client/wallet.h"

#define RELAY "relay.example"
#define OTHER "other.example:8443"
#define SAYS "{\"wait\":{\"max\":7}}"

/* Keep what is said of two relays, the second of which is RELAY, until so many
 * seconds from now. */
static void
keep(struct fixture *f, int64_t seconds, const char *document)
{
    struct tg_buf text = TG_BUF_EMPTY;
    long long now = tg_time_now();

    assert_int_equal(tg_buf_printf(&text, "%s\n%lld\n%s\n%s\n%lld\n%s\n",
                                   OTHER, now + 60,
                                   "{\"wait\":{\"max\":8}}", RELAY,
                                   now + (long long)seconds, document),
                     TG_OK);
    assert_int_equal(wallet_keep(f->wallet, tg_span_buf(&text)), TG_OK);
    tg_buf_free(&text);
}

/* What is known of a relay without asking; *wait_max is set on TG_OK. */
static enum tg_err
look(struct fixture *f, const char *relay, int64_t *wait_max, bool *was_kept)
{
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct tg_relay_info info;
    enum tg_err err;

    assert_int_equal(tg_allow_list_new(&allowed), TG_OK);
    assert_int_equal(tg_allow_list_add(allowed, RELAY), TG_OK);
    assert_int_equal(tg_allow_list_add(allowed, OTHER), TG_OK);
    assert_int_equal(tg_relay_client_new(allowed, &client), TG_OK);
    if ((err = relay_info_ask(f->wallet, client, relay, RELAY_INFO_KEPT, &info,
                              was_kept)) == TG_OK)
        *wait_max = tg_relay_info_wait_max_s(&info);
    tg_relay_client_free(client);
    tg_allow_list_free(allowed);
    return err;
}

static void
check_absent(struct fixture *f, bool is_known)
{
    int64_t wait_max;
    bool was_kept = !is_known;

    assert_int_equal(look(f, RELAY, &wait_max, &was_kept), TG_E_NOT_FOUND);
    assert_int_equal(was_kept, is_known);
}

static void
check_kept(struct fixture *f, const char *relay, int64_t wanted)
{
    int64_t wait_max = -1;
    bool was_kept = false;

    assert_int_equal(look(f, relay, &wait_max, &was_kept), TG_OK);
    assert_int_equal(wait_max, wanted);
    assert_true(was_kept);
}

static void
what_was_said_is_kept_for_an_hour_at_most(void **state)
{
    struct fixture *f = *state;

    check_absent(f, false);
    keep(f, RELAY_INFO_KEEP_S, SAYS);
    check_kept(f, RELAY, 7);
    check_kept(f, "RELAY.example:443", 7);
    check_kept(f, OTHER, 8);
    keep(f, -1, SAYS);
    check_absent(f, false);
    /* A clock that was wrong when it was kept. */
    keep(f, RELAY_INFO_KEEP_S + 60, SAYS);
    check_absent(f, false);
    check_kept(f, OTHER, 8);
}

static void
that_nothing_was_said_is_kept_too(void **state)
{
    struct fixture *f = *state;

    keep(f, 60, "-");
    check_absent(f, true);
    keep(f, 60, "{\"wait\":7}");
    check_absent(f, false);
}

static void
what_is_kept_stays_under_a_new_passphrase(void **state)
{
    struct fixture *f = *state;
    struct tg_span passphrase = TG_SPAN_LITERAL("six words that nobody knows");

    keep(f, 60, SAYS);
    assert_int_equal(tg_wallet_set_passphrase(f->wallet, passphrase), TG_OK);
    check_kept(f, RELAY, 7);
    reopen(f);
    check_absent(f, false);
    assert_int_equal(tg_wallet_unlock(f->wallet, passphrase), TG_OK);
    check_kept(f, RELAY, 7);
}

/* R-URL-2 */
static void
a_relay_that_is_not_allowed_is_not_looked_up(void **state)
{
    int64_t wait_max;
    bool was_kept;

    assert_int_equal(look(*state, "stranger.example", &wait_max, &was_kept),
                     TG_E_UNTRUSTED);
    assert_int_equal(look(*state, "no relay", &wait_max, &was_kept),
                     TG_E_FORMAT);
}

/* ---- tokens ------------------------------------------------------------ */

static void
check_tokens(const struct tg_wallet *wallet, const char *wanted)
{
    char text[256] = "";

    for (const struct wallet_token *t = wallet_tokens(wallet); t != NULL;
         t = t->next) {
        size_t len = strlen(text);

        snprintf(text + len, sizeof(text) - len, "%s=%s ",
                 (const char *)t->type.ptr, (const char *)t->data.ptr);
    }
    assert_string_equal(text, wanted);
}

/* §8 */
static void
a_token_takes_the_place_of_the_one_of_its_type(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(tg_wallet_set_token(f->wallet, "a", "1"), TG_OK);
    assert_int_equal(tg_wallet_set_token(f->wallet, "b", "2"), TG_OK);
    assert_int_equal(tg_wallet_set_token(f->wallet, "c", "3"), TG_OK);
    assert_int_equal(tg_wallet_set_token(f->wallet, "b", "4"), TG_OK);
    check_tokens(f->wallet, "a=1 b=4 c=3 ");
    assert_int_equal(tg_wallet_set_token(f->wallet, "b", NULL), TG_OK);
    assert_int_equal(tg_wallet_set_token(f->wallet, "d", NULL), TG_OK);
    check_tokens(f->wallet, "a=1 c=3 ");
    reopen(f);
    check_tokens(f->wallet, "");
}

/* §8, §13 */
static void
a_token_that_could_not_be_sent_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    char type[66];
    char data[4098];

    memset(type, 't', sizeof(type));
    memset(data, 'd', sizeof(data));
    type[65] = '\0';
    data[4097] = '\0';
    assert_int_equal(tg_wallet_set_token(f->wallet, "", "1"), TG_E_FORMAT);
    assert_int_equal(tg_wallet_set_token(f->wallet, "a b", "1"), TG_E_FORMAT);
    assert_int_equal(tg_wallet_set_token(f->wallet, type, "1"), TG_E_LIMIT);
    assert_int_equal(tg_wallet_set_token(f->wallet, "a", ""), TG_E_FORMAT);
    assert_int_equal(tg_wallet_set_token(f->wallet, "a", "\xff"), TG_E_FORMAT);
    assert_int_equal(tg_wallet_set_token(f->wallet, "a", data), TG_E_LIMIT);
    check_tokens(f->wallet, "");
    type[64] = '\0';
    data[4096] = '\0';
    assert_int_equal(tg_wallet_set_token(f->wallet, type, data), TG_OK);
}

static void
eight_types_of_token_are_enough(void **state)
{
    struct fixture *f = *state;
    char type[2] = "a";

    for (; type[0] < 'a' + 8; type[0]++)
        assert_int_equal(tg_wallet_set_token(f->wallet, type, "1"), TG_OK);
    assert_int_equal(tg_wallet_set_token(f->wallet, type, "1"), TG_E_LIMIT);
    assert_int_equal(tg_wallet_set_token(f->wallet, "h", "2"), TG_OK);
    check_tokens(f->wallet, "a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=2 ");
}

static void
without_memory_the_old_token_stays(void **state)
{
    struct fixture *f = *state;
    enum tg_err err = TG_E_NOMEM;

    assert_int_equal(tg_wallet_set_token(f->wallet, "a", "1"), TG_OK);
    for (long calls = 0; err != TG_OK; calls++) {
        tg_alloc_fail_after(calls);
        err = tg_wallet_set_token(f->wallet, "a", "2");
        tg_alloc_fail_after(-1);
        check_tokens(f->wallet, err == TG_OK ? "a=2 " : "a=1 ");
        assert_true(calls < 100);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_said_is_kept_for_an_hour_at_most),
        TEST(that_nothing_was_said_is_kept_too),
        TEST(what_is_kept_stays_under_a_new_passphrase),
        TEST(a_relay_that_is_not_allowed_is_not_looked_up),
        TEST(a_token_takes_the_place_of_the_one_of_its_type),
        TEST(a_token_that_could_not_be_sent_is_refused_at_once),
        TEST(eight_types_of_token_are_enough),
        TEST(without_memory_the_old_token_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* APNs: what is posted for a doorbell, what the answers mean, how long a
 * provider token lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "push_kit.h"

#define WALLET "org.example.wallet"
#define PASS   "pass.org.example.car"
#define TOKEN  "00fc13adff785122b4ad28809a342098" \
               "2341241421348097878e577c991de8f0"

enum { MINUTE = 60, UNTIL = KIT_NOW / MINUTE * MINUTE + 2 * 86400 };

struct rig {
    struct kit_place place;
    EVP_PKEY *native[2];
    char *files[2];
    struct push_config config;
    struct push_service apns;
};

static struct apns_topic
topic_of(char *name, char *file, char *key_id, enum apns_push_type type)
{
    static char team[] = "DEF123GHIJ";

    return (struct apns_topic){.topic = name, .key_file = file,
                               .key_id = key_id, .team_id = team,
                               .push_type = type};
}

/* Three topics: two of one key, one of another. */
static int
set_up(void **state)
{
    static char server[] = "https://api.push.example";
    static char names[][32] = {WALLET, PASS, "org.example.other"};
    static char key_ids[][11] = {"ABC123DEFG", "KLM123NOPQ"};
    struct rig *rig = calloc(1, sizeof(*rig));
    struct config_problem problem = {0};

    assert_non_null(rig);
    kit_place_make(&rig->place);
    for (int i = 0; i < 2; i++) {
        rig->native[i] = kit_make_ec();
        rig->files[i] =
            kit_write_key(&rig->place, key_ids[i], rig->native[i]);
    }
    rig->config.apns_server = server;
    rig->config.topics[0] =
        topic_of(names[0], rig->files[0], key_ids[0], APNS_BACKGROUND);
    rig->config.topics[1] =
        topic_of(names[1], rig->files[0], key_ids[0], APNS_ALERT);
    rig->config.topics[2] =
        topic_of(names[2], rig->files[1], key_ids[1], APNS_BACKGROUND);
    rig->config.topic_count = 3;
    assert_int_equal(apns_open(&rig->config, &rig->apns, &problem), TG_OK);
    *state = rig;
    return 0;
}

static int
tear_down(void **state)
{
    struct rig *rig = *state;

    rig->apns.close(rig->apns.self);
    kit_place_remove(&rig->place);
    for (int i = 0; i < 2; i++) {
        EVP_PKEY_free(rig->native[i]);
        free(rig->files[i]);
    }
    free(rig);
    return 0;
}

static enum tg_err
make(const struct rig *rig, const char *token, unsigned route, tg_time_s now,
     struct push_post *post)
{
    const struct doorbell bell = kit_bell("com.apple.apns", token, UNTIL);

    *post = (struct push_post){0};
    return rig->apns.make(rig->apns.self, &bell, route, now, post);
}

/* The credential of a post for this topic now; the caller frees it. */
static char *
credential(const struct rig *rig, unsigned route, tg_time_s now)
{
    struct push_post post;
    char *copy;

    assert_int_equal(make(rig, TOKEN, route, now, &post), TG_OK);
    copy = strdup(kit_header(&post, "authorization"));
    push_post_free(&post);
    assert_non_null(copy);
    return copy;
}

/* Whether two posts, made in this order, show the same credential. */
static bool
is_shared(const struct rig *rig, unsigned route, tg_time_s now,
          unsigned later_route, tg_time_s later)
{
    char *one = credential(rig, route, now);
    char *two = credential(rig, later_route, later);
    bool is = strcmp(one, two) == 0;

    free(one);
    free(two);
    return is;
}

static void
a_background_push_says_only_that_there_is_news(void **state)
{
    const struct rig *rig = *state;
    struct push_post post;
    char until[24];

    assert_int_equal(make(rig, TOKEN, 0, KIT_NOW, &post), TG_OK);
    snprintf(until, sizeof(until), "%lld", (long long)UNTIL);
    assert_string_equal((const char *)post.url.ptr,
                        "https://api.push.example/3/device/" TOKEN);
    assert_int_equal(post.header_count, 6);
    assert_string_equal(kit_header(&post, "apns-topic"), WALLET);
    assert_string_equal(kit_header(&post, "apns-push-type"), "background");
    assert_string_equal(kit_header(&post, "apns-priority"), "5");
    assert_string_equal(kit_header(&post, "apns-expiration"), until);
    assert_string_equal(kit_header(&post, "content-type"),
                        "application/json");
    assert_true(tg_span_is(tg_span_buf(&post.body),
                           "{\"aps\":{\"content-available\":1}}"));
    assert_false(post.only_public);
    push_post_free(&post);
    assert_int_equal(post.header_count, 0);
}

static void
a_push_for_a_pass_is_an_alert_with_an_empty_dictionary(void **state)
{
    const struct rig *rig = *state;
    struct push_post post;

    assert_int_equal(make(rig, TOKEN, 1, KIT_NOW, &post), TG_OK);
    assert_string_equal(kit_header(&post, "apns-topic"), PASS);
    assert_string_equal(kit_header(&post, "apns-push-type"), "alert");
    assert_string_equal(kit_header(&post, "apns-priority"), "10");
    assert_true(tg_span_is(tg_span_buf(&post.body), "{}"));
    push_post_free(&post);
}

static void
the_provider_token_names_key_team_and_time_and_is_signed(void **state)
{
    const struct rig *rig = *state;
    struct push_post post;
    struct tg_json *header;
    struct tg_json *claims;
    const char *value;

    assert_int_equal(make(rig, TOKEN, 2, KIT_NOW, &post), TG_OK);
    value = kit_header(&post, "authorization");
    assert_memory_equal(value, "bearer ", 7);
    kit_open_jwt(value + 7, rig->native[1], &header, &claims);
    kit_check_text(header, "alg", "ES256");
    kit_check_text(header, "kid", "KLM123NOPQ");
    kit_check_text(claims, "iss", "DEF123GHIJ");
    assert_int_equal(kit_integer(claims, "iat"), KIT_NOW);
    tg_json_free(header);
    tg_json_free(claims);
    push_post_free(&post);
}

/* Apple refuses who makes another for each push. */
static void
topics_of_a_key_share_one_provider_token(void **state)
{
    const struct rig *rig = *state;

    assert_true(is_shared(rig, 0, KIT_NOW, 1, KIT_NOW + MINUTE));
    assert_false(is_shared(rig, 0, KIT_NOW, 2, KIT_NOW));
}

static void
a_provider_token_is_replaced_before_it_is_an_hour_old(void **state)
{
    const struct rig *rig = *state;

    assert_true(is_shared(rig, 0, KIT_NOW, 0, KIT_NOW + 49 * MINUTE));
    assert_false(is_shared(rig, 0, KIT_NOW, 0, KIT_NOW + 50 * MINUTE));
}

static void
a_clock_that_is_set_back_replaces_a_provider_token(void **state)
{
    const struct rig *rig = *state;

    assert_false(is_shared(rig, 0, KIT_NOW, 0, KIT_NOW - 1));
}

/* Apple refuses more than one in 20 minutes. */
static void
a_provider_token_is_never_renewed_before_20_minutes(void **state)
{
    const struct rig *rig = *state;

    free(credential(rig, 0, KIT_NOW));
    rig->apns.renew(rig->apns.self);
    assert_true(
        is_shared(rig, 0, KIT_NOW, 0, KIT_NOW + 20 * MINUTE - 1));
    assert_false(is_shared(rig, 0, KIT_NOW, 0, KIT_NOW + 20 * MINUTE));
    assert_true(is_shared(rig, 0, KIT_NOW + 20 * MINUTE, 0,
                          KIT_NOW + 40 * MINUTE));
}

static void
a_token_is_of_hexadecimal_digits_and_sent_in_lower_case(void **state)
{
    static const char *const bad[] = {
        "", "0", "abc", "xy", "00 0", "0x12", "../0", "00/1", "\xc3\xa4"};
    const struct rig *rig = *state;
    struct push_post post;
    char many[203];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(make(rig, bad[i], 0, KIT_NOW, &post), TG_E_FORMAT);
        push_post_free(&post);
    }
    memset(many, 'a', sizeof(many));
    many[202] = '\0';
    assert_int_equal(make(rig, many, 0, KIT_NOW, &post), TG_E_FORMAT);
    push_post_free(&post);
    many[200] = '\0';
    assert_int_equal(make(rig, many, 0, KIT_NOW, &post), TG_OK);
    push_post_free(&post);
    assert_int_equal(make(rig, "00ABcd", 0, KIT_NOW, &post), TG_OK);
    assert_string_equal((const char *)post.url.ptr,
                        "https://api.push.example/3/device/00abcd");
    push_post_free(&post);
}

static void
there_are_as_many_routes_as_topics(void **state)
{
    const struct rig *rig = *state;
    struct push_post post;

    assert_int_equal(make(rig, TOKEN, 3, KIT_NOW, &post), TG_E_NOT_FOUND);
    push_post_free(&post);
}

/* R-PUSH-3, and Apple's table of answers */
static void
answers_mean_what_apple_says(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum push_verdict verdict;
    } rows[] = {
        {200, "", PUSH_DELIVERED},
        {410, "{\"reason\":\"Unregistered\",\"timestamp\":1}",
         PUSH_TOKEN_DEAD},
        {410, "{\"reason\":\"ExpiredToken\"}", PUSH_TOKEN_DEAD},
        {400, "{\"reason\":\"BadDeviceToken\"}", PUSH_TOKEN_DEAD},
        {400, "{\"reason\":\"DeviceTokenNotForTopic\"}", PUSH_NEXT_ROUTE},
        {400, "{\"reason\":\"IdleTimeout\"}", PUSH_RECONNECT},
        {403, "{\"reason\":\"IdleTimeout\"}", PUSH_CREDENTIAL_REFUSED},
        {400, "{\"reason\":\"PayloadEmpty\"}", PUSH_REFUSED},
        {400, "{\"reason\":7}", PUSH_REFUSED},
        {400, "no JSON", PUSH_REFUSED},
        {400, "", PUSH_REFUSED},
        {403, "{\"reason\":\"ExpiredProviderToken\"}", PUSH_NEW_CREDENTIAL},
        {403, "{\"reason\":\"InvalidProviderToken\"}",
         PUSH_CREDENTIAL_REFUSED},
        {403, "{\"reason\":\"Forbidden\"}", PUSH_CREDENTIAL_REFUSED},
        {403, "{\"reason\":\"BadDeviceToken\"}", PUSH_CREDENTIAL_REFUSED},
        {403, "", PUSH_CREDENTIAL_REFUSED},
        {400, "{\"reason\":\"BadTopic\"}", PUSH_TOPIC_REFUSED},
        {400, "{\"reason\":\"MissingTopic\"}", PUSH_TOPIC_REFUSED},
        {400, "{\"reason\":\"TopicDisallowed\"}", PUSH_TOPIC_REFUSED},
        {403, "{\"reason\":\"TopicDisallowed\"}", PUSH_CREDENTIAL_REFUSED},
        {404, "{\"reason\":\"BadPath\"}", PUSH_REFUSED},
        {405, "{\"reason\":\"MethodNotAllowed\"}", PUSH_REFUSED},
        {413, "{\"reason\":\"PayloadTooLarge\"}", PUSH_REFUSED},
        {429, "{\"reason\":\"TooManyRequests\"}", PUSH_LATER},
        {429, "{\"reason\":\"TooManyProviderTokenUpdates\"}", PUSH_LATER},
        {500, "{\"reason\":\"InternalServerError\"}", PUSH_LATER},
        {503, "{\"reason\":\"Shutdown\"}", PUSH_LATER},
        {0, "", PUSH_LATER},
        {301, "", PUSH_REFUSED},
        {204, "", PUSH_REFUSED},
        {600, "", PUSH_REFUSED},
    };
    const struct rig *rig = *state;
    const struct doorbell bell = kit_bell("com.apple.apns", TOKEN, UNTIL);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (kit_judge(&rig->apns, &bell, rows[i].status, rows[i].body) !=
            rows[i].verdict)
            fail_msg("%d %s", rows[i].status, rows[i].body);
}

static void
a_key_file_that_cannot_be_used_is_named(void **state)
{
    struct rig *rig = *state;
    struct config_problem problem = {0};
    struct push_service unused;
    EVP_PKEY *rsa = kit_make_rsa(2048);
    char *rsa_file = kit_write_key(&rig->place, "rsa", rsa);
    char *no_key = kit_write(&rig->place, "none", TG_SPAN_LITERAL("secret"));
    char missing[] = "/nonexistent/key";
    struct push_config *config = &rig->config;

    config->topics[0].key_file = missing;
    kit_expect_problem(apns_open(config, &unused, &problem), TG_E_IO, &problem,
                       "[apns " WALLET "] /nonexistent/key cannot be read");
    config->topics[0].key_file = rsa_file;
    kit_expect_problem(apns_open(config, &unused, &problem), TG_E_FORMAT,
                       &problem, "P-256");
    config->topics[0].key_file = no_key;
    assert_int_equal(apns_open(config, &unused, &problem), TG_E_FORMAT);
    assert_null(strstr((const char *)problem.text.ptr, "secret"));
    kit_expect_problem(TG_E_FORMAT, TG_E_FORMAT, &problem, "PEM");
    config->topics[0].key_file = rig->files[1];
    kit_expect_problem(apns_open(config, &unused, &problem), TG_E_FORMAT,
                       &problem, "same key_id");
    EVP_PKEY_free(rsa);
    free(rsa_file);
    free(no_key);
}

/* Apple: a connection is for one team. */
static void
topics_of_two_teams_are_refused(void **state)
{
    static char other[] = "ZZZ123YYYY";
    struct rig *rig = *state;
    struct config_problem problem = {0};
    struct push_service unused;

    rig->config.topics[1].team_id = other;
    kit_expect_problem(apns_open(&rig->config, &unused, &problem),
                       TG_E_FORMAT, &problem, "[apns " PASS "] team_id");
}

static void
without_memory_nothing_is_posted_and_nothing_is_lost(void **state)
{
    const struct rig *rig = *state;
    const struct doorbell bell = kit_bell("com.apple.apns", TOKEN, UNTIL);

    kit_fail_each_allocation(&rig->apns, &bell);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_background_push_says_only_that_there_is_news),
        TEST(a_push_for_a_pass_is_an_alert_with_an_empty_dictionary),
        TEST(the_provider_token_names_key_team_and_time_and_is_signed),
        TEST(topics_of_a_key_share_one_provider_token),
        TEST(a_provider_token_is_replaced_before_it_is_an_hour_old),
        TEST(a_clock_that_is_set_back_replaces_a_provider_token),
        TEST(a_provider_token_is_never_renewed_before_20_minutes),
        TEST(a_token_is_of_hexadecimal_digits_and_sent_in_lower_case),
        TEST(there_are_as_many_routes_as_topics),
        TEST(answers_mean_what_apple_says),
        TEST(a_key_file_that_cannot_be_used_is_named),
        TEST(topics_of_two_teams_are_refused),
        TEST(without_memory_nothing_is_posted_and_nothing_is_lost),
    };

    return cmocka_run_group_tests_name("push apns", tests, NULL, NULL);
}

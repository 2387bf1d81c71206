/* FCM: the service account, the access token, what is posted for a doorbell
 * and what the answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "push_kit.h"

#define EMAIL   "tigress@example.iam.gserviceaccount.com"
#define URI     "https://oauth.example/token"
#define TOKEN   "cGxhaW4:APA91b-Example_token"
#define SCOPE   "https://www.googleapis.com/auth/firebase.messaging"
#define ACCESS  "ya29.access"
#define GRANTED "{\"access_token\":\"" ACCESS "\",\"expires_in\":3599," \
                "\"token_type\":\"Bearer\"}"
#define CODE(code)                                                           \
    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\","    \
    "\"errorCode\":\"" code "\"}"
#define FIELD(field)                                                         \
    "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","              \
    "\"fieldViolations\":[{\"field\":\"" field "\"}]}"
#define REFUSAL(message, details)                                            \
    "{\"error\":{\"message\":\"" message "\",\"details\":[" details "]}}"

struct rig {
    struct kit_place place;
    EVP_PKEY *native;
    char *file;
    struct push_config config;
    struct push_service fcm;
};

/* A service account; NULL: as Google makes it, else with this member in the
 * place of the right one. */
static struct tg_buf
make_account(const EVP_PKEY *native, const char *name, const char *value)
{
    static const char *const members[][2] = {
        {"type", "service_account"}, {"project_id", "example-project"},
        {"private_key_id", "0123abcd"}, {"client_email", EMAIL},
        {"client_id", "1"}, {"token_uri", URI}};
    struct tg_json *json = tg_json_object();
    struct tg_buf pem = kit_pem(native, NULL);
    struct tg_buf out = TG_BUF_EMPTY;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        assert_int_equal(tg_json_set_text(json, members[i][0],
                                          tg_span_text(members[i][1])),
                         TG_OK);
    assert_int_equal(tg_json_set_text(json, "private_key", tg_span_buf(&pem)),
                     TG_OK);
    if (name != NULL)
        assert_int_equal(tg_json_set_text(json, name, tg_span_text(value)),
                         TG_OK);
    assert_int_equal(tg_json_format(json, &out), TG_OK);
    tg_json_free(json);
    tg_buf_free(&pem);
    return out;
}

static int
set_up(void **state)
{
    static char server[] = "https://fcm.example";
    struct rig *rig = calloc(1, sizeof(*rig));
    struct config_problem problem = {0};
    struct tg_buf account;

    assert_non_null(rig);
    kit_place_make(&rig->place);
    rig->native = kit_make_rsa(2048);
    account = make_account(rig->native, NULL, NULL);
    rig->file = kit_write(&rig->place, "account", tg_span_buf(&account));
    tg_buf_free(&account);
    rig->config.fcm_server = server;
    rig->config.fcm_service_account = rig->file;
    assert_int_equal(fcm_open(&rig->config, &rig->fcm, &problem), TG_OK);
    *state = rig;
    return 0;
}

static int
tear_down(void **state)
{
    struct rig *rig = *state;

    rig->fcm.close(rig->fcm.self);
    kit_place_remove(&rig->place);
    EVP_PKEY_free(rig->native);
    free(rig->file);
    free(rig);
    return 0;
}

static enum tg_err
make(const struct rig *rig, const char *token, tg_time_s until, tg_time_s now,
     struct push_post *post)
{
    const struct doorbell bell = kit_bell("com.google.fcm", token, until);

    *post = (struct push_post){0};
    return rig->fcm.make(rig->fcm.self, &bell, 0, now, post);
}

static enum tg_err
make_and_forget(const struct rig *rig, const char *token, tg_time_s now)
{
    struct push_post post;
    enum tg_err err = make(rig, token, now + 60, now, &post);

    push_post_free(&post);
    return err;
}

static enum tg_err
take(const struct rig *rig, int status, const char *body, tg_time_s now)
{
    const struct push_answer answer = {
        .status = status, .body = tg_span_text(body), .retry_after = -1};

    return rig->fcm.take(rig->fcm.self, &answer, now);
}

/* RFC 7523 §2.1, §3 */
static void
an_access_token_is_asked_for_with_a_signed_assertion(void **state)
{
    static const char grant[] =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        "&assertion=";
    const struct rig *rig = *state;
    struct push_post post = {0};
    struct tg_json *header;
    struct tg_json *claims;

    assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW), TG_E_STATE);
    assert_int_equal(rig->fcm.ask(rig->fcm.self, KIT_NOW, &post), TG_OK);
    assert_string_equal((const char *)post.url.ptr, URI);
    assert_int_equal(post.header_count, 1);
    assert_string_equal(kit_header(&post, "content-type"),
                        "application/x-www-form-urlencoded");
    assert_memory_equal(post.body.ptr, grant, sizeof(grant) - 1);
    kit_open_jwt((const char *)post.body.ptr + sizeof(grant) - 1, rig->native,
                 &header, &claims);
    kit_check_text(header, "alg", "RS256");
    kit_check_text(header, "kid", "0123abcd");
    kit_check_text(claims, "iss", EMAIL);
    kit_check_text(claims, "aud", URI);
    kit_check_text(claims, "scope", SCOPE);
    assert_int_equal(kit_integer(claims, "iat"), KIT_NOW);
    assert_int_equal(kit_integer(claims, "exp"), KIT_NOW + 3600);
    tg_json_free(header);
    tg_json_free(claims);
    push_post_free(&post);
}

static void
a_message_holds_nothing_but_the_token_and_how_long_it_matters(void **state)
{
    const struct rig *rig = *state;
    struct push_post post;

    assert_int_equal(take(rig, 200, GRANTED, KIT_NOW), TG_OK);
    assert_int_equal(make(rig, TOKEN, KIT_NOW + 120, KIT_NOW, &post), TG_OK);
    assert_string_equal(
        (const char *)post.url.ptr,
        "https://fcm.example/v1/projects/example-project/messages:send");
    assert_int_equal(post.header_count, 2);
    assert_string_equal(kit_header(&post, "authorization"), "Bearer " ACCESS);
    assert_string_equal(kit_header(&post, "content-type"),
                        "application/json");
    assert_true(tg_span_is(
        tg_span_buf(&post.body),
        "{\"message\":{\"token\":\"" TOKEN "\",\"data\":{},"
        "\"android\":{\"priority\":\"high\",\"ttl\":\"120s\"}}}"));
    push_post_free(&post);
}

static void
the_life_of_a_message_is_between_nothing_and_four_weeks(void **state)
{
    static const struct {
        tg_time_s until;
        const char *ttl;
    } rows[] = {{KIT_NOW - 5, "\"0s\""},
                {KIT_NOW, "\"0s\""},
                {KIT_NOW + 40 * 86400, "\"2419200s\""}};
    const struct rig *rig = *state;

    assert_int_equal(take(rig, 200, GRANTED, KIT_NOW), TG_OK);
    for (size_t i = 0; i < 3; i++) {
        struct push_post post;

        assert_int_equal(make(rig, TOKEN, rows[i].until, KIT_NOW, &post),
                         TG_OK);
        assert_int_equal(tg_buf_terminate(&post.body), TG_OK);
        assert_non_null(strstr((const char *)post.body.ptr, rows[i].ttl));
        push_post_free(&post);
    }
}

static void
an_access_token_is_used_until_five_minutes_before_its_end(void **state)
{
    const struct rig *rig = *state;
    const tg_time_s end = KIT_NOW + 3599 - 300;

    assert_int_equal(take(rig, 200, GRANTED, KIT_NOW), TG_OK);
    assert_int_equal(make_and_forget(rig, TOKEN, end - 1), TG_OK);
    assert_int_equal(make_and_forget(rig, TOKEN, end), TG_E_STATE);
    assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW - 1), TG_E_STATE);
    assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW), TG_OK);
    rig->fcm.renew(rig->fcm.self);
    assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW), TG_E_STATE);
}

/* Else it would be fetched again and again. */
static void
an_access_token_of_a_short_life_is_used_nevertheless(void **state)
{
    const struct rig *rig = *state;

    assert_int_equal(take(rig, 200,
                          "{\"access_token\":\"a\",\"expires_in\":60,"
                          "\"token_type\":\"bearer\"}", KIT_NOW),
                     TG_OK);
    assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW + 29), TG_OK);
    assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW + 30), TG_E_STATE);
}

static void
an_answer_without_an_access_token_brings_none(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum tg_err err;
    } rows[] = {
        {400, "{\"error\":\"invalid_grant\"}", TG_E_REFUSED},
        {401, "{\"error\":\"invalid_client\"}", TG_E_REFUSED},
        {403, "", TG_E_REFUSED},
        {0, "", TG_E_PROTOCOL},
        {500, "", TG_E_PROTOCOL},
        {429, "", TG_E_PROTOCOL},
        {302, "", TG_E_PROTOCOL},
        {204, GRANTED, TG_E_PROTOCOL},
        {200, "", TG_E_PROTOCOL},
        {200, "[]", TG_E_PROTOCOL},
        {200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}",
         TG_E_PROTOCOL},
        {200, "{\"access_token\":\"a\",\"token_type\":\"mac\","
              "\"expires_in\":9}", TG_E_PROTOCOL},
        {200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\","
              "\"expires_in\":0}", TG_E_PROTOCOL},
        {200, "{\"access_token\":\"\",\"token_type\":\"Bearer\","
              "\"expires_in\":9}", TG_E_PROTOCOL},
        {200, "{\"access_token\":\"a\\r\\nb: c\",\"token_type\":\"Bearer\","
              "\"expires_in\":9}", TG_E_PROTOCOL},
    };
    const struct rig *rig = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (take(rig, rows[i].status, rows[i].body, KIT_NOW) != rows[i].err)
            fail_msg("%d %s", rows[i].status, rows[i].body);
        assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW), TG_E_STATE);
    }
}

static void
a_token_is_of_visible_characters(void **state)
{
    static const char *const bad[] = {"", "a b", "a\n", "\xc3\xa4", "a\x7f"};
    static const char quoted[] = "{\"message\":{\"token\":\"a\\\"b\\\\c\",";
    const struct rig *rig = *state;
    struct push_post post;

    assert_int_equal(take(rig, 200, GRANTED, KIT_NOW), TG_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(make_and_forget(rig, bad[i], KIT_NOW), TG_E_FORMAT);
    assert_int_equal(make(rig, "a\"b\\c", KIT_NOW, KIT_NOW, &post), TG_OK);
    assert_memory_equal(post.body.ptr, quoted, sizeof(quoted) - 1);
    push_post_free(&post);
}

/* R-PUSH-3, and Google's table of errors */
static void
answers_mean_what_google_says(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum push_verdict verdict;
    } rows[] = {
        {200, "{\"name\":\"projects/p/messages/1\"}", PUSH_DELIVERED},
        {404, REFUSAL("gone", CODE("UNREGISTERED")), PUSH_TOKEN_DEAD},
        {404, REFUSAL("no such project", ""), PUSH_REFUSED},
        {404, "<html>", PUSH_REFUSED},
        {403, REFUSAL("other", CODE("SENDER_ID_MISMATCH")), PUSH_TOKEN_DEAD},
        {403, REFUSAL("may not", ""), PUSH_REFUSED},
        {400, REFUSAL("The registration token is not a valid FCM "
                      "registration token", CODE("INVALID_ARGUMENT")),
         PUSH_TOKEN_DEAD},
        {400, REFUSAL("Invalid", CODE("INVALID_ARGUMENT") ","
                      FIELD("message.token")), PUSH_TOKEN_DEAD},
        {400, REFUSAL("Android message is too big", CODE("INVALID_ARGUMENT")),
         PUSH_REFUSED},
        {400, REFUSAL("registration token", FIELD("message.data[0].value")),
         PUSH_REFUSED},
        {400, REFUSAL("registration token", CODE("INVALID_ARGUMENT") ","
                      FIELD("message.android.ttl")), PUSH_REFUSED},
        {400, REFUSAL("registration token",
                      CODE("INVALID_ARGUMENT") ",{\"@type\":"
                      "\"type.googleapis.com/google.rpc.BadRequest\"}"),
         PUSH_REFUSED},
        {400, REFUSAL("registration token", ""), PUSH_REFUSED},
        {400, "", PUSH_REFUSED},
        {401, REFUSAL("expired", ""), PUSH_NEW_CREDENTIAL},
        {401, "", PUSH_NEW_CREDENTIAL},
        {401, REFUSAL("x", CODE("THIRD_PARTY_AUTH_ERROR")), PUSH_REFUSED},
        {429, REFUSAL("slow", CODE("QUOTA_EXCEEDED")), PUSH_LATER},
        {500, REFUSAL("x", CODE("INTERNAL")), PUSH_LATER},
        {503, REFUSAL("x", CODE("UNAVAILABLE")), PUSH_LATER},
        {0, "", PUSH_LATER},
        {307, "", PUSH_REFUSED},
        {413, "", PUSH_REFUSED},
    };
    const struct rig *rig = *state;
    const struct doorbell bell = kit_bell("com.google.fcm", TOKEN, KIT_NOW);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (kit_judge(&rig->fcm, &bell, rows[i].status, rows[i].body) !=
            rows[i].verdict)
            fail_msg("%d %s", rows[i].status, rows[i].body);
}

static void
a_service_account_that_is_not_googles_is_named_and_not_shown(void **state)
{
    static const char *const rows[][2] = {
        {"type", "authorized_user"},
        {"project_id", "../../x"},
        {"project_id", ""},
        {"client_email", "a b"},
        {"private_key_id", "a\nb"},
        {"token_uri", "http://oauth.example/token"},
        {"token_uri", "https://user@oauth.example/token"},
        {"token_uri", "https://"},
        {"private_key", "secret"},
    };
    struct rig *rig = *state;
    struct config_problem problem = {0};
    struct push_service unused;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tg_buf account =
            make_account(rig->native, rows[i][0], rows[i][1]);
        char *path = kit_write(&rig->place, "bad", tg_span_buf(&account));

        rig->config.fcm_service_account = path;
        assert_int_equal(fcm_open(&rig->config, &unused, &problem),
                         TG_E_FORMAT);
        assert_null(strstr((const char *)problem.text.ptr, "secret"));
        kit_expect_problem(TG_E_FORMAT, TG_E_FORMAT, &problem, path);
        tg_buf_free(&account);
        free(path);
    }
    rig->config.fcm_service_account = rig->place.directory;
    kit_expect_problem(fcm_open(&rig->config, &unused, &problem), TG_E_IO,
                       &problem, "cannot be read");
}

static void
without_memory_nothing_is_posted_and_nothing_is_lost(void **state)
{
    const struct rig *rig = *state;
    const struct doorbell bell = kit_bell("com.google.fcm", TOKEN, KIT_NOW);
    const struct push_answer answer = {
        .status = 200, .body = tg_span_text(GRANTED), .retry_after = -1};
    enum tg_err err = TG_E_NOMEM;

    for (long calls = 0; err != TG_OK && calls < 100; calls++) {
        tg_alloc_fail_after(calls);
        err = rig->fcm.take(rig->fcm.self, &answer, KIT_NOW);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        if (err != TG_OK)
            assert_int_equal(make_and_forget(rig, TOKEN, KIT_NOW),
                             TG_E_STATE);
    }
    assert_int_equal(err, TG_OK);
    kit_fail_each_allocation(&rig->fcm, &bell);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(an_access_token_is_asked_for_with_a_signed_assertion),
        TEST(a_message_holds_nothing_but_the_token_and_how_long_it_matters),
        TEST(the_life_of_a_message_is_between_nothing_and_four_weeks),
        TEST(an_access_token_is_used_until_five_minutes_before_its_end),
        TEST(an_access_token_of_a_short_life_is_used_nevertheless),
        TEST(an_answer_without_an_access_token_brings_none),
        TEST(a_token_is_of_visible_characters),
        TEST(answers_mean_what_google_says),
        TEST(a_service_account_that_is_not_googles_is_named_and_not_shown),
        TEST(without_memory_nothing_is_posted_and_nothing_is_lost),
    };

    return cmocka_run_group_tests_name("push fcm", tests, NULL, NULL);
}

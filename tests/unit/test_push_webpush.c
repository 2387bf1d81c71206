/* Web Push: which endpoints are rung, what is posted, how VAPID is signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "crypto/signing_key.h"
#include "push/subscription.h"
#include "push_kit.h"

#define SUBJECT "mailto:push@example.org"

enum { HOUR = 3600 };

struct rig {
    struct kit_place place;
    EVP_PKEY *native;
    char *file;
    struct push_config config;
    struct push_service webpush;
};

static int
set_up(void **state)
{
    static char subject[] = SUBJECT;
    static char hosts[][40] = {"push.example", "*.notify.example",
                               "localhost:8443", "*.many.example:444"};
    struct rig *rig = calloc(1, sizeof(*rig));
    struct config_problem problem = {0};

    assert_non_null(rig);
    kit_place_make(&rig->place);
    rig->native = kit_make_ec();
    rig->file = kit_write_key(&rig->place, "vapid", rig->native);
    rig->config.webpush_key_file = rig->file;
    rig->config.webpush_subject = subject;
    for (size_t i = 0; i < 4; i++)
        rig->config.webpush_hosts[i] = hosts[i];
    rig->config.webpush_host_count = 4;
    assert_int_equal(webpush_open(&rig->config, &rig->webpush, &problem),
                     TG_OK);
    *state = rig;
    return 0;
}

static int
tear_down(void **state)
{
    struct rig *rig = *state;

    rig->webpush.close(rig->webpush.self);
    kit_place_remove(&rig->place);
    EVP_PKEY_free(rig->native);
    free(rig->file);
    free(rig);
    return 0;
}

/* tokenData of a text; freed with tg_buf_free(). */
static struct tg_buf
encode(const char *json)
{
    struct tg_buf out = TG_BUF_EMPTY;

    assert_int_equal(tg_base64_encode(tg_span_text(json), &out), TG_OK);
    return out;
}

static struct tg_buf
token_of(const char *endpoint)
{
    struct tg_buf json = TG_BUF_EMPTY;
    struct tg_buf out;

    assert_int_equal(tg_buf_text(&json, "{\"endpoint\":"), TG_OK);
    assert_int_equal(tg_json_quote(tg_span_text(endpoint), &json), TG_OK);
    assert_int_equal(tg_buf_text(&json, ",\"expirationTime\":null,\"keys\":"
                                        "{\"auth\":\"a\",\"p256dh\":\"b\"}}"),
                     TG_OK);
    assert_int_equal(tg_buf_terminate(&json), TG_OK);
    out = encode((const char *)json.ptr);
    tg_buf_free(&json);
    return out;
}

static enum tg_err
make(const struct rig *rig, const char *endpoint, tg_time_s until,
     tg_time_s now, struct push_post *post)
{
    struct tg_buf token = token_of(endpoint);
    const struct doorbell bell = {.until = until,
                                  .type = TG_SPAN_LITERAL("org.w3.webpush"),
                                  .data = tg_span_buf(&token)};
    enum tg_err err;

    *post = (struct push_post){0};
    err = rig->webpush.make(rig->webpush.self, &bell, 0, now, post);
    tg_buf_free(&token);
    return err;
}

/* RFC 8030 §5 */
static void
a_doorbell_has_no_body_and_says_how_long_it_matters(void **state)
{
    const struct rig *rig = *state;
    struct push_post post;

    assert_int_equal(make(rig, "https://push.example/p/abc?d=1",
                          KIT_NOW + 120, KIT_NOW, &post),
                     TG_OK);
    assert_string_equal((const char *)post.url.ptr,
                        "https://push.example/p/abc?d=1");
    assert_int_equal(post.header_count, 4);
    assert_string_equal(kit_header(&post, "ttl"), "120");
    assert_string_equal(kit_header(&post, "urgency"), "high");
    assert_string_equal(kit_header(&post, "topic"), "tigress");
    assert_int_equal(post.body.len, 0);
    push_post_free(&post);
    assert_int_equal(make(rig, "https://push.example/p", KIT_NOW - 9, KIT_NOW,
                          &post),
                     TG_OK);
    assert_string_equal(kit_header(&post, "ttl"), "0");
    push_post_free(&post);
}

/* The credential of a post for this endpoint is ours, for this origin. */
static void
check_vapid(const struct rig *rig, const char *endpoint, const char *origin,
            tg_time_s now)
{
    uint8_t point[SIGNING_KEY_POINT_LEN];
    struct tg_buf key = TG_BUF_EMPTY;
    struct tg_json *header;
    struct tg_json *claims;
    struct push_post post;
    char *value;
    char *k;
    size_t len;

    assert_int_equal(EVP_PKEY_get_octet_string_param(
                         rig->native, "pub", point, sizeof(point), &len), 1);
    assert_int_equal(make(rig, endpoint, now, now, &post), TG_OK);
    value = strdup(kit_header(&post, "authorization"));
    assert_memory_equal(value, "vapid t=", 8);
    k = strstr(value, ", k=");
    assert_non_null(k);
    *k = '\0';
    assert_int_equal(tg_base64_decode_any(tg_span_text(k + 4), &key), TG_OK);
    assert_int_equal(key.len, len);
    assert_memory_equal(key.ptr, point, len);
    kit_open_jwt(value + 8, rig->native, &header, &claims);
    kit_check_text(header, "alg", "ES256");
    kit_check_text(header, "typ", "JWT");
    kit_check_text(claims, "aud", origin);
    kit_check_text(claims, "sub", SUBJECT);
    assert_int_equal(kit_integer(claims, "exp"), now + 12 * HOUR);
    tg_json_free(header);
    tg_json_free(claims);
    tg_buf_free(&key);
    free(value);
    push_post_free(&post);
}

/* RFC 8292 §2, §3.2 */
static void
vapid_names_the_origin_and_us_and_is_signed(void **state)
{
    const struct rig *rig = *state;

    check_vapid(rig, "https://push.example/p/abc", "https://push.example",
                KIT_NOW);
    check_vapid(rig, "https://PUSH.example:443/p", "https://push.example",
                KIT_NOW);
    check_vapid(rig, "https://localhost:8443/p", "https://localhost:8443",
                KIT_NOW);
}

/* Whether two posts, made in this order, show the same credential. */
static bool
is_shared(const struct rig *rig, const char *one, tg_time_s one_at,
          const char *two, tg_time_s two_at)
{
    struct push_post first;
    struct push_post second;
    bool is;

    assert_int_equal(make(rig, one, one_at, one_at, &first), TG_OK);
    assert_int_equal(make(rig, two, two_at, two_at, &second), TG_OK);
    is = strcmp(kit_header(&first, "authorization"),
                kit_header(&second, "authorization")) == 0;
    push_post_free(&first);
    push_post_free(&second);
    return is;
}

static void
a_signature_is_kept_for_an_origin_until_it_is_old(void **state)
{
    static const char one[] = "https://push.example/1";
    static const char two[] = "https://push.example/2";
    static const char other[] = "https://a.notify.example/1";
    const struct rig *rig = *state;
    const tg_time_s later = KIT_NOW + 11 * HOUR;

    assert_true(is_shared(rig, one, KIT_NOW, two, later - 1));
    assert_false(is_shared(rig, one, KIT_NOW, other, KIT_NOW));
    assert_true(is_shared(rig, other, KIT_NOW, other, KIT_NOW));
    assert_false(is_shared(rig, one, KIT_NOW, two, later));
    assert_false(is_shared(rig, one, later, two, KIT_NOW));
    rig->webpush.renew(rig->webpush.self);
    assert_false(is_shared(rig, one, KIT_NOW, other, KIT_NOW));
}

static void
many_origins_replace_the_oldest(void **state)
{
    const struct rig *rig = *state;
    char origin[64];

    for (int i = 0; i < 100; i++) {
        snprintf(origin, sizeof(origin), "https://h%d.notify.example",
                 i % 50);
        check_vapid(rig, origin, origin, KIT_NOW + i);
    }
}

/* R-PUSH-2 */
static void
hosts_that_are_not_on_the_list_are_not_rung(void **state)
{
    static const struct {
        const char *endpoint;
        enum tg_err err;
    } rows[] = {
        {"https://push.example/a", TG_OK},
        {"HTTPS://Push.Example/a", TG_OK},
        {"https://push.example", TG_OK},
        {"https://push.example:443/a", TG_OK},
        {"https://a.notify.example/a", TG_OK},
        {"https://a.b.notify.example/a", TG_OK},
        {"https://localhost:8443/a", TG_OK},
        {"https://x.many.example:444/a", TG_OK},
        {"https://x.many.example/a", TG_E_UNTRUSTED},
        {"https://push.example:8443/a", TG_E_UNTRUSTED},
        {"https://localhost/a", TG_E_UNTRUSTED},
        {"https://other.example/a", TG_E_UNTRUSTED},
        {"https://notify.example/a", TG_E_UNTRUSTED},
        {"https://xnotify.example/a", TG_E_UNTRUSTED},
        {"https://evil-notify.example/a", TG_E_UNTRUSTED},
        {"https://sub.push.example/a", TG_E_UNTRUSTED},
        {"https://push.example.evil/a", TG_E_UNTRUSTED},
        {"https://xpush.example/a", TG_E_UNTRUSTED},
    };
    const struct rig *rig = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct push_post post;

        if (make(rig, rows[i].endpoint, KIT_NOW, KIT_NOW, &post) !=
            rows[i].err)
            fail_msg("%s", rows[i].endpoint);
        push_post_free(&post);
    }
}

/* R-PUSH-2: what programs read in different ways is not read at all. */
static void
endpoints_that_are_not_plain_https_are_no_endpoints(void **state)
{
    static const char *const bad[] = {
        "", "push.example/a", "http://push.example/a", "//push.example/a",
        "https:/push.example/a", "https:///a", "https://push.example#a",
        "https://push.example/a#b", "https://push.example?a",
        "https://user@push.example/a", "https://user:pw@push.example/a",
        "https://push.example:443@evil.example/a",
        "https://push.example\\@evil.example/a", "https://push.example\\a",
        "https://push.example:/a", "https://push.example:0/a",
        "https://push.example:0443/a", "https://push.example:65536/a",
        "https://push.example:44x/a", "https://push.example:443:443/a",
        "https://push.example./a", "https://.push.example/a",
        "https://push..example/a", "https://-push.example/a",
        "https://push-.example/a", "https://push_.example/a",
        "https://p\xc3\xbcsh.example/a", "https://push%2eexample/a",
        "https://push.example /a", "https://push.example/a b",
        "https://push.example/\xc3\xa4", "https://push.example/a\r\nb: c",
        "https://push.example/a\tb", "https://push.example/\"",
        "https://127.0.0.1/a", "https://127.1/a", "https://2130706433/a",
        "https://0x7f000001/a", "https://0x7f.1/a", "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a", "https://1.push.example.0x1/a",
    };
    const struct rig *rig = *state;
    char many[300] = "https://";

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct push_post post;

        if (make(rig, bad[i], KIT_NOW, KIT_NOW, &post) != TG_E_FORMAT)
            fail_msg("%s", bad[i]);
        assert_int_equal(post.header_count, 0);
        push_post_free(&post);
    }
    memset(many + 8, 'a', 64);
    for (int i = 0; i < 2; i++) {
        struct subscription made;
        struct tg_buf token = token_of(many);

        assert_int_equal(subscription_parse(tg_span_buf(&token), &made),
                         TG_E_FORMAT);
        tg_buf_free(&token);
        for (int at = 8; at < 270; at += 2) /* 131 labels of one letter */
            memcpy(many + at, "a.", 2);
        many[269] = '\0';
    }
}

static void
what_is_no_subscription_is_no_token(void **state)
{
    static const char *const bad[] = {
        "", "[]", "\"https://push.example/a\"", "{}", "{\"endpoint\":1}",
        "{\"endpoint\":null}", "{\"endpoint\":[\"https://push.example/\"]}",
        "{\"endpoint\":\"https://push.example/a\"", "no JSON",
        ("{\"endpoint\":\"https://push.example/a\","
         "\"endpoint\":\"https://push.example/b\"}")};
    struct subscription made;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tg_buf token = encode(bad[i]);

        assert_int_equal(subscription_parse(tg_span_buf(&token), &made),
                         TG_E_FORMAT);
        tg_buf_free(&token);
    }
    assert_int_equal(subscription_parse(TG_SPAN_LITERAL("{}"), &made),
                     TG_E_FORMAT);
}

/* R-PUSH-2 */
static void
only_public_addresses_are_rung_unless_a_test_says_otherwise(void **state)
{
    struct rig *rig = *state;
    struct push_post post;

    assert_int_equal(make(rig, "https://push.example/", 0, 0, &post), TG_OK);
    assert_true(post.only_public);
    push_post_free(&post);
    rig->config.webpush_allow_private = true;
    assert_int_equal(make(rig, "https://push.example/", 0, 0, &post), TG_OK);
    assert_false(post.only_public);
    push_post_free(&post);
}

/* R-PUSH-3; a redirect is not followed: R-PUSH-2 */
static void
answers_mean_what_the_standard_says(void **state)
{
    static const struct {
        int status;
        enum push_verdict verdict;
    } rows[] = {
        {200, PUSH_DELIVERED},      {201, PUSH_DELIVERED},
        {202, PUSH_DELIVERED},      {204, PUSH_DELIVERED},
        {301, PUSH_REFUSED},        {307, PUSH_REFUSED},
        {400, PUSH_REFUSED},        {401, PUSH_NEW_CREDENTIAL},
        {403, PUSH_NEW_CREDENTIAL}, {404, PUSH_TOKEN_DEAD},
        {410, PUSH_TOKEN_DEAD},     {413, PUSH_REFUSED},
        {429, PUSH_LATER},          {500, PUSH_LATER},
        {503, PUSH_LATER},          {0, PUSH_LATER},
    };
    const struct rig *rig = *state;
    const struct doorbell bell = kit_bell("org.w3.webpush", "x", KIT_NOW);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (kit_judge(&rig->webpush, &bell, rows[i].status, "") !=
            rows[i].verdict)
            fail_msg("%d", rows[i].status);
}

static void
a_list_with_something_else_is_refused_and_names_it(void **state)
{
    static char bad[][24] = {"https://push.example", "*", "*.", "push.*",
                             "127.0.0.1", "push.example:", "a,b", ""};
    struct rig *rig = *state;
    struct config_problem problem = {0};
    struct push_service unused;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        rig->config.webpush_hosts[1] = bad[i];
        kit_expect_problem(webpush_open(&rig->config, &unused, &problem),
                           TG_E_FORMAT, &problem, bad[i]);
    }
}

static void
without_memory_nothing_is_posted_and_nothing_is_lost(void **state)
{
    const struct rig *rig = *state;
    struct tg_buf token = token_of("https://push.example/a");
    const struct doorbell bell = {.until = KIT_NOW,
                                  .type = TG_SPAN_LITERAL("org.w3.webpush"),
                                  .data = tg_span_buf(&token)};

    kit_fail_each_allocation(&rig->webpush, &bell);
    tg_buf_free(&token);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_doorbell_has_no_body_and_says_how_long_it_matters),
        TEST(vapid_names_the_origin_and_us_and_is_signed),
        TEST(a_signature_is_kept_for_an_origin_until_it_is_old),
        TEST(many_origins_replace_the_oldest),
        TEST(hosts_that_are_not_on_the_list_are_not_rung),
        TEST(endpoints_that_are_not_plain_https_are_no_endpoints),
        TEST(what_is_no_subscription_is_no_token),
        TEST(only_public_addresses_are_rung_unless_a_test_says_otherwise),
        TEST(answers_mean_what_the_standard_says),
        TEST(a_list_with_something_else_is_refused_and_names_it),
        TEST(without_memory_nothing_is_posted_and_nothing_is_lost),
    };

    return cmocka_run_group_tests_name("push webpush", tests, NULL, NULL);
}

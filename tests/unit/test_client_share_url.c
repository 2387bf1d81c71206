/* share URLs and allow-lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <tigress/allow_list.h>
#include <tigress/share_url.h>

#include "base/alloc.h"
#include "base/bytes.h"

#define ID "0b0c0d0e-1111-4222-8333-444455556666"
#define SECRET "AAECAwQFBgcICQoLDA0ODw=="
#define BASE "https://relay.example/v1/m/" ID

static const uint8_t secret_128[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                       8, 9, 10, 11, 12, 13, 14, 15};

static enum tg_err
parse(const char *text, struct tg_share_url **out)
{
    return tg_share_url_parse(tg_span_text(text), out);
}

static void
assert_format(const struct tg_share_url *url, enum tg_share_url_form form,
              const char *expected)
{
    struct tg_buf text = TG_BUF_EMPTY;

    assert_int_equal(tg_share_url_format(url, form, &text), TG_OK);
    assert_string_equal((const char *)text.ptr, expected);
    assert_int_equal(text.len, strlen(expected));
    tg_buf_free(&text);
}

/* §10: both alphabets, padding optional; written in the one standard form */
static void
every_spelling_of_a_url_is_read_and_one_is_written(void **state)
{
    static const struct {
        const char *text;
        const char *relay;
        uint16_t port;
        enum tg_vertical vertical;
        const char *written; /* NULL: as it was read */
    } cases[] = {
        {BASE "#" SECRET, "relay.example", 443, TG_VERTICAL_GENERAL, NULL},
        {BASE "#AAECAwQFBgcICQoLDA0ODw", "relay.example", 443,
         TG_VERTICAL_GENERAL, BASE "#" SECRET},
        {BASE "?v=a#" SECRET, "relay.example", 443, TG_VERTICAL_GENERAL, NULL},
        {BASE "?v=h#" SECRET, "relay.example", 443, TG_VERTICAL_HOME, NULL},
        {BASE "?v=c#" SECRET, "relay.example", 443, TG_VERTICAL_CAR, NULL},
        {BASE "?v=boat#" SECRET, "relay.example", 443, TG_VERTICAL_GENERAL,
         NULL},
        {BASE "?v=C#" SECRET, "relay.example", 443, TG_VERTICAL_GENERAL, NULL},
        {"https://RELAY.Example:443/v1/m/0B0C0D0E-1111-4222-8333-444455556666"
         "#" SECRET, "relay.example", 443, TG_VERTICAL_GENERAL,
         BASE "#" SECRET},
        {"https://127.0.0.1:8443/v1/m/" ID "#" SECRET, "127.0.0.1:8443", 8443,
         TG_VERTICAL_GENERAL, NULL},
        {"https://[::1]:8443/v1/m/" ID "#" SECRET, "[::1]:8443", 8443,
         TG_VERTICAL_GENERAL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_share_url *url;
        struct tg_span secret;

        assert_int_equal(parse(cases[i].text, &url), TG_OK);
        assert_string_equal(tg_share_url_relay(url), cases[i].relay);
        assert_int_equal(tg_share_url_port(url), cases[i].port);
        assert_int_equal(tg_share_url_vertical(url), cases[i].vertical);
        assert_string_equal(tg_share_url_mailbox(url), ID);
        secret = tg_share_url_secret(url);
        assert_int_equal(secret.len, sizeof(secret_128));
        assert_memory_equal(secret.ptr, secret_128, secret.len);
        assert_format(url, TG_WITH_SECRET,
                      cases[i].written != NULL ? cases[i].written
                                               : cases[i].text);
        tg_share_url_free(url);
    }
}

/* §10 */
static void
both_alphabets_of_a_long_secret_mean_the_same(void **state)
{
    static const char standard[] =
        BASE "#+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=";
    static const char *const spellings[] = {
        standard,
        BASE "#-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8",
        BASE "#-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        struct tg_share_url *url;

        assert_int_equal(parse(spellings[i], &url), TG_OK);
        assert_int_equal(tg_share_url_secret(url).len, 32);
        assert_format(url, TG_WITH_SECRET, standard);
        tg_share_url_free(url);
    }
}

/* R-URL-1 */
static void
a_url_without_its_secret_holds_nothing_of_it(void **state)
{
    struct tg_share_url *url;

    (void)state;
    assert_int_equal(parse(BASE "?v=c#" SECRET, &url), TG_OK);
    assert_format(url, TG_WITHOUT_SECRET, BASE "?v=c");
    tg_share_url_free(url);
}

/* §10 */
static void
what_is_no_share_url_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "https://",
        BASE,
        BASE "#",
        BASE "#" SECRET " ",
        " " BASE "#" SECRET,
        BASE "#AAECAwQFBgcICQoLDA0O",
        BASE "#AAECAwQFBgcICQoLDA0ODxA=",
        BASE "#AAECAwQFBgcICQoLDA0ODx==",
        BASE "#AAECAwQFBgcICQoLDA0OD-+=",
        BASE "?#" SECRET,
        BASE "?v=#" SECRET,
        BASE "?v=c&w=1#" SECRET,
        BASE "?w=c#" SECRET,
        BASE "?v=%63#" SECRET,
        BASE "/#" SECRET,
        BASE "x#" SECRET,
        "http://relay.example/v1/m/" ID "#" SECRET,
        "HTTPS://relay.example/v1/m/" ID "#" SECRET,
        "https://relay.example/v2/m/" ID "#" SECRET,
        "https://relay.example//v1/m/" ID "#" SECRET,
        "https://relay.example/v1/m/00000000-0000-0000-0000-000000000000#"
        SECRET,
        "https://relay.example/v1/m/../" ID "#" SECRET,
        "https://user@relay.example/v1/m/" ID "#" SECRET,
        "https://relay.example:0/v1/m/" ID "#" SECRET,
        "https://relay.example:/v1/m/" ID "#" SECRET,
        "https://relay.example:65536/v1/m/" ID "#" SECRET,
        "https://relay.example:0443/v1/m/" ID "#" SECRET,
        "https://relay..example/v1/m/" ID "#" SECRET,
        "https://-relay.example/v1/m/" ID "#" SECRET,
        "https://relay.example./v1/m/" ID "#" SECRET,
        "https://rel%61y.example/v1/m/" ID "#" SECRET,
        "https://rel_ay.example/v1/m/" ID "#" SECRET,
        "https://[::1/v1/m/" ID "#" SECRET,
        "https:///v1/m/" ID "#" SECRET,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_share_url *url = NULL;

        if (parse(cases[i], &url) != TG_E_FORMAT)
            fail_msg("accepted: %s", cases[i]);
        assert_null(url);
    }
}

/* §10: a NUL in the middle must not hide what follows */
static void
a_nul_ends_nothing(void **state)
{
    static const uint8_t text[] = BASE "?v=c\0x#" SECRET;
    struct tg_share_url *url;

    (void)state;
    assert_int_equal(
        tg_share_url_parse((struct tg_span){text, sizeof(text) - 1}, &url),
        TG_E_FORMAT);
}

/* §10: under 240 characters */
static void
a_url_of_240_characters_is_too_long(void **state)
{
    char host[200];
    char text[400];
    struct tg_share_url *url;
    size_t rest = strlen("https://" "/v1/m/" ID "#" SECRET);

    (void)state;
    memset(host, 'a', sizeof(host));
    host[TG_SHARE_URL_MAX - rest] = '\0';
    host[60] = host[120] = '.';
    snprintf(text, sizeof(text), "https://%s/v1/m/" ID "#" SECRET, host);
    assert_int_equal(strlen(text), 239);
    assert_int_equal(parse(text, &url), TG_OK);
    tg_share_url_free(url);
    assert_int_equal(tg_share_url_make(host, ID, TG_VERTICAL_GENERAL,
                                       TG_SPAN_ARRAY(secret_128), &url),
                     TG_OK);
    tg_share_url_free(url);
    assert_int_equal(tg_share_url_make(host, ID, TG_VERTICAL_CAR,
                                       TG_SPAN_ARRAY(secret_128), &url),
                     TG_E_LIMIT);
    snprintf(text, sizeof(text), "https://%sb/v1/m/" ID "#" SECRET, host);
    assert_int_equal(parse(text, &url), TG_E_LIMIT);
    /* Short enough to read, but not to be written with its padding. */
    text[strlen(text) - 2] = '\0';
    assert_int_equal(parse(text, &url), TG_E_LIMIT);
}

static void
a_url_is_made_of_its_parts(void **state)
{
    struct tg_share_url *url;

    (void)state;
    assert_int_equal(tg_share_url_make("Relay.Example:8443", ID,
                                       TG_VERTICAL_CAR,
                                       TG_SPAN_ARRAY(secret_128), &url),
                     TG_OK);
    assert_format(url, TG_WITH_SECRET,
                  "https://relay.example:8443/v1/m/" ID "?v=c#" SECRET);
    tg_share_url_free(url);
    assert_int_equal(tg_share_url_make("relay/example", ID, TG_VERTICAL_CAR,
                                       TG_SPAN_ARRAY(secret_128), &url),
                     TG_E_FORMAT);
    assert_int_equal(tg_share_url_make("relay.example", "x", TG_VERTICAL_CAR,
                                       TG_SPAN_ARRAY(secret_128), &url),
                     TG_E_FORMAT);
    assert_int_equal(
        tg_share_url_make("relay.example", ID, TG_VERTICAL_CAR,
                          (struct tg_span){secret_128, 15}, &url),
        TG_E_FORMAT);
}

/* R-URL-2 */
static void
only_what_is_listed_is_allowed(void **state)
{
    static const struct {
        const char *relay;
        bool allowed;
    } cases[] = {
        {"relay.example", true},      {"RELAY.example:443", true},
        {"relay.example:8443", false}, {"x.relay.example", false},
        {"127.0.0.1:8443", true},     {"127.0.0.1", false},
        {"a.example.com", true},      {"b.a.example.com", true},
        {"example.com", false},       {"evilexample.com", false},
        {".example.com", false},      {"a.example.com:8443", false},
        {"a.example.com.evil", false}, {"a.example.org:9000", true},
        {"a.example.org", false},     {"", false},
        {"relay.example/", false},    {"u@relay.example", false},
    };
    struct tg_allow_list *list;

    (void)state;
    assert_int_equal(tg_allow_list_new(&list), TG_OK);
    assert_false(tg_allow_list_has(list, "relay.example"));
    assert_int_equal(tg_allow_list_add(list, "relay.example"), TG_OK);
    assert_int_equal(tg_allow_list_add(list, "127.0.0.1:8443"), TG_OK);
    assert_int_equal(tg_allow_list_add(list, ".Example.com"), TG_OK);
    assert_int_equal(tg_allow_list_add(list, ".example.org:9000"), TG_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (tg_allow_list_has(list, cases[i].relay) != cases[i].allowed)
            fail_msg("%s", cases[i].relay);
    tg_allow_list_free(list);
}

/* R-URL-2 */
static void
a_bad_entry_is_named_by_its_line(void **state)
{
    static const char *const bad[] = {
        "https://relay.example", "*.example", ".", "relay.example:0",
        "relay.example:x", "a b", "relay.example/v1",
    };
    struct tg_allow_list *list;
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t line = 0;

        assert_int_equal(tg_allow_list_new(&list), TG_OK);
        snprintf(text, sizeof(text), "# ours\n\n  one.example\t# why\r\n%s\n",
                 bad[i]);
        assert_int_equal(
            tg_allow_list_read(list, tg_span_text(text), &line), TG_E_FORMAT);
        assert_int_equal(line, 4);
        assert_true(tg_allow_list_has(list, "one.example"));
        tg_allow_list_free(list);
    }
}

static void
a_list_is_loaded_from_a_file(void **state)
{
    char path[] = "/tmp/test_client_allow_XXXXXX";
    struct tg_allow_list *list;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one.example\n.two.example", 24), 24);
    close(fd);
    assert_int_equal(tg_allow_list_new(&list), TG_OK);
    assert_int_equal(tg_allow_list_load(list, path, NULL), TG_OK);
    assert_true(tg_allow_list_has(list, "one.example"));
    assert_true(tg_allow_list_has(list, "x.two.example"));
    unlink(path);
    assert_int_equal(tg_allow_list_load(list, path, NULL), TG_E_NOT_FOUND);
    assert_int_equal(tg_allow_list_load(list, "/", NULL), TG_E_IO);
    tg_allow_list_free(list);
}

/* Whatever allocation fails: TG_E_NOMEM, nothing given, nothing lost. */
static void
no_memory_is_survived(void **state)
{
    enum tg_err err = TG_E_NOMEM;

    (void)state;
    for (long n = 0; err != TG_OK; n++) {
        struct tg_share_url *url = NULL;
        struct tg_buf text = TG_BUF_EMPTY;

        assert_true(n < 50);
        tg_alloc_fail_after(n);
        err = parse(BASE "#" SECRET, &url);
        if (err == TG_OK)
            err = tg_share_url_format(url, TG_WITH_SECRET, &text);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        assert_true(err == TG_OK || text.len == 0);
        tg_buf_free(&text);
        tg_share_url_free(url);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_a_url_is_read_and_one_is_written),
        cmocka_unit_test(both_alphabets_of_a_long_secret_mean_the_same),
        cmocka_unit_test(a_url_without_its_secret_holds_nothing_of_it),
        cmocka_unit_test(what_is_no_share_url_is_refused),
        cmocka_unit_test(a_nul_ends_nothing),
        cmocka_unit_test(a_url_of_240_characters_is_too_long),
        cmocka_unit_test(a_url_is_made_of_its_parts),
        cmocka_unit_test(only_what_is_listed_is_allowed),
        cmocka_unit_test(a_bad_entry_is_named_by_its_line),
        cmocka_unit_test(a_list_is_loaded_from_a_file),
        cmocka_unit_test(no_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The image on a preview page: the mailbox's, or one of the relay's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_page_kit.h"

/* R-PRE-3 */
static void
the_policy_opens_for_the_one_image_and_nothing_can_end_it_early(void **state)
{
    static const struct {
        const char *url;
        const char *source;
    } cases[] = {
        {"https://img.example/k.png", "; img-src https://img.example/k.png"},
        {"HTTPS://Img.Example:8443/a?b;c#d",
         "; img-src https://Img.Example:8443/a"},
        {"https://img.example", "; img-src https://img.example"},
        {"https://img.example/a;script-src,*'x'%20",
         "; img-src https://img.example/a%3Bscript-src%2C%2A%27x%27%20"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_of_image(&open_site, cases[i].url);
        struct tg_span policy = kit_find(&out, "Content-Security-Policy");
        size_t len = strlen(cases[i].source);
        struct tg_span end = {policy.ptr + policy.len - len, len};

        kit_span_is(end, cases[i].source);
        assert_int_equal(kit_occurrences(policy, ";"), 5);
        assert_int_equal(kit_occurrences(policy, ","), 0);
        wire_answer_done(&out);
    }
}

/* The relay's own picture instead: of known size, and no host but its own. */
static void
assert_shows_ours(const struct wire_answer *out, const char *path)
{
    char text[200];

    snprintf(text, sizeof(text), "<img alt=\"\" src=\"https://relay.example%s"
             "\">", path);
    assert_has(out, text);
    snprintf(text, sizeof(text), "<meta property=\"og:image\" content=\""
             "https://relay.example%s\">\n<meta property=\"og:image:width\" "
             "content=\"1200\">", path);
    assert_has(out, text);
    snprintf(text, sizeof(text), "; img-src https://relay.example%s", path);
    assert_true(kit_has(kit_find(out, "Content-Security-Policy"), text));
}

/* R-PRE-3 */
static void
for_an_image_of_a_host_that_is_not_listed_there_is_ours(void **state)
{
    static const struct {
        const char *url;
        bool shown;
    } cases[] = {
        {"https://img.example/k.png", true},
        {"https://CDN.example:444/k.png", true},
        {"https://evil.example/img.example", false},
        {"https://img.example.evil.example/", false},
        {"https://www.img.example/", false},
        {"https://img.example./", false},
        {"https://[::1]/", false},
        {"https://me@img.example/", false}, /* as an older relay let in */
        {"javascript:alert(1)", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_of_image(&strict_site, cases[i].url);

        if (!cases[i].shown)
            assert_shows_ours(&out, "/v1/picture/general.png");
        else
            assert_has_not(&out, "/v1/picture/");
        if (!cases[i].shown && cases[i].url[0] != '\0')
            assert_has_not(&out, cases[i].url);
        assert_has_not(&out, "og:image:width\" content=\"0");
        wire_answer_done(&out);
    }
}

/* A browser writes them anew, and would not show what it finds then. */
static void
for_an_image_that_a_policy_cannot_name_there_is_ours(void **state)
{
    static const struct {
        const char *url;
        bool shown;
    } cases[] = {
        {"https://[::1]/k", false},       {"https://192.0.2.7/k", false},
        {"https://127.0.0.1:8443/", false}, {"https://127.1/k", false},
        {"https://127.0.0.1./k", false},  {"https://2130706433", false},
        {"https://0x7f000001/k", false},  {"https://a.example.0X7F/", false},
        {"https://a.0x/k", false},        {"https://img.example.5/k", false},
        {"https://5.example/k", true},    {"https://1.0xg/k", true},
        {"https://img.0x7f.example/", true}, {"https://1e100/k", true},
        {"https://i.example/a/../b", false}, {"https://i.example/.", false},
        {"https://i.example/a/.%2E", false}, {"https://i.example/%2e/", false},
        {"https://i.example/a/.b/..c/...", true},
        {"https://i.example//%2f/a.%2e?/../", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_of_image(&open_site, cases[i].url);

        if (cases[i].shown) {
            assert_has(&out, cases[i].url);
        } else {
            assert_has_not(&out, cases[i].url);
            assert_shows_ours(&out, "/v1/picture/general.png");
        }
        wire_answer_done(&out);
    }
}

static void
our_picture_is_that_of_the_vertical(void **state)
{
    static const struct {
        enum wire_vertical vertical;
        const char *path;
    } cases[] = {{VERTICAL_GENERAL, "/v1/picture/general.png"},
                 {VERTICAL_HOME, "/v1/picture/home.png"},
                 {VERTICAL_CAR, "/v1/picture/car.png"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_reader reader = {LANGUAGE_ENGLISH, cases[i].vertical};
        struct wire_answer out =
            preview_for(&reader, &strict_site, "t", "d", "https://x.example/");

        assert_shows_ours(&out, cases[i].path);
        wire_answer_done(&out);
    }
}

/* As a device does that has no picture of its own: the size is told. */
static void
our_picture_is_known_when_it_is_named(void **state)
{
    static const char *const sites[] = {"https://relay.example",
                                        "https://relay.example:8443",
                                        "https://relay.exampl"};
    char url[100];

    (void)state;
    for (size_t i = 0; i < COUNT(sites); i++) {
        struct wire_answer out;

        snprintf(url, sizeof(url), "%s/v1/picture/car.png", sites[i]);
        out = preview_of_image(&open_site, url);
        if (i == 0) {
            assert_shows_ours(&out, "/v1/picture/car.png");
        } else {
            assert_has(&out, url);
            assert_has_not(&out, "og:image:width");
        }
        wire_answer_done(&out);
    }
    for (size_t i = 0; i < 2; i++) {
        struct wire_answer out = preview_of_image(
            &open_site, i == 0 ? "https://relay.example/v1/picture/x.png"
                               : "https://relay.example");

        assert_has_not(&out, "og:image:width");
        wire_answer_done(&out);
    }
}

/* A policy cannot name the relay by an IPv6 literal either. */
static void
a_relay_at_a_literal_address_shows_its_own_picture(void **state)
{
    static const struct wire_site site = {
        .public_origin = TG_SPAN_LITERAL("https://[::1]:8443"),
        .image_hosts = listed_hosts,
        .image_host_count = 2,
    };
    struct wire_answer out = preview_of_image(&site, "");

    (void)state;
    assert_has(&out, "src=\"https://[::1]:8443/v1/picture/general.png\"");
    assert_true(kit_has(kit_find(&out, "Content-Security-Policy"),
                        "; img-src 'self'"));
    wire_answer_done(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_policy_opens_for_the_one_image_and_nothing_can_end_it_early),
        cmocka_unit_test(
            for_an_image_of_a_host_that_is_not_listed_there_is_ours),
        cmocka_unit_test(for_an_image_that_a_policy_cannot_name_there_is_ours),
        cmocka_unit_test(our_picture_is_that_of_the_vertical),
        cmocka_unit_test(our_picture_is_known_when_it_is_named),
        cmocka_unit_test(a_relay_at_a_literal_address_shows_its_own_picture),
    };

    return cmocka_run_group_tests_name("wire page image", tests, NULL, NULL);
}

/* Pages of other origins: which may be configured, and what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"
#include "wire/cors.h"

#define WALLET  "https://wallet.example"
#define OTHER   "http://127.0.0.1:8080"
#define MAILBOX "/v1/m/" ID_SENT

static const struct tg_span origins[] = {TG_SPAN_LITERAL(OTHER),
                                         TG_SPAN_LITERAL(WALLET)};
static const struct wire_site configured = {
    .cors_origins = origins, .cors_origin_count = COUNT(origins)};
static const struct wire_site not_configured = {.cors_origins = origins};

static const char *const given[] = {
    "Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
    "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
    "Access-Control-Max-Age"};

/* ---- what may be configured -------------------------------------------- */

static void
origins_as_browsers_write_them_may_be_allowed(void **state)
{
    static const char *const good[] = {
        WALLET, OTHER, "https://a", "https://wallet.example:8443",
        "https://xn--bcher-kva.example", "https://a-b.c_d.0e.example",
        "https://192.0.2.17", "https://wallet.example:80",
        "https://wallet.example:1", "https://wallet.example:65535",
        "https://localhost", "https://[::1]:8443", "http://localhost",
        "http://localhost:3000", "http://127.0.0.1", "http://[::1]",
        "http://[::1]:8080", "http://localhost:443"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (cors_fault(tg_span_text(good[i])) != NULL)
            fail_msg("“%s”: %s", good[i], cors_fault(tg_span_text(good[i])));
}

static void
what_no_browser_says_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* a part of the reason */
    } bad[] = {
        {"", "https://"}, {"*", "star"}, {"https://*.example", "star"},
        {"null", "null"}, {"wallet.example", "begin with https://"},
        {"HTTPS://wallet.example", "begin with https://"},
        {"ftp://wallet.example", "begin with https://"},
        {"chrome-extension://abcdef", "begin with https://"},
        {"http://wallet.example", "for development"},
        {"http://localhost.example", "for development"},
        {"http://127.0.0.2", "for development"},
        {"http://wallet.localhost", "for development"},
        {"https://", "small letters"}, {"https://:8443", "small letters"},
        {"https://Wallet.example", "small letters"},
        {"https://wallet.example.", "small letters"},
        {"https://wallet..example", "small letters"},
        {"https://.wallet.example", "small letters"},
        {"https://b\303\274cher.example", "small letters"},
        {"https://user@wallet.example", "small letters"},
        {"https://wallet.example?x", "small letters"},
        {"https://wallet.example#x", "small letters"},
        {"https://wallet.example https://b.example", "small letters"},
        {"https://wallet.example,https://b.example", "small letters"},
        {"https://[2001:db8::1]", "small letters"},
        {"https://[::1", "small letters"},
        {"https://1.2.3", "four numbers"}, {"https://01.2.3.4", "four"},
        {"https://1.2.3.256", "four numbers"}, {"https://1.2.3.4.5", "four"},
        {"https://2130706433", "four numbers"}, {"https://0x7f", "four"},
        {"https://wallet.example/", "not even a slash"},
        {"https://wallet.example/page", "no path"},
        {"https://wallet.example:", "1 to 65535"},
        {"https://wallet.example:0", "1 to 65535"},
        {"https://wallet.example:08443", "1 to 65535"},
        {"https://wallet.example:65536", "1 to 65535"},
        {"https://wallet.example:4294967297", "1 to 65535"},
        {"https://wallet.example:8443/", "1 to 65535"},
        {"https://wallet.example:-1", "1 to 65535"},
        {"https://[::1]x", "1 to 65535"},
        {"https://wallet.example:443", "leave it out"},
        {"http://localhost:80", "leave it out"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *fault = cors_fault(tg_span_text(bad[i].text));

        if (fault == NULL)
            fail_msg("“%s” was allowed", bad[i].text);
        if (strstr(fault, bad[i].says) == NULL)
            fail_msg("“%s”: %s", bad[i].text, fault);
    }
}

static void
a_label_and_a_host_have_the_length_that_names_may_have(void **state)
{
    char text[sizeof("https://") + 320];

    (void)state;
    snprintf(text, sizeof(text), "https://%063d.example", 0);
    assert_null(cors_fault(tg_span_text(text)));
    snprintf(text, sizeof(text), "https://%064d.example", 0);
    assert_non_null(cors_fault(tg_span_text(text)));
    snprintf(text, sizeof(text), "https://%063d.%063d.%063d.a%060d", 0, 0, 0,
             0); /* 253 */
    assert_null(cors_fault(tg_span_text(text)));
    snprintf(text, sizeof(text), "https://%063d.%063d.%063d.a%061d", 0, 0, 0,
             0); /* 254 */
    assert_non_null(cors_fault(tg_span_text(text)));
}

/* ---- answers ----------------------------------------------------------- */

static struct wire_route
route_of(const char *method, const char *path)
{
    struct wire_route route;

    (void)wire_route(tg_span_text(method), tg_span_text(path), &route);
    return route;
}

/* The answer of 204, with what cors_share() adds. */
static struct wire_answer
preflight(const struct wire_site *site, const char *path, const char *origin)
{
    struct wire_route route = route_of("OPTIONS", path);
    struct wire_header header = kit_header(origin);
    struct wire_answer answer;

    assert_true(cors_is_preflight(site, &route));
    assert_int_equal(cors_preflight(&route, NULL, &answer), TG_OK);
    cors_share(site, &route, &header, &answer);
    assert_int_equal(answer.status, 204);
    assert_int_equal(answer.body.len, 0);
    return answer;
}

/* A refusal, with what cors_share() adds. */
static struct wire_answer
refusal(const struct wire_site *site, const char *method, const char *path,
        struct wire_header header)
{
    struct wire_route route = route_of(method, path);
    struct wire_answer answer;

    assert_int_equal(
        wire_refuse((struct wire_problem){.refusal = WIRE_CLAIM_REFUSED}, NULL,
                    NULL, NULL, &answer),
        TG_OK);
    cors_share(site, &route, &header, &answer);
    return answer;
}

static void
assert_gives(struct wire_answer *answer, bool vary, bool origin)
{
    kit_header_is(answer, "Vary", vary ? "Origin" : NULL);
    for (size_t i = 1; i < COUNT(given); i++)
        if (!origin)
            kit_header_is(answer, given[i], NULL);
    kit_header_is(answer, "Access-Control-Allow-Credentials", NULL);
    wire_answer_done(answer);
}

/* §13 */
static void
a_preflight_names_the_methods_of_the_path_and_the_headers(void **state)
{
    static const struct {
        const char *path;
        const char *methods;
    } cases[] = {
        {"/v1/m", "POST"},
        {MAILBOX, "POST, PUT, DELETE, PATCH"},
        {"/v1/m/no-uuid", "POST, PUT, DELETE, PATCH"},
        {"/.well-known/tigress", "GET, HEAD"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer answer =
            preflight(&configured, cases[i].path, WALLET);
        char allow[64];

        kit_header_is(&answer, given[1], WALLET);
        kit_header_is(&answer, given[2], NULL);
        kit_header_is(&answer, given[3], cases[i].methods);
        kit_header_is(&answer, given[4],
                      "Content-Type, If-Match, If-None-Match, "
                      "Mailbox-Device-Attestation, Mailbox-Device-Claim, "
                      "Mailbox-Request-ID, Prefer");
        kit_header_is(&answer, given[5], "7200");
        snprintf(allow, sizeof(allow), "%s, OPTIONS",
                 route_of("OPTIONS", cases[i].path).allow);
        kit_header_is(&answer, "Allow", allow);
        assert_gives(&answer, true, true);
    }
}

/* §13 */
static void
a_preflight_of_another_origin_is_told_nothing(void **state)
{
    static const char *const others[] = {
        NULL, "", "null", "*", "https://wallet.example:8443",
        "http://wallet.example", "https://wallet.example.evil.example",
        "https://evil-wallet.example", "https://a.wallet.example",
        "https://wallet.exampl", "https://WALLET.example",
        "https://wallet.example/", "https://wallet.example:443",
        "http://127.0.0.1", "http://127.0.0.1:80800"};

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        struct wire_answer answer = preflight(&configured, MAILBOX, others[i]);

        assert_gives(&answer, true, false);
        answer = refusal(&configured, "POST", MAILBOX, kit_header(others[i]));
        assert_gives(&answer, true, false);
    }
}

static void
every_answer_of_a_call_may_be_read_by_a_configured_origin(void **state)
{
    static const struct {
        const char *method;
        const char *path;
    } calls[] = {
        {"POST", "/v1/m"},   {"POST", MAILBOX},     {"PUT", MAILBOX},
        {"DELETE", MAILBOX}, {"PATCH", MAILBOX},    {"BREW", MAILBOX},
        {"GET", "/v1/m"},    {"POST", "/v1/m/no-uuid"},
        {"GET", "/.well-known/tigress"}};

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct wire_answer answer = refusal(
            &configured, calls[i].method, calls[i].path, kit_header(OTHER));

        kit_header_is(&answer, given[1], OTHER);
        kit_header_is(&answer, given[2],
                      "ETag, Mailbox-Request-ID, Preference-Applied, "
                      "Retry-After");
        kit_header_is(&answer, given[3], NULL);
        assert_gives(&answer, true, true);
    }
}

static void
pages_pictures_and_files_for_phones_are_not_for_other_origins(void **state)
{
    static const char *const paths[] = {
        MAILBOX, "/v1/m/no-uuid", "/v1/picture/car.png",
        "/.well-known/apple-app-site-association",
        "/.well-known/assetlinks.json", "/", "/v2/m", "/v1/m/"};

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct wire_answer answer =
            refusal(&configured, "GET", paths[i], kit_header(WALLET));

        assert_gives(&answer, false, false);
        answer = refusal(&configured, "HEAD", paths[i], kit_header(WALLET));
        assert_gives(&answer, false, false);
    }
    for (size_t i = 2; i < COUNT(paths); i++) {
        struct wire_route route = route_of("OPTIONS", paths[i]);

        assert_false(cors_is_preflight(&configured, &route));
    }
}

static void
an_origin_given_twice_is_none(void **state)
{
    struct wire_header header = {TG_SPAN_LITERAL(WALLET), 2};
    struct wire_answer answer;

    (void)state;
    answer = refusal(&configured, "POST", MAILBOX, header);
    assert_gives(&answer, true, false);
}

/* §13 */
static void
without_configured_origins_nothing_is_different(void **state)
{
    static const char *const paths[] = {"/v1/m", MAILBOX,
                                        "/.well-known/tigress"};

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct wire_route route = route_of("OPTIONS", paths[i]);
        struct wire_answer answer =
            refusal(&not_configured, "POST", paths[i], kit_header(WALLET));

        assert_false(cors_is_preflight(&not_configured, &route));
        assert_gives(&answer, false, false);
    }
}

static void
only_options_is_a_preflight(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "GET", "options",
                                          "OPTION", "OPTIONSS", ""};

    (void)state;
    for (size_t i = 0; i < COUNT(methods); i++) {
        struct wire_route route = route_of(methods[i], MAILBOX);

        assert_false(cors_is_preflight(&configured, &route));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_as_browsers_write_them_may_be_allowed),
        cmocka_unit_test(what_no_browser_says_is_refused_with_the_reason),
        cmocka_unit_test(
            a_label_and_a_host_have_the_length_that_names_may_have),
        cmocka_unit_test(
            a_preflight_names_the_methods_of_the_path_and_the_headers),
        cmocka_unit_test(a_preflight_of_another_origin_is_told_nothing),
        cmocka_unit_test(
            every_answer_of_a_call_may_be_read_by_a_configured_origin),
        cmocka_unit_test(
            pages_pictures_and_files_for_phones_are_not_for_other_origins),
        cmocka_unit_test(an_origin_given_twice_is_none),
        cmocka_unit_test(without_configured_origins_nothing_is_different),
        cmocka_unit_test(only_options_is_a_preflight),
    };

    return cmocka_run_group_tests_name("wire_cors", tests, NULL, NULL);
}

/* tigress-relay: its command line, and the configuration that it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "launch/nginx_conf.h"
#include "launch/options.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { ARGS_MOST = 24 };

/* ---- kit --------------------------------------------------------------- */

/* A command line that is all right, with `more` behind it. */
static int
command_line(const char *argv[ARGS_MOST], const char *const *more)
{
    static const char *const right[] = {
        "tigress-relay", "--listen", "127.0.0.1:8443", "--public-host",
        "relay.example", "--state", "/s", "--tls-cert", "/c.pem", "--tls-key",
        "/k.pem"};
    int argc = 0;

    for (size_t i = 0; i < COUNT(right); i++)
        argv[argc++] = right[i];
    for (; *more != NULL; more++)
        argv[argc++] = *more;
    assert_in_range(argc, 1, ARGS_MOST - 1);
    argv[argc] = NULL;
    return argc;
}

static bool
is_accepted(const char *const *more, struct options *out,
            struct options_error *error)
{
    const char *argv[ARGS_MOST];
    int argc = command_line(argv, more);

    return options_parse(argc, (char *const *)(uintptr_t)argv, out, error) &&
           options_check(out, error);
}

static const struct nginx_conf_site site = {
    .state = "/s",
    .store = "/s/store",
    .tls_cert = "/c.pem",
    .tls_key = "/k.pem",
    .module = "/m.so",
    .user = "nobody",
    .group = "nogroup",
    .open_files = 4096,
};

/* The configuration for a command line; freed by the caller. */
static char *
configuration(const char *const *more)
{
    struct options options;
    struct options_error error;
    struct tg_buf text = TG_BUF_EMPTY;

    assert_true(is_accepted(more, &options, &error));
    assert_int_equal(nginx_conf_write(&options, &site, &text), TG_OK);
    assert_int_equal(tg_buf_terminate(&text), TG_OK);
    return (char *)text.ptr;
}

#define MORE(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const nothing_more[] = {NULL};

/* ---- the command line -------------------------------------------------- */

static void
a_plain_command_line_has_sensible_defaults(void **state)
{
    struct options options;
    struct options_error error;

    (void)state;
    assert_true(is_accepted(nothing_more, &options, &error));
    assert_string_equal(options.workers, "2");
    assert_string_equal(options.nginx, "nginx");
    assert_null(options.store);
    assert_null(options.user);
    assert_false(options.insecure_loopback);
    assert_int_equal(options.conf_count, 0);
}

static void
what_cannot_work_is_refused_and_the_option_is_named(void **state)
{
    static const struct {
        const char *more[4];
        const char *subject;
    } cases[] = {
        {{"--listen", "8443"}, "--listen"},
        {{"--listen", "127.0.0.1:0"}, "--listen"},
        {{"--listen", "127.0.0.1:65536"}, "--listen"},
        {{"--listen", ":8443"}, "--listen"},
        {{"--listen", ""}, "--listen"},
        {{"--workers", "0"}, "--workers"},
        {{"--workers", "513"}, "--workers"},
        {{"--workers", "two"}, "--workers"},
        {{"--store", "/dir"}, "--store"},
        {{"--push", "/run/push.sock org.w3.webpush"}, "--push"},
        {{"--push", "unix:push.sock org.w3.webpush"}, "--push"},
        {{"--push", "unix:/run/push.sock"}, "--push"},
        {{"--push", "unix:/run/push.sock a; evil"}, "--push"},
        {{"--conf", "tigress_payload_max 1k"}, "--conf"},
        {{"--conf", ""}, "--conf"},
        {{"--conf"}, "--conf"},
        {{"--public-host", "a\"; evil"}, "--public-host"},
        {{"--state", "/a;b"}, "--state"},
        {{"--tls-key", "/$key"}, "--tls-key"},
        {{"--unknown"}, "--unknown"},
        {{"operand"}, "operand"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;
        struct options_error error = {NULL, NULL};

        assert_false(is_accepted(cases[i].more, &options, &error));
        assert_string_equal(error.subject, cases[i].subject);
        assert_non_null(error.problem);
    }
}

static void
each_required_option_is_missed(void **state)
{
    const char *argv[ARGS_MOST];
    int argc = command_line(argv, nothing_more);

    (void)state;
    for (int skip = 1; skip < argc; skip += 2) {
        const char *fewer[ARGS_MOST];
        struct options options;
        struct options_error error;
        int count = 0;

        for (int i = 0; i < argc; i++)
            if (i != skip && i != skip + 1)
                fewer[count++] = argv[i];
        fewer[count] = NULL;
        assert_true(options_parse(count, (char *const *)(uintptr_t)fewer,
                                  &options, &error));
        assert_false(options_check(&options, &error));
        assert_string_equal(error.subject, argv[skip]);
    }
}

/* R-TLS-1 */
static void
plain_http_is_only_for_loopback_addresses(void **state)
{
    static const struct {
        const char *listen;
        bool accepted;
    } cases[] = {
        {"127.0.0.1:80", true},     {"127.255.0.9:80", true},
        {"[::1]:80", true},         {"localhost:80", true},
        {"0.0.0.0:80", false},      {"[::]:80", false},
        {"*:80", false},            {"192.0.2.1:80", false},
        {"128.0.0.1:80", false},    {"127.0.0.1.example:80", false},
        {"[::1%lo]:80", false},     {"localhost.example:80", false},
        {"2130706433:80", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;
        struct options_error error = {NULL, NULL};
        bool accepted = is_accepted(
            MORE("--insecure-loopback", "--listen", cases[i].listen),
            &options, &error);

        assert_int_equal(accepted, cases[i].accepted);
        if (!accepted)
            assert_string_equal(error.subject, "--insecure-loopback");
    }
}

static void
more_directives_than_there_is_room_for_are_refused(void **state)
{
    const char *argv[2 * OPTIONS_CONF_MOST + 4] = {"tigress-relay"};
    struct options options;
    struct options_error error;
    int argc = 1;

    (void)state;
    for (int i = 0; i <= OPTIONS_CONF_MOST; i++) {
        argv[argc++] = "--conf";
        argv[argc++] = "a b;";
    }
    assert_false(options_parse(argc, (char *const *)(uintptr_t)argv, &options,
                               &error));
    assert_string_equal(error.subject, "--conf");
    argv[argc - 2] = NULL;
    assert_true(options_parse(argc - 2, (char *const *)(uintptr_t)argv,
                              &options, &error));
    assert_int_equal(options.conf_count, OPTIONS_CONF_MOST);
}

/* ---- the configuration ------------------------------------------------- */

/* R-TLS-1, R-TLS-2, R-TLS-3 */
static void
only_modern_tls_is_configured(void **state)
{
    char *text = configuration(nothing_more);

    (void)state;
    assert_non_null(strstr(text, "listen 127.0.0.1:8443 ssl http2;"));
    assert_non_null(strstr(text, "ssl_protocols TLSv1.2 TLSv1.3;"));
    assert_non_null(strstr(text, "ssl_session_tickets off;"));
    assert_non_null(strstr(text, "ssl_session_cache off;"));
    assert_null(strstr(text, "insecure"));
    free(text);
}

static void
what_the_options_say_is_written(void **state)
{
    static const char *const lines[] = {
        "load_module \"/m.so\";",
        "daemon off;",
        "user \"nobody\" \"nogroup\";",
        "worker_processes auto;",
        "worker_rlimit_core 0;",
        "tigress_store \"lmdb:/s/store\";",
        "tigress_public_host \"relay.example\";",
        "ssl_certificate \"/c.pem\";",
        "ssl_certificate_key \"/k.pem\";",
        "access_log off;",
        "tigress on;",
    };
    char *text = configuration(MORE("--workers", "auto"));

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_non_null(strstr(text, lines[i]));
    free(text);
}

static void
a_relay_that_judges_devices_has_a_thread_for_it(void **state)
{
    char *with = configuration(
        MORE("--conf", "tigress_attestation optional;"));
    char *without = configuration(
        MORE("--conf", "tigress_attestation_rp_id relay.example;"));

    (void)state;
    assert_non_null(strstr(with, "\nthread_pool default threads=1;\n"));
    assert_null(strstr(without, "thread_pool"));
    free(with);
    free(without);
}

/* R-TLS-1 */
static void
plain_http_has_neither_tls_nor_a_certificate(void **state)
{
    char *text = configuration(MORE("--insecure-loopback"));

    (void)state;
    assert_non_null(strstr(text, "listen 127.0.0.1:8443;"));
    assert_non_null(strstr(text, "tigress_insecure_loopback on;"));
    assert_null(strstr(text, "ssl_certificate"));
    free(text);
}

static size_t
occurrences(const char *text, const char *word)
{
    size_t count = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        count++;
    }
    return count;
}

static void
a_directive_given_takes_the_place_of_our_own(void **state)
{
    char *text = configuration(MORE(
        "--conf", "client_header_timeout 2s;", "--conf",
        "  tigress_store lmdb:/elsewhere;", "--conf", "send_timeouts 1s;"));

    (void)state;
    assert_int_equal(occurrences(text, "client_header_timeout "), 1);
    assert_non_null(strstr(text, "client_header_timeout 2s;"));
    assert_int_equal(occurrences(text, "tigress_store "), 1);
    assert_non_null(strstr(text, "lmdb:/elsewhere"));
    /* only the very name counts */
    assert_non_null(strstr(text, "send_timeout 10s;"));
    free(text);
}

static void
push_is_configured_only_when_it_is_asked_for(void **state)
{
    char *without = configuration(nothing_more);
    char *with = configuration(
        MORE("--push", "unix:/p.sock com.apple.apns org.w3.webpush"));
    char *replaced = configuration(
        MORE("--push", "unix:/p.sock com.apple.apns", "--conf",
             "tigress_push unix:/other.sock com.apple.apns;"));

    (void)state;
    assert_null(strstr(without, "tigress_push"));
    assert_non_null(strstr(with, "    tigress_push unix:/p.sock "
                                 "com.apple.apns org.w3.webpush;\n"));
    assert_int_equal(occurrences(replaced, "tigress_push "), 1);
    assert_non_null(strstr(replaced, "unix:/other.sock"));
    free(without);
    free(with);
    free(replaced);
}

static void
memory_that_runs_out_is_reported(void **state)
{
    struct options options;
    struct options_error error;
    enum tg_err err = TG_E_NOMEM;
    long calls;

    (void)state;
    assert_true(is_accepted(nothing_more, &options, &error));
    for (calls = 0; err != TG_OK; calls++) {
        struct tg_buf text = TG_BUF_EMPTY;

        tg_alloc_fail_after(calls);
        err = nginx_conf_write(&options, &site, &text);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        tg_buf_free(&text);
        assert_in_range(calls, 0, 1000);
    }
    assert_true(calls > 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_command_line_has_sensible_defaults),
        cmocka_unit_test(what_cannot_work_is_refused_and_the_option_is_named),
        cmocka_unit_test(each_required_option_is_missed),
        cmocka_unit_test(plain_http_is_only_for_loopback_addresses),
        cmocka_unit_test(more_directives_than_there_is_room_for_are_refused),
        cmocka_unit_test(only_modern_tls_is_configured),
        cmocka_unit_test(what_the_options_say_is_written),
        cmocka_unit_test(a_relay_that_judges_devices_has_a_thread_for_it),
        cmocka_unit_test(plain_http_has_neither_tls_nor_a_certificate),
        cmocka_unit_test(a_directive_given_takes_the_place_of_our_own),
        cmocka_unit_test(push_is_configured_only_when_it_is_asked_for),
        cmocka_unit_test(memory_that_runs_out_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The configuration of tigress-push, and what is said about a wrong one. */
#include <grp.h>
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

#include "base/alloc.h"
#include "push/config.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define APNS                                                                 \
    "[apns com.example.app]\nkey_file = key\nkey_id = ABCDE12345\n"          \
    "team_id = TEAM567890\n"
#define FCM "[fcm]\nservice_account = key\n"
#define WEBPUSH                                                              \
    "[webpush]\nkey_file = key\nsubject = mailto:a@example.com\n"            \
    "hosts = push.example *.push.example\n"

/* ---- kit --------------------------------------------------------------- */

static char directory[64];

static void
make_file(const char *name, const char *text, mode_t mode)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int
make_directory(void **state)
{
    char name[] = "/tmp/tigress-config-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(name));
    snprintf(directory, sizeof(directory), "%s/", name);
    make_file("key", "", 0600);
    make_file("open", "", 0604);
    make_file("ca", "some words\n-----BEGIN CERTIFICATE-----\n", 0644);
    return 0;
}

static int
remove_directory(void **state)
{
    static const char *const names[] = {"key", "open", "ca", "conf", "shared"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

/* It is wrong in this line, and both fragments are said. */
static void
refuse(const char *text, unsigned line, const char *first, const char *second)
{
    struct push_config config = {0};
    struct config_problem problem = {0};
    enum tg_err err = config_parse(text, directory, &config, &problem);
    const char *said = (const char *)problem.text.ptr;

    if (err != TG_E_FORMAT)
        fail_msg("%s: %s", text, tg_err_name(err));
    if (problem.line != line || strstr(said, first) == NULL ||
        strstr(said, second) == NULL)
        fail_msg("%s\nline %u: %s", text, problem.line, said);
    tg_buf_free(&problem.text);
    config_free(&config);
}

static void
accept(const char *text, struct push_config *config)
{
    struct config_problem problem = {0};
    enum tg_err err = config_parse(text, directory, config, &problem);

    if (err != TG_OK)
        fail_msg("%s\n%s: line %u: %s", text, tg_err_name(err), problem.line,
                 (const char *)problem.text.ptr);
    tg_buf_free(&problem.text);
}

/* ---- tests ------------------------------------------------------------- */

static void
everything_that_can_be_said_is_read(void **state)
{
    struct push_config config = {0};
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%skey", directory);
    accept("# a comment\n[push]\nsocket=/run/s\ngroup = root ; of workers\n"
           "queue = 7\nin_flight = 9\nauthorities = ca\n" APNS
           "push_type = alert\nserver = https://localhost:8443\n"
           "[apns pass.com.example]\nkey_file = key\nkey_id = 1234567890\n"
           "team_id = TEAM567890\nserver = https://localhost:8443\n" FCM
           "server = https://fcm.example\n" WEBPUSH "allow_private = yes\n",
           &config);
    assert_string_equal(config.socket, "/run/s");
    assert_string_equal(config.group, "root");
    assert_int_equal(config.queue, 7);
    assert_int_equal(config.in_flight, 9);
    assert_non_null(strstr(config.authorities, "/ca"));
    assert_int_equal(config.topic_count, 2);
    assert_string_equal(config.topics[0].topic, "com.example.app");
    assert_string_equal(config.topics[0].key_file, path);
    assert_string_equal(config.topics[0].key_id, "ABCDE12345");
    assert_string_equal(config.topics[0].team_id, "TEAM567890");
    assert_int_equal(config.topics[0].push_type, APNS_ALERT);
    assert_string_equal(config.topics[1].topic, "pass.com.example");
    assert_string_equal(config.topics[1].key_id, "1234567890");
    assert_int_equal(config.topics[1].push_type, APNS_BACKGROUND);
    assert_string_equal(config.apns_server, "https://localhost:8443");
    assert_string_equal(config.fcm_service_account, path);
    assert_string_equal(config.fcm_server, "https://fcm.example");
    assert_string_equal(config.webpush_key_file, path);
    assert_string_equal(config.webpush_subject, "mailto:a@example.com");
    assert_int_equal(config.webpush_host_count, 2);
    assert_string_equal(config.webpush_hosts[0], "push.example");
    assert_string_equal(config.webpush_hosts[1], "*.push.example");
    assert_true(config.webpush_allow_private);
    config_free(&config);
}

static void
what_is_not_said_has_a_default(void **state)
{
    struct push_config config = {0};

    (void)state;
    accept(FCM, &config);
    assert_string_equal(config.socket, CONFIG_SOCKET_DEFAULT);
    assert_null(config.group);
    assert_null(config.authorities);
    assert_int_equal(config.queue, CONFIG_QUEUE_DEFAULT);
    assert_int_equal(config.in_flight, CONFIG_IN_FLIGHT_DEFAULT);
    assert_string_equal(config.fcm_server, "https://fcm.googleapis.com");
    assert_string_equal(config.apns_server, "https://api.push.apple.com");
    assert_int_equal(config.topic_count, 0);
    assert_null(config.webpush_key_file);
    assert_false(config.webpush_allow_private);
    config_free(&config);
}

static void
blanks_and_carriage_returns_do_not_matter(void **state)
{
    struct push_config config = {0};

    (void)state;
    accept("  [webpush]\r\n\tkey_file\t=  key \r\n  subject = https://a\r\n"
           "   hosts = A.example, ,*.b.Example:8443,\r\n", &config);
    assert_int_equal(config.webpush_host_count, 2);
    assert_string_equal(config.webpush_hosts[0], "a.example");
    assert_string_equal(config.webpush_hosts[1], "*.b.example:8443");
    config_free(&config);
}

static void
long_sections_are_not_cut(void **state)
{
    struct push_config config = {0};
    static const char topic[] =
        "com.example.a-bundle-identifier-that-is-longer-than-most-of-them";

    (void)state;
    accept("[apns com.example.a-bundle-identifier-that-is-longer-than-most-of"
           "-them]\nkey_file = key\nkey_id = ABCDE12345\n"
           "team_id = TEAM567890\n", &config);
    assert_string_equal(config.topics[0].topic, topic);
    config_free(&config);
}

static void
each_mistake_names_its_line_and_what_was_expected(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *first, *second;
    } cases[] = {
        {"", 0, "no service", "[fcm]"},
        {"[push]\nqueue = 5\n", 0, "no service", "[webpush]"},
        {"queue = 5\n", 1, "queue", "section before it"},
        {"[mail]\nx = 1\n", 1, "expected a section", "[webpush]"},
        {"[mail]\n", 1, "expected a section", "[webpush]"},
        {"[apns]\n", 1, "expected a section", "[apns TOPIC]"},
        {"[push\n", 1, "expected [section]", "name = value"},
        {"[]\n", 1, "expected a section", "[push]"},
        {"\n\nnonsense\n", 3, "expected", "name = value"},
        {FCM "server : https://a\n", 3, "expected", "name = value"},
        {FCM "= x\n", 3, "[fcm]", "no such name"},
        {FCM "colour = red\n", 3, "[fcm] colour", "no such name"},
        {FCM "hosts = a\n", 3, "[fcm] hosts", "no such name"},
        {FCM FCM, 3, "[fcm]", "twice"},
        {FCM "[push]\n[push]\n", 4, "[push]", "twice"},
        {FCM "service_account = key\n", 3, "[fcm] service_account", "twice"},
        {FCM "server = \n", 3, "[fcm] server", "empty; expected https"},
        {FCM "server = http://a\n", 3, "[fcm] server", "expected https"},
        {FCM "server = https://a/b\n", 3, "[fcm] server", "expected https"},
        {FCM "server = https://a:0\n", 3, "[fcm] server", "expected https"},
        {FCM "server = https://a:65536\n", 3, "[fcm]", "expected https"},
        {FCM "server = https://u@a\n", 3, "[fcm]", "expected https"},
        {FCM "server = https://\n", 3, "[fcm]", "expected https"},
        {"[fcm]\n", 1, "[fcm] service_account", "missing"},
        {"[fcm]\n[push]\n", 1, "[fcm] service_account", "missing"},
        {"[fcm]\nservice_account = none\n", 2, "[fcm] service_account",
         "No such file"},
        {"[fcm]\nservice_account = .\n", 2, "service_account", "not a file"},
        {"[fcm]\nservice_account = open\n", 2, "[fcm] service_account",
         "mode 0600"},
        {"[push]\nqueue = 0\n", 2, "[push] queue", "from 1"},
        {"[push]\nqueue = -1\n", 2, "[push] queue", "from 1"},
        {"[push]\nqueue = 5x\n", 2, "[push] queue", "from 1"},
        {"[push]\nqueue = 10000001\n", 2, "[push] queue", "10000000"},
        {"[push]\nin_flight = 1001\n", 2, "[push] in_flight", "1000"},
        {"[push]\ngroup = no such group\n", 2, "[push] group", "a group"},
        {"[push]\nauthorities = none\n", 2, "[push] authorities",
         "No such file"},
        {"[push]\nauthorities = key\n", 2, "[push] authorities",
         "no certificate"},
        {"[push]\nsocket = /a/path/that/is/longer/than/the/hundred/and/seven/"
         "bytes/that/an/address/of/a/socket/has/room/for/on/this/system\n", 2,
         "[push] socket", "107"},
        {"[apns com example]\n", 1, "[apns …]", "bundle id"},
        {"[apns ]\n", 1, "[apns …]", "bundle id"},
        {"[apns a.b]\n", 1, "[apns a.b] key_file", "missing; expected the"},
        {"[apns a.b]\nkey_file = key\n", 1, "[apns a.b] key_id", "missing"},
        {APNS "[apns com.example.app]\n", 5, "[apns …]", "twice"},
        {APNS "push_type = loud\n", 5, "[apns com.example.app] push_type",
         "background or alert"},
        {APNS "server = https://a\n[apns b]\nserver = https://b\n", 7,
         "[apns b] server", "the same for all"},
        {"[apns a]\nkey_id = ABCDE1234\n", 2, "[apns a] key_id", "10 letters"},
        {"[apns a]\nkey_id = ABCDE1234!\n", 2, "key_id", "10 letters"},
        {"[apns a]\nteam_id = x\n", 2, "[apns a] team_id", "10 letters"},
        {"[apns a]\nkey_file = open\n", 2, "key_file", "mode 0600"},
        {"[webpush]\nkey_file = open\n", 2, "[webpush] key_file", "mode 0600"},
        {"[webpush]\nsubject = example\n", 2, "subject", "mailto:"},
        {"[webpush]\nsubject = mailto:example\n", 2, "subject", "mailto:"},
        {"[webpush]\nsubject = https://a\"b\n", 2, "subject", "https://"},
        {"[webpush]\nallow_private = 1\n", 2, "allow_private", "yes or no"},
        {"[webpush]\nhosts = *\n", 2, "[webpush] hosts", "*.push.example"},
        {"[webpush]\nhosts = *.com\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nhosts = a..b\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nhosts = a.*.b\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nhosts = a/b\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nhosts = a:0\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nhosts = *.b.c:\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nhosts = ,\n", 2, "hosts", "*.push.example"},
        {"[webpush]\nkey_file = key\nsubject = https://a\n", 1,
         "[webpush] hosts", "missing"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse(cases[i].text, cases[i].line, cases[i].first, cases[i].second);
}

/* Whether the group stands above the file's line or below. */
static void
a_key_that_the_workers_group_may_read_is_refused(void **state)
{
    const struct group *group = getgrgid(getegid());
    struct push_config config = {0};
    char text[256];

    (void)state;
    assert_non_null(group);
    snprintf(text, sizeof(text), "[push]\ngroup = %s\n[fcm]\n"
             "service_account = shared\n", group->gr_name);
    make_file("shared", "", 0640);
    refuse(text, 4, "service_account", "relay's workers");
    snprintf(text, sizeof(text), "[fcm]\nservice_account = shared\n"
             "[push]\ngroup = %s\n", group->gr_name);
    refuse(text, 2, "shared: the group", "mode 0600");
    make_file("shared", "", 0600);
    accept(text, &config);
    config_free(&config);
    make_file("shared", "", 0640);
    accept("[fcm]\nservice_account = shared\n", &config);
    config_free(&config);
}

static void
a_configuration_that_others_may_read_is_refused(void **state)
{
    static const mode_t modes[] = {0604, 0602, 0601, 0644};
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%sconf", directory);
    for (size_t i = 0; i < COUNT(modes); i++) {
        struct push_config config = {0};
        struct config_problem problem = {0};

        make_file("conf", FCM, modes[i]);
        assert_int_equal(config_read(path, &config, &problem), TG_E_FORMAT);
        assert_non_null(strstr((const char *)problem.text.ptr, path));
        config_free(&config);
        tg_buf_free(&problem.text);
    }
}

static void
what_is_too_much_is_refused(void **state)
{
    struct tg_buf text = TG_BUF_EMPTY;

    (void)state;
    for (unsigned i = 0; i <= CONFIG_TOPICS_MOST; i++)
        assert_int_equal(
            tg_buf_printf(&text, "[apns a%u]\nkey_file = key\n"
                          "key_id = ABCDE12345\nteam_id = TEAM567890\n", i),
            TG_OK);
    assert_int_equal(tg_buf_terminate(&text), TG_OK);
    refuse((const char *)text.ptr, 4 * CONFIG_TOPICS_MOST + 1, "[apns …]",
           "16 topics");
    tg_buf_clear(&text);
    assert_int_equal(tg_buf_text(&text, "[webpush]\nhosts ="), TG_OK);
    for (unsigned i = 0; i <= CONFIG_HOSTS_MOST; i++)
        assert_int_equal(tg_buf_printf(&text, " a%u", i), TG_OK);
    assert_int_equal(tg_buf_terminate(&text), TG_OK);
    refuse((const char *)text.ptr, 2, "hosts", "at most 32");
    tg_buf_clear(&text);
    assert_int_equal(tg_buf_text(&text, "[push]\nsocket = "), TG_OK);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(tg_buf_byte(&text, 'a'), TG_OK);
    assert_int_equal(tg_buf_terminate(&text), TG_OK);
    refuse((const char *)text.ptr, 2, "[push]", "too long");
    tg_buf_free(&text);
}

static void
no_value_is_ever_shown(void **state)
{
    struct push_config config = {0};
    struct config_problem problem = {0};

    (void)state;
    assert_int_equal(config_parse("[fcm]\nserver = sEcReT\n", "", &config,
                                  &problem), TG_E_FORMAT);
    assert_null(strstr((const char *)problem.text.ptr, "sEcReT"));
    tg_buf_free(&problem.text);
    config_free(&config);
}

static void
a_file_is_read_and_its_names_are_from_its_directory(void **state)
{
    struct push_config config = {0};
    struct config_problem problem = {0};
    char path[128];

    (void)state;
    make_file("conf", FCM, 0600);
    snprintf(path, sizeof(path), "%sconf", directory);
    assert_int_equal(config_read(path, &config, &problem), TG_OK);
    snprintf(path, sizeof(path), "%skey", directory);
    assert_string_equal(config.fcm_service_account, path);
    config_free(&config);
    tg_buf_free(&problem.text);
}

static void
a_file_that_is_not_there_is_said(void **state)
{
    struct push_config config = {0};
    struct config_problem problem = {0};

    (void)state;
    assert_int_equal(config_read("/nowhere/conf", &config, &problem), TG_E_IO);
    assert_int_equal(problem.line, 0);
    assert_non_null(strstr((const char *)problem.text.ptr, "No such file"));
    config_free(&config);
    tg_buf_free(&problem.text);
}

static void
without_memory_nothing_is_kept(void **state)
{
    enum tg_err err = TG_E_NOMEM;

    (void)state;
    for (long calls = 0; err == TG_E_NOMEM && calls < 100; calls++) {
        struct push_config config = {0};
        struct config_problem problem = {0};

        tg_alloc_fail_after(calls);
        err = config_parse(APNS FCM WEBPUSH, directory, &config, &problem);
        tg_alloc_fail_after(-1);
        config_free(&config);
        tg_buf_free(&problem.text);
    }
    assert_int_equal(err, TG_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_can_be_said_is_read),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(blanks_and_carriage_returns_do_not_matter),
        cmocka_unit_test(long_sections_are_not_cut),
        cmocka_unit_test(each_mistake_names_its_line_and_what_was_expected),
        cmocka_unit_test(a_key_that_the_workers_group_may_read_is_refused),
        cmocka_unit_test(a_configuration_that_others_may_read_is_refused),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(no_value_is_ever_shown),
        cmocka_unit_test(a_file_is_read_and_its_names_are_from_its_directory),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
        cmocka_unit_test(without_memory_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

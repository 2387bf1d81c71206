/* tigress: its command line, its messages, and text made harmless. */
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

#include "cli/files.h"
#include "cli/messages.h"
#include "cli/options.h"
#include "cli/qr.h"
#include "cli/text.h"

enum { ARGS_MAX = 40 };

/* ---- Text from outside ------------------------------------------------- */

/* What `print` writes, to be freed. */
static char *
printed(void (*print)(FILE *, struct tg_span), struct tg_span text)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);

    assert_non_null(to);
    print(to, text);
    assert_int_equal(fclose(to), 0);
    return out;
}

struct text_case {
    const char *in;
    const char *out;
};

static void
check_texts(void (*print)(FILE *, struct tg_span),
            const struct text_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *out = printed(print, text_of(cases[i].in));

        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

static void
a_hostile_title_cannot_steer_the_terminal(void **state)
{
    static const struct text_case cases[] = {
        {"", ""},
        {"Grüße, 鍵 🔑", "Grüße, 鍵 🔑"},
        {"\033[2J\033]0;x\007", "\\u{1B}[2J\\u{1B}]0;x\\u{07}"},
        {"a\r\nb\tc\177", "a\\u{0D}\\u{0A}b\\u{09}c\\u{7F}"},
        {"\xC2\x9B" "31m", "\\u{9B}31m"},         /* C1: CSI */
        {"x\xE2\x80\xAEy", "x\\u{202E}y"},        /* right-to-left override */
        {"x\xE2\x80\xA8y", "x\\u{2028}y"},        /* line separator */
        {"x\xF3\xA0\x81\x81", "x\\u{E0041}"},     /* invisible tag letter */
        {"\\u{1B}", "\\\\u{1B}"},                 /* cannot be imitated */
        {"\xFFz\xC0\x80", "\\x{FF}z\\x{C0}\\x{80}"},
        {"\xED\xA0\x80", "\\x{ED}\\x{A0}\\x{80}"}, /* surrogate */
        {"\xF4\x90\x80\x80", "\\x{F4}\\x{90}\\x{80}\\x{80}"},
        {"\xE2\x82", "\\x{E2}\\x{82}"},           /* cut off */
    };

    (void)state;
    check_texts(text_print, cases, sizeof cases / sizeof cases[0]);
}

static void
text_in_json_is_quoted_and_escaped(void **state)
{
    static const struct text_case cases[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\033\n", "\"\\u001b\\u000a\""},
        {"\xE2\x80\xAE", "\"\\u202e\""},
        {"\xF3\xA0\x81\x81", "\"\\udb40\\udc41\""},
        {"\xFF", "\"\\ufffd\""},
        {"é🔑", "\"é🔑\""},
    };

    (void)state;
    check_texts(text_print_json, cases, sizeof cases / sizeof cases[0]);
}

static void
json_is_put_on_one_line_and_keeps_its_strings(void **state)
{
    static const struct text_case cases[] = {
        {"{ \"a\" :\n\t[ 1,\r\n 2 ] }", "{\"a\":[1,2]}"},
        {"{\"a b\": \"c  d\"}", "{\"a b\":\"c  d\"}"},
        {"[\"\\\" x \\\\\", 1]", "[\"\\\" x \\\\\",1]"},
        {"[\"\xC2\x9B\", \"\xE2\x80\xAE \"]", "[\"\\u009b\",\"\\u202e \"]"},
    };

    (void)state;
    check_texts(text_print_compact, cases, sizeof cases / sizeof cases[0]);
}

/* ---- The command line -------------------------------------------------- */

/* Split `line` at blanks into argv[1..); "''" stands for an empty word. */
static int
split(char *line, char *argv[ARGS_MAX])
{
    char *rest = NULL;
    int argc = 0;

    argv[argc++] = line;
    for (char *word = strtok_r(line, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    return argc;
}

static bool
parse(char *line, struct options *out, struct options_error *why)
{
    char *argv[ARGS_MAX];
    int argc = split(line, argv);

    return options_parse(argc, argv, out, why);
}

static void
options_and_operands_are_read_in_any_order(void **state)
{
    char line[] = "--wallet w.db share --relay=h:1 a.json --lifetime 60 -jv "
                  "--allow x --allow=y:2 --qr -- --odd";
    char fixed[] = "--wallet w.db share --relay=h:1 a.json --lifetime 60 -j "
                   "-v --allow x --allow=y:2 --qr -- --odd";
    struct options o;
    struct options_error why;

    (void)state;
    assert_false(parse(line, &o, &why)); /* letters are not bundled */
    assert_string_equal(why.argument, "-jv");
    assert_true(parse(fixed, &o, &why));
    assert_int_equal(o.operand_count, 3);
    assert_string_equal(o.operands[0], "share");
    assert_string_equal(o.operands[1], "a.json");
    assert_string_equal(o.operands[2], "--odd");
    assert_string_equal(o.wallet, "w.db");
    assert_string_equal(o.relay, "h:1");
    assert_int_equal(o.lifetime, 60);
    assert_int_equal(o.allow_count, 2);
    assert_string_equal(o.allow[1], "y:2");
    assert_true(o.json && o.verbose && o.qr);
    assert_false(o.quiet || o.help);
}

static void
a_command_line_with_a_mistake_is_refused_and_the_place_named(void **state)
{
    static const struct {
        const char *line;
        const char *argument;
    } cases[] = {
        {"share --nonsense", "--nonsense"},
        {"share --rel h", "--rel"}, /* no abbreviations: they would change */
        {"share -x", "-x"},
        {"share --relay", "--relay"},
        {"share --relay ''", "--relay"},
        {"share --relay=", "--relay"},
        {"share --qr=yes", "--qr"},
        {"share --vertical boat", "--vertical"},
        {"share --vertical ca", "--vertical"},
        {"share --vertical general|home", "--vertical"},
        {"share --lifetime ten", "--lifetime"},
        {"share --lifetime 10s", "--lifetime"},
        {"share --lifetime 0", "--lifetime"},
        {"share --lifetime -5", "--lifetime"},
        {"share --lifetime 99999999999999999999", "--lifetime"},
        {"watch --timeout 86401", "--timeout"},
        {"update 1 a b", "b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *line = strdup(cases[i].line);
        struct options o;
        struct options_error why = {NULL, NULL, NULL};
        char named[80];

        assert_false(parse(line, &o, &why));
        snprintf(named, sizeof named, "%s%s", why.dashes, why.argument);
        assert_string_equal(named, cases[i].argument);
        assert_non_null(why.reason);
        free(line);
    }
}

static void
the_33rd_allowed_relay_on_a_command_line_is_refused(void **state)
{
    char *argv[2 * OPTIONS_ALLOW_MAX + 3];
    char allow[] = "--allow";
    char host[] = "h";
    int argc = 1;
    struct options o;
    struct options_error why;

    (void)state;
    argv[0] = host;
    for (int i = 0; i < OPTIONS_ALLOW_MAX; i++) {
        argv[argc++] = allow;
        argv[argc++] = host;
    }
    assert_true(options_parse(argc, argv, &o, &why));
    assert_int_equal(o.allow_count, OPTIONS_ALLOW_MAX);
    argv[argc++] = allow;
    argv[argc++] = host;
    assert_false(options_parse(argc, argv, &o, &why));
}

static void
an_option_of_another_command_is_refused(void **state)
{
    char line[] = "list --json --relay h";
    struct options o;
    struct options_error why;

    (void)state;
    assert_true(parse(line, &o, &why));
    assert_true(options_check(&o, OPTIONS_SHARE, &why));
    assert_false(options_check(&o, OPTIONS_LIST, &why));
    assert_string_equal(why.argument, "relay");
    assert_string_equal(why.dashes, "--");
}

/* R-URL-1 */
static void
a_share_url_on_the_command_line_is_found_and_overwritten(void **state)
{
    static const char url[] = "https://r.example/v1/m/2bba630e-519b-41ec-bf63-"
                              "0242ac130002?v=c#AAECAwQFBgcICQoLDA0ODw==";
    char program[] = "tigress";
    char command[] = "receive";
    char attached[sizeof url + 11];
    char relay[] = "https://r.example";
    char bare[] = "https://r.example/v1/m/2bba630e-519b-41ec-bf63-0242ac130002";
    char *clean[] = {program, command, relay};
    char *with[] = {program, command, attached};
    char *without[] = {program, bare};

    (void)state;
    snprintf(attached, sizeof attached, "--url-file=%s", url);
    assert_false(options_wipe_share_urls(3, clean));
    assert_string_equal(relay, "https://r.example");
    assert_true(options_wipe_share_urls(3, with));
    for (size_t i = 0; i < sizeof attached; i++)
        assert_int_equal(attached[i], 0);
    assert_string_equal(command, "receive");
    assert_true(options_wipe_share_urls(2, without));
    assert_string_equal(bare, "");
}

/* ---- Messages ---------------------------------------------------------- */

static void
every_error_has_a_sentence_a_word_and_an_exit_status(void **state)
{
    (void)state;
    for (int err = TG_OK + 1; err < TG_E_LAST; err++) {
        const struct messages_entry *m;

        if (strcmp(tg_err_name((enum tg_err)err), "TG_E_?") == 0)
            continue; /* a number that is not in use */
        if (err == TG_E_EXISTS)
            m = messages_of(ABOUT_OUTPUT, TG_E_EXISTS);
        else
            m = messages_of(ABOUT_SHARE, (enum tg_err)err);
        assert_int_equal(m->err, err);
        assert_true(m->status > STATUS_DONE && m->status <= STATUS_SEALED);
        assert_true(strlen(m->word) > 0);
        assert_int_equal(m->sentence[strlen(m->sentence) - 1], '.');
    }
}

static void
what_an_error_is_about_chooses_its_message(void **state)
{
    (void)state;
    assert_int_equal(messages_of(ABOUT_SHARE, TG_E_FORMAT)->status,
                     STATUS_NOT_GENUINE);
    assert_int_equal(messages_of(ABOUT_LINK, TG_E_FORMAT)->status,
                     STATUS_USAGE);
    assert_int_equal(messages_of(ABOUT_LINK, TG_E_GONE)->status, STATUS_GONE);
    assert_int_equal(messages_of(ABOUT_SHARE, TG_E_LAST)->status,
                     STATUS_FAILED);
}

/* ---- Files ------------------------------------------------------------- */

/* A directory for one test, removed by rm_scratch(). */
struct scratch {
    char directory[40];
    char file[64];
};

static struct scratch
mk_scratch(void)
{
    struct scratch s = {"/tmp/tigress-test-XXXXXX", ""};

    assert_non_null(mkdtemp(s.directory));
    snprintf(s.file, sizeof s.file, "%s/file", s.directory);
    return s;
}

static void
rm_scratch(const struct scratch *s)
{
    unlink(s->file);
    assert_int_equal(rmdir(s->directory), 0);
}

static void
put(const struct scratch *s, const char *bytes, size_t len)
{
    int fd = -1;

    unlink(s->file);
    assert_int_equal(files_create(s->file, &fd), TG_OK);
    assert_int_equal(
        files_finish(s->file, fd,
                     (struct tg_span){(const uint8_t *)bytes, len}), TG_OK);
}

static void
a_file_is_written_new_and_private_or_not_at_all(void **state)
{
    struct scratch s = mk_scratch();
    struct stat st;
    int fd = -1;

    (void)state;
    put(&s, "abc", 3);
    assert_int_equal(stat(s.file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(files_create(s.file, &fd), TG_E_EXISTS);
    assert_int_equal(fd, -1);
    unlink(s.file);
    assert_int_equal(symlink("elsewhere", s.file), 0);
    assert_int_equal(files_create(s.file, &fd), TG_E_EXISTS);
    unlink(s.file);
    assert_int_equal(files_create(s.file, &fd), TG_OK);
    files_discard(s.file, fd);
    assert_int_equal(stat(s.file, &st), -1);
    rm_scratch(&s);
}

static void
a_line_is_read_without_what_surrounds_it(void **state)
{
    struct scratch s = mk_scratch();
    struct files_text text = FILES_TEXT_EMPTY;

    (void)state;
    put(&s, "  \tline\t \r\nmore", 15);
    assert_int_equal(files_read_line(s.file, 100, &text), TG_OK);
    assert_int_equal(text.len, 4);
    assert_string_equal(text.ptr, "line");
    files_text_free(&text);
    assert_null(text.ptr);

    put(&s, " \nline", 6);
    assert_int_equal(files_read_line(s.file, 100, &text), TG_E_FORMAT);
    put(&s, "a\0b", 3);
    assert_int_equal(files_read_line(s.file, 100, &text), TG_E_FORMAT);
    assert_null(text.ptr);
    rm_scratch(&s);
}

static void
a_file_of_the_largest_size_is_read_and_a_larger_one_refused(void **state)
{
    struct scratch s = mk_scratch();
    struct files_text text = FILES_TEXT_EMPTY;

    (void)state;
    put(&s, "abc", 3);
    assert_int_equal(files_read(s.file, 2, &text), TG_E_LIMIT);
    assert_null(text.ptr);
    assert_int_equal(files_read(s.file, 3, &text), TG_OK);
    assert_string_equal(text.ptr, "abc");
    files_text_free(&text);
    assert_int_equal(files_read(s.directory, 3, &text), TG_E_IO);
    unlink(s.file);
    assert_int_equal(files_read(s.file, 3, &text), TG_E_IO);
    rm_scratch(&s);
}

/* ---- QR code ----------------------------------------------------------- */

static void
the_longest_share_url_fits_a_terminal_of_80_columns(void **state)
{
    char url[240];
    char *drawn = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&drawn, &len);
    size_t columns = 0;

    (void)state;
    memset(url, 'x', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    assert_int_equal(qr_draw(to, url, false), TG_OK);
    assert_int_equal(fclose(to), 0);
    for (const char *c = drawn; *c != '\n'; c++)
        columns += ((unsigned char)*c & 0xC0) != 0x80;
    assert_true(columns <= 80);
    assert_true(columns >= 21 + 8);
    free(drawn);
}

static void
text_that_fits_no_qr_code_draws_nothing(void **state)
{
    static char text[4000];
    char *drawn = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&drawn, &len);

    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(qr_draw(to, text, true), TG_E_LIMIT);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(len, 0);
    free(drawn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hostile_title_cannot_steer_the_terminal),
        cmocka_unit_test(text_in_json_is_quoted_and_escaped),
        cmocka_unit_test(json_is_put_on_one_line_and_keeps_its_strings),
        cmocka_unit_test(options_and_operands_are_read_in_any_order),
        cmocka_unit_test(
            a_command_line_with_a_mistake_is_refused_and_the_place_named),
        cmocka_unit_test(the_33rd_allowed_relay_on_a_command_line_is_refused),
        cmocka_unit_test(an_option_of_another_command_is_refused),
        cmocka_unit_test(
            a_share_url_on_the_command_line_is_found_and_overwritten),
        cmocka_unit_test(every_error_has_a_sentence_a_word_and_an_exit_status),
        cmocka_unit_test(what_an_error_is_about_chooses_its_message),
        cmocka_unit_test(a_file_is_written_new_and_private_or_not_at_all),
        cmocka_unit_test(a_line_is_read_without_what_surrounds_it),
        cmocka_unit_test(
            a_file_of_the_largest_size_is_read_and_a_larger_one_refused),
        cmocka_unit_test(the_longest_share_url_fits_a_terminal_of_80_columns),
        cmocka_unit_test(text_that_fits_no_qr_code_draws_nothing),
    };

    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}

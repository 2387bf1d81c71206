/* See args.h. */
#include "args.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { DIGITS_MAX = 18 };

/* Keys, PINs and tokens are in the memory of all these programs: no crash
 * leaves them in a file, and nobody but root looks into a running one. */
static void
forbid_core_files(void)
{
    static const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void
print_options(FILE *out, const struct args_command *command)
{
    for (const struct args_option *o = command->options; o->name != NULL; o++) {
        char left[40];

        snprintf(left, sizeof(left), "--%s%s%s", o->name,
                 o->hint == NULL ? "" : " ", o->hint == NULL ? "" : o->hint);
        fprintf(out, "      %-24s %s%s\n", left, o->help,
                o->required ? " (required)" : "");
    }
}

static void
print_help(FILE *out, const struct args_program *program)
{
    fprintf(out,
            "%s: %s\n\n"
            "usage: %s COMMAND --state DIR [--json] [--verbose] [OPTION]…\n\n",
            program->name, program->help, program->name);
    for (const struct args_command *c = program->commands; c->name != NULL;
         c++) {
        fprintf(out, "  %-10s %s\n", c->name, c->help);
        print_options(out, c);
    }
    fprintf(out, "\nexit status: 0 done, 1 failed, 2 usage, 3 a check refused, "
                 "4 nothing new yet,\n  5 taken by another device, 6 over, "
                 "7 cannot be reached,\n  8 wants the PIN, 9 wants the "
                 "passphrase\n");
}

static const struct args_command *
find_command(const struct args_program *program, const char *name)
{
    for (const struct args_command *c = program->commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int
find_option(const struct args_command *command, const char *name)
{
    for (int i = 0; command->options[i].name != NULL; i++)
        if (strcmp(command->options[i].name, name) == 0)
            return i;
    return -1;
}

/* One argument; *i moves past a value. NULL, or what is wrong with it. */
static const char *
take(char **argv, int argc, int *i, struct args *args, struct report *report)
{
    const char *word = argv[*i];
    const char *next = *i + 1 < argc ? argv[*i + 1] : NULL;
    int which;

    if (strncmp(word, "--", 2) != 0)
        return "is not an option";
    word += 2;
    if (strcmp(word, "json") == 0) {
        report->as_json = true;
        return NULL;
    }
    if (strcmp(word, "verbose") == 0) {
        report->verbose = true;
        return NULL;
    }
    which = find_option(args->command, word);
    if (which < 0 && strcmp(word, "state") != 0)
        return "is not an option of this command";
    if (which >= 0 && args->command->options[which].hint == NULL) {
        args->values[which] = "";
        return NULL;
    }
    if (next == NULL)
        return "needs a value";
    (*i)++;
    if (which < 0)
        args->state = next;
    else
        args->values[which] = next;
    return NULL;
}

/* NULL, or the name of the first option that is missing. */
static const char *
missing(const struct args *args)
{
    if (args->state == NULL)
        return "state";
    for (int i = 0; args->command->options[i].name != NULL; i++)
        if (args->command->options[i].required && args->values[i] == NULL)
            return args->command->options[i].name;
    return NULL;
}

static int
read_and_run(int argc, char **argv, struct args *args, struct report *report)
{
    const char *lacking;

    for (int i = 2; i < argc; i++) {
        int at = i;
        const char *wrong = take(argv, argc, &i, args, report);

        if (wrong != NULL)
            return report_end(report, REPORT_USAGE,
                              "%s %s; %s --help lists what there is.",
                              argv[at], wrong, report->program);
    }
    if ((lacking = missing(args)) != NULL)
        return report_end(report, REPORT_USAGE,
                          "--%s is missing; %s --help tells what it is.",
                          lacking, report->program);
    return args->command->run(args, report);
}

int
args_main(int argc, char **argv, const struct args_program *program)
{
    struct report report = {.program = program->name};
    struct args args = {0};
    int status;

    forbid_core_files();
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        print_help(stdout, program);
        return REPORT_DONE;
    }
    if (argc < 2 || (args.command = find_command(program, argv[1])) == NULL) {
        print_help(stderr, program);
        return REPORT_USAGE;
    }
    report.members = members_new();
    status = read_and_run(argc, argv, &args, &report);
    members_free(report.members);
    return status;
}

const char *
args_get(const struct args *args, const char *name)
{
    int which = find_option(args->command, name);

    assert(which >= 0);
    return args->values[which];
}

bool
args_number(const struct args *args, const char *name, int64_t *out)
{
    const char *text = args_get(args, name);
    size_t len = text == NULL ? 0 : strlen(text);

    if (text == NULL)
        return true;
    if (len == 0 || len > DIGITS_MAX || text[0] == '0' ||
        strspn(text, "0123456789") != len)
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

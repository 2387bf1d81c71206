/* tigress: the device on the command line.
 *
 * This file reads the command line and hands over to one cmd_*.c. Everything
 * below uses the public API of libtigress only; attest.c has an authenticator
 * for development beside it.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "commands.h"
#include "passphrase.h"

#ifndef TIGRESS_VERSION
#error "the build defines TIGRESS_VERSION"
#endif

/* A crash must not leave share secrets in a file. */
static void
forbid_core_files(void)
{
    static const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int
print_version(void)
{
    puts("tigress " TIGRESS_VERSION);
    return STATUS_DONE;
}

static int
print_help(const struct command *command)
{
    if (command != NULL)
        commands_print_help(stdout, command);
    else
        commands_print_overview(stdout);
    return STATUS_DONE;
}

static int
run(struct session *s, const struct command *command)
{
    size_t count = s->options->operand_count - 1;
    struct options_error why;
    int status;

    if (!options_check(s->options, command->scope, &why))
        return output_usage(&s->out, "\"%s%s\" %s: see \"tigress %s --help\".",
                            why.dashes, why.argument, why.reason,
                            command->name);
    if (count < command->min || count > command->max)
        return output_usage(&s->out, "\"tigress %s\" takes %s: see \"tigress "
                                     "%s --help\".", command->name,
                            *command->operands == '\0' ? "no operand"
                                                       : command->operands,
                            command->name);
    status = passphrase_check(s, command->scope);
    if (status == STATUS_DONE)
        status = command->run(s);
    session_close(s);
    return status;
}

static int
dispatch(struct session *s)
{
    const struct options *o = s->options;
    const struct command *command = NULL;

    if (o->operand_count > 0) {
        command = commands_find(o->operands[0]);
        if (command == NULL)
            return output_usage(&s->out, "\"%s\" is not a command: see "
                                         "\"tigress --help\".",
                                o->operands[0]);
    }
    if (o->version)
        return print_version();
    if (o->help)
        return print_help(command);
    if (command == NULL)
        return output_usage(&s->out, "Say what to do: see \"tigress "
                                     "--help\".");
    return run(s, command);
}

static int
refuse_url(const struct output *out)
{
    return output_usage(out,
        "A link on the command line can be read by every user of this "
        "machine, so it is not taken. Give it to \"tigress receive\" on "
        "standard input or with --url-file. Cancel the share if others use "
        "this machine.");
}

int
main(int argc, char **argv)
{
    struct options options;
    struct session s = {&options, {false, false, false}, NULL, NULL, NULL,
                        NULL};
    struct options_error why;
    bool has_url;
    bool is_clear;
    int status;

    forbid_core_files();
    has_url = options_wipe_share_urls(argc, argv);
    is_clear = options_parse(argc, argv, &options, &why);
    s.out = (struct output){options.json, options.quiet, options.verbose};
    if (has_url)
        status = refuse_url(&s.out);
    else if (!is_clear)
        status = output_usage(&s.out, "\"%s%s\" %s: see \"tigress --help\".",
                              why.dashes, why.argument, why.reason);
    else
        status = dispatch(&s);
    if (fflush(stdout) != 0 && status == STATUS_DONE)
        status = output_fail(&s.out, ABOUT_OUTPUT, TG_E_IO, NULL);
    return status;
}

/* Command lines: `program command [--option [value]]…`, told by tables. */
#ifndef COMMON_ARGS_H
#define COMMON_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "report.h"

enum { ARGS_OPTIONS_MAX = 12 };

struct args;

struct args_option {
    const char *name;  /* without the dashes; NULL ends a table */
    const char *hint;  /* of the value, such as "FILE"; NULL: no value */
    const char *help;
    bool required;
};

struct args_command {
    const char *name; /* NULL ends a table */
    const char *help;
    int (*run)(const struct args *args, struct report *report);
    struct args_option options[ARGS_OPTIONS_MAX];
};

struct args_program {
    const char *name;
    const char *help;
    const struct args_command *commands;
};

struct args {
    const struct args_command *command;
    const char *state; /* --state, which every command needs */
    const char *values[ARGS_OPTIONS_MAX];
};

/* Read the command line and run what it asks for; `--help` explains. Every
 * command has --state DIR, --json and --verbose. The process leaves no core
 * file from here on. Returns the exit status. */
int args_main(int argc, char **argv, const struct args_program *program);

/* The value of an option of this command, borrowed; "" for an option without
 * value that is there; NULL when it was not given. */
const char *args_get(const struct args *args, const char *name);

/* A number from 1 on. True, *out untouched, when it was not given. */
bool args_number(const struct args *args, const char *name, int64_t *out);

#endif

/* The command line: one table of options for parsing, help and manual page. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { OPTIONS_ALLOW_MAX = 32, OPTIONS_OPERANDS_MAX = 3 };

/* What the command line said. Texts are borrowed from argv. NULL, 0 and false
 * mean that the option was not given, unless it says a default. */
struct options {
    /* of every command */
    const char *wallet;
    const char *passphrase_file;
    const char *ca;
    const char *allow[OPTIONS_ALLOW_MAX];
    size_t allow_count;
    const char *allow_file;
    bool json;
    bool quiet;
    bool verbose;
    bool help;
    bool version;

    /* of some */
    const char *relay;
    const char *title;
    const char *description;
    const char *image;
    const char *expires;
    long lifetime;
    const char *rights;
    const char *vertical;
    const char *algorithm;
    const char *attest;
    const char *attest_format;
    bool qr;
    const char *color;
    const char *url_file;
    const char *out;
    bool finish;
    long timeout;
    const char *new_passphrase_file;
    bool remove;

    const char *operands[OPTIONS_OPERANDS_MAX];
    size_t operand_count;

    unsigned given; /* for options_check(): a bit for each line of the table */
};

/* Which commands take an option. */
enum options_scope {
    OPTIONS_SHARE = 1 << 0,
    OPTIONS_RECEIVE = 1 << 1,
    OPTIONS_LIST = 1 << 2,
    OPTIONS_SHOW = 1 << 3,
    OPTIONS_UPDATE = 1 << 4,
    OPTIONS_CANCEL = 1 << 5,
    OPTIONS_RELINQUISH = 1 << 6,
    OPTIONS_WATCH = 1 << 7,
    OPTIONS_QR = 1 << 8,
    OPTIONS_RESUME = 1 << 9,
    OPTIONS_FINISH = 1 << 10,
    OPTIONS_FORGET = 1 << 11,
    OPTIONS_PASSPHRASE = 1 << 12,
    OPTIONS_RELAY_INFO = 1 << 13,
    OPTIONS_AUTHENTICATOR = 1 << 14,
    OPTIONS_ALL = (1 << 15) - 1
};

/* Why a command line was not understood. */
struct options_error {
    const char *reason;
    const char *argument; /* a word of it, or the name of an option */
    const char *dashes;   /* what belongs before it: "--" or nothing */
};

/* Read argv[1..argc): options anywhere, operands in their order, the first of
 * them the name of the command. "--" ends the options. False: *why says which
 * argument and why, and *out holds what was read before it. */
bool options_parse(int argc, char *const *argv, struct options *out,
                   struct options_error *why);

/* Whether every option that was given belongs to the command of `scope`. */
bool options_check(const struct options *options, enum options_scope scope,
                   struct options_error *why);

/* Print the options of `scope` as two columns below a heading: those of it
 * alone, or, with `common`, those that every command has. Nothing, when there
 * are none. */
void options_print_help(FILE *to, enum options_scope scope, bool common,
                        const char *heading);

/* True when one of argv[1..argc) looks like a share URL, with its secret or
 * without: the mailbox is a capability, too. Its bytes are overwritten at
 * once, since any user may read the command line of any process in /proc.
 * Source: R-URL-1. */
bool options_wipe_share_urls(int argc, char **argv);

#endif

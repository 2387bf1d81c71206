/* See commands.h. A new command is a file cmd_*.c and a line in the table. */
#include "commands.h"

#include <string.h>

static const struct command table[] = {
    {"share", "FILE", 1, 1, OPTIONS_SHARE,
     "Share the information in FILE, and print its link.",
     cmd_share},
    {"receive", "", 0, 0, OPTIONS_RECEIVE,
     "Receive a share, whose link comes from standard input.", cmd_receive},
    {"list", "", 0, 0, OPTIONS_LIST, "List the shares in the wallet.",
     cmd_list},
    {"show", "SHARE", 1, 1, OPTIONS_SHOW,
     "Show a share and what the other side last sent.", cmd_show},
    {"update", "SHARE FILE", 2, 2, OPTIONS_UPDATE,
     "Send the information in FILE to the other side.",
     cmd_update},
    {"watch", "[SHARE]", 0, 1, OPTIONS_WATCH,
     "Wait for the other side, of one share or of any.", cmd_watch},
    {"qr", "SHARE", 1, 1, OPTIONS_QR,
     "Print the link of a share again, with its QR code.", cmd_qr},
    {"resume", "[SHARE]", 0, 1, OPTIONS_RESUME,
     "Complete what was interrupted.", cmd_resume},
    {"finish", "SHARE", 1, 1, OPTIONS_FINISH,
     "End a share because all is done.", cmd_finish},
    {"cancel", "SHARE", 1, 1, OPTIONS_CANCEL, "Call a share off.",
     cmd_cancel},
    {"relinquish", "SHARE", 1, 1, OPTIONS_RELINQUISH,
     "Give a received share back, for another device.", cmd_relinquish},
    {"forget", "SHARE", 1, 1, OPTIONS_FORGET,
     "Remove a share that has ended from the wallet.", cmd_forget},
    {"passphrase", "", 0, 0, OPTIONS_PASSPHRASE,
     "Set, change or remove the wallet's passphrase.", cmd_passphrase},
    {"relay-info", "RELAY", 1, 1, OPTIONS_RELAY_INFO,
     "Show what a relay says of itself.", cmd_relay_info},
    {"authenticator", "DIR", 1, 1, OPTIONS_AUTHENTICATOR,
     "Make an authenticator for development in DIR.", cmd_authenticator},
};

enum { TABLE_LEN = sizeof table / sizeof table[0] };

static const char every[] = "\nOptions of every command:\n";

const struct command *
commands_find(const char *name)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

void
commands_print_help(FILE *to, const struct command *command)
{
    fprintf(to, "usage: tigress %s [OPTION]...%s%s\n\n%s\n", command->name,
            *command->operands == '\0' ? "" : " ", command->operands,
            command->summary);
    options_print_help(to, command->scope, false, "\nOptions:\n");
    options_print_help(to, command->scope, true, every);
}

void
commands_print_overview(FILE *to)
{
    fputs("usage: tigress COMMAND [OPTION]... [OPERAND]...\n\n"
          "Share a digital credential with one other device.\n\n"
          "Commands:\n", to);
    for (size_t i = 0; i < TABLE_LEN; i++) {
        char usage[40];

        snprintf(usage, sizeof usage, "%s %s", table[i].name,
                 table[i].operands);
        fprintf(to, "  %-18s %s\n", usage, table[i].summary);
    }
    options_print_help(to, OPTIONS_ALL, true, every);
    fputs("\n\"tigress COMMAND --help\" tells the rest, tigress(1) all.\n",
          to);
}

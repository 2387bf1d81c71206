/* The commands: one table for dispatch, help and manual page. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdio.h>

#include "session.h"

struct command {
    const char *name;
    const char *operands; /* as the help shows them */
    size_t min;           /* how many of them */
    size_t max;
    enum options_scope scope;
    const char *summary;

    /* Gives the exit status. The session's options and output are set; the
     * command opens the rest when the command line is found to be right. */
    int (*run)(struct session *s);
};

/* NULL when there is no such command. */
const struct command *commands_find(const char *name);

void commands_print_help(FILE *to, const struct command *command);
void commands_print_overview(FILE *to);

int cmd_share(struct session *s);
int cmd_receive(struct session *s);
int cmd_list(struct session *s);
int cmd_show(struct session *s);
int cmd_update(struct session *s);
int cmd_watch(struct session *s);
int cmd_qr(struct session *s);
int cmd_resume(struct session *s);
int cmd_finish(struct session *s);
int cmd_cancel(struct session *s);
int cmd_relinquish(struct session *s);
int cmd_forget(struct session *s);
int cmd_passphrase(struct session *s);
int cmd_relay_info(struct session *s);
int cmd_authenticator(struct session *s);

#endif

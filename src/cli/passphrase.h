/* The wallet's passphrase: from a file, or from the person at the terminal.
 *
 * Functions that return `int` give an exit status, as in session.h.
 */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "files.h"
#include "session.h"

/* STATUS_USAGE when the command line wants a passphrase and something else
 * from standard input. */
int passphrase_check(struct session *s, enum options_scope command);

/* Give a sealed wallet its passphrase. At a terminal it may be wrong twice. */
int passphrase_unlock(struct session *s);

/* A new one: typed twice at a terminal, or from --new-passphrase-file. */
int passphrase_choose(struct session *s, struct files_text *out);

#endif

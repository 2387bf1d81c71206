/* Asking for a secret at the terminal that the program was started from,
 * wherever its input and output go. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "files.h"

/* Print `question` and read one line, of at most `max` bytes, which is not
 * shown. The terminal is as before afterwards, also when a signal ends the
 * program.
 *
 * Errors: TG_E_NOT_FOUND (there is no terminal), TG_E_IO, TG_E_LIMIT,
 * TG_E_NOMEM. Not thread-safe: signals are a process's.
 */
TG_MUST_USE enum tg_err terminal_ask(const char *question, size_t max,
                                     struct files_text *out);

#endif

/* Secrets that a person gives: from a file, or at the terminal, without echo.
 * Never from the command line. */
#ifndef COMMON_PROMPT_H
#define COMMON_PROMPT_H

#include <tigress/error.h>

#include "text.h"

/* The first line of `file` ("-": standard input), or with NULL what is typed at
 * the terminal after `question`.
 *
 * TG_E_NOT_FOUND when there is neither file nor terminal; TG_E_IO; TG_E_LIMIT
 * beyond 1024 bytes; TG_E_NOMEM. *out is wiped and released with text_free().
 */
TG_MUST_USE enum tg_err prompt_secret(const char *file, const char *question,
                                      struct text *out);

/* The same for a whole invitation: `file`, or with NULL standard input, or
 * what is pasted at a terminal when that is one. TG_E_NOT_FOUND, TG_E_IO,
 * TG_E_LIMIT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err prompt_link(const char *file, struct text *out);

/* Twice, for a new one: TG_E_AUTH when they differ. A file is read once. */
TG_MUST_USE enum tg_err prompt_new_secret(const char *file,
                                          const char *question,
                                          struct text *out);

#endif

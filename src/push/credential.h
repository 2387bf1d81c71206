/* Files that hold what a service knows us by. */
#ifndef PUSH_CREDENTIAL_H
#define PUSH_CREDENTIAL_H

#include "crypto/signing_key.h"
#include "push/config.h"

enum { CREDENTIAL_FILE_MOST = 64 * 1024 };

/* Read the whole file `path` into the empty *out, which its owner wipes.
 * `section` is where the configuration names it, for *problem, which is set
 * on any error: TG_E_IO, TG_E_LIMIT (too long), TG_E_NOMEM. */
TG_MUST_USE enum tg_err credential_read(const char *path, const char *section,
                                        struct tg_buf *out,
                                        struct config_problem *problem);

/* Read a private key of this kind from PEM. As above, and TG_E_FORMAT,
 * TG_E_CRYPTO. */
TG_MUST_USE enum tg_err credential_parse_key(struct tg_span pem,
                                             enum signing_key_kind kind,
                                             const char *path,
                                             const char *section,
                                             struct signing_key **out,
                                             struct config_problem *problem);

/* Both in one. */
TG_MUST_USE enum tg_err credential_read_key(const char *path,
                                            enum signing_key_kind kind,
                                            const char *section,
                                            struct signing_key **out,
                                            struct config_problem *problem);

/* Say what is wrong: "[section] " and printf-formatted text. When there is no
 * memory for it, it is not said. */
void credential_problem(struct config_problem *problem, const char *section,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

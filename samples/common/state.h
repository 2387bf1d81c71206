/* A program's state directory: small files, each replaced as a whole.
 *
 * A file is either its old or its new content, also after a power cut: written
 * beside, synced, renamed, and the directory synced. A program that changes
 * anything holds the lock of its directory for as long as it runs, so the same
 * command started twice runs one after the other.
 */
#ifndef COMMON_STATE_H
#define COMMON_STATE_H

#include <stdbool.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#include "text.h"

enum {
    STATE_FILE_MAX = 256 * 1024, /* more than that is not one of our files */
    STATE_PATH_MAX = 4096
};

struct state {
    char path[STATE_PATH_MAX];
    int lock; /* descriptor that holds the lock */
};

/* Open `path`, made (0700) if need be when `create`, and wait for its lock.
 * TG_E_NOT_FOUND without `create`; TG_E_LIMIT for a path that is too long;
 * TG_E_IO. Released with state_close(). */
TG_MUST_USE enum tg_err state_open(const char *path, bool create,
                                   struct state *out);

/* The same for a reader beside a running writer: no lock is taken. */
TG_MUST_USE enum tg_err state_peek(const char *path, struct state *out);

void state_close(struct state *state);

/* The path of the file `name`. TG_E_LIMIT. */
TG_MUST_USE enum tg_err state_path(const struct state *state, const char *name,
                                   char out[static STATE_PATH_MAX]);

bool state_has(const struct state *state, const char *name);

/* The whole file.
 * TG_E_NOT_FOUND, TG_E_IO, TG_E_LIMIT, TG_E_NOMEM; *out is released with
 * text_free(). */
TG_MUST_USE enum tg_err state_read(const struct state *state, const char *name,
                                   struct text *out);

/* Copy the file, of whatever size, to standard output, piece by piece.
 * TG_E_NOT_FOUND; TG_E_IO, TG_E_FULL also of standard output; TG_E_LIMIT. */
TG_MUST_USE enum tg_err state_print(const struct state *state,
                                    const char *name);

/* Replace the file (0600), durably. TG_E_IO, TG_E_FULL, TG_E_LIMIT; after an
 * error the old content is still there. */
TG_MUST_USE enum tg_err state_write(const struct state *state,
                                    const char *name, struct tg_span content);

/* Add one line to the file, durably. TG_E_IO, TG_E_FULL, TG_E_LIMIT. */
TG_MUST_USE enum tg_err state_append(const struct state *state,
                                     const char *name, const char *line);

/* No error when it is not there. TG_E_IO, TG_E_LIMIT. */
TG_MUST_USE enum tg_err state_remove(const struct state *state,
                                     const char *name);

/* Make the directory `name` (0700) inside; fine when it is there. */
TG_MUST_USE enum tg_err state_make_directory(const struct state *state,
                                             const char *name);

/* Call `visit` with each file in the directory `name` that was made there with
 * state_write(), named as for state_read(), until it returns an error, which is
 * then returned; it may remove the file. What a killed process has left
 * unfinished is removed. TG_E_NOT_FOUND, TG_E_IO, TG_E_LIMIT. */
TG_MUST_USE enum tg_err
state_each(const struct state *state, const char *name,
           enum tg_err (*visit)(const struct state *state, const char *file));

/* A file that a person named, not one of ours: "-" is standard input, or
 * output. Reading is as state_read(). `private` chooses 0600 over 0644. */
TG_MUST_USE enum tg_err state_read_outside(const char *path,
                                           struct text *out);
TG_MUST_USE enum tg_err state_write_outside(const char *path,
                                            struct tg_span content,
                                            bool is_private);

#endif

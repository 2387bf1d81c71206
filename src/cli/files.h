/* Files and standard input: read whole and bounded, written new and private.
 *
 * What passes here may be a secret, so it is read without stdio, whose buffers
 * nobody wipes.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>

#include <tigress/bytes.h>

/* The whole of a file; one zero byte stands after its end. */
struct files_text {
    char *ptr;
    size_t len;
};

#define FILES_TEXT_EMPTY ((struct files_text){NULL, 0})

/* Wipes and frees. An empty one is fine. */
void files_text_free(struct files_text *text);

/* Read all of `path`, or of standard input when it is "-".
 * Errors: TG_E_IO (errno says why), TG_E_LIMIT (more than `max` bytes),
 * TG_E_NOMEM. */
TG_MUST_USE enum tg_err files_read(const char *path, size_t max,
                                   struct files_text *out);

/* Whether others, who read it themselves, can read the file `path`. False:
 * errno says why. Nothing is taken from a pipe. */
bool files_can_read(const char *path);

/* Read the first line of `path` ("-" is standard input), without its end and
 * the blanks around it. TG_E_FORMAT when nothing is left or it holds a zero
 * byte; else as files_read(). */
TG_MUST_USE enum tg_err files_read_line(const char *path, size_t max,
                                        struct files_text *out);

/* Keep only the first line, without its end and the blanks around it; what
 * goes is wiped. */
void files_cut_line(struct files_text *text);

/* Create a file that must not exist, mode 0600, and give its descriptor.
 * Errors: TG_E_EXISTS; TG_E_IO (errno says why). */
TG_MUST_USE enum tg_err files_create(const char *path, int *fd);

/* Write everything to `fd`, sync and close it. On an error (TG_E_IO,
 * TG_E_FULL) `path` is removed. */
TG_MUST_USE enum tg_err files_finish(const char *path, int fd,
                                     struct tg_span bytes);

/* Close and remove what files_create() made. */
void files_discard(const char *path, int fd);

#endif

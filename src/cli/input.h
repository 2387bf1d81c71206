/* Provisioning information from a file of the user. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "session.h"

/* Read and parse `path` ("-" is standard input). When the exit status is
 * STATUS_DONE, *out is released with tg_provisioning_free(). */
int input_read(struct session *s, const char *path,
               struct tg_provisioning **out);

#endif

/* A share in words, for `list` and `show`. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "session.h"

/* "given" for the initiator, "received" for the recipient. */
const char *describe_role(const struct tg_share *share);

/* The members that every event about a share has, added to `o`. */
void describe_members(struct output_object *o, const struct tg_share *share);

/* A UTC time, or "unknown" for 0. */
void describe_time(int64_t seconds, char out[OUTPUT_TIME_SIZE]);

#endif

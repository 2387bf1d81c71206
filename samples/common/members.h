/* A JSON object by its members: the only place here that knows jansson.
 *
 * Reading is strict: duplicate names, invalid UTF-8 and trailing bytes are
 * errors. Members that are not asked for are ignored, so formats may grow.
 */
#ifndef COMMON_MEMBERS_H
#define COMMON_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#include "text.h"

struct members;

/* An empty object. A setter that fails (no memory, no UTF-8) is remembered,
 * and members_format() fails then. Accepts being freed as NULL. */
struct members *members_new(void);
void members_free(struct members *members);

/* TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err members_parse(struct tg_span json,
                                      struct members **out);

/* Whether the member is there, of whatever kind. */
bool members_has(const struct members *members, const char *name);

/* Borrowed; NULL when it is absent or no text. */
const char *members_text(const struct members *members, const char *name);

/* False, *out untouched, when it is absent or no integer or no boolean. */
bool members_integer(const struct members *members, const char *name,
                     int64_t *out);
bool members_flag(const struct members *members, const char *name, bool *out);

/* The i-th text of a list, borrowed; NULL past its end, and when `name` is no
 * list. An element that is no text reads as "". */
const char *members_list_text(const struct members *members, const char *name,
                              size_t i);

/* The object `name`, released with members_free(); NULL when it is absent, no
 * object, or memory is out. */
struct members *members_object(const struct members *members,
                               const char *name);

void members_set_text(struct members *members, const char *name,
                      const char *value);
void members_set_integer(struct members *members, const char *name,
                         int64_t value);
void members_set_flag(struct members *members, const char *name, bool value);

/* `value` is taken over, also on failure. */
void members_set_object(struct members *members, const char *name,
                        struct members *value);

/* An empty list. */
void members_set_list(struct members *members, const char *name);

/* Add one text to the list `name`, which is begun if need be. */
void members_add_text(struct members *members, const char *name,
                      const char *value);

/* The compact text, without a line feed. TG_E_NOMEM. */
TG_MUST_USE enum tg_err members_format(const struct members *members,
                                       struct text *out);

#endif

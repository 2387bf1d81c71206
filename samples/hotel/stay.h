/* What a booking, a token and a key are for: a room, some doors, some days. */
#ifndef HOTEL_STAY_H
#define HOTEL_STAY_H

#include <stdbool.h>

#include "members.h"
#include "moment.h"

enum {
    STAY_NAME_MAX = 32, /* of a room or a door: letters, digits, `-` */
    STAY_DOORS_MAX = 16,
    STAY_CODE_LEN = 8, /* characters of a booking's code, no secret */
    STAY_DOORS_TEXT = STAY_DOORS_MAX * (STAY_NAME_MAX + 1),
    STAY_SHOW_MAX = 1024
};

struct stay {
    char room[STAY_NAME_MAX + 1];
    char doors[STAY_DOORS_MAX][STAY_NAME_MAX + 1]; /* in order of bytes */
    size_t door_count;                             /* at least 1 */
    moment not_before; /* the first second that counts */
    moment not_after;  /* later: the first that does not count any more */
};

/* Whether it can be the name of a room or a door. */
bool stay_is_name(const char *text);

/* Set a part. False, *out untouched, for what it cannot be: an empty list, a
 * door twice. */
bool stay_set_room(const char *room, struct stay *out);
bool stay_set_doors(const char *list, struct stay *out); /* "pool,room" */

/* The doors, joined by commas. */
void stay_format_doors(const struct stay *stay,
                       char out[static STAY_DOORS_TEXT]);

bool stay_has_door(const struct stay *stay, const char *door);
bool stay_equal(const struct stay *a, const struct stay *b);

/* Same room, no further door, no second earlier or later. */
bool stay_within(const struct stay *inner, const struct stay *outer);

/* The members `room`, `doors`, `notBefore`, `notAfter`. Reading: TG_E_FORMAT
 * when one is missing or is none. */
void stay_write(const struct stay *stay, struct members *members);
TG_MUST_USE enum tg_err stay_read(const struct members *members,
                                  struct stay *out);

/* For a person. */
void stay_show(const struct stay *stay, char out[static STAY_SHOW_MAX]);

#endif

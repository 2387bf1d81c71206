/* See stay.h. */
#include "stay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
stay_is_name(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= STAY_NAME_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789-") == len;
}

bool
stay_set_room(const char *room, struct stay *out)
{
    if (!stay_is_name(room))
        return false;
    snprintf(out->room, sizeof(out->room), "%s", room);
    return true;
}

static int
compare_doors(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool
add_door(struct stay *stay, const char *door)
{
    if (!stay_is_name(door) || stay->door_count == STAY_DOORS_MAX ||
        stay_has_door(stay, door))
        return false;
    snprintf(stay->doors[stay->door_count++], STAY_NAME_MAX + 1, "%s", door);
    qsort(stay->doors, stay->door_count, sizeof(stay->doors[0]),
          compare_doors);
    return true;
}

bool
stay_set_doors(const char *list, struct stay *out)
{
    struct stay stay = *out;
    char door[STAY_NAME_MAX + 1];
    size_t len;

    stay.door_count = 0;
    for (;;) {
        len = strcspn(list, ",");
        if (len > STAY_NAME_MAX)
            return false;
        memcpy(door, list, len);
        door[len] = '\0';
        if (!add_door(&stay, door))
            return false;
        if (list[len] == '\0')
            break;
        list += len + 1;
    }
    *out = stay;
    return true;
}

void
stay_format_doors(const struct stay *stay, char out[static STAY_DOORS_TEXT])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < stay->door_count; i++)
        len += (size_t)snprintf(out + len, STAY_DOORS_TEXT - len, "%s%s",
                                i == 0 ? "" : ",", stay->doors[i]);
}

bool
stay_has_door(const struct stay *stay, const char *door)
{
    for (size_t i = 0; i < stay->door_count; i++)
        if (strcmp(stay->doors[i], door) == 0)
            return true;
    return false;
}

bool
stay_within(const struct stay *inner, const struct stay *outer)
{
    for (size_t i = 0; i < inner->door_count; i++)
        if (!stay_has_door(outer, inner->doors[i]))
            return false;
    return strcmp(inner->room, outer->room) == 0 &&
           inner->not_before >= outer->not_before &&
           inner->not_after <= outer->not_after;
}

bool
stay_equal(const struct stay *a, const struct stay *b)
{
    return stay_within(a, b) && stay_within(b, a);
}

void
stay_write(const struct stay *stay, struct members *members)
{
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    moment_format(stay->not_before, from);
    moment_format(stay->not_after, until);
    members_set_text(members, "room", stay->room);
    for (size_t i = 0; i < stay->door_count; i++)
        members_add_text(members, "doors", stay->doors[i]);
    members_set_text(members, "notBefore", from);
    members_set_text(members, "notAfter", until);
}

static bool
read_moment(const struct members *members, const char *name, moment *out)
{
    const char *text = members_text(members, name);

    return text != NULL && moment_parse(text, out);
}

enum tg_err
stay_read(const struct members *members, struct stay *out)
{
    const char *room = members_text(members, "room");
    struct stay stay = {.door_count = 0};
    const char *door;

    if (room == NULL || !stay_set_room(room, &stay))
        return TG_E_FORMAT;
    for (size_t i = 0;
         (door = members_list_text(members, "doors", i)) != NULL; i++)
        if (!add_door(&stay, door))
            return TG_E_FORMAT;
    if (stay.door_count == 0 ||
        !read_moment(members, "notBefore", &stay.not_before) ||
        !read_moment(members, "notAfter", &stay.not_after) ||
        stay.not_before >= stay.not_after)
        return TG_E_FORMAT;
    *out = stay;
    return TG_OK;
}

void
stay_show(const struct stay *stay, char out[static STAY_SHOW_MAX])
{
    char doors[STAY_DOORS_TEXT];
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    stay_format_doors(stay, doors);
    moment_format(stay->not_before, from);
    moment_format(stay->not_after, until);
    snprintf(out, STAY_SHOW_MAX, "room %s (%s), from %s until %s", stay->room,
             doors, from, until);
}

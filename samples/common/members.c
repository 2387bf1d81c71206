/* See members.h. */
#include "members.h"

#include <stdlib.h>

#include <jansson.h>

struct members {
    json_t *object;
    bool failed; /* a setter could not */
};

struct members *
members_new(void)
{
    struct members *members = calloc(1, sizeof(*members));

    if (members == NULL)
        return NULL;
    if ((members->object = json_object()) == NULL) {
        free(members);
        return NULL;
    }
    return members;
}

void
members_free(struct members *members)
{
    if (members == NULL)
        return;
    json_decref(members->object);
    free(members);
}

enum tg_err
members_parse(struct tg_span json, struct members **out)
{
    struct members *members;
    json_error_t error;
    json_t *object = json_loadb((const char *)json.ptr, json.len,
                                JSON_REJECT_DUPLICATES, &error);

    if (object == NULL)
        return TG_E_FORMAT;
    if (!json_is_object(object)) {
        json_decref(object);
        return TG_E_FORMAT;
    }
    if ((members = calloc(1, sizeof(*members))) == NULL) {
        json_decref(object);
        return TG_E_NOMEM;
    }
    members->object = object;
    *out = members;
    return TG_OK;
}

bool
members_has(const struct members *members, const char *name)
{
    return json_object_get(members->object, name) != NULL;
}

const char *
members_text(const struct members *members, const char *name)
{
    return json_string_value(json_object_get(members->object, name));
}

bool
members_integer(const struct members *members, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(members->object, name);

    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return true;
}

bool
members_flag(const struct members *members, const char *name, bool *out)
{
    const json_t *value = json_object_get(members->object, name);

    if (!json_is_boolean(value))
        return false;
    *out = json_is_true(value);
    return true;
}

const char *
members_list_text(const struct members *members, const char *name, size_t i)
{
    const json_t *list = json_object_get(members->object, name);
    const char *value;

    if (!json_is_array(list) || i >= json_array_size(list))
        return NULL;
    value = json_string_value(json_array_get(list, i));
    return value == NULL ? "" : value;
}

struct members *
members_object(const struct members *members, const char *name)
{
    json_t *object = json_object_get(members->object, name);
    struct members *found;

    if (!json_is_object(object) || (found = calloc(1, sizeof(*found))) == NULL)
        return NULL;
    found->object = json_incref(object);
    return found;
}

static void
set(struct members *members, const char *name, json_t *value)
{
    if (members == NULL) {
        json_decref(value);
        return;
    }
    if (json_object_set_new(members->object, name, value) != 0)
        members->failed = true;
}

void
members_set_text(struct members *members, const char *name, const char *value)
{
    set(members, name, json_string(value));
}

void
members_set_integer(struct members *members, const char *name, int64_t value)
{
    set(members, name, json_integer(value));
}

void
members_set_flag(struct members *members, const char *name, bool value)
{
    set(members, name, json_boolean(value));
}

void
members_set_object(struct members *members, const char *name,
                   struct members *value)
{
    bool failed = value == NULL || value->failed;

    set(members, name, failed ? NULL : json_incref(value->object));
    members_free(value);
}

void
members_set_list(struct members *members, const char *name)
{
    set(members, name, json_array());
}

void
members_add_text(struct members *members, const char *name, const char *value)
{
    if (members == NULL)
        return;
    if (json_object_get(members->object, name) == NULL)
        set(members, name, json_array());
    if (json_array_append_new(json_object_get(members->object, name),
                              json_string(value)) != 0)
        members->failed = true;
}

enum tg_err
members_format(const struct members *members, struct text *out)
{
    enum tg_err err = TG_E_NOMEM;
    char *json;

    if (members == NULL || members->failed)
        return err;
    json = json_dumps(members->object, JSON_COMPACT);
    if (json != NULL)
        err = text_copy(text_span_of(json), out);
    free(json);
    return err;
}

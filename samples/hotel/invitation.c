/* See invitation.h. */
#include "invitation.h"

#include <string.h>

#include "secret.h"

#define TYPE "HotelKeyToken"

enum { VERSION = 1 };

void
invitation_done(struct invitation *invitation)
{
    text_free(&invitation->token);
}

bool
invitation_is_name(const char *name)
{
    size_t len = strlen(name);

    if (len < 1 || len > INVITATION_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

enum tg_err
invitation_format(const struct invitation *invitation, struct text *out)
{
    struct members *members = members_new();
    enum tg_err err;

    members_set_text(members, "type", TYPE);
    members_set_integer(members, "version", VERSION);
    members_set_text(members, "desk", invitation->desk);
    members_set_text(members, "name", invitation->name);
    stay_write(&invitation->stay, members);
    members_set_text(members, "token", invitation->token.at);
    err = members_format(members, out);
    members_free(members);
    return err;
}

static enum tg_err
read_members(const struct members *members, struct invitation *out)
{
    const char *type = members_text(members, "type");
    const char *desk = members_text(members, "desk");
    const char *name = members_text(members, "name");
    const char *token = members_text(members, "token");
    uint8_t hash[SECRET_HASH_LEN];
    int64_t version;
    enum tg_err err;

    if (type == NULL || !members_integer(members, "version", &version))
        return TG_E_FORMAT;
    if (strcmp(type, TYPE) != 0 || version != VERSION)
        return TG_E_UNKNOWN;
    if (desk == NULL || strlen(desk) > PARTNER_URL_MAX || name == NULL ||
        !invitation_is_name(name) || token == NULL)
        return TG_E_FORMAT;
    if ((err = secret_hash(token, hash)) != TG_OK ||
        (err = stay_read(members, &out->stay)) != TG_OK)
        return err;
    memcpy(out->desk, desk, strlen(desk) + 1);
    memcpy(out->name, name, strlen(name) + 1);
    return text_copy(text_span_of(token), &out->token);
}

enum tg_err
invitation_parse(struct tg_span json, struct invitation *out)
{
    struct invitation invitation = {.token = TEXT_EMPTY};
    struct members *members = NULL;
    enum tg_err err;

    if ((err = members_parse(json, &members)) != TG_OK)
        return err;
    if ((err = read_members(members, &invitation)) == TG_OK)
        *out = invitation;
    members_free(members);
    return err;
}

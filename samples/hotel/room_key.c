/* See room_key.h. */
#include "room_key.h"

#include <string.h>

#define PURPOSE "tigress-hotel-key-v1"

enum { VERSION = 1 };

void
room_key_done(struct room_key *key)
{
    EVP_PKEY_free(key->holder);
    key->holder = NULL;
}

enum tg_err
room_key_public(EVP_PKEY *key, struct text *out)
{
    struct text der = TEXT_EMPTY;
    enum tg_err err;

    if ((err = device_key_public(key, &der)) == TG_OK)
        err = text_to_base64(text_span(&der), out);
    text_free(&der);
    return err;
}

enum tg_err
room_key_read_public(const char *base64, EVP_PKEY **out)
{
    struct text der = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_from_base64(base64, &der)) == TG_OK)
        err = device_key_read_public(text_span(&der), out);
    text_free(&der);
    return err;
}

enum tg_err
room_key_sign(EVP_PKEY *key, struct tg_span words, struct text *out)
{
    struct text signature = TEXT_EMPTY;
    enum tg_err err;

    if ((err = device_key_sign(key, words, &signature)) == TG_OK)
        err = text_to_base64(text_span(&signature), out);
    text_free(&signature);
    return err;
}

enum tg_err
room_key_proves(EVP_PKEY *key, struct tg_span words, const char *signature)
{
    struct text der = TEXT_EMPTY;
    enum tg_err err = TG_E_AUTH;

    if (text_from_base64(signature, &der) == TG_OK)
        err = device_key_verify(key, words, text_span(&der));
    text_free(&der);
    return err;
}

/* The one text that says this. */
static enum tg_err
format(const struct room_key *key, struct text *out)
{
    struct members *members = members_new();
    struct text holder = TEXT_EMPTY;
    enum tg_err err;

    if ((err = room_key_public(key->holder, &holder)) == TG_OK) {
        members_set_integer(members, "version", VERSION);
        members_set_text(members, "serial", key->serial);
        stay_write(&key->stay, members);
        members_set_text(members, "publicKey", holder.at);
        err = members_format(members, out);
    }
    text_free(&holder);
    members_free(members);
    return err;
}

static enum tg_err
words_of(const char *statement, struct text *out)
{
    return text_print(out, PURPOSE "\n%s\n", statement);
}

enum tg_err
room_key_issue(const struct room_key *key, EVP_PKEY *desk,
               struct text *statement, struct text *signature)
{
    struct text words = TEXT_EMPTY;
    struct text said = TEXT_EMPTY;
    enum tg_err err;

    if ((err = format(key, &said)) == TG_OK &&
        (err = words_of(said.at, &words)) == TG_OK)
        err = room_key_sign(desk, text_span(&words), signature);
    text_free(&words);
    if (err != TG_OK) {
        text_free(&said);
        return err;
    }
    *statement = said;
    return TG_OK;
}

static enum tg_err
read_members(const struct members *members, struct room_key *out)
{
    const char *serial = members_text(members, "serial");
    const char *holder = members_text(members, "publicKey");
    int64_t version;
    enum tg_err err;

    if (!members_integer(members, "version", &version) || version != VERSION ||
        serial == NULL || !secret_is_id(serial) || holder == NULL)
        return TG_E_FORMAT;
    if ((err = stay_read(members, &out->stay)) != TG_OK)
        return err;
    memcpy(out->serial, serial, sizeof(out->serial));
    return room_key_read_public(holder, &out->holder);
}

enum tg_err
room_key_read(const char *statement, struct room_key *out)
{
    struct room_key key = {.holder = NULL};
    struct members *members = NULL;
    struct text again = TEXT_EMPTY;
    enum tg_err err;

    if (strlen(statement) > ROOM_KEY_STATEMENT_MAX)
        return TG_E_FORMAT;
    if ((err = members_parse(text_span_of(statement), &members)) == TG_OK &&
        (err = read_members(members, &key)) == TG_OK &&
        (err = format(&key, &again)) == TG_OK &&
        strcmp(again.at, statement) != 0)
        err = TG_E_FORMAT; /* it says more, or says it otherwise */
    text_free(&again);
    members_free(members);
    if (err != TG_OK) {
        room_key_done(&key);
        return err;
    }
    *out = key;
    return TG_OK;
}

enum refusal
room_key_verify(const char *statement, const char *signature, EVP_PKEY *desk)
{
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_DESK;

    if (words_of(statement, &words) == TG_OK &&
        room_key_proves(desk, text_span(&words), signature) == TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    return why;
}

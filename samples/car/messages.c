/* See messages.h. */
#include "messages.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "certificate.h"
#include "chain.h"
#include "members.h"

#define TYPE_CREATION "KeyCreationRequest"
#define TYPE_SIGNING  "KeySigningRequest"
#define TYPE_IMPORT   "KeyImportRequest"

enum { VERSION = 1 };

enum tg_err
messages_draw_share(char out[static MESSAGES_SHARE_ID + 1])
{
    uint8_t bytes[MESSAGES_SHARE_ID / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return TG_E_RANDOM;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return TG_OK;
}

bool
messages_terms_equal(const struct messages_terms *a,
                     const struct messages_terms *b)
{
    return strcmp(a->share, b->share) == 0 &&
           grant_equal(&a->grant, &b->grant);
}

bool
messages_is_name(const char *name)
{
    size_t len = strlen(name);

    if (len < 1 || len > MESSAGES_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

enum tg_err
messages_proof_words(const struct messages_terms *terms, EVP_PKEY *key,
                     struct text *out)
{
    char allowed[ENTITLEMENTS_TEXT];
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];
    struct text der = TEXT_EMPTY;
    struct text base64 = TEXT_EMPTY;
    enum tg_err err;

    entitlements_format(terms->grant.allowed, allowed);
    moment_format(terms->grant.not_before, from);
    moment_format(terms->grant.not_after, until);
    if ((err = device_key_public(key, &der)) != TG_OK)
        goto out;
    if ((err = text_to_base64(text_span(&der), &base64)) != TG_OK)
        goto out;
    /* No part can hold a line feed, so no two requests have the same words. */
    err = text_print(out,
                     "tigress-car-key-signing-request-v1\n"
                     "%s\n%s\n%s\n%s\n%s\n%s\n",
                     terms->share, terms->grant.vehicle, allowed, from, until,
                     base64.at);
out:
    text_free(&base64);
    text_free(&der);
    return err;
}

static struct members *
begin(const char *type, const struct messages_terms *terms)
{
    struct members *members = members_new();
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    moment_format(terms->grant.not_before, from);
    moment_format(terms->grant.not_after, until);
    members_set_text(members, "type", type);
    members_set_integer(members, "version", VERSION);
    members_set_text(members, "share", terms->share);
    members_set_text(members, "vehicle", terms->grant.vehicle);
    for (int i = 0; i < ENTITLEMENT_COUNT; i++)
        if (entitlements_has(terms->grant.allowed, (enum entitlement)i))
            members_add_text(members, "entitlements",
                             entitlements_name((enum entitlement)i));
    members_set_text(members, "notBefore", from);
    members_set_text(members, "notAfter", until);
    return members;
}

/* Takes `members`. */
static enum tg_err
end(struct members *members, struct text *out)
{
    enum tg_err err = members_format(members, out);

    members_free(members);
    return err;
}

static enum tg_err
set_base64(struct members *members, const char *name, const struct text *bytes)
{
    struct text base64 = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_to_base64(text_span(bytes), &base64)) == TG_OK)
        members_set_text(members, name, base64.at);
    text_free(&base64);
    return err;
}

enum tg_err
messages_format_creation(const struct key_creation_request *message,
                         struct text *out)
{
    struct members *members = begin(TYPE_CREATION, &message->terms);

    members_set_text(members, "name", message->name);
    return end(members, out);
}

enum tg_err
messages_format_signing(const struct key_signing_request *message,
                        struct text *out)
{
    struct members *members = begin(TYPE_SIGNING, &message->terms);
    struct text der = TEXT_EMPTY;
    enum tg_err err;

    if ((err = device_key_public(message->key, &der)) == TG_OK)
        err = set_base64(members, "publicKey", &der);
    if (err == TG_OK)
        err = set_base64(members, "proof", &message->proof);
    text_free(&der);
    if (err != TG_OK) {
        members_free(members);
        return err;
    }
    return end(members, out);
}

enum tg_err
messages_format_import(const struct key_import_request *message,
                       struct text *out)
{
    struct members *members = begin(TYPE_IMPORT, &message->terms);
    enum tg_err err = chain_write(message->chain, members);

    if (err != TG_OK) {
        members_free(members);
        return err;
    }
    return end(members, out);
}

static bool
read_moment(const struct members *members, const char *name, moment *out)
{
    const char *text = members_text(members, name);

    return text != NULL && moment_parse(text, out);
}

/* A list without repetition of names that are known here. */
static bool
read_entitlements(const struct members *members, entitlements *out)
{
    entitlements set = 0;
    const char *name;

    for (size_t i = 0;
         (name = members_list_text(members, "entitlements", i)) != NULL; i++) {
        enum entitlement which;

        if (!entitlements_find(name, &which) || entitlements_has(set, which))
            return false;
        set |= 1U << which;
    }
    *out = set;
    return set != 0;
}

static bool
is_share_id(const char *text)
{
    return strlen(text) == MESSAGES_SHARE_ID &&
           strspn(text, "0123456789abcdef") == MESSAGES_SHARE_ID;
}

static bool
read_terms(const struct members *members, struct messages_terms *out)
{
    const char *share = members_text(members, "share");
    const char *vehicle = members_text(members, "vehicle");
    struct grant *grant = &out->grant;

    if (share == NULL || !is_share_id(share) || vehicle == NULL)
        return false;
    memcpy(out->share, share, MESSAGES_SHARE_ID + 1);
    return grant_set_vehicle(vehicle, grant) &&
           read_entitlements(members, &grant->allowed) &&
           read_moment(members, "notBefore", &grant->not_before) &&
           read_moment(members, "notAfter", &grant->not_after) &&
           grant->not_before < grant->not_after;
}

/* Parse, and read what all three have. *members is set on TG_OK. */
static enum tg_err
open_message(struct tg_span json, const char *type,
             struct messages_terms *terms, struct members **out)
{
    struct members *members = NULL;
    const char *actual;
    int64_t version;
    enum tg_err err;

    if ((err = members_parse(json, &members)) != TG_OK)
        return err;
    actual = members_text(members, "type");
    if (actual == NULL || strcmp(actual, type) != 0 ||
        !members_integer(members, "version", &version) ||
        version != VERSION || !read_terms(members, terms)) {
        members_free(members);
        return TG_E_FORMAT;
    }
    *out = members;
    return TG_OK;
}

enum tg_err
messages_parse_creation(struct tg_span json, struct key_creation_request *out)
{
    struct key_creation_request message = {0};
    struct members *members = NULL;
    const char *name;
    enum tg_err err;

    if ((err = open_message(json, TYPE_CREATION, &message.terms, &members)) !=
        TG_OK)
        return err;
    name = members_text(members, "name");
    if (name != NULL && messages_is_name(name)) {
        memcpy(message.name, name, strlen(name) + 1);
        *out = message;
    } else {
        err = TG_E_FORMAT;
    }
    members_free(members);
    return err;
}

static enum tg_err
read_base64(const char *base64, struct text *out)
{
    return base64 == NULL ? TG_E_FORMAT : text_from_base64(base64, out);
}

enum tg_err
messages_parse_signing(struct tg_span json, struct key_signing_request *out)
{
    struct key_signing_request message = {.proof = TEXT_EMPTY};
    struct members *members = NULL;
    struct text der = TEXT_EMPTY;
    enum tg_err err;

    if ((err = open_message(json, TYPE_SIGNING, &message.terms, &members)) !=
        TG_OK)
        return err;
    err = read_base64(members_text(members, "publicKey"), &der);
    if (err == TG_OK)
        err = device_key_read_public(text_span(&der), &message.key);
    if (err == TG_OK)
        err = read_base64(members_text(members, "proof"), &message.proof);
    if (err == TG_OK)
        *out = message;
    else
        messages_free_signing(&message);
    text_free(&der);
    members_free(members);
    return err;
}

enum tg_err
messages_parse_import(struct tg_span json, struct key_import_request *out)
{
    struct key_import_request message = {.chain = NULL};
    struct members *members = NULL;
    enum tg_err err;

    if ((err = open_message(json, TYPE_IMPORT, &message.terms, &members)) !=
        TG_OK)
        return err;
    err = chain_read(members, &message.chain);
    if (err == TG_OK && sk_X509_num(message.chain) != CERTIFICATE_CHAIN_MAX)
        err = TG_E_FORMAT;
    if (err == TG_OK)
        *out = message;
    else
        messages_free_import(&message);
    members_free(members);
    return err;
}

void
messages_free_signing(struct key_signing_request *message)
{
    EVP_PKEY_free(message->key);
    text_free(&message->proof);
    message->key = NULL;
}

void
messages_free_import(struct key_import_request *message)
{
    certificate_free_chain(message->chain);
    message->chain = NULL;
}

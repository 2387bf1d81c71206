/* See messages.h: what is signed, and writing. Reading: messages_parse.c */
#include "messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "certificate.h"
#include "chain.h"
#include "members.h"
#include "messages_name.h"

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
messages_terms_words(const char *heading, const struct messages_terms *terms,
                     struct text *out)
{
    const struct grant *grant = &terms->grant;
    char allowed[ENTITLEMENTS_TEXT];
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    entitlements_format(grant->allowed, allowed);
    moment_format(grant->not_before, from);
    moment_format(grant->not_after, until);
    return text_print(out,
                      "%s\n%s\n%s\n%s\n%s\n%s\n%" PRId64 "\n%u\n", heading,
                      terms->share, grant->vehicle, allowed, from, until,
                      grant->uses, grant->sharing);
}

enum tg_err
messages_proof_words(const struct messages_terms *terms, EVP_PKEY *key,
                     struct text *out)
{
    struct text words = TEXT_EMPTY;
    struct text der = TEXT_EMPTY;
    struct text base64 = TEXT_EMPTY;
    enum tg_err err;

    if ((err = messages_terms_words("tigress-car-key-signing-request-v1",
                                    terms, &words)) == TG_OK &&
        (err = device_key_public(key, &der)) == TG_OK &&
        (err = text_to_base64(text_span(&der), &base64)) == TG_OK)
        err = text_print(out, "%s%s\n", words.at, base64.at);
    text_free(&base64);
    text_free(&der);
    text_free(&words);
    return err;
}

static struct members *
begin(const char *type, const char *share)
{
    struct members *members = members_new();

    members_set_text(members, "type", type);
    members_set_integer(members, "version", MESSAGES_VERSION);
    members_set_text(members, "share", share);
    return members;
}

static struct members *
begin_with_terms(const char *type, const struct messages_terms *terms)
{
    struct members *members = begin(type, terms->share);
    const struct grant *grant = &terms->grant;
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    moment_format(grant->not_before, from);
    moment_format(grant->not_after, until);
    members_set_text(members, "vehicle", grant->vehicle);
    for (int i = 0; i < ENTITLEMENT_COUNT; i++)
        if (entitlements_has(grant->allowed, (enum entitlement)i))
            members_add_text(members, "entitlements",
                             entitlements_name((enum entitlement)i));
    members_set_text(members, "notBefore", from);
    members_set_text(members, "notAfter", until);
    if (grant->uses != 0)
        members_set_integer(members, "uses", grant->uses);
    if (grant->sharing != 0)
        members_set_integer(members, "sharing", grant->sharing);
    return members;
}

/* Takes `members`. `err` is what happened on the way to here. */
static enum tg_err
end(struct members *members, enum tg_err err, struct text *out)
{
    if (err == TG_OK)
        err = members_format(members, out);
    members_free(members);
    return err;
}

static enum tg_err
set_base64(struct members *members, const char *name, struct tg_span bytes)
{
    struct text base64 = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_to_base64(bytes, &base64)) == TG_OK)
        members_set_text(members, name, base64.at);
    text_free(&base64);
    return err;
}

static enum tg_err
set_pake_share(struct members *members,
               const uint8_t share[static TG_PAKE_SHARE_LEN])
{
    return set_base64(members, "pakeShare",
                      (struct tg_span){share, TG_PAKE_SHARE_LEN});
}

static enum tg_err
set_pake_tag(struct members *members,
             const uint8_t tag[static TG_PAKE_TAG_LEN])
{
    return set_base64(members, "pakeTag",
                      (struct tg_span){tag, TG_PAKE_TAG_LEN});
}

enum tg_err
messages_format_creation(const struct key_creation_request *message,
                         struct text *out)
{
    struct members *members =
        begin_with_terms(MESSAGES_TYPE_CREATION, &message->terms);

    members_set_text(members, "name", message->name);
    return end(members, set_pake_share(members, message->pake_share), out);
}

enum tg_err
messages_format_signing(const struct key_signing_request *message,
                        struct text *out)
{
    struct members *members =
        begin_with_terms(MESSAGES_TYPE_SIGNING, &message->terms);
    struct text der = TEXT_EMPTY;
    enum tg_err err;

    members_set_integer(members, "attempt", message->attempt);
    if ((err = device_key_public(message->key, &der)) == TG_OK &&
        (err = set_base64(members, "publicKey", text_span(&der))) == TG_OK &&
        (err = set_base64(members, "proof", text_span(&message->proof))) ==
            TG_OK &&
        (err = set_pake_share(members, message->pake_share)) == TG_OK)
        err = set_pake_tag(members, message->pake_tag);
    text_free(&der);
    return end(members, err, out);
}

enum tg_err
messages_format_retry(const struct pin_retry_request *message,
                      struct text *out)
{
    struct members *members = begin(MESSAGES_TYPE_RETRY, message->share);

    members_set_integer(members, "attempt", message->attempt);
    return end(members, set_pake_share(members, message->pake_share), out);
}

enum tg_err
messages_format_import(const struct key_import_request *message,
                       struct text *out)
{
    struct members *members =
        begin_with_terms(MESSAGES_TYPE_IMPORT, &message->terms);
    enum tg_err err;

    if ((err = chain_write(message->chain, members)) == TG_OK)
        err = set_pake_tag(members, message->pake_tag);
    return end(members, err, out);
}

enum tg_err
messages_format_cancelled(const struct share_cancelled *message,
                          struct text *out)
{
    struct members *members = begin(MESSAGES_TYPE_CANCELLED, message->share);

    members_set_text(members, "reason",
                     message->reason == MESSAGES_PIN ? MESSAGES_REASON_PIN
                                                     : MESSAGES_REASON_REFUSED);
    return end(members, TG_OK, out);
}

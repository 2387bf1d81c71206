/* See messages.h: reading, and nothing is taken that docs/formats.md does not
 * describe. Members that are not known are ignored. */
#include "messages.h"

#include <string.h>

#include "certificate.h"
#include "chain.h"
#include "members.h"
#include "messages_name.h"

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

/* uses and sharing: absent is 0. */
static bool
read_limits(const struct members *members, struct grant *out)
{
    int64_t uses = 0;
    int64_t sharing = 0;

    if (members_has(members, "uses") &&
        (!members_integer(members, "uses", &uses) || uses < 1 ||
         uses > GRANT_USES_MAX))
        return false;
    if (members_has(members, "sharing") &&
        (!members_integer(members, "sharing", &sharing) || sharing < 0 ||
         sharing > 1))
        return false;
    out->uses = uses;
    out->sharing = (unsigned)sharing;
    return true;
}

static bool
read_share(const struct members *members,
           char out[static MESSAGES_SHARE_ID + 1])
{
    const char *share = members_text(members, "share");

    if (share == NULL || strlen(share) != MESSAGES_SHARE_ID ||
        strspn(share, "0123456789abcdef") != MESSAGES_SHARE_ID)
        return false;
    memcpy(out, share, MESSAGES_SHARE_ID + 1);
    return true;
}

static bool
read_terms(const struct members *members, struct messages_terms *out)
{
    const char *vehicle = members_text(members, "vehicle");
    struct grant *grant = &out->grant;

    return read_share(members, out->share) && vehicle != NULL &&
           grant_set_vehicle(vehicle, grant) &&
           read_entitlements(members, &grant->allowed) &&
           read_moment(members, "notBefore", &grant->not_before) &&
           read_moment(members, "notAfter", &grant->not_after) &&
           grant->not_before < grant->not_after && read_limits(members, grant);
}

/* The attempt of a message, from `least` on. */
static bool
read_attempt(const struct members *members, int64_t least, unsigned *out)
{
    int64_t attempt;

    if (!members_integer(members, "attempt", &attempt) || attempt < least ||
        attempt > MESSAGES_ATTEMPTS)
        return false;
    *out = (unsigned)attempt;
    return true;
}

static enum tg_err
read_base64(const struct members *members, const char *name, struct text *out)
{
    const char *base64 = members_text(members, name);

    return base64 == NULL ? TG_E_FORMAT : text_from_base64(base64, out);
}

/* Exactly `len` bytes. */
static enum tg_err
read_bytes(const struct members *members, const char *name, size_t len,
           uint8_t *out)
{
    struct text bytes = TEXT_EMPTY;
    enum tg_err err;

    if ((err = read_base64(members, name, &bytes)) == TG_OK) {
        if (bytes.len == len)
            memcpy(out, bytes.at, len);
        else
            err = TG_E_FORMAT;
    }
    text_free(&bytes);
    return err;
}

static enum tg_err
read_pake_share(const struct members *members,
                uint8_t out[static TG_PAKE_SHARE_LEN])
{
    return read_bytes(members, "pakeShare", TG_PAKE_SHARE_LEN, out);
}

static enum tg_err
read_pake_tag(const struct members *members,
              uint8_t out[static TG_PAKE_TAG_LEN])
{
    return read_bytes(members, "pakeTag", TG_PAKE_TAG_LEN, out);
}

static enum messages_kind
kind_of(const struct members *members)
{
    static const char *const names[] = {
        [MESSAGES_CREATION] = MESSAGES_TYPE_CREATION,
        [MESSAGES_SIGNING] = MESSAGES_TYPE_SIGNING,
        [MESSAGES_RETRY] = MESSAGES_TYPE_RETRY,
        [MESSAGES_IMPORT] = MESSAGES_TYPE_IMPORT,
        [MESSAGES_CANCELLED] = MESSAGES_TYPE_CANCELLED,
    };
    const char *type = members_text(members, "type");
    int64_t version;

    if (type == NULL || !members_integer(members, "version", &version) ||
        version != MESSAGES_VERSION)
        return MESSAGES_NONE;
    for (size_t i = MESSAGES_CREATION; i < sizeof(names) / sizeof(names[0]);
         i++)
        if (strcmp(type, names[i]) == 0)
            return (enum messages_kind)i;
    return MESSAGES_NONE;
}

enum messages_kind
messages_kind(struct tg_span json)
{
    enum messages_kind kind = MESSAGES_NONE;
    struct members *members = NULL;

    if (members_parse(json, &members) == TG_OK)
        kind = kind_of(members);
    members_free(members);
    return kind;
}

/* *members is set on TG_OK. */
static enum tg_err
open_message(struct tg_span json, enum messages_kind kind,
             struct members **out)
{
    struct members *members = NULL;
    enum tg_err err;

    if ((err = members_parse(json, &members)) != TG_OK)
        return err;
    if (kind_of(members) != kind) {
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

    if ((err = open_message(json, MESSAGES_CREATION, &members)) != TG_OK)
        return err;
    name = members_text(members, "name");
    if (!read_terms(members, &message.terms) || name == NULL ||
        !messages_is_name(name))
        err = TG_E_FORMAT;
    else
        memcpy(message.name, name, strlen(name) + 1);
    if (err == TG_OK)
        err = read_pake_share(members, message.pake_share);
    members_free(members);
    if (err == TG_OK)
        *out = message;
    return err;
}

static enum tg_err
read_signing(const struct members *members, struct key_signing_request *out)
{
    struct text der = TEXT_EMPTY;
    enum tg_err err;

    if (!read_terms(members, &out->terms) ||
        !read_attempt(members, 1, &out->attempt))
        return TG_E_FORMAT;
    if ((err = read_base64(members, "publicKey", &der)) == TG_OK &&
        (err = device_key_read_public(text_span(&der), &out->key)) == TG_OK &&
        (err = read_base64(members, "proof", &out->proof)) == TG_OK &&
        (err = read_pake_share(members, out->pake_share)) == TG_OK)
        err = read_pake_tag(members, out->pake_tag);
    text_free(&der);
    return err;
}

enum tg_err
messages_parse_signing(struct tg_span json, struct key_signing_request *out)
{
    struct key_signing_request message = {.proof = TEXT_EMPTY};
    struct members *members = NULL;
    enum tg_err err;

    if ((err = open_message(json, MESSAGES_SIGNING, &members)) != TG_OK)
        return err;
    if ((err = read_signing(members, &message)) == TG_OK)
        *out = message;
    else
        messages_free_signing(&message);
    members_free(members);
    return err;
}

enum tg_err
messages_parse_retry(struct tg_span json, struct pin_retry_request *out)
{
    struct pin_retry_request message = {0};
    struct members *members = NULL;
    enum tg_err err;

    if ((err = open_message(json, MESSAGES_RETRY, &members)) != TG_OK)
        return err;
    if (!read_share(members, message.share) ||
        !read_attempt(members, 2, &message.attempt))
        err = TG_E_FORMAT;
    else
        err = read_pake_share(members, message.pake_share);
    members_free(members);
    if (err == TG_OK)
        *out = message;
    return err;
}

enum tg_err
messages_parse_import(struct tg_span json, struct key_import_request *out)
{
    struct key_import_request message = {.chain = NULL};
    struct members *members = NULL;
    enum tg_err err;

    if ((err = open_message(json, MESSAGES_IMPORT, &members)) != TG_OK)
        return err;
    if (!read_terms(members, &message.terms))
        err = TG_E_FORMAT;
    if (err == TG_OK)
        err = read_pake_tag(members, message.pake_tag);
    if (err == TG_OK)
        err = chain_read(members, &message.chain);
    /* The friend's certificate and its issuer's, at least. */
    if (err == TG_OK && sk_X509_num(message.chain) < 2)
        err = TG_E_FORMAT;
    if (err == TG_OK)
        *out = message;
    else
        messages_free_import(&message);
    members_free(members);
    return err;
}

enum tg_err
messages_parse_cancelled(struct tg_span json, struct share_cancelled *out)
{
    struct share_cancelled message = {.reason = MESSAGES_REFUSED};
    struct members *members = NULL;
    const char *reason;
    enum tg_err err;

    if ((err = open_message(json, MESSAGES_CANCELLED, &members)) != TG_OK)
        return err;
    reason = members_text(members, "reason");
    if (!read_share(members, message.share) || reason == NULL)
        err = TG_E_FORMAT;
    else if (strcmp(reason, MESSAGES_REASON_PIN) == 0)
        message.reason = MESSAGES_PIN;
    members_free(members);
    if (err == TG_OK)
        *out = message;
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

/* See discovery.h and <tigress/relay_info.h>; how it is fetched and kept is in
 * relay_info.c. */
#include "client/discovery.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/json.h"

/* ---- parsing ----------------------------------------------------------- */

/* An object that may be absent; *out is then NULL. */
static enum tg_err
take_object(const struct tg_json *from, const char *name,
            const struct tg_json **out)
{
    const struct tg_json *member = tg_json_member(from, name);

    if (member != NULL && tg_json_kind(member) != TG_JSON_OBJECT)
        return TG_E_FORMAT;
    *out = member;
    return TG_OK;
}

static enum tg_err
take_number(const struct tg_json *from, const char *name, int64_t least,
            int64_t *out)
{
    const struct tg_json *member = tg_json_member(from, name);
    int64_t number;

    *out = -1;
    if (member == NULL)
        return TG_OK;
    if (!tg_json_integer(member, &number))
        return TG_E_FORMAT;
    if (number < least || number > DISCOVERY_NUMBER_MAX)
        return TG_E_LIMIT;
    *out = number;
    return TG_OK;
}

/* A word that cannot be one of those that are known here. */
static bool
is_strange(struct tg_span word)
{
    if (word.len == 0 || word.len > DISCOVERY_TEXT_MAX)
        return true;
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] <= ' ' || word.ptr[i] > '~')
            return true;
    return false;
}

static enum tg_err
take_list(const struct tg_json *from, const char *name,
          struct discovery_list *out)
{
    const struct tg_json *member = tg_json_member(from, name);
    const struct tg_json *element;
    struct tg_span word;

    if (member == NULL)
        return TG_OK;
    if (tg_json_kind(member) != TG_JSON_ARRAY)
        return TG_E_FORMAT;
    out->is_said = true;
    for (size_t i = 0; (element = tg_json_element(member, i)) != NULL; i++) {
        if (!tg_json_text(element, &word))
            return TG_E_FORMAT;
        if (is_strange(word))
            continue;
        if (out->count == DISCOVERY_LIST_MAX)
            return TG_E_LIMIT;
        memcpy(out->text[out->count], word.ptr, word.len);
        out->text[out->count++][word.len] = '\0';
    }
    return TG_OK;
}

static enum tg_err
take_payload(const struct tg_json *root, struct tg_relay_info *out)
{
    const struct tg_json *payload;
    enum tg_err err;

    if ((err = take_object(root, "payload", &payload)) != TG_OK)
        return err;
    if ((err = take_list(payload, "types", &out->payload_types)) != TG_OK)
        return err;
    return take_number(payload, "maxBytes", 1, &out->payload_max);
}

static enum tg_err
take_lifetime(const struct tg_json *root, struct tg_relay_info *out)
{
    const struct tg_json *lifetime;
    enum tg_err err;

    if ((err = take_object(root, "lifetime", &lifetime)) != TG_OK)
        return err;
    if ((err = take_number(lifetime, "default", 1,
                           &out->lifetime_default_s)) != TG_OK)
        return err;
    if ((err = take_number(lifetime, "max", 1, &out->lifetime_max_s)) != TG_OK)
        return err;
    return out->lifetime_max_s >= 0 &&
                   out->lifetime_default_s > out->lifetime_max_s
               ? TG_E_LIMIT
               : TG_OK;
}

static enum tg_err
take_policy(const struct tg_json *attestation, struct tg_relay_info *out)
{
    const struct tg_json *policy = tg_json_member(attestation, "policy");
    struct tg_span word;

    if (policy == NULL)
        return TG_OK;
    if (!tg_json_text(policy, &word))
        return TG_E_FORMAT;
    if (tg_span_is(word, "none"))
        out->attestation = TG_ATTESTATION_NONE;
    else if (tg_span_is(word, "optional"))
        out->attestation = TG_ATTESTATION_OPTIONAL;
    else if (tg_span_is(word, "required"))
        out->attestation = TG_ATTESTATION_REQUIRED;
    else
        out->attestation = TG_ATTESTATION_OTHER;
    return TG_OK;
}

static enum tg_err
take_rest(const struct tg_json *root, struct tg_relay_info *out)
{
    const struct tg_json *attestation;
    const struct tg_json *wait;
    enum tg_err err;

    if ((err = take_object(root, "attestation", &attestation)) != TG_OK)
        return err;
    if ((err = take_policy(attestation, out)) != TG_OK)
        return err;
    if ((err = take_list(attestation, "formats",
                         &out->attestation_formats)) != TG_OK)
        return err;
    if ((err = take_object(root, "wait", &wait)) != TG_OK)
        return err;
    return take_number(wait, "max", 0, &out->wait_max_s);
}

static enum tg_err
take_all(const struct tg_json *root, struct tg_relay_info *out)
{
    enum tg_err err;

    if (tg_json_kind(root) != TG_JSON_OBJECT)
        return TG_E_FORMAT;
    if ((err = take_list(root, "versions", &out->versions)) != TG_OK)
        return err;
    if ((err = take_list(root, "notifications", &out->notifications)) != TG_OK)
        return err;
    if ((err = take_payload(root, out)) != TG_OK)
        return err;
    if ((err = take_lifetime(root, out)) != TG_OK)
        return err;
    return take_rest(root, out);
}

enum tg_err
discovery_parse(struct tg_span text, struct tg_relay_info *out)
{
    struct tg_relay_info info = {0};
    struct tg_json *root = NULL;
    enum tg_err err;

    if (text.len > DISCOVERY_MAX)
        return TG_E_LIMIT;
    if ((err = tg_json_parse(text, &root)) != TG_OK)
        return err;
    if ((err = take_all(root, &info)) == TG_OK)
        *out = info;
    tg_json_free(root);
    return err;
}

/* ---- what it says ------------------------------------------------------ */

bool
discovery_has(const struct discovery_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->text[i], word) == 0)
            return true;
    return false;
}

void
tg_relay_info_free(struct tg_relay_info *info)
{
    tg_free(info);
}

static const char *
word_at(const struct discovery_list *list, size_t index)
{
    return index < list->count ? list->text[index] : NULL;
}

const char *
tg_relay_info_version(const struct tg_relay_info *info, size_t index)
{
    return word_at(&info->versions, index);
}

const char *
tg_relay_info_payload_type(const struct tg_relay_info *info, size_t index)
{
    return word_at(&info->payload_types, index);
}

const char *
tg_relay_info_notification(const struct tg_relay_info *info, size_t index)
{
    return word_at(&info->notifications, index);
}

const char *
tg_relay_info_attestation_format(const struct tg_relay_info *info,
                                 size_t index)
{
    return word_at(&info->attestation_formats, index);
}

int64_t
tg_relay_info_payload_max(const struct tg_relay_info *info)
{
    return info->payload_max;
}

int64_t
tg_relay_info_lifetime_default_s(const struct tg_relay_info *info)
{
    return info->lifetime_default_s;
}

int64_t
tg_relay_info_lifetime_max_s(const struct tg_relay_info *info)
{
    return info->lifetime_max_s;
}

int64_t
tg_relay_info_wait_max_s(const struct tg_relay_info *info)
{
    return info->wait_max_s;
}

enum tg_attestation_policy
tg_relay_info_attestation(const struct tg_relay_info *info)
{
    return info->attestation;
}

/* See android_key_description.h. */
#include "attest/android_key_description.h"

#include "attest/der.h"

/* Tags of an AuthorizationList. */
enum { TAG_PURPOSE = 1, TAG_ALL_APPLICATIONS = 600, TAG_ORIGIN = 702 };

enum { PURPOSES_MOST = 31 };

/* SET OF INTEGER. A device that names the tag twice means both sets. */
static enum tg_err
read_purposes(struct tg_span content, uint32_t *purposes)
{
    struct tg_span set;
    uint32_t found = 0;
    uint64_t purpose;

    if (der_take_universal(&content, DER_SET, &set) != TG_OK ||
        content.len != 0)
        return TG_E_FORMAT;
    while (set.len > 0) {
        if (der_take_number(&set, DER_INTEGER, &purpose) != TG_OK ||
            purpose > PURPOSES_MOST)
            return TG_E_FORMAT;
        found |= 1u << purpose;
    }
    *purposes |= found;
    return TG_OK;
}

static enum tg_err
read_origin(struct tg_span content, struct android_authorizations *list)
{
    if (list->has_origin ||
        der_take_number(&content, DER_INTEGER, &list->origin) != TG_OK ||
        content.len != 0)
        return TG_E_FORMAT;
    list->has_origin = true;
    return TG_OK;
}

/* Each member is tagged explicitly, so whatever is inside can be passed over
 * without knowing it. */
static enum tg_err
read_list(struct tg_span bytes, struct android_authorizations *out)
{
    struct android_authorizations list = {0};

    while (bytes.len > 0) {
        struct der_item member;
        enum tg_err err = TG_OK;

        if (der_take(&bytes, &member) != TG_OK ||
            member.class_ != DER_CONTEXT || !member.is_constructed)
            return TG_E_FORMAT;
        if (member.tag == TAG_PURPOSE)
            err = read_purposes(member.content, &list.purposes);
        else if (member.tag == TAG_ORIGIN)
            err = read_origin(member.content, &list);
        else if (member.tag == TAG_ALL_APPLICATIONS)
            list.all_applications = true; /* being there is what it says */
        if (err != TG_OK)
            return err;
    }
    *out = list;
    return TG_OK;
}

enum tg_err
android_key_description_read(struct tg_span bytes,
                             struct android_key_description *out)
{
    struct android_key_description description = {0};
    struct tg_span sequence, unique_id, software, hardware;
    uint64_t version, level;

    if (der_take_universal(&bytes, DER_SEQUENCE, &sequence) != TG_OK ||
        bytes.len != 0)
        return TG_E_FORMAT;
    if (der_take_number(&sequence, DER_INTEGER, &version) != TG_OK ||
        der_take_number(&sequence, DER_ENUMERATED, &level) != TG_OK ||
        der_take_number(&sequence, DER_INTEGER, &version) != TG_OK ||
        der_take_number(&sequence, DER_ENUMERATED, &level) != TG_OK ||
        der_take_universal(&sequence, DER_OCTETS, &description.challenge) !=
            TG_OK ||
        der_take_universal(&sequence, DER_OCTETS, &unique_id) != TG_OK ||
        der_take_universal(&sequence, DER_SEQUENCE, &software) != TG_OK ||
        der_take_universal(&sequence, DER_SEQUENCE, &hardware) != TG_OK ||
        sequence.len != 0)
        return TG_E_FORMAT;
    if (read_list(software, &description.software) != TG_OK ||
        read_list(hardware, &description.hardware) != TG_OK)
        return TG_E_FORMAT;

    *out = description;
    return TG_OK;
}

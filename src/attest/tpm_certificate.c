/* See tpm_certificate.h. Extensions are read with our own reader: it allocates
 * nothing, however many names somebody puts into one. */
#include "attest/tpm_certificate.h"

#include "attest/der.h"
#include "base/ascii.h"

#define OID_SUBJECT_ALTERNATIVE_NAME "2.5.29.17"
#define OID_EXTENDED_KEY_USAGE       "2.5.29.37"

/* GeneralName ::= CHOICE { …, directoryName [4] } (RFC 5280 §4.2.1.6) */
enum { DIRECTORY_NAME = 4 };

/* 2.23.133.2.1 to 3: what a name says of a TPM; their bit is 1 << it. */
enum { TPM_MANUFACTURER = 1, TPM_MODEL = 2, TPM_VERSION = 3 };
enum { EVERYTHING = 1 << TPM_MANUFACTURER | 1 << TPM_MODEL | 1 << TPM_VERSION };

/* 2.23.133.8.3 */
static const uint8_t oid_aik[] = {0x67, 0x81, 0x05, 0x08, 0x03};
/* 2.23.133.2, to which one byte is added */
static const uint8_t oid_tpm[] = {0x67, 0x81, 0x05, 0x02};

enum { PRINTABLE_STRING = 19 };

/* "id:" and the four bytes of the vendor's number in hexadecimal (TCG, "TPM
 * Vendor ID Registry"). */
static bool
is_manufacturer(struct tg_span text)
{
    if (text.len != 11 || !tg_span_is((struct tg_span){text.ptr, 3}, "id:"))
        return false;
    for (size_t i = 3; i < text.len; i++)
        if (!ascii_is_hex(text.ptr[i]))
            return false;
    return true;
}

/* AttributeTypeAndValue. Attributes of other kinds are passed over. */
static bool
read_attribute(struct tg_span *set, unsigned *found)
{
    struct tg_span pair, oid;
    struct der_item value;
    unsigned which;

    if (der_take_universal(set, DER_SEQUENCE, &pair) != TG_OK ||
        der_take_universal(&pair, DER_OID, &oid) != TG_OK ||
        der_take(&pair, &value) != TG_OK || pair.len != 0)
        return false;
    if (oid.len != sizeof(oid_tpm) + 1 ||
        !tg_span_equal((struct tg_span){oid.ptr, sizeof(oid_tpm)},
                       TG_SPAN_ARRAY(oid_tpm)))
        return true;
    which = oid.ptr[sizeof(oid_tpm)];
    if (which < TPM_MANUFACTURER || which > TPM_VERSION)
        return true;
    if ((*found & 1u << which) != 0 || value.class_ != DER_UNIVERSAL ||
        (value.tag != DER_UTF8 && value.tag != PRINTABLE_STRING) ||
        value.is_constructed || value.content.len == 0)
        return false;
    *found |= 1u << which;
    return which != TPM_MANUFACTURER || is_manufacturer(value.content);
}

/* Name ::= SEQUENCE OF SET OF AttributeTypeAndValue. Some makers put each into
 * a set of its own, some all into one. */
static bool
read_name(struct tg_span name)
{
    struct tg_span sequence, set;
    unsigned found = 0;

    if (der_take_universal(&name, DER_SEQUENCE, &sequence) != TG_OK ||
        name.len != 0)
        return false;
    while (sequence.len > 0) {
        if (der_take_universal(&sequence, DER_SET, &set) != TG_OK)
            return false;
        while (set.len > 0)
            if (!read_attribute(&set, &found))
                return false;
    }
    return found == EVERYTHING;
}

bool
tpm_certificate_names_tpm(struct tg_span general_names)
{
    struct tg_span sequence;
    size_t directory_names = 0;

    if (der_take_universal(&general_names, DER_SEQUENCE, &sequence) != TG_OK ||
        general_names.len != 0)
        return false;
    while (sequence.len > 0) {
        struct der_item name;

        if (der_take(&sequence, &name) != TG_OK || name.class_ != DER_CONTEXT)
            return false;
        if (name.tag != DIRECTORY_NAME)
            continue;
        if (!name.is_constructed || !read_name(name.content))
            return false;
        directory_names++;
    }
    return directory_names == 1;
}

static bool
is_for_attestation(const X509 *certificate)
{
    struct tg_span content, purposes, purpose;
    bool is_critical, is_for = false;

    if (!certificate_extension(certificate, OID_EXTENDED_KEY_USAGE, &content,
                               &is_critical) ||
        der_take_universal(&content, DER_SEQUENCE, &purposes) != TG_OK ||
        content.len != 0)
        return false;
    while (purposes.len > 0) {
        if (der_take_universal(&purposes, DER_OID, &purpose) != TG_OK)
            return false;
        if (tg_span_equal(purpose, TG_SPAN_ARRAY(oid_aik)))
            is_for = true;
    }
    return is_for;
}

bool
tpm_certificate_is_right(X509 *certificate)
{
    struct tg_span names;
    bool is_critical;

    /* Version 3, and CA false. */
    if (!certificate_is_end_entity(certificate))
        return false;
    if (X509_NAME_entry_count(X509_get_subject_name(certificate)) != 0)
        return false;
    /* Without a subject the alternative name is critical: RFC 5280 §4.1.2.6. */
    if (!certificate_extension(certificate, OID_SUBJECT_ALTERNATIVE_NAME,
                               &names, &is_critical) ||
        !is_critical || !tpm_certificate_names_tpm(names))
        return false;
    return is_for_attestation(certificate);
}

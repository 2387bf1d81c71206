/* See extensions.h. */
#include "extensions.h"

#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/asn1t.h>
#include <openssl/x509v3.h>

#define OID_VEHICLE      EXTENSIONS_ARC ".1"
#define OID_ENTITLEMENTS EXTENSIONS_ARC ".2"
#define OID_VALIDITY     EXTENSIONS_ARC ".3"
#define OID_USAGE        EXTENSIONS_ARC ".4"
#define OID_USES         EXTENSIONS_ARC ".5"

/* Takes *der; `len` is that of an i2d function, negative after a failure. */
static bool
add_der(X509 *certificate, const char *oid, uint8_t **der, int len)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    bool done = false;

    if (object == NULL || value == NULL || len <= 0)
        goto out;
    if (ASN1_OCTET_STRING_set(value, *der, len) != 1)
        goto out;
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
out:
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    OPENSSL_free(*der);
    *der = NULL;
    return done;
}

/* The value of the extension with this identifier; NULL when there is none.
 * False when there are two, of which readers might take one or the other. */
static bool
find(const X509 *certificate, const char *oid, const ASN1_OCTET_STRING **out)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at;
    int again;

    if (object == NULL)
        return false;
    at = X509_get_ext_by_OBJ(certificate, object, -1);
    again = at < 0 ? -1 : X509_get_ext_by_OBJ(certificate, object, at);
    ASN1_OBJECT_free(object);
    if (again >= 0)
        return false;
    *out =
        at < 0 ? NULL : X509_EXTENSION_get_data(X509_get_ext(certificate, at));
    return true;
}

/* Add a string of `tag` to the sequence. */
static bool
push(ASN1_SEQUENCE_ANY *sequence, int tag, const char *text)
{
    ASN1_TYPE *item = ASN1_TYPE_new();
    ASN1_STRING *string = ASN1_STRING_type_new(tag);

    if (item == NULL || string == NULL ||
        ASN1_STRING_set(string, text, -1) != 1) {
        ASN1_STRING_free(string);
        ASN1_TYPE_free(item);
        return false;
    }
    ASN1_TYPE_set(item, tag, string);
    if (sk_ASN1_TYPE_push(sequence, item) == 0) {
        ASN1_TYPE_free(item);
        return false;
    }
    return true;
}

/* The i-th element as text, if it is of `tag`; "" otherwise. */
static const char *
element(const ASN1_SEQUENCE_ANY *sequence, int i, int tag)
{
    const ASN1_TYPE *item = sk_ASN1_TYPE_value(sequence, i);
    const ASN1_STRING *string;

    if (ASN1_TYPE_get(item) != tag)
        return "";
    string = item->value.asn1_string;
    /* A 0 byte inside would hide what follows from a reader of C strings. */
    if (strlen((const char *)ASN1_STRING_get0_data(string)) !=
        (size_t)ASN1_STRING_length(string))
        return "";
    return (const char *)ASN1_STRING_get0_data(string);
}

/* The whole value as a SEQUENCE, nothing behind it. */
static ASN1_SEQUENCE_ANY *
read_sequence(const ASN1_OCTET_STRING *value)
{
    const uint8_t *at = ASN1_STRING_get0_data(value);
    const uint8_t *end = at + ASN1_STRING_length(value);
    ASN1_SEQUENCE_ANY *sequence =
        d2i_ASN1_SEQUENCE_ANY(NULL, &at, ASN1_STRING_length(value));

    if (sequence != NULL && at != end) {
        sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
        return NULL;
    }
    return sequence;
}

static int
encode_vehicle(const struct grant *grant, uint8_t **der)
{
    ASN1_UTF8STRING *vin = ASN1_UTF8STRING_new();
    int len = -1;

    if (vin != NULL && ASN1_STRING_set(vin, grant->vehicle, -1) == 1)
        len = i2d_ASN1_UTF8STRING(vin, der);
    ASN1_UTF8STRING_free(vin);
    return len;
}

static bool
decode_vehicle(const ASN1_OCTET_STRING *value, struct grant *out)
{
    const uint8_t *at = ASN1_STRING_get0_data(value);
    ASN1_UTF8STRING *vin =
        d2i_ASN1_UTF8STRING(NULL, &at, ASN1_STRING_length(value));
    bool fine;

    fine = vin != NULL && ASN1_STRING_length(vin) == GRANT_VIN_LEN &&
           grant_set_vehicle((const char *)ASN1_STRING_get0_data(vin), out);
    ASN1_UTF8STRING_free(vin);
    return fine;
}

static int
encode_entitlements(const struct grant *grant, uint8_t **der)
{
    ASN1_SEQUENCE_ANY *names = sk_ASN1_TYPE_new_null();
    bool done = names != NULL;
    int len = -1;

    for (int i = 0; i < ENTITLEMENT_COUNT && done; i++)
        if (entitlements_has(grant->allowed, (enum entitlement)i))
            done = push(names, V_ASN1_UTF8STRING,
                        entitlements_name((enum entitlement)i));
    if (done)
        len = i2d_ASN1_SEQUENCE_ANY(names, der);
    sk_ASN1_TYPE_pop_free(names, ASN1_TYPE_free);
    return len;
}

/* One set has one encoding: each name in its place, none twice, none unknown
 * (a vehicle cannot allow what it does not know). */
static bool
decode_entitlements(const ASN1_OCTET_STRING *value, struct grant *out)
{
    ASN1_SEQUENCE_ANY *names = read_sequence(value);
    entitlements set = 0;
    bool fine = names != NULL && sk_ASN1_TYPE_num(names) > 0;
    int last = -1;

    for (int i = 0; fine && i < sk_ASN1_TYPE_num(names); i++) {
        enum entitlement which;

        fine = entitlements_find(element(names, i, V_ASN1_UTF8STRING),
                                 &which) &&
               (int)which > last;
        if (fine) {
            set |= 1U << which;
            last = (int)which;
        }
    }
    sk_ASN1_TYPE_pop_free(names, ASN1_TYPE_free);
    if (fine)
        out->allowed = set;
    return fine;
}

/* RFC 5280 §4.1.2.5.2: YYYYMMDDhhmmssZ. */
static bool
push_time(ASN1_SEQUENCE_ANY *sequence, moment when)
{
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, when);
    bool done = time != NULL &&
                push(sequence, V_ASN1_GENERALIZEDTIME,
                     (const char *)ASN1_STRING_get0_data(time));

    ASN1_GENERALIZEDTIME_free(time);
    return done;
}

static bool
read_time(const ASN1_SEQUENCE_ANY *sequence, int i, moment *out)
{
    const char *digits = element(sequence, i, V_ASN1_GENERALIZEDTIME);
    char text[MOMENT_TEXT];

    if (strlen(digits) != sizeof("YYYYMMDDhhmmssZ") - 1 || digits[14] != 'Z')
        return false;
    snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", digits,
             digits + 4, digits + 6, digits + 8, digits + 10, digits + 12);
    return moment_parse(text, out);
}

static int
encode_validity(const struct grant *grant, uint8_t **der)
{
    ASN1_SEQUENCE_ANY *window = sk_ASN1_TYPE_new_null();
    int len = -1;

    if (window != NULL && push_time(window, grant->not_before) &&
        push_time(window, grant->not_after))
        len = i2d_ASN1_SEQUENCE_ANY(window, der);
    sk_ASN1_TYPE_pop_free(window, ASN1_TYPE_free);
    return len;
}

static bool
decode_validity(const ASN1_OCTET_STRING *value, struct grant *out)
{
    ASN1_SEQUENCE_ANY *window = read_sequence(value);
    bool fine = window != NULL && sk_ASN1_TYPE_num(window) == 2 &&
                read_time(window, 0, &out->not_before) &&
                read_time(window, 1, &out->not_after) &&
                out->not_before < out->not_after;

    sk_ASN1_TYPE_pop_free(window, ASN1_TYPE_free);
    return fine;
}

/* Any number of uses is no extension. */
static int
encode_uses(const struct grant *grant, uint8_t **der)
{
    ASN1_INTEGER *uses;
    int len = -1;

    if (grant->uses == 0)
        return 0;
    if ((uses = ASN1_INTEGER_new()) != NULL &&
        ASN1_INTEGER_set_int64(uses, grant->uses) == 1)
        len = i2d_ASN1_INTEGER(uses, der);
    ASN1_INTEGER_free(uses);
    return len;
}

static bool
decode_uses(const ASN1_OCTET_STRING *value, struct grant *out)
{
    const uint8_t *at = ASN1_STRING_get0_data(value);
    ASN1_INTEGER *uses = d2i_ASN1_INTEGER(NULL, &at, ASN1_STRING_length(value));
    bool fine = uses != NULL && ASN1_INTEGER_get_int64(&out->uses, uses) == 1 &&
                out->uses >= 1 && out->uses <= GRANT_USES_MAX;

    ASN1_INTEGER_free(uses);
    return fine;
}

/* A part of a grant, and the extension that says it.
 *
 *   encode   the length of *der, to be freed; 0: this grant is without the
 *            extension; negative after a failure
 *   decode   false when the value says nothing that a grant can hold
 */
static const struct {
    const char *oid;
    int (*encode)(const struct grant *grant, uint8_t **der);
    bool (*decode)(const ASN1_OCTET_STRING *value, struct grant *out);
} parts[] = {
    {OID_VEHICLE, encode_vehicle, decode_vehicle},
    {OID_ENTITLEMENTS, encode_entitlements, decode_entitlements},
    {OID_VALIDITY, encode_validity, decode_validity},
    {OID_USES, encode_uses, decode_uses},
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

bool
extensions_add(X509 *certificate, const struct grant *grant)
{
    for (size_t i = 0; i < PARTS; i++) {
        uint8_t *der = NULL;
        int len = parts[i].encode(grant, &der);

        if (len != 0 && !add_der(certificate, parts[i].oid, &der, len))
            return false;
    }
    return true;
}

/* Decoding follows OpenSSL, which is lenient here and there (long forms of a
 * length, bytes behind the value). What it has understood must have been
 * written as we write it, or be absent where we write nothing. */
static bool
read_part(const X509 *certificate, size_t i, struct grant *grant)
{
    const ASN1_OCTET_STRING *value;
    uint8_t *der = NULL;
    bool same;
    int len;

    if (!find(certificate, parts[i].oid, &value) ||
        (value != NULL && !parts[i].decode(value, grant)))
        return false;
    len = parts[i].encode(grant, &der);
    if (value == NULL)
        same = len == 0;
    else
        same = len == ASN1_STRING_length(value) &&
               memcmp(der, ASN1_STRING_get0_data(value), (size_t)len) == 0;
    OPENSSL_free(der);
    return same;
}

bool
extensions_read(const X509 *certificate, struct grant *out)
{
    struct grant grant = {0};

    for (size_t i = 0; i < PARTS; i++)
        if (!read_part(certificate, i, &grant))
            return false;
    *out = grant;
    return true;
}

bool
extensions_add_usage(X509 *certificate)
{
    EXTENDED_KEY_USAGE *usages = EXTENDED_KEY_USAGE_new();
    ASN1_OBJECT *usage = OBJ_txt2obj(OID_USAGE, 1);
    bool done = usages != NULL && usage != NULL &&
                sk_ASN1_OBJECT_push(usages, usage) > 0;

    if (done)
        usage = NULL; /* the list has it now */
    done = done && X509_add1_ext_i2d(certificate, NID_ext_key_usage, usages, 1,
                                     X509V3_ADD_DEFAULT) == 1;
    ASN1_OBJECT_free(usage);
    EXTENDED_KEY_USAGE_free(usages);
    return done;
}

bool
extensions_has_usage(const X509 *certificate)
{
    int critical = 0;
    EXTENDED_KEY_USAGE *usages =
        X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    ASN1_OBJECT *usage = OBJ_txt2obj(OID_USAGE, 1);
    bool has = usages != NULL && usage != NULL && critical == 1 &&
               sk_ASN1_OBJECT_num(usages) == 1 &&
               OBJ_cmp(sk_ASN1_OBJECT_value(usages, 0), usage) == 0;

    ASN1_OBJECT_free(usage);
    EXTENDED_KEY_USAGE_free(usages);
    return has;
}

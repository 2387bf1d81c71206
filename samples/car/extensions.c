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

/* The value of the one extension with this identifier, or NULL. */
static const ASN1_OCTET_STRING *
find(const X509 *certificate, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = -1;
    int again = -1;

    if (object != NULL) {
        at = X509_get_ext_by_OBJ(certificate, object, -1);
        again = X509_get_ext_by_OBJ(certificate, object, at);
    }
    ASN1_OBJECT_free(object);
    if (at < 0 || again >= 0)
        return NULL;
    return X509_EXTENSION_get_data(X509_get_ext(certificate, at));
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

static bool
add_sequence(X509 *certificate, const char *oid, ASN1_SEQUENCE_ANY *sequence)
{
    uint8_t *der = NULL;
    int len = i2d_ASN1_SEQUENCE_ANY(sequence, &der);

    return add_der(certificate, oid, &der, len);
}

static bool
add_vehicle(X509 *certificate, const struct grant *grant)
{
    ASN1_UTF8STRING *vin = ASN1_UTF8STRING_new();
    uint8_t *der = NULL;
    int len = -1;

    if (vin != NULL && ASN1_STRING_set(vin, grant->vehicle, -1) == 1)
        len = i2d_ASN1_UTF8STRING(vin, &der);
    ASN1_UTF8STRING_free(vin);
    return add_der(certificate, OID_VEHICLE, &der, len);
}

static bool
read_vehicle(const X509 *certificate, struct grant *out)
{
    const ASN1_OCTET_STRING *value = find(certificate, OID_VEHICLE);
    const uint8_t *at;
    const uint8_t *end;
    ASN1_UTF8STRING *vin;
    bool fine;

    if (value == NULL)
        return false;
    at = ASN1_STRING_get0_data(value);
    end = at + ASN1_STRING_length(value);
    vin = d2i_ASN1_UTF8STRING(NULL, &at, ASN1_STRING_length(value));
    fine = vin != NULL && at == end &&
           ASN1_STRING_length(vin) == GRANT_VIN_LEN &&
           grant_set_vehicle((const char *)ASN1_STRING_get0_data(vin), out);
    ASN1_UTF8STRING_free(vin);
    return fine;
}

static bool
add_entitlements(X509 *certificate, const struct grant *grant)
{
    ASN1_SEQUENCE_ANY *names = sk_ASN1_TYPE_new_null();
    bool done = names != NULL;

    for (int i = 0; i < ENTITLEMENT_COUNT && done; i++)
        if (entitlements_has(grant->allowed, (enum entitlement)i))
            done = push(names, V_ASN1_UTF8STRING,
                        entitlements_name((enum entitlement)i));
    done = done && add_sequence(certificate, OID_ENTITLEMENTS, names);
    sk_ASN1_TYPE_pop_free(names, ASN1_TYPE_free);
    return done;
}

/* One set has one encoding: each name in its place, none twice, none unknown
 * (a vehicle cannot allow what it does not know). */
static bool
read_entitlements(const X509 *certificate, struct grant *out)
{
    const ASN1_OCTET_STRING *value = find(certificate, OID_ENTITLEMENTS);
    ASN1_SEQUENCE_ANY *names = value == NULL ? NULL : read_sequence(value);
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

static bool
add_validity(X509 *certificate, const struct grant *grant)
{
    ASN1_SEQUENCE_ANY *window = sk_ASN1_TYPE_new_null();
    bool done = window != NULL && push_time(window, grant->not_before) &&
                push_time(window, grant->not_after) &&
                add_sequence(certificate, OID_VALIDITY, window);

    sk_ASN1_TYPE_pop_free(window, ASN1_TYPE_free);
    return done;
}

static bool
read_validity(const X509 *certificate, struct grant *out)
{
    const ASN1_OCTET_STRING *value = find(certificate, OID_VALIDITY);
    ASN1_SEQUENCE_ANY *window = value == NULL ? NULL : read_sequence(value);
    bool fine = window != NULL && sk_ASN1_TYPE_num(window) == 2 &&
                read_time(window, 0, &out->not_before) &&
                read_time(window, 1, &out->not_after) &&
                out->not_before < out->not_after;

    sk_ASN1_TYPE_pop_free(window, ASN1_TYPE_free);
    return fine;
}

bool
extensions_add(X509 *certificate, const struct grant *grant)
{
    return add_vehicle(certificate, grant) &&
           add_entitlements(certificate, grant) &&
           add_validity(certificate, grant);
}

bool
extensions_read(const X509 *certificate, struct grant *out)
{
    struct grant grant = {0};

    if (!read_vehicle(certificate, &grant) ||
        !read_entitlements(certificate, &grant) ||
        !read_validity(certificate, &grant))
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

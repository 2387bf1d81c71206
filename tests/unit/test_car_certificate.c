/* What is in a certificate of the car sample, and in which form alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "car_family.h"
#include "extensions.h"

/* Replace an extension, or add one, in OpenSSL's notation; NULL removes it. */
static X509 *
altered(const struct family *f, X509 *certificate, int member, int nid,
        const char *value)
{
    X509 *copy = X509_dup(certificate);
    X509_EXTENSION *extension = NULL;
    int at = X509_get_ext_by_NID(copy, nid, -1);

    if (at >= 0)
        X509_EXTENSION_free(X509_delete_ext(copy, at));
    if (value != NULL) {
        extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(copy, extension, -1), 1);
    }
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(copy, f->key[member - 1], EVP_sha256()) > 0);
    return copy;
}

/* A certificate whose extension .`number` of ours has this value; an empty one
 * removes it. */
static X509 *
with_value(const struct family *f, int member, const char *oid, const char *der,
           size_t len, bool keep)
{
    X509 *copy = X509_dup(f->certificate[member]);
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    int at = X509_get_ext_by_OBJ(copy, object, -1);

    if (at >= 0 && !keep)
        X509_EXTENSION_free(X509_delete_ext(copy, at));
    if (len > 0) {
        assert_true(
            ASN1_OCTET_STRING_set(value, (const unsigned char *)der, (int)len));
        extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
        assert_int_equal(X509_add_ext(copy, extension, -1), 1);
    }
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    assert_true(X509_sign(copy, f->key[member - 1], EVP_sha256()) > 0);
    return copy;
}

#define VALUE(bytes) (bytes), sizeof(bytes) - 1

/* Basic constraints and key usage must say the same, in the one way. */
static void
rights_that_are_said_in_another_way_are_refused(void **state)
{
    struct family *f = *state;
    static const struct {
        int nid;
        const char *value;
    } cases[] = {
        {NID_basic_constraints, NULL},
        {NID_basic_constraints, "CA:FALSE"},
        {NID_basic_constraints, "CA:TRUE,pathlen:0"},
        {NID_basic_constraints, "critical,CA:TRUE"},
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:300"},
        {NID_basic_constraints, "critical,CA:FALSE,pathlen:0"},
        {NID_key_usage, NULL},
        {NID_key_usage, "digitalSignature"},
        {NID_key_usage, "critical,digitalSignature,keyCertSign"},
        {NID_key_usage, "critical,keyCertSign"},
        {NID_key_usage, "critical,digitalSignature,keyAgreement"},
        {NID_key_usage, "critical,digitalSignature,decipherOnly"},
        {NID_ext_key_usage, NULL},
        {NID_ext_key_usage, "critical,clientAuth"},
        {NID_ext_key_usage, EXTENSIONS_ARC ".4"},
        {NID_ext_key_usage, "critical," EXTENSIONS_ARC ".4,clientAuth"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_not_equal(
            family_judge_instead(
                f, FRIEND,
                altered(f, f->alone, FRIEND, cases[i].nid, cases[i].value)),
            REFUSAL_NONE);
    /* A right to lend on without the usage that it needs. */
    assert_int_not_equal(
        family_judge_instead(f, FRIEND,
                             altered(f, f->certificate[FRIEND], FRIEND,
                                     NID_key_usage,
                                     "critical,digitalSignature")),
        REFUSAL_NONE);
    assert_int_equal(
        family_judge_instead(
            f, FRIEND,
            altered(f, f->alone, FRIEND, NID_netscape_comment, "text")),
        REFUSAL_NONE);
}

static void
a_number_of_uses_has_one_form(void **state)
{
    struct family *f = *state;
    static const struct {
        const char *der;
        size_t len;
    } wrong[] = {
        {VALUE("\x02\x01\x00")},         /* none at all */
        {VALUE("\x02\x01\xff")},         /* -1 */
        {VALUE("\x02\x03\x0f\x42\x41")}, /* 1 000 001 */
        {VALUE("\x02\x08\x7f\xff\xff\xff\xff\xff\xff\xff")},
        {VALUE("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x05")},
        {VALUE("\x02\x02\x00\x05")}, /* a leading zero */
        {VALUE("\x02\x81\x01\x05")}, /* a long length */
        {VALUE("\x02\x01\x05\x00")}, /* something behind it */
        {VALUE("\x02\x01")},         /* cut off */
        {VALUE("\x02\x00")},
        {VALUE("\x0a\x01\x05")},         /* ENUMERATED */
        {VALUE("\x30\x03\x02\x01\x05")}, /* SEQUENCE */
        {VALUE("\x05\x00")},             /* NULL */
    };
    static const char five[] = "\x02\x01\x05";

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(
            family_judge_instead(f, THIRD,
                                 with_value(f, THIRD, EXTENSIONS_ARC ".5",
                                            wrong[i].der, wrong[i].len, false)),
            REFUSAL_FORMAT);
    assert_int_equal(
        family_judge_instead(f, THIRD,
                             with_value(f, THIRD, EXTENSIONS_ARC ".5",
                                        VALUE("\x02\x01\x05"), false)),
        REFUSAL_NONE);
    /* Twice; and not at all, which is any number. */
    assert_int_equal(
        family_judge_instead(
            f, THIRD, with_value(f, THIRD, EXTENSIONS_ARC ".5", five, 3, true)),
        REFUSAL_FORMAT);
    assert_int_equal(
        family_judge_instead(
            f, THIRD,
            with_value(f, THIRD, EXTENSIONS_ARC ".5", NULL, 0, false)),
        REFUSAL_BEYOND);
}

static void
a_grant_comes_back_as_it_was_certified(void **state)
{
    struct family *f = *state;
    static const int64_t uses[] = {0, 1, 127, 128, 255, 256, GRANT_USES_MAX};

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        for (unsigned sharing = 0; sharing <= GRANT_SHARING_MAX; sharing++) {
            struct grant sent = family_grant_for(FRIEND);
            struct grant got = {.uses = -1};
            X509 *made;

            sent.uses = uses[i];
            sent.sharing = sharing;
            made = family_issue_for(f, FRIEND, &sent);
            assert_int_equal(certificate_grant(made, &got), REFUSAL_NONE);
            assert_true(grant_equal(&sent, &got));
            X509_free(made);
        }
    }
}

static void
an_extension_of_ours_that_is_missing_or_there_twice_is_refused(void **state)
{
    struct family *f = *state;
    static const char *const oids[] = {EXTENSIONS_ARC ".1", EXTENSIONS_ARC ".2",
                                       EXTENSIONS_ARC ".3"};

    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
        assert_int_equal(
            family_judge_instead(
                f, FRIEND, with_value(f, FRIEND, oids[i], NULL, 0, false)),
            REFUSAL_FORMAT);
        assert_int_equal(
            family_judge_instead(
                f, FRIEND,
                with_value(f, FRIEND, oids[i], VALUE("\x05\x00"), true)),
            REFUSAL_FORMAT);
    }
    /* A list with a long length: OpenSSL reads it, but it is not our DER. */
    assert_int_equal(
        family_judge_instead(f, FRIEND,
                             with_value(f, FRIEND, oids[1],
                                        VALUE("\x30\x81\x08\x0c\x06unlock"),
                                        false)),
        REFUSAL_FORMAT);
    assert_int_equal(family_judge_instead(
                         f, FRIEND,
                         with_value(f, FRIEND, oids[1],
                                    VALUE("\x30\x08\x0c\x06unlock"), false)),
                     REFUSAL_NONE);
}

static void
a_certificate_without_a_grant_is_no_key(void **state)
{
    struct family *f = *state;
    X509 *bare = family_issue_for(f, FRIEND, NULL);
    struct grant grant;

    assert_int_equal(certificate_grant(bare, &grant), REFUSAL_FORMAT);
    assert_int_equal(family_judge_instead(f, FRIEND, bare), REFUSAL_CHAIN);
}

static void
a_certificate_changed_anywhere_is_refused(void **state)
{
    struct family *f = *state;
    struct text der = TEXT_EMPTY;

    assert_int_equal(certificate_to_der(f->certificate[FRIEND], &der), TG_OK);
    for (size_t i = 0; i < der.len; i++) {
        X509 *changed = NULL;

        der.at[i] ^= 1;
        if (certificate_from_der(text_span(&der), &changed) == TG_OK)
            assert_int_not_equal(family_judge_instead(f, FRIEND, changed),
                                 REFUSAL_NONE);
        der.at[i] ^= 1;
    }
    text_free(&der);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FAMILY_TEST(rights_that_are_said_in_another_way_are_refused),
        FAMILY_TEST(a_number_of_uses_has_one_form),
        FAMILY_TEST(a_grant_comes_back_as_it_was_certified),
        FAMILY_TEST(
            an_extension_of_ours_that_is_missing_or_there_twice_is_refused),
        FAMILY_TEST(a_certificate_without_a_grant_is_no_key),
        FAMILY_TEST(a_certificate_changed_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

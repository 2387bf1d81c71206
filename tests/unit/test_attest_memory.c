/* What judging a statement takes of the heap: never more than 64 KiB, whatever
 * was sent (attest.h). Each allocation of ours, of jansson's and of OpenSSL's
 * is counted (linked with --wrap=tg_alloc and its like). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "attest/trust.h"
#include "base/alloc.h"
#include "forge.h"

enum { MOST = 65536, ROOM = 16 };

/* ---- counting ---------------------------------------------------------- */

static size_t now_used;
static size_t most_used;

/* Each block has its size in front. */
static void *
counted_new(size_t size)
{
    uint8_t *block = calloc(1, size + ROOM);

    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof(size));
    now_used += size;
    if (now_used > most_used)
        most_used = now_used;
    return block + ROOM;
}

static size_t
size_of(const void *ptr)
{
    size_t size;

    memcpy(&size, (const uint8_t *)ptr - ROOM, sizeof(size));
    return size;
}

static void
counted_free(void *ptr)
{
    if (ptr == NULL)
        return;
    now_used -= size_of(ptr);
    free((uint8_t *)ptr - ROOM);
}

static void *
counted_resize(void *ptr, size_t size)
{
    void *bigger = counted_new(size);

    if (bigger != NULL && ptr != NULL) {
        size_t old = size_of(ptr);

        memcpy(bigger, ptr, old < size ? old : size);
        counted_free(ptr);
    }
    return bigger;
}

/* What the linker puts in the place of base/alloc.c's. */
void *__wrap_tg_alloc(size_t size);
void *__wrap_tg_realloc(void *ptr, size_t size);
void __wrap_tg_free(void *ptr);

void *
__wrap_tg_alloc(size_t size)
{
    return counted_new(size);
}

void *
__wrap_tg_realloc(void *ptr, size_t size)
{
    return counted_resize(ptr, size);
}

void
__wrap_tg_free(void *ptr)
{
    counted_free(ptr);
}

static void *
openssl_new(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return counted_new(size);
}

static void *
openssl_resize(void *ptr, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return counted_resize(ptr, size);
}

static void
openssl_free(void *ptr, const char *file, int line)
{
    (void)file;
    (void)line;
    counted_free(ptr);
}

/* ---- judging ----------------------------------------------------------- */

static struct forge_authority authority;
static struct attest_trust *trust;

static enum attest_reason
judge(struct tg_span header, const uint8_t challenge[ATTEST_HASH_LEN],
      size_t *used)
{
    struct attest_policy policy;
    enum attest_reason reason;
    size_t before = now_used;

    forge_policy(&policy, ATTEST_NONE, trust);
    policy.formats = ~0u;
    policy.packed_self = true;
    most_used = now_used;
    reason = attest_verify(&policy, header, challenge, FORGE_NOW).reason;
    *used = most_used - before;
    return reason;
}

/* Twice: what OpenSSL keeps for ever is there after the first time. The second
 * time takes no more than MOST, and leaves nothing. */
static enum attest_reason
check(const char *what, struct tg_span header,
      const uint8_t challenge[ATTEST_HASH_LEN])
{
    enum attest_reason reason;
    size_t before;
    size_t used;

    (void)judge(header, challenge, &used);
    before = now_used;
    reason = judge(header, challenge, &used);
    print_message("# %s: %zu bytes, %s\n", what, used,
                  attest_reason_text(reason));
    assert_int_equal(now_used, before);
    assert_in_range(used, 0, MOST);
    return reason;
}

static void
statements_of_every_kind_take_little(void **state)
{
    static const enum attest_format formats[] = {
        ATTEST_NONE, ATTEST_PACKED, ATTEST_FIDO_U2F, ATTEST_APPLE,
        ATTEST_APPLE_APPATTEST};

    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct forge f;

        forge_begin(&f, formats[i], &authority);
        (void)forge_finish(&f);
        (void)check(attest_format_name(formats[i]), tg_span_buf(&f.header),
                    f.challenge);
        forge_end(&f);
    }
}

/* ---- the dearest of each layer ----------------------------------------- */

static const uint8_t any_challenge[ATTEST_HASH_LEN];

/* JSON as the header's value. */
static void
check_json(const char *what, const struct tg_buf *json)
{
    struct tg_buf header = TG_BUF_EMPTY;

    forge_base64url(&header, tg_span_buf(json));
    assert_true(header.len <= ATTEST_HEADER_MOST);
    assert_int_equal(check(what, tg_span_buf(&header), any_challenge),
                     ATTEST_MALFORMED);
    tg_buf_free(&header);
}

enum { JSON_MOST = ATTEST_HEADER_MOST / 4 * 3 };

/* `piece` again and again until the header is full. */
static void
fill(struct tg_buf *json, const char *piece, const char *end)
{
    while (json->len + strlen(piece) + strlen(end) <= JSON_MOST)
        forge_append(json, tg_span_text(piece));
    forge_append(json, tg_span_text(end));
}

static void
json_of_any_shape_takes_little(void **state)
{
    static const struct {
        const char *begin;
        const char *piece;
        const char *end;
    } shapes[] = {
        {"{\"a\":[", "[],", "[]]}"},
        {"[", "{\"\":0},", "0]"},
        {"{\"a\":\"", "a", "\"}"},
        {"{\"a\":\"", "\\u00e4", "\"}"},
        {"{\"", "a", "\":\"\"}"},
        {"", "[", ""},
        {"{\"clientDataJSON\":\"", "A", "\",\"attestationObject\":\"A\"}"},
        {"", "0", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct tg_buf json = TG_BUF_EMPTY;

        forge_append(&json, tg_span_text(shapes[i].begin));
        fill(&json, shapes[i].piece, shapes[i].end);
        check_json(shapes[i].piece, &json);
        tg_buf_free(&json);
    }
}

/* Client data is text in a text: it is there several times at once. */
static void
long_client_data_takes_little(void **state)
{
    char more[6000];
    struct forge f;

    (void)state;
    memset(more, 'a', sizeof(more) - 1);
    memcpy(more, ",\"a\":\"", 6);
    memcpy(more + sizeof(more) - 2, "\"", 2);
    forge_begin(&f, ATTEST_NONE, &authority);
    f.client_more = more;
    assert_true(forge_finish(&f).len <= ATTEST_HEADER_MOST);
    assert_int_equal(check("client data", tg_span_buf(&f.header),
                           f.challenge),
                     ATTEST_FINE);
    forge_end(&f);
}

/* A leaf of many small parts: `names` in its subject, `extensions`, and one
 * extension of `filler` bytes. */
static X509 *
make_crowded(EVP_PKEY *key, int names, int extensions, size_t filler)
{
    static uint8_t no_der[ATTEST_HEADER_MOST];
    struct forge_certificate leaf = forge_leaf_template();
    X509_NAME *subject;
    X509 *made;
    ASN1_OCTET_STRING *empty = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3", 1);

    memset(no_der, 0xff, sizeof(no_der));
    forge_add_extension(&leaf, "1.2.4", (struct tg_span){no_der, filler},
                        false);
    made = forge_issue(&leaf, key, authority.intermediate, authority.key);
    subject = X509_NAME_dup(X509_get_subject_name(made));
    for (int i = 0; i < names; i++)
        assert_int_equal(X509_NAME_add_entry_by_txt(
                             subject, "O", MBSTRING_UTF8,
                             (const unsigned char *)"a", 1, -1, 0),
                         1);
    assert_int_equal(X509_set_subject_name(made, subject), 1);
    for (int i = 0; i < extensions; i++) {
        X509_EXTENSION *extension =
            X509_EXTENSION_create_by_OBJ(NULL, oid, 0, empty);

        assert_int_equal(X509_add_ext(made, extension, -1), 1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(made, authority.key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(empty);
    return made;
}

/* `copies` of such a leaf as the chain, behind a good one if that is told. */
static void
check_chain(const char *what, EVP_PKEY *key, X509 *crowded, int copies,
            bool is_behind)
{
    struct forge f;

    forge_begin(&f, ATTEST_PACKED, &authority);
    f.above_count = 0;
    if (!is_behind) {
        EVP_PKEY_free(f.leaf_key);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        f.leaf_key = key;
        f.instead_of_leaf = crowded;
        copies--;
    }
    for (int i = 0; i < copies; i++)
        f.above[f.above_count++] = crowded;
    assert_true(forge_finish(&f).len <= ATTEST_HEADER_MOST);
    (void)check(what, tg_span_buf(&f.header), f.challenge);
    forge_end(&f);
}

static void
certificates_of_many_parts_take_little(void **state)
{
    static const struct {
        const char *what;
        enum forge_kind kind;
        int names;
        int extensions;
        size_t filler;
        int copies;
    } crowds[] = {
        {"names", FORGE_P256, 95, 0, 0, 1},
        {"names and filler", FORGE_P256, 95, 0, 4000, 1},
        {"too many names", FORGE_P256, 120, 0, 4000, 1},
        {"very many names", FORGE_P256, 400, 0, 0, 1},
        {"extensions", FORGE_P256, 0, 190, 0, 1},
        {"extensions and filler", FORGE_P256, 0, 190, 4000, 1},
        {"too many extensions", FORGE_P256, 0, 240, 3600, 1},
        {"very many extensions", FORGE_P256, 0, 600, 0, 1},
        {"6 certificates", FORGE_P256, 0, 0, 0, 6},
        {"6 with filler", FORGE_P256, 0, 0, 300, 6},
        {"7 certificates", FORGE_P256, 0, 0, 0, 7},
        {"6 of RSA", FORGE_RSA, 0, 0, 0, 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++) {
        EVP_PKEY *key = forge_key(crowds[i].kind);
        X509 *crowded = make_crowded(key, crowds[i].names,
                                     crowds[i].extensions, crowds[i].filler);

        check_chain(crowds[i].what, key, crowded, crowds[i].copies, false);
        check_chain(crowds[i].what, key, crowded,
                    crowds[i].copies - (crowds[i].copies > 4), true);
        X509_free(crowded);
        EVP_PKEY_free(key);
    }
}

/* A leaf with an extension that OpenSSL reads. */
static enum attest_reason
check_value(const char *oid, struct tg_span value)
{
    enum attest_reason reason;
    struct forge f;

    forge_begin(&f, ATTEST_PACKED, &authority);
    forge_add_extension(&f.leaf, oid, value, false);
    assert_true(forge_finish(&f).len <= ATTEST_HEADER_MOST);
    reason = check(oid, tg_span_buf(&f.header), f.challenge);
    forge_end(&f);
    return reason;
}

/* … of `count` pieces. */
static enum attest_reason
check_extension(const char *oid, size_t count, const char *piece)
{
    struct tg_buf content = TG_BUF_EMPTY;
    struct tg_buf value = TG_BUF_EMPTY;
    enum attest_reason reason;

    for (size_t i = 0; i < count; i++)
        forge_hex(&content, piece);
    forge_der(&value, 0x30, tg_span_buf(&content));
    reason = check_value(oid, tg_span_buf(&value));
    tg_buf_free(&content);
    tg_buf_free(&value);
    return reason;
}

/* … which end is nowhere told. */
static enum attest_reason
check_indefinite(const char *oid, size_t count, const char *piece)
{
    struct tg_buf value = TG_BUF_EMPTY;
    enum attest_reason reason;

    forge_hex(&value, "3080");
    for (size_t i = 0; i < count; i++)
        forge_hex(&value, piece);
    forge_hex(&value, "0000");
    reason = check_value(oid, tg_span_buf(&value));
    tg_buf_free(&value);
    return reason;
}

/* OpenSSL reads them when it looks at a certificate at all. */
static void
extensions_of_many_parts_take_little(void **state)
{
    (void)state;
    /* subjectAltName, extKeyUsage, cRLDistributionPoints, and
     * certificatePolicies */
    assert_int_equal(check_extension("2.5.29.17", 3000, "8200"),
                     ATTEST_CERTIFICATE);
    assert_int_equal(check_extension("2.5.29.37", 1500, "06012a"),
                     ATTEST_CERTIFICATE);
    assert_int_equal(check_extension("2.5.29.31", 1500, "3000"),
                     ATTEST_CERTIFICATE);
    assert_int_equal(check_extension("2.5.29.32", 1500, "3000"),
                     ATTEST_CERTIFICATE);
    /* 1.2.4 is nothing that anybody reads, but might be */
    assert_int_equal(check_extension("1.2.4", 3000, "0500"),
                     ATTEST_CERTIFICATE);
    /* BER is read there, too. */
    assert_int_equal(check_indefinite("2.5.29.17", 3000, "8200"),
                     ATTEST_CERTIFICATE);
    (void)check_extension("2.5.29.17", 400, "8200");
    (void)check_extension("2.5.29.37", 400, "06012a");
}

static int
begin(void **state)
{
    struct attest_trust_error error;
    struct tg_buf pem = TG_BUF_EMPTY;
    char path[FORGE_PATH];

    (void)state;
    forge_authority_init(&authority);
    forge_certificate_pem(&pem, authority.root);
    forge_file(path, tg_span_buf(&pem));
    tg_buf_free(&pem);
    if ((trust = attest_trust_new()) == NULL ||
        attest_trust_add_roots(trust, path, FORGE_NOW, &error) != TG_OK)
        return 1;
    forge_file_done(path);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    attest_trust_free(trust);
    forge_authority_done(&authority);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_of_every_kind_take_little),
        cmocka_unit_test(json_of_any_shape_takes_little),
        cmocka_unit_test(long_client_data_takes_little),
        cmocka_unit_test(certificates_of_many_parts_take_little),
        cmocka_unit_test(extensions_of_many_parts_take_little),
    };

    if (CRYPTO_set_mem_functions(openssl_new, openssl_resize, openssl_free) !=
        1)
        return 1;
    json_set_alloc_funcs(counted_new, counted_free);
    return cmocka_run_group_tests(tests, begin, end);
}

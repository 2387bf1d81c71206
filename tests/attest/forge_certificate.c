/* Certificates of tests, and their authority; see forge.h. */
#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* What this process has open. */
#define FILES "/proc/self/fd/"

enum { SERIAL_BITS = 64, TEXT = 128 };

tg_time_s forge_clock = FORGE_NOW;

struct forge_certificate
forge_authority_template(const char *subject)
{
    return (struct forge_certificate){
        .subject = subject,
        .digest = "SHA256",
        .from = forge_clock - 10 * (tg_time_s)FORGE_DAY,
        .until = forge_clock + 10 * (tg_time_s)FORGE_DAY,
        .version = 3,
        .basic = FORGE_BASIC_CA,
        .path_length = -1,
        .key_usage = "critical,keyCertSign,cRLSign",
    };
}

struct forge_certificate
forge_leaf_template(void)
{
    struct forge_certificate leaf = forge_authority_template(
        "C=AA,O=Test Maker,OU=Authenticator Attestation,CN=Test Device");

    leaf.basic = FORGE_BASIC_END;
    leaf.key_usage = NULL;
    return leaf;
}

void
forge_add_extension(struct forge_certificate *c, const char *oid,
                    struct tg_span value, bool is_critical)
{
    if (c->extension_count == FORGE_EXTENSIONS)
        abort();
    c->extensions[c->extension_count++] =
        (struct forge_extension){oid, value, is_critical};
}

/* "C=AA,O=Maker": no commas inside. */
static X509_NAME *
make_name(const char *text)
{
    X509_NAME *name = X509_NAME_new();

    while (name != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        char part[TEXT];
        char *value;

        (void)snprintf(part, sizeof(part), "%.*s", (int)len, text);
        if ((value = strchr(part, '=')) == NULL)
            abort();
        *value++ = '\0';
        if (X509_NAME_add_entry_by_txt(name, part, V_ASN1_UTF8STRING,
                                       (const unsigned char *)value, -1, -1,
                                       0) != 1)
            abort();
        text += len + (text[len] == ',');
    }
    if (name == NULL)
        abort();
    return name;
}

static void
set_serial(X509 *certificate, const char *hex)
{
    BIGNUM *number = NULL;

    if (hex != NULL) {
        if (BN_hex2bn(&number, hex) == 0)
            abort();
    } else if ((number = BN_new()) == NULL ||
               BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE,
                       BN_RAND_BOTTOM_ANY) != 1) {
        abort();
    }
    if (BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) == NULL)
        abort();
    BN_free(number);
}

static void
add(X509 *certificate, X509_EXTENSION *extension)
{
    if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
        abort();
    X509_EXTENSION_free(extension);
}

static void
add_raw(X509 *certificate, const struct forge_extension *from)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(from->oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

    if (oid == NULL || value == NULL ||
        ASN1_OCTET_STRING_set(value, from->value.ptr, (int)from->value.len) !=
            1)
        abort();
    add(certificate,
        X509_EXTENSION_create_by_OBJ(NULL, oid, from->is_critical, value));
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

static void
add_extensions(X509 *certificate, const struct forge_certificate *c)
{
    char basic[TEXT] = "critical,CA:FALSE";

    if (c->basic == FORGE_BASIC_CA && c->path_length < 0)
        (void)snprintf(basic, sizeof(basic), "critical,CA:TRUE");
    else if (c->basic == FORGE_BASIC_CA)
        (void)snprintf(basic, sizeof(basic), "critical,CA:TRUE,pathlen:%d",
                       c->path_length);
    if (c->basic != FORGE_BASIC_NONE)
        add(certificate,
            X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, basic));
    if (c->key_usage != NULL)
        add(certificate,
            X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, c->key_usage));
    for (size_t i = 0; i < c->extension_count; i++)
        add_raw(certificate, &c->extensions[i]);
}

X509 *
forge_issue(const struct forge_certificate *c, EVP_PKEY *key, X509 *issuer,
            EVP_PKEY *issuer_key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = make_name(c->subject);
    const EVP_MD *digest = EVP_PKEY_is_a(issuer_key, "ED25519") == 1 ||
                                   EVP_PKEY_is_a(issuer_key, "ED448") == 1
                               ? NULL
                               : EVP_get_digestbyname(c->digest);

    if (certificate == NULL ||
        X509_set_version(certificate, c->version - 1) != 1 ||
        ASN1_TIME_set(X509_getm_notBefore(certificate), c->from) == NULL ||
        ASN1_TIME_set(X509_getm_notAfter(certificate), c->until) == NULL ||
        X509_set_subject_name(certificate, name) != 1 ||
        X509_set_issuer_name(
            certificate,
            issuer == NULL ? name : X509_get_subject_name(issuer)) != 1 ||
        X509_set_pubkey(certificate, key) != 1)
        abort();
    set_serial(certificate, c->serial);
    add_extensions(certificate, c);
    if (X509_sign(certificate, issuer_key, digest) == 0)
        abort();
    X509_NAME_free(name);
    return certificate;
}

void
forge_certificate_der(struct tg_buf *out, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    if (len <= 0)
        abort();
    forge_append(out, (struct tg_span){der, (size_t)len});
    OPENSSL_free(der);
}

void
forge_certificate_pem(struct tg_buf *out, X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1)
        abort();
    len = BIO_get_mem_data(bio, &text);
    forge_append(out, (struct tg_span){(const uint8_t *)text, (size_t)len});
    BIO_free(bio);
}

void
forge_authority_init(struct forge_authority *authority)
{
    struct forge_certificate root =
        forge_authority_template("C=AA,O=Test Maker,CN=Test Root");
    struct forge_certificate intermediate =
        forge_authority_template("C=AA,O=Test Maker,CN=Test Intermediate");

    authority->root_key = forge_key(FORGE_P256);
    authority->key = forge_key(FORGE_P256);
    authority->root =
        forge_issue(&root, authority->root_key, NULL, authority->root_key);
    authority->intermediate = forge_issue(&intermediate, authority->key,
                                          authority->root, authority->root_key);
}

void
forge_authority_done(struct forge_authority *authority)
{
    X509_free(authority->intermediate);
    X509_free(authority->root);
    EVP_PKEY_free(authority->key);
    EVP_PKEY_free(authority->root_key);
}

void
forge_file(char path[FORGE_PATH], struct tg_span content)
{
    int fd = memfd_create("forged", MFD_CLOEXEC);

    if (fd < 0 || write(fd, content.ptr, content.len) != (ssize_t)content.len)
        abort();
    (void)snprintf(path, FORGE_PATH, FILES "%d", fd);
}

void
forge_file_done(const char *path)
{
    if (close((int)strtol(path + strlen(FILES), NULL, 10)) != 0)
        abort();
}

struct attest_trust *
forge_trust(X509 *const *roots, size_t count)
{
    struct attest_trust *trust = attest_trust_new();
    struct attest_trust_error error;
    struct tg_buf pem = TG_BUF_EMPTY;
    char path[FORGE_PATH];

    if (trust == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        forge_certificate_pem(&pem, roots[i]);
    forge_file(path, tg_span_buf(&pem));
    if (attest_trust_add_roots(trust, path, FORGE_NOW, &error) != TG_OK)
        abort();
    forge_file_done(path);
    tg_buf_free(&pem);
    return trust;
}

void
forge_revoke(struct attest_trust *trust, const char *lines)
{
    struct attest_trust_error error;
    char path[FORGE_PATH];

    forge_file(path, tg_span_text(lines));
    if (attest_trust_add_revoked(trust, path, &error) != TG_OK)
        abort();
    forge_file_done(path);
}

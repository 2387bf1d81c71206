/* See service.h: the key and the certificate of a service, by OpenSSL. */
#include "service.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "device_key.h"

#define SECONDS_OF_TEN_YEARS 315569520L
/* A device whose clock is behind, or was put back, must not take a certificate
 * for one of the future. */
#define SECONDS_OF_TWO_DAYS  172800L

enum { HOST_MAX = 253, SERIAL_LEN = 16 };

/* Only what is part of a name: the list of names is one text with commas. */
static bool
is_name(const char *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    size_t len = strlen(host);

    return len > 0 && len <= HOST_MAX && strspn(host, allowed) == len;
}

static bool
is_address(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

/* The value of subjectAltName, in OpenSSL's notation. */
static enum tg_err
make_names(const char *host, struct text *out)
{
    if (host == NULL)
        return text_print(out, "IP:127.0.0.1,IP:::1,DNS:localhost");
    if (!is_address(host) && !is_name(host))
        return TG_E_FORMAT;
    return text_print(out, "%s:%s,IP:127.0.0.1,IP:::1,DNS:localhost",
                      is_address(host) ? "IP" : "DNS", host);
}

static bool
set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_LEN];
    BIGNUM *number = NULL;
    bool done = false;

    if (RAND_bytes(bytes, sizeof(bytes)) == 1) {
        bytes[0] &= 0x7f;
        number = BN_bin2bn(bytes, sizeof(bytes), NULL);
        done = number != NULL &&
               BN_to_ASN1_INTEGER(number,
                                  X509_get_serialNumber(certificate)) != NULL;
    }
    BN_free(number);
    return done;
}

static bool
set_name(X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)"localhost", -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static bool
add(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;
    bool done;

    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

/* Its own issuer, but no authority for anything else. */
static X509 *
make(EVP_PKEY *key, const char *names)
{
    X509 *certificate = X509_new();

    if (certificate != NULL &&
        X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate) && set_name(certificate) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate),
                        -SECONDS_OF_TWO_DAYS) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(certificate),
                        SECONDS_OF_TEN_YEARS) != NULL &&
        X509_set_pubkey(certificate, key) == 1 &&
        add(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        add(certificate, NID_key_usage, "critical,digitalSignature") &&
        add(certificate, NID_ext_key_usage, "serverAuth") &&
        add(certificate, NID_subject_key_identifier, "hash") &&
        add(certificate, NID_subject_alt_name, names) &&
        X509_sign(certificate, key, EVP_sha256()) != 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static enum tg_err
save(const struct state *state, const X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum tg_err err = TG_E_NOMEM;
    char *pem;
    long len;

    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1 &&
        (len = BIO_get_mem_data(bio, &pem)) > 0)
        err = state_write(state, SERVICE_CERTIFICATE_FILE,
                          (struct tg_span){(uint8_t *)pem, (size_t)len});
    BIO_free(bio);
    return err;
}

enum tg_err
service_make_certificate(const struct state *state, const char *host)
{
    struct text names = TEXT_EMPTY;
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = make_names(host, &names)) != TG_OK ||
        (err = device_key_load_or_make(state, SERVICE_KEY_FILE, &key)) !=
            TG_OK ||
        state_has(state, SERVICE_CERTIFICATE_FILE))
        goto out;
    err = TG_E_CRYPTO;
    if ((certificate = make(key, names.at)) == NULL)
        goto out;
    err = save(state, certificate);
out:
    X509_free(certificate);
    EVP_PKEY_free(key);
    text_free(&names);
    return err;
}

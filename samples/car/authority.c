/* See authority.h. */
#include "authority.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "certificate.h"
#include "device_key.h"
#include "pem_file.h"

#define KEY_FILE "maker.key"

enum { ROOT_YEARS = 20, YEAR_SECONDS = 31556952 };

static enum tg_err
make_root(const struct state *state, EVP_PKEY *key, const char *name)
{
    moment now = moment_now();
    struct certificate_order order = {
        .subject = name,
        .key = key,
        .not_before = now,
        .not_after = now + (moment)ROOT_YEARS * YEAR_SECONDS,
        .path_length = GRANT_SHARING_MAX,
    };
    struct text pem = TEXT_EMPTY;
    X509 *root = NULL;
    enum tg_err err;

    if ((err = certificate_issue(&order, NULL, key, &root)) != TG_OK)
        return err;
    if ((err = certificate_to_pem(root, &pem)) == TG_OK)
        err = state_write(state, AUTHORITY_ROOT_FILE, text_span(&pem));
    text_free(&pem);
    X509_free(root);
    return err;
}

enum tg_err
authority_make(const struct state *state, const char *name)
{
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = device_key_load_or_make(state, KEY_FILE, &key)) != TG_OK)
        return err;
    if (!state_has(state, AUTHORITY_ROOT_FILE))
        err = make_root(state, key, name);
    EVP_PKEY_free(key);
    return err;
}

static enum tg_err
read_root(struct authority *authority)
{
    enum tg_err err;

    if ((err = state_read(&authority->state, AUTHORITY_ROOT_FILE,
                          &authority->root_pem)) != TG_OK)
        return err;
    return certificate_from_pem(text_span(&authority->root_pem),
                                &authority->roots);
}

enum tg_err
authority_open(const char *path, struct authority *out)
{
    struct authority authority = {.state.lock = -1};
    enum tg_err err;

    if ((err = state_open(path, false, &authority.state)) != TG_OK)
        return err;
    if ((err = device_key_load(&authority.state, KEY_FILE, &authority.key)) !=
            TG_OK ||
        (err = read_root(&authority)) != TG_OK) {
        authority_close(&authority);
        return err;
    }
    *out = authority;
    return TG_OK;
}

enum tg_err
authority_peek(const char *path, struct authority *out)
{
    struct authority authority = {.state.lock = -1};
    enum tg_err err;

    if ((err = state_peek(path, &authority.state)) != TG_OK)
        return err;
    if ((err = read_root(&authority)) != TG_OK) {
        authority_close(&authority);
        return err;
    }
    *out = authority;
    return TG_OK;
}

void
authority_close(struct authority *authority)
{
    certificate_free_chain(authority->roots);
    text_free(&authority->root_pem);
    EVP_PKEY_free(authority->key);
    state_close(&authority->state);
}

X509 *
authority_root(const struct authority *authority)
{
    return sk_X509_value(authority->roots, 0);
}

enum tg_err
authority_read_request(const char *path, EVP_PKEY **out)
{
    struct text pem = TEXT_EMPTY;
    X509_REQ *request = NULL;
    EVP_PKEY *key = NULL;
    BIO *bio = NULL;
    enum tg_err err;

    if ((err = state_read_outside(path, &pem)) != TG_OK)
        return err;
    err = TG_E_FORMAT;
    if ((bio = BIO_new_mem_buf(pem.at, (int)pem.len)) == NULL ||
        (request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL)) == NULL ||
        (key = X509_REQ_get_pubkey(request)) == NULL ||
        device_key_check(key) != TG_OK)
        goto out;
    err = TG_E_AUTH;
    if (X509_REQ_verify(request, key) != 1)
        goto out;
    err = TG_OK;
    *out = key;
    key = NULL;
out:
    EVP_PKEY_free(key);
    X509_REQ_free(request);
    BIO_free(bio);
    text_free(&pem);
    return err;
}

enum tg_err
authority_certify(const struct authority *authority, EVP_PKEY *owner,
                  const struct grant *grant, struct text *out)
{
    struct certificate_order order = {
        .subject = "Owner's device",
        .key = owner,
        .grant = grant,
    };
    struct text pem = TEXT_EMPTY;
    X509 *certificate = NULL;
    enum tg_err err;

    if ((err = certificate_issue(&order, authority_root(authority),
                                 authority->key, &certificate)) == TG_OK &&
        (err = certificate_to_pem(certificate, &pem)) == TG_OK)
        err = text_print(out, "%s%s", pem.at, authority->root_pem.at);
    X509_free(certificate);
    text_free(&pem);
    return err;
}

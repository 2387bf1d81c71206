/* See identity.h. */
#include "identity.h"

#include "certificate.h"
#include "kept_key.h"
#include "pem_file.h"

void
identity_free(struct identity *identity)
{
    certificate_free_chain(identity->chain);
    EVP_PKEY_free(identity->key);
    *identity = (struct identity){.key = NULL};
}

/* Takes `identity`, whose key and chain are there. */
static enum tg_err
complete(struct identity *identity, struct identity *out)
{
    X509 *leaf = sk_X509_value(identity->chain, 0);

    if (certificate_grant(leaf, &identity->grant) != REFUSAL_NONE ||
        EVP_PKEY_eq(X509_get0_pubkey(leaf), identity->key) != 1) {
        identity_free(identity);
        return TG_E_FORMAT;
    }
    *out = *identity;
    return TG_OK;
}

enum tg_err
identity_of_owner(const struct device *device, struct identity *out)
{
    struct identity identity = {.key = NULL};
    enum tg_err err;

    if ((err = kept_key_get(device->wallet, &identity.key)) == TG_OK &&
        (err = pem_file_read(&device->state, IDENTITY_OWNER_FILE,
                             &identity.chain)) == TG_OK) {
        /* The maker's root is behind the owner's certificate. */
        while (sk_X509_num(identity.chain) > 1)
            X509_free(sk_X509_pop(identity.chain));
        return complete(&identity, out);
    }
    identity_free(&identity);
    return err;
}

/* Both files of a share as one chain. */
static enum tg_err
read_chain(const struct device *device, int64_t id, STACK_OF(X509) **out)
{
    STACK_OF(X509) *chain = NULL;
    STACK_OF(X509) *issuers = NULL;
    char file[PEM_FILE_NAME];
    enum tg_err err;

    pem_file_of_share(IDENTITY_CERTIFICATE, id, file);
    if ((err = pem_file_read(&device->state, file, &chain)) != TG_OK)
        return err;
    pem_file_of_share(IDENTITY_ISSUER, id, file);
    err = pem_file_read(&device->state, file, &issuers);
    while (err == TG_OK && sk_X509_num(issuers) > 0) {
        X509 *issuer = sk_X509_shift(issuers);

        if (sk_X509_push(chain, issuer) == 0) {
            X509_free(issuer);
            err = TG_E_NOMEM;
        }
    }
    certificate_free_chain(issuers);
    if (err != TG_OK) {
        certificate_free_chain(chain);
        return err;
    }
    *out = chain;
    return TG_OK;
}

enum tg_err
identity_of_share(const struct device *device, int64_t id,
                  struct identity *out)
{
    struct identity identity = {.key = NULL};
    struct tg_share *share = NULL;
    enum tg_err err;

    if ((err = tg_share_open(device->wallet, NULL, id, &share)) != TG_OK)
        return err;
    if ((err = read_chain(device, id, &identity.chain)) == TG_OK)
        err = kept_key_of_share(share, &identity.key);
    tg_share_close(share);
    if (err != TG_OK) {
        identity_free(&identity);
        return err;
    }
    return complete(&identity, out);
}

enum tg_err
identity_store(const struct device *device, const struct tg_share *share,
               STACK_OF(X509) *chain)
{
    char file[PEM_FILE_NAME];
    enum tg_err err;

    pem_file_of_share(IDENTITY_ISSUER, tg_share_id(share), file);
    if ((err = pem_file_write(&device->state, file, chain, 1,
                              sk_X509_num(chain))) != TG_OK)
        return err;
    pem_file_of_share(IDENTITY_CERTIFICATE, tg_share_id(share), file);
    return pem_file_write(&device->state, file, chain, 0, 1);
}

bool
identity_is_stored(const struct device *device, const struct tg_share *share)
{
    char file[PEM_FILE_NAME];

    pem_file_of_share(IDENTITY_CERTIFICATE, tg_share_id(share), file);
    return state_has(&device->state, file);
}

/* See chain.h. */
#include "chain.h"

#include "certificate.h"

#define MEMBER "chain"

static enum tg_err
write_one(const X509 *certificate, struct members *members)
{
    struct text der = TEXT_EMPTY;
    struct text base64 = TEXT_EMPTY;
    enum tg_err err;

    if ((err = certificate_to_der(certificate, &der)) == TG_OK &&
        (err = text_to_base64(text_span(&der), &base64)) == TG_OK)
        members_add_text(members, MEMBER, base64.at);
    text_free(&base64);
    text_free(&der);
    return err;
}

enum tg_err
chain_write(STACK_OF(X509) *chain, struct members *members)
{
    enum tg_err err = TG_OK;

    for (int i = 0; i < sk_X509_num(chain) && err == TG_OK; i++)
        err = write_one(sk_X509_value(chain, i), members);
    return err;
}

static enum tg_err
read_one(const char *base64, STACK_OF(X509) *chain)
{
    struct text der = TEXT_EMPTY;
    X509 *certificate = NULL;
    enum tg_err err;

    if ((err = text_from_base64(base64, &der)) == TG_OK)
        err = certificate_from_der(text_span(&der), &certificate);
    text_free(&der);
    if (err == TG_OK && sk_X509_push(chain, certificate) == 0) {
        X509_free(certificate);
        err = TG_E_NOMEM;
    }
    return err;
}

enum tg_err
chain_read(const struct members *members, STACK_OF(X509) **out)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    enum tg_err err = TG_OK;
    const char *base64;
    size_t i = 0;

    if (chain == NULL)
        return TG_E_NOMEM;
    while (err == TG_OK &&
           (base64 = members_list_text(members, MEMBER, i)) != NULL)
        err = i++ < CERTIFICATE_CHAIN_MAX ? read_one(base64, chain)
                                          : TG_E_FORMAT;
    if (err == TG_OK && i == 0)
        err = TG_E_FORMAT;
    if (err != TG_OK) {
        certificate_free_chain(chain);
        return err;
    }
    *out = chain;
    return TG_OK;
}

/* See judging.h. */
#include "judging.h"

#include <string.h>

#include "certificate.h"
#include "chain.h"
#include "challenge.h"
#include "uses.h"

/* The leaf's key must have signed our nonce, for us and this action. */
static enum refusal
check_signature(const struct judge *judge, const struct request *request,
                const struct members *answer, EVP_PKEY *key)
{
    const char *base64 = members_text(answer, "signature");
    struct text signature = TEXT_EMPTY;
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_SIGNATURE;

    if (base64 != NULL && text_from_base64(base64, &signature) == TG_OK &&
        challenge_words(judge->vehicle, request->action, request->nonce.at,
                        &words) == TG_OK &&
        device_key_verify(key, text_span(&words), text_span(&signature)) ==
            TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    text_free(&signature);
    return why;
}

/* What the chain and the signature prove, without asking anybody. */
static enum refusal
check_proof(const struct judge *judge, struct request *request,
            const struct members *answer, STACK_OF(X509) *chain)
{
    moment now = judge->pretend != 0 ? judge->pretend : moment_now();
    EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(chain, 0));
    struct grant grant;
    enum refusal why;

    if (key == NULL || device_key_fingerprint(key, request->key) != TG_OK)
        return REFUSAL_FORMAT;
    if ((why = certificate_check(chain, judge->root, now, &grant)) !=
        REFUSAL_NONE)
        return why;
    if (strcmp(grant.vehicle, judge->vehicle) != 0)
        return REFUSAL_VEHICLE;
    if ((why = check_signature(judge, request, answer, key)) != REFUSAL_NONE)
        return why;
    if (!entitlements_has(grant.allowed, request->action))
        return REFUSAL_ENTITLEMENT;
    return REFUSAL_NONE;
}

/* What the maker says of the keys, or has said. */
static enum refusal
check_keys(const struct judge *judge, const struct request *request,
           STACK_OF(X509) *chain)
{
    char fingerprint[DEVICE_KEY_FINGERPRINT];
    bool is_lent = sk_X509_num(chain) > 1;

    knowledge_sync(judge->knowledge);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(chain, i));

        if (device_key_fingerprint(key, fingerprint) != TG_OK ||
            knowledge_is_revoked(judge->knowledge, fingerprint))
            return REFUSAL_REVOKED;
    }
    if (is_lent && knowledge_is_online(judge->knowledge) &&
        !knowledge_is_registered(judge->knowledge, request->key))
        return REFUSAL_UNREGISTERED;
    return REFUSAL_NONE;
}

enum tg_err
judging_judge(const struct judge *judge, struct request *request,
              const struct members *answer, enum refusal *why)
{
    STACK_OF(X509) *chain = NULL;
    enum tg_err err = TG_OK;
    enum refusal found;

    if (chain_read(answer, &chain) != TG_OK) {
        *why = REFUSAL_FORMAT;
        return TG_OK;
    }
    found = check_proof(judge, request, answer, chain);
    if (found == REFUSAL_NONE)
        found = check_keys(judge, request, chain);
    if (found == REFUSAL_NONE)
        err = uses_count(judge->state, chain, &found);
    certificate_free_chain(chain);
    if (err == TG_OK)
        *why = found;
    return err;
}

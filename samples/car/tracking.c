/* See tracking.h. */
#include "tracking.h"

#include <stdio.h>
#include <string.h>

#include "certificate.h"
#include "chain.h"
#include "device_key.h"

enum tg_err
tracking_words(enum tracking_what what, const char *vehicle,
               const char *fingerprint, struct text *out)
{
    return text_print(out, "tigress-car-%s-v1\n%s\n%s\n",
                      what == TRACKING_REGISTER ? "register" : "revoke",
                      vehicle, fingerprint);
}

enum tg_err
tracking_set_up(const struct state *state, const char *url,
                const char *ca_file)
{
    struct text ca = TEXT_EMPTY;
    struct web *web = NULL;
    enum tg_err err;

    if ((err = web_new(url, NULL, &web)) != TG_OK)
        return err;
    web_free(web);
    if (ca_file != NULL) {
        if ((err = state_read_outside(ca_file, &ca)) == TG_OK)
            err = state_write(state, TRACKING_CA_FILE, text_span(&ca));
        text_free(&ca);
        if (err != TG_OK)
            return err;
    }
    return state_write(state, TRACKING_SERVER_FILE, text_span_of(url));
}

enum tg_err
tracking_open(const struct state *state, struct web **out)
{
    bool has_ca = state_has(state, TRACKING_CA_FILE);
    char ca[STATE_PATH_MAX];
    struct text url = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_path(state, TRACKING_CA_FILE, ca)) != TG_OK ||
        (err = state_read(state, TRACKING_SERVER_FILE, &url)) != TG_OK)
        return err;
    err = web_new(url.at, has_ca ? ca : NULL, out);
    text_free(&url);
    return err;
}

/* The signature of `key` over the words for the chain's first key. */
static enum tg_err
add_signature(enum tracking_what what, STACK_OF(X509) *chain, EVP_PKEY *key,
              struct members *body)
{
    X509 *leaf = sk_X509_value(chain, 0);
    char fingerprint[DEVICE_KEY_FINGERPRINT];
    struct text words = TEXT_EMPTY;
    struct text signature = TEXT_EMPTY;
    struct text base64 = TEXT_EMPTY;
    struct grant grant;
    enum tg_err err;

    if (leaf == NULL || certificate_grant(leaf, &grant) != REFUSAL_NONE)
        return TG_E_FORMAT;
    if ((err = device_key_fingerprint(X509_get0_pubkey(leaf), fingerprint)) ==
            TG_OK &&
        (err = tracking_words(what, grant.vehicle, fingerprint, &words)) ==
            TG_OK &&
        (err = device_key_sign(key, text_span(&words), &signature)) == TG_OK &&
        (err = text_to_base64(text_span(&signature), &base64)) == TG_OK)
        members_set_text(body, "signature", base64.at);
    text_free(&base64);
    text_free(&signature);
    text_free(&words);
    return err;
}

/* Only what can be shown: the name of a check is letters and hyphens. */
static void
keep_check(const struct members *answer, char out[TRACKING_CHECK_MAX + 1])
{
    const char *check = members_text(answer, "check");
    size_t len = check == NULL ? 0 : strlen(check);

    if (len == 0 || len > TRACKING_CHECK_MAX ||
        strspn(check, "abcdefghijklmnopqrstuvwxyz-") != len)
        check = "?";
    snprintf(out, TRACKING_CHECK_MAX + 1, "%s", check);
}

static enum tg_err
tell(struct web *web, const char *path, const struct members *body,
     char check[TRACKING_CHECK_MAX + 1])
{
    struct members *answer = NULL;
    unsigned status = 0;
    enum tg_err err;

    if ((err = web_call(web, "POST", path, NULL, body, &status, &answer)) !=
        TG_OK)
        return err;
    if (status == 400 || status == 403) {
        keep_check(answer, check);
        err = TG_E_REFUSED;
    } else if (status != 200) {
        err = TG_E_PROTOCOL;
    }
    members_free(answer);
    return err;
}

enum tg_err
tracking_register(struct web *web, STACK_OF(X509) *chain, EVP_PKEY *key,
                  char check[static TRACKING_CHECK_MAX + 1])
{
    struct members *body = members_new();
    enum tg_err err = TG_E_NOMEM;

    if (body != NULL && (err = chain_write(chain, body)) == TG_OK &&
        (err = add_signature(TRACKING_REGISTER, chain, key, body)) == TG_OK)
        err = tell(web, TRACKING_KEYS_PATH, body, check);
    members_free(body);
    return err;
}

enum tg_err
tracking_revoke(struct web *web, STACK_OF(X509) *chain, unsigned signer,
                EVP_PKEY *key, char check[static TRACKING_CHECK_MAX + 1])
{
    struct members *body = members_new();
    enum tg_err err = TG_E_NOMEM;

    if (body != NULL && (err = chain_write(chain, body)) == TG_OK &&
        (err = add_signature(TRACKING_REVOKE, chain, key, body)) == TG_OK) {
        members_set_integer(body, "signer", signer);
        err = tell(web, TRACKING_REVOKE_PATH, body, check);
    }
    members_free(body);
    return err;
}

static const char *
refusal_sentence(const char *check)
{
    if (strcmp(check, "revoked") == 0)
        return "This key was taken back by its owner. It does not work any "
               "more: ask for a new one.";
    if (strcmp(check, "too-late") == 0)
        return "The time of this key is over: ask for a new one.";
    if (strcmp(check, "vehicle") == 0)
        return "The maker does not know this vehicle.";
    return "The vehicle's maker does not accept this key. Nothing has changed "
           "there.";
}

const char *
tracking_text(enum tg_err err, const char *check)
{
    if (err == TG_OK)
        return "The vehicle's maker knows it.";
    if (err == TG_E_REFUSED)
        return refusal_sentence(check);
    if (err == TG_E_NETWORK)
        return "The vehicle's maker cannot be reached. Try the same command "
               "again later.";
    if (err == TG_E_BUSY)
        return "The vehicle's maker is busy. Try the same command again in a "
               "minute.";
    if (err == TG_E_TLS)
        return "The server of the vehicle's maker does not prove who it is. "
               "Nothing was sent: check the network, then try again.";
    if (err == TG_E_PROTOCOL)
        return "The server of the vehicle's maker answers with something that "
               "cannot be understood. Try the same command again later.";
    return "The vehicle's maker was not told: something failed on this "
           "device. Try the same command again.";
}

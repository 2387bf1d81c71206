/* See pin_run.h. */
#include "pin_run.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define RUN_DATA "pin-run"
#define PIN_DATA "pin"

#define CONTEXT       "tigress-car-key-pin-v1"
#define OFFER_HEADING "tigress-car-key-offer-v1"

/* Kept is: the attempt, the other side's share, and what libtigress says. */
enum { HEAD = 1 + TG_PAKE_SHARE_LEN, SESSION = MESSAGES_SHARE_ID / 2 + 1 };

void
pin_run_free(struct pin_run *run)
{
    tg_pake_free(run->pake);
    *run = (struct pin_run){.attempt = 0};
}

static void
make_session(const struct messages_terms *terms, unsigned attempt,
             uint8_t out[static SESSION])
{
    for (size_t i = 0; i + 1 < SESSION; i++) {
        char digits[3] = {terms->share[2 * i], terms->share[2 * i + 1], 0};

        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    out[SESSION - 1] = (uint8_t)attempt;
}

/* What a side vouches for: the owner's device (`key` NULL) for its offer, the
 * friend's for the request with this key. */
static enum tg_err
make_words(const struct messages_terms *terms, EVP_PKEY *key,
           struct text *out)
{
    return key == NULL ? messages_terms_words(OFFER_HEADING, terms, out)
                       : messages_proof_words(terms, key, out);
}

enum tg_err
pin_run_begin(const char *pin, const struct messages_terms *terms,
              unsigned attempt, EVP_PKEY *key, struct pin_run *out)
{
    struct pin_run run = {.attempt = attempt};
    struct text words = TEXT_EMPTY;
    uint8_t session[SESSION];
    enum tg_err err;

    make_session(terms, attempt, session);
    if ((err = make_words(terms, key, &words)) == TG_OK &&
        (err = tg_pake_begin(key == NULL ? TG_INITIATOR : TG_RECIPIENT, pin,
                             text_span_of(CONTEXT),
                             (struct tg_span){session, sizeof(session)},
                             text_span(&words), &run.pake)) == TG_OK)
        *out = run;
    text_free(&words);
    return err;
}

void
pin_run_share(const struct pin_run *run,
              uint8_t out[static TG_PAKE_SHARE_LEN])
{
    memcpy(out, tg_pake_share(run->pake).ptr, TG_PAKE_SHARE_LEN);
}

enum tg_err
pin_run_keep(struct tg_share *share, const struct pin_run *run)
{
    struct tg_buf saved = TG_BUF_EMPTY;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum tg_err err;

    if ((err = tg_pake_save(run->pake, &saved)) != TG_OK)
        goto out;
    err = TG_E_NOMEM;
    len = HEAD + saved.len;
    if ((bytes = malloc(len)) == NULL)
        goto out;
    bytes[0] = (uint8_t)run->attempt;
    memcpy(bytes + 1, run->other, TG_PAKE_SHARE_LEN);
    memcpy(bytes + HEAD, saved.ptr, saved.len);
    err = tg_share_put(share, RUN_DATA, (struct tg_span){bytes, len});
    OPENSSL_cleanse(bytes, len);
out:
    free(bytes);
    tg_buf_free(&saved);
    return err;
}

enum tg_err
pin_run_get(struct tg_share *share, struct pin_run *out)
{
    struct pin_run run = {.attempt = 0};
    struct tg_buf kept = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_share_get(share, RUN_DATA, &kept)) != TG_OK)
        goto out;
    err = TG_E_FORMAT;
    if (kept.len <= HEAD)
        goto out;
    run.attempt = kept.ptr[0];
    memcpy(run.other, kept.ptr + 1, TG_PAKE_SHARE_LEN);
    if ((err = tg_pake_load(
             (struct tg_span){kept.ptr + HEAD, kept.len - HEAD},
             &run.pake)) == TG_OK)
        *out = run;
out:
    tg_buf_free(&kept);
    return err;
}

static enum tg_err
make_tag(const struct tg_pake *pake, uint8_t out[static TG_PAKE_TAG_LEN])
{
    struct tg_buf tag = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_pake_tag(pake, &tag)) == TG_OK)
        memcpy(out, tag.ptr, TG_PAKE_TAG_LEN);
    tg_buf_free(&tag);
    return err;
}

static enum tg_err
finish(struct pin_run *run, const uint8_t other[static TG_PAKE_SHARE_LEN],
       const struct messages_terms *terms, EVP_PKEY *key)
{
    struct text words = TEXT_EMPTY;
    enum tg_err err;

    if ((err = make_words(terms, key, &words)) == TG_OK)
        err = tg_pake_finish(run->pake,
                             (struct tg_span){other, TG_PAKE_SHARE_LEN},
                             text_span(&words));
    text_free(&words);
    return err;
}

enum tg_err
pin_run_judge(struct pin_run *run, const struct key_signing_request *request,
              uint8_t tag[static TG_PAKE_TAG_LEN])
{
    enum tg_err err;

    if ((err = finish(run, request->pake_share, &request->terms,
                      request->key)) != TG_OK)
        return err;
    if ((err = tg_pake_check(run->pake,
                             (struct tg_span){request->pake_tag,
                                              TG_PAKE_TAG_LEN})) != TG_OK)
        return err;
    return make_tag(run->pake, tag);
}

enum tg_err
pin_run_prove(struct pin_run *run, const struct messages_terms *terms,
              uint8_t tag[static TG_PAKE_TAG_LEN])
{
    enum tg_err err;

    if ((err = finish(run, run->other, terms, NULL)) != TG_OK)
        return err;
    return make_tag(run->pake, tag);
}

enum tg_err
pin_run_check(struct pin_run *run, const struct messages_terms *terms,
              const uint8_t tag[static TG_PAKE_TAG_LEN])
{
    enum tg_err err;

    if ((err = finish(run, run->other, terms, NULL)) != TG_OK)
        return err;
    return tg_pake_check(run->pake, (struct tg_span){tag, TG_PAKE_TAG_LEN});
}

enum tg_err
pin_run_keep_pin(struct tg_share *share, const char *pin)
{
    return tg_share_put(share, PIN_DATA, text_span_of(pin));
}

enum tg_err
pin_run_pin(struct tg_share *share, char out[static TG_PIN_TEXT])
{
    struct tg_buf pin = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_share_get(share, PIN_DATA, &pin)) == TG_OK) {
        if (pin.len == TG_PIN_DIGITS && tg_pin_is((const char *)pin.ptr))
            memcpy(out, pin.ptr, TG_PIN_TEXT);
        else
            err = TG_E_FORMAT;
    }
    tg_buf_free(&pin);
    return err;
}

enum tg_err
pin_run_forget(struct tg_share *share)
{
    enum tg_err err = tg_share_remove(share, PIN_DATA);

    return err == TG_OK ? tg_share_remove(share, RUN_DATA) : err;
}

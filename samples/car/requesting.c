/* See requesting.h. */
#include "requesting.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "importing.h"
#include "kept_key.h"
#include "pin_run.h"
#include "prompt.h"
#include "show.h"

enum { QUESTION_MAX = MESSAGES_NAME_MAX + 128 };

unsigned
requesting_attempt(struct tg_share *share)
{
    struct pin_run run;
    unsigned attempt;

    if (pin_run_get(share, &run) != TG_OK)
        return 0;
    attempt = run.attempt;
    pin_run_free(&run);
    return attempt;
}

/* Whether the run that is kept answers this share of the owner's device. With
 * another one it would be a guess more for somebody who only pretends. */
static bool
is_answer_to(const struct pin_run *run, unsigned attempt,
             const uint8_t other[static TG_PAKE_SHARE_LEN])
{
    return run->attempt == attempt &&
           memcmp(run->other, other, TG_PAKE_SHARE_LEN) == 0;
}

/* "123 456" and "123-456" are what people write. */
static bool
take_digits(const struct text *typed, char out[static TG_PIN_TEXT])
{
    size_t digits = 0;

    for (size_t i = 0; i < typed->len; i++) {
        char c = typed->at[i];

        if (c == ' ' || c == '-')
            continue;
        if (digits == TG_PIN_DIGITS)
            return false;
        out[digits++] = c;
    }
    out[digits] = '\0';
    return tg_pin_is(out);
}

/* How often it may still be tried, in words. */
static const char *
tries_text(unsigned attempt)
{
    switch (attempt) {
    case 1: return "";
    case 2: return "That was not the owner's PIN. Two tries are left. ";
    default: break;
    }
    return "That was not the owner's PIN. One try is left. ";
}

/* REPORT_DONE, or the status of what was said instead. */
static int
get_pin(const struct borrowing *borrowing, struct report *report,
        const struct key_creation_request *offer, unsigned attempt,
        char out[static TG_PIN_TEXT])
{
    char question[QUESTION_MAX];
    struct text typed = TEXT_EMPTY;
    bool is_pin = false;
    enum tg_err err;

    members_set_integer(report->members, "triesLeft",
                        MESSAGES_ATTEMPTS + 1 - attempt);
    snprintf(question, sizeof(question), "%sThe owner's PIN for \"%s\": ",
             borrowing->pin_file == NULL ? tries_text(attempt) : "",
             offer->name);
    err = prompt_secret(borrowing->pin_file, question, &typed);
    if (err == TG_OK)
        is_pin = take_digits(&typed, out);
    text_free(&typed);
    if (err == TG_E_NOT_FOUND && borrowing->pin_file == NULL)
        return report_end(report, REPORT_PIN,
                          "%sAsk the owner for the PIN of \"%s\", by voice. "
                          "Then type it at a terminal, or name the file that "
                          "holds it with --pin-file.",
                          tries_text(attempt), offer->name);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_PIN,
                          "There is no file %s: name the one that holds the "
                          "PIN. Nothing was sent.",
                          borrowing->pin_file);
    if (err != TG_OK && err != TG_E_LIMIT)
        return report_error(report, err, "reading the PIN", NULL);
    if (!is_pin)
        return report_end(report, REPORT_PIN,
                          "A PIN is six digits. Nothing was sent: try again.");
    return REPORT_DONE;
}

/* The key and the run, on disk before the owner hears of them. */
static enum tg_err
prepare(struct tg_share *share, const struct messages_terms *terms,
        unsigned attempt, const uint8_t other[static TG_PAKE_SHARE_LEN],
        const char *pin)
{
    struct pin_run run = {.attempt = 0};
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = kept_key_make_for_share(share, &key)) == TG_OK &&
        (err = pin_run_begin(pin, terms, attempt, key, &run)) == TG_OK) {
        memcpy(run.other, other, TG_PAKE_SHARE_LEN);
        err = pin_run_keep(share, &run);
    }
    pin_run_free(&run);
    EVP_PKEY_free(key);
    return err;
}

/* A KeySigningRequest for exactly what was offered, with the run that is
 * kept. */
static enum tg_err
format_request(struct tg_share *share, const struct messages_terms *terms,
               struct text *out)
{
    struct key_signing_request request = {.terms = *terms};
    struct pin_run run = {.attempt = 0};
    struct text words = TEXT_EMPTY;
    enum tg_err err;

    if ((err = pin_run_get(share, &run)) != TG_OK)
        goto out;
    request.attempt = run.attempt;
    pin_run_share(&run, request.pake_share);
    if ((err = pin_run_prove(&run, terms, request.pake_tag)) != TG_OK)
        goto out;
    if ((err = kept_key_of_share(share, &request.key)) != TG_OK)
        goto out;
    if ((err = messages_proof_words(terms, request.key, &words)) != TG_OK)
        goto out;
    if ((err = device_key_sign(request.key, text_span(&words),
                               &request.proof)) != TG_OK)
        goto out;
    err = messages_format_signing(&request, out);
out:
    messages_free_signing(&request);
    text_free(&words);
    pin_run_free(&run);
    return err;
}

static int
send(struct borrowing *borrowing, struct report *report,
     struct tg_share *share, const struct key_creation_request *offer)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = format_request(share, &offer->terms, &json)) == TG_OK)
        err = tg_share_send(share, TG_FORMAT_CAR_KEY, text_span(&json));
    text_free(&json);
    /* Something newer is in the mailbox: it is looked at next time. */
    if (err == TG_E_CONFLICT && (err = tg_share_handled(share)) == TG_OK)
        return report_end(report, REPORT_WAITING,
                          "The owner's device has written meanwhile: go on "
                          "with `continue`.");
    if (err == TG_E_GONE)
        return borrowing_conclude(borrowing, report, share);
    if (err == TG_E_AUTH) /* no honest device gives such a share */
        return importing_refuse(borrowing, report, share, REFUSAL_PIN);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "asking for the key");
    return report_end(report, REPORT_DONE,
                      "This device has made a key for \"%s\", and sent it "
                      "with a proof of the PIN. The owner's device must judge "
                      "the PIN now, and sign the key.",
                      offer->name);
}

int
requesting_answer(struct borrowing *borrowing, struct report *report,
                  struct tg_share *share,
                  const struct key_creation_request *offer, unsigned attempt,
                  const uint8_t other[static TG_PAKE_SHARE_LEN])
{
    struct pin_run run = {.attempt = 0};
    char pin[TG_PIN_TEXT];
    unsigned asked;
    bool is_asked;
    int status;
    enum tg_err err = pin_run_get(share, &run);

    /* A wallet that cannot be read now is no reason to end the share. */
    if (err != TG_OK && err != TG_E_NOT_FOUND)
        return report_error(report, err, "reading this device's wallet", NULL);
    asked = run.attempt;
    is_asked = err == TG_OK && is_answer_to(&run, attempt, other);
    if (err == TG_OK)
        pin_run_free(&run);
    if (is_asked)
        return send(borrowing, report, share, offer);
    if (attempt != asked + 1)
        return importing_refuse(borrowing, report, share, REFUSAL_PIN);
    status = get_pin(borrowing, report, offer, attempt, pin);
    if (status != REPORT_DONE)
        return status;
    err = prepare(share, &offer->terms, attempt, other, pin);
    OPENSSL_cleanse(pin, sizeof(pin));
    if (err != TG_OK)
        return report_error(report, err, "making the key", NULL);
    return send(borrowing, report, share, offer);
}

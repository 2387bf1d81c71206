/* See answering.h.
 *
 * A try of the PIN is used up when the run of the next one is on disk, or that
 * the share is over; the other side is told afterwards. So a device that is
 * killed anywhere here gives no try away and takes none: the request is still
 * there, names an attempt that is used up, and gets the same answer again.
 */
#include "answering.h"

#include <string.h>

#include <openssl/crypto.h>

#include "certificate.h"
#include "offer.h"
#include "pem_file.h"
#include "pin_run.h"
#include "refusal.h"
#include "revoking.h"
#include "trouble.h"

#define TAG_DATA "pin-tag" /* ours, for the key that was signed */

/* Everything that must hold before the PIN is looked at. */
static enum refusal
check_request(const struct lending *lending,
              const struct key_creation_request *offer,
              const struct key_signing_request *request)
{
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_SIGNATURE;

    if (strcmp(request->terms.share, offer->terms.share) != 0)
        return REFUSAL_SHARE;
    if (!messages_terms_equal(&request->terms, &offer->terms))
        return REFUSAL_TERMS;
    if (!grant_within(&request->terms.grant, &lending->self.grant))
        return REFUSAL_BEYOND;
    if (moment_now() >= request->terms.grant.not_after)
        return REFUSAL_TOO_LATE;
    if (messages_proof_words(&request->terms, request->key, &words) == TG_OK &&
        device_key_verify(request->key, text_span(&words),
                          text_span(&request->proof)) == TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    return why;
}

/* Send what was written. A mailbox that has changed meanwhile is looked at
 * first, next time: TG_E_NO_NEWS. */
static enum tg_err
send(struct tg_share *share, enum tg_err err, struct text *json)
{
    if (err == TG_OK)
        err = tg_share_send(share, TG_FORMAT_CAR_KEY, text_span(json));
    text_free(json);
    if (err == TG_E_CONFLICT && (err = tg_share_handled(share)) == TG_OK)
        err = TG_E_NO_NEWS;
    return err;
}

/* Say that it is over, and why. How it has ended is on disk already. Who cannot
 * be told finds the mailbox gone. */
static enum tg_err
send_cancelled(struct tg_share *share, enum ending ending)
{
    struct share_cancelled message = {
        .reason = ending == ENDING_PIN ? MESSAGES_PIN : MESSAGES_REFUSED};
    struct key_creation_request offer;
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = offer_read(share, &offer)) != TG_OK)
        return err;
    memcpy(message.share, offer.terms.share, sizeof(message.share));
    err = send(share, messages_format_cancelled(&message, &json), &json);
    return err == TG_E_NO_NEWS ? tg_share_cancel(share) : err;
}

/* The share ends here, for good. If its key was signed before, that is taken
 * back: who asks once more may have fetched it, and is not to be trusted. */
static int
end(struct lending *lending, struct report *report, struct tg_share *share,
    enum ending ending, enum refusal why)
{
    const char *trouble = "";
    enum tg_err err;

    if ((err = ending_keep(share, ending)) == TG_OK &&
        (err = pin_run_forget(share)) == TG_OK) {
        (void)revoking_retry(lending, share, &trouble);
        err = send_cancelled(share, ending);
    }
    if (err != TG_OK && err != TG_E_GONE)
        return device_error(lending->device, report, err,
                            "telling the friend's device");
    members_set_text(report->members, "check", refusal_name(why));
    return lending_report_end(lending, report, share, REPORT_REFUSED,
                              trouble);
}

static int
refuse(struct lending *lending, struct report *report, struct tg_share *share,
       enum refusal why)
{
    return end(lending, report, share, ENDING_REFUSED, why);
}

/* Ask for the PIN once more, with the run that is kept, and tell the owner. */
static int
ask_again(struct lending *lending, struct report *report,
          struct tg_share *share, const struct pin_run *run)
{
    struct pin_retry_request message = {.attempt = run->attempt};
    unsigned left = MESSAGES_ATTEMPTS + 1 - run->attempt;
    struct key_creation_request offer;
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    pin_run_share(run, message.pake_share);
    if ((err = offer_read(share, &offer)) == TG_OK) {
        memcpy(message.share, offer.terms.share, sizeof(message.share));
        err = send(share, messages_format_retry(&message, &json), &json);
    }
    if (err != TG_OK && err != TG_E_NO_NEWS)
        return device_error(lending->device, report, err,
                            "asking for the PIN again");
    members_set_integer(report->members, "triesLeft", left);
    members_set_text(report->members, "check", refusal_name(REFUSAL_PIN));
    return report_end(report, REPORT_REFUSED,
                      "A device that does not know the PIN has accepted this "
                      "invitation (%u %s left). If your friend did not "
                      "mistype it, a stranger has the link: cancel the "
                      "share.%s",
                      left, left == 1 ? "try" : "tries",
                      report->verbose ? " (the confirmation of CPace in the "
                                        "KeySigningRequest does not match)"
                                      : "");
}

/* The PIN was wrong: that try is used up. */
static int
count_wrong(struct lending *lending, struct report *report,
            struct tg_share *share, const struct pin_run *used,
            const struct messages_terms *terms)
{
    struct pin_run next = {.attempt = 0};
    char pin[TG_PIN_TEXT];
    enum tg_err err;
    int status;

    if (used->attempt >= MESSAGES_ATTEMPTS)
        return end(lending, report, share, ENDING_PIN, REFUSAL_PIN);
    if ((err = pin_run_pin(share, pin)) == TG_OK &&
        (err = pin_run_begin(pin, terms, used->attempt + 1, NULL, &next)) ==
            TG_OK)
        err = pin_run_keep(share, &next);
    OPENSSL_cleanse(pin, sizeof(pin));
    if (err == TG_OK)
        status = ask_again(lending, report, share, &next);
    else
        status = report_error(report, err, "counting a try of the PIN", NULL);
    pin_run_free(&next);
    return status;
}

static enum tg_err
sign_key(const struct lending *lending,
         const struct key_signing_request *request, X509 **out)
{
    struct certificate_order order = {
        .subject = "Friend's device",
        .key = request->key,
        .grant = &request->terms.grant,
    };

    return certificate_issue(&order, sk_X509_value(lending->self.chain, 0),
                             lending->self.key, out);
}

/* The certificate that was signed for this share. TG_E_NOT_FOUND. */
static enum tg_err
issued(const struct lending *lending, const struct tg_share *share,
       STACK_OF(X509) **out)
{
    char file[PEM_FILE_NAME];

    pem_file_of_share(LENDING_ISSUED, tg_share_id(share), file);
    return pem_file_read(&lending->device->state, file, out);
}

/* The PIN was right: sign, once. Our proof of the PIN is on disk before the
 * certificate, and that before it is sent. */
static enum tg_err
issue(const struct lending *lending, struct tg_share *share,
      const struct key_signing_request *request,
      const uint8_t tag[static TG_PAKE_TAG_LEN])
{
    char file[PEM_FILE_NAME];
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *certificate = NULL;
    enum tg_err err;

    if (chain == NULL)
        return TG_E_NOMEM;
    if ((err = tg_share_put(share, TAG_DATA,
                            (struct tg_span){tag, TG_PAKE_TAG_LEN})) != TG_OK)
        goto out;
    if ((err = sign_key(lending, request, &certificate)) != TG_OK)
        goto out;
    if (sk_X509_push(chain, certificate) == 0) {
        X509_free(certificate);
        err = TG_E_NOMEM;
        goto out;
    }
    pem_file_of_share(LENDING_ISSUED, tg_share_id(share), file);
    err = pem_file_write(&lending->device->state, file, chain, 0, 1);
out:
    certificate_free_chain(chain);
    return err;
}

/* Certificate, our own chain, and our proof of the PIN. */
static enum tg_err
fill_import(const struct lending *lending, struct tg_share *share,
            X509 *certificate, struct key_import_request *message)
{
    struct tg_buf tag = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_share_get(share, TAG_DATA, &tag)) != TG_OK)
        goto out;
    err = TG_E_FORMAT;
    if (tag.len != TG_PAKE_TAG_LEN)
        goto out;
    memcpy(message->pake_tag, tag.ptr, TG_PAKE_TAG_LEN);
    err = TG_E_NOMEM;
    if (sk_X509_push(message->chain, certificate) == 0)
        goto out;
    for (int i = 0; i < sk_X509_num(lending->self.chain); i++)
        if (sk_X509_push(message->chain,
                         sk_X509_value(lending->self.chain, i)) == 0)
            goto out;
    err = TG_OK;
out:
    tg_buf_free(&tag);
    return err;
}

static int
send_key(struct lending *lending, struct report *report,
         struct tg_share *share, const struct messages_terms *terms,
         X509 *certificate)
{
    struct key_import_request message = {.terms = *terms,
                                         .chain = sk_X509_new_null()};
    struct text json = TEXT_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    if (message.chain != NULL &&
        (err = fill_import(lending, share, certificate, &message)) == TG_OK)
        err = messages_format_import(&message, &json);
    sk_X509_free(message.chain); /* the certificates are borrowed */
    if (err == TG_OK)
        err = pin_run_forget(share);
    if ((err = send(share, err, &json)) != TG_OK)
        return device_error(lending->device, report, err,
                            "sending the friend's key");
    return report_end(report, REPORT_DONE,
                      "\"%s\": the PIN was right. The friend's key is signed "
                      "and on its way.",
                      members_text(report->members, "name"));
}

/* Judge the PIN, and sign if it is right; otherwise the status is that of the
 * answer. */
static int
judge_pin(struct lending *lending, struct report *report,
          struct tg_share *share, const struct key_signing_request *request,
          bool *is_right)
{
    uint8_t tag[TG_PAKE_TAG_LEN];
    struct pin_run run;
    enum tg_err err;
    int status = REPORT_DONE;

    *is_right = false;
    if ((err = pin_run_get(share, &run)) != TG_OK)
        return report_error(report, err, "reading the PIN's run", NULL);
    if (request->attempt > run.attempt) {
        status = refuse(lending, report, share, REFUSAL_PIN);
    } else if (request->attempt < run.attempt) {
        status = ask_again(lending, report, share, &run);
    } else if ((err = pin_run_judge(&run, request, tag)) == TG_E_AUTH) {
        status = count_wrong(lending, report, share, &run, &request->terms);
    } else {
        if (err == TG_OK)
            err = issue(lending, share, request, tag);
        if (err != TG_OK)
            status = report_error(report, err, "signing the key", NULL);
        *is_right = err == TG_OK;
    }
    pin_run_free(&run);
    return status;
}

/* A request that is as it should be, but for the PIN. */
static int
answer(struct lending *lending, struct report *report, struct tg_share *share,
       const struct key_signing_request *request)
{
    STACK_OF(X509) *signed_before = NULL;
    bool is_right;
    X509 *certificate;
    int status;

    if (!lending_has_signed(lending, share)) {
        status = judge_pin(lending, report, share, request, &is_right);
        if (!is_right)
            return status;
    }
    if (issued(lending, share, &signed_before) != TG_OK)
        return report_error(report, TG_E_IO, "reading the certificate", NULL);
    certificate = sk_X509_value(signed_before, 0);
    if (EVP_PKEY_eq(X509_get0_pubkey(certificate), request->key) == 1)
        status = send_key(lending, report, share, &request->terms,
                          certificate);
    else
        status = refuse(lending, report, share, REFUSAL_KEY);
    certificate_free_chain(signed_before);
    return status;
}

static int
take_message(struct lending *lending, struct report *report,
             struct tg_share *share, struct tg_span content)
{
    struct key_signing_request request = {.key = NULL};
    struct key_creation_request offer;
    enum refusal why;
    enum tg_err err;
    int status;

    if (messages_parse_signing(content, &request) != TG_OK)
        return refuse(lending, report, share, REFUSAL_FORMAT);
    if ((err = offer_read(share, &offer)) != TG_OK)
        status = report_error(report, err, "reading the offer", NULL);
    else if ((why = check_request(lending, &offer, &request)) != REFUSAL_NONE)
        status = refuse(lending, report, share, why);
    else
        status = answer(lending, report, share, &request);
    messages_free_signing(&request);
    return status;
}

/* Nothing follows here; but the other side, or the maker, may not know yet. */
static int
conclude(struct lending *lending, struct report *report,
         struct tg_share *share)
{
    enum ending ending = ending_get(share);
    const char *trouble = "";
    enum tg_err err = TG_OK;
    int status;

    if (!device_share_has_ended(share))
        err = tg_share_resume(share);
    if (err == TG_OK && !device_share_has_ended(share)) {
        if (ending == ENDING_CANCELLED)
            err = tg_share_cancel(share);
        else if (tg_share_has_message(share))
            err = send_cancelled(share, ending);
    }
    status = revoking_retry(lending, share, &trouble);
    if (err != TG_OK && err != TG_E_GONE && err != TG_E_STATE)
        return device_error(lending->device, report, err,
                            "telling the friend's device");
    if ((err = lending_end(lending, share)) != TG_OK)
        return report_error(report, err, "ending the share", NULL);
    return lending_report_end(lending, report, share, status, trouble);
}

static int
no_message(struct lending *lending, struct report *report,
           struct tg_share *share, enum tg_err err)
{
    if (err == TG_E_GONE || err == TG_E_STATE)
        return conclude(lending, report, share);
    if (err == TG_E_NO_NEWS)
        return lending_report_end(lending, report, share, REPORT_WAITING, "");
    return trouble_report(lending->device, report, err,
                          "your friend's device", "cancel the share");
}

int
answering_continue(struct lending *lending, struct report *report,
                   struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err;
    int status;

    if (device_share_has_ended(share) || ending_get(share) != ENDING_NONE)
        return conclude(lending, report, share);
    if ((err = tg_share_receive(share, &message)) != TG_OK)
        return no_message(lending, report, share, err);
    status = take_message(lending, report, share,
                          tg_provisioning_content(message));
    tg_provisioning_free(message);
    return status;
}

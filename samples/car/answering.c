/* See answering.h. */
#include "answering.h"

#include <string.h>

#include "certificate.h"
#include "offer.h"
#include "pem_file.h"
#include "refusal.h"

/* Everything that must hold before a friend's key is certified. */
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
    if (!grant_within(&request->terms.grant, &lending->own))
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

static enum tg_err
sign_key(const struct lending *lending,
         const struct key_signing_request *request, X509 **out)
{
    struct certificate_order order = {
        .subject = "Friend's device",
        .key = request->key,
        .grant = &request->terms.grant,
    };

    return certificate_issue(&order, sk_X509_value(lending->chain, 0),
                             lending->key, out);
}

/* The certificate of this share: signed once, and on disk before it is sent.
 * TG_E_EXISTS when it was signed for another key. */
static enum tg_err
certificate_of(const struct lending *lending, const struct tg_share *share,
               const struct key_signing_request *request, X509 **out)
{
    char file[PEM_FILE_NAME];
    STACK_OF(X509) *issued = NULL;
    X509 *certificate = NULL;
    enum tg_err err;

    pem_file_of_share(LENDING_ISSUED, tg_share_id(share), file);
    err = pem_file_read(&lending->device.state, file, &issued);
    if (err == TG_OK) {
        certificate = sk_X509_shift(issued);
        if (EVP_PKEY_eq(X509_get0_pubkey(certificate), request->key) != 1)
            err = TG_E_EXISTS;
    } else if (err == TG_E_NOT_FOUND &&
               (err = sign_key(lending, request, &certificate)) == TG_OK) {
        err = pem_file_write(&lending->device.state, file,
                                       certificate);
    }
    certificate_free_chain(issued);
    if (err != TG_OK) {
        X509_free(certificate);
        return err;
    }
    *out = certificate;
    return TG_OK;
}

static enum tg_err
send_key(const struct lending *lending, struct tg_share *share,
         const struct messages_terms *terms, X509 *certificate)
{
    struct key_import_request message = {.terms = *terms,
                                         .chain = sk_X509_new_null()};
    struct text json = TEXT_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    if (message.chain != NULL &&
        sk_X509_push(message.chain, certificate) > 0 &&
        sk_X509_push(message.chain, sk_X509_value(lending->chain, 0)) > 0)
        err = messages_format_import(&message, &json);
    sk_X509_free(message.chain); /* the certificates are borrowed */
    if (err == TG_OK)
        err = tg_share_send(share, TG_FORMAT_CAR_KEY, text_span(&json));
    text_free(&json);
    return err;
}

/* A request that is not what was offered comes from a broken or a hostile
 * device: the share ends, and its mailbox with it. */
static int
refuse(struct lending *lending, struct report *report, struct tg_share *share,
       enum refusal why)
{
    enum tg_err err = tg_share_cancel(share);

    if (err != TG_OK)
        return device_error(&lending->device, report, err,
                            "cancelling the share");
    return refusal_report(report, why);
}

static int
answer_request(struct lending *lending, struct report *report,
               struct tg_share *share, struct tg_span content)
{
    struct key_signing_request request = {.key = NULL};
    struct key_creation_request offer;
    X509 *certificate = NULL;
    enum refusal why;
    enum tg_err err;

    if (messages_parse_signing(content, &request) != TG_OK)
        return refuse(lending, report, share, REFUSAL_FORMAT);
    if ((err = offer_read(share, &offer)) != TG_OK)
        goto out;
    why = check_request(lending, &offer, &request);
    if (why == REFUSAL_NONE) {
        err = certificate_of(lending, share, &request, &certificate);
        if (err == TG_E_EXISTS)
            why = REFUSAL_KEY;
    }
    if (why != REFUSAL_NONE) {
        messages_free_signing(&request);
        return refuse(lending, report, share, why);
    }
    if (err == TG_OK)
        err = send_key(lending, share, &offer.terms, certificate);
out:
    X509_free(certificate);
    messages_free_signing(&request);
    if (err != TG_OK)
        return device_error(&lending->device, report, err,
                            "answering the friend's device");
    return report_end(report, REPORT_DONE,
                      "%s: the friend's key is signed and on its way.",
                      offer.name);
}

int
answering_continue(struct lending *lending, struct report *report,
                   struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err;
    int status;

    if (device_share_has_ended(share))
        return lending_status(lending, report, share);
    err = tg_share_receive(share, &message);
    if (err == TG_OK) {
        status = answer_request(lending, report, share,
                                tg_provisioning_content(message));
        tg_provisioning_free(message);
        return status;
    }
    /* The friend deletes the mailbox when the key has arrived. */
    if (err == TG_E_GONE && lending_has_signed(lending, share))
        return report_end(report, REPORT_DONE,
                          "The friend's device has taken the key.");
    if (err == TG_E_NO_NEWS)
        return report_end(report, REPORT_WAITING, "%s",
                          lending_has_signed(lending, share)
                              ? "The friend's device has not fetched the key "
                                "yet."
                              : "The friend's device has not answered yet.");
    return device_error(&lending->device, report, err, "asking the relay");
}

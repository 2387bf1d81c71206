/* See importing.h. */
#include "importing.h"

#include <string.h>

#include "certificate.h"
#include "ending.h"
#include "kept_key.h"
#include "offer.h"
#include "pin_run.h"
#include "revoking.h"

/* That who sent it knows the PIN: before anything else of it is believed. */
static enum refusal
check_pin(struct tg_share *share, const struct messages_terms *offered,
          const struct key_import_request *message)
{
    struct pin_run run;
    enum refusal why = REFUSAL_PIN;

    if (pin_run_get(share, &run) != TG_OK)
        return why;
    if (pin_run_check(&run, offered, message->pake_tag) == TG_OK)
        why = REFUSAL_NONE;
    pin_run_free(&run);
    return why;
}

/* Everything else that must hold before a key is kept as usable. */
static enum refusal
check_key(const struct borrowing *borrowing,
          const struct messages_terms *offered,
          const struct key_import_request *message, EVP_PKEY *key)
{
    X509 *leaf = sk_X509_value(message->chain, 0);
    moment when = moment_now();
    struct grant grant;
    enum refusal why;

    if (strcmp(message->terms.share, offered->share) != 0)
        return REFUSAL_SHARE;
    if (!messages_terms_equal(&message->terms, offered))
        return REFUSAL_TERMS;
    if (EVP_PKEY_eq(X509_get0_pubkey(leaf), key) != 1)
        return REFUSAL_KEY;
    /* A key for next week is good today. */
    if (when < offered->grant.not_before)
        when = offered->grant.not_before;
    why = certificate_check(message->chain, sk_X509_value(borrowing->roots, 0),
                            when, &grant);
    if (why != REFUSAL_NONE)
        return why;
    return grant_equal(&grant, &offered->grant) ? REFUSAL_NONE : REFUSAL_TERMS;
}

int
importing_refuse(struct borrowing *borrowing, struct report *report,
                 struct tg_share *share, enum refusal why)
{
    enum tg_err err;

    if ((err = ending_keep(share, ENDING_BROKEN)) == TG_OK &&
        (err = pin_run_forget(share)) == TG_OK)
        err = tg_share_cancel(share);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "ending the share");
    return refusal_report(report, why);
}

int
importing_finish(struct borrowing *borrowing, struct report *report,
                 struct tg_share *share)
{
    const struct device *device = &borrowing->device;
    const char *sentence = "";
    enum tg_err err;

    if ((err = pin_run_forget(share)) == TG_OK)
        err = tg_share_finish(share);
    if (err != TG_OK)
        return device_error(device, report, err, "removing the mailbox");
    if (revoking_state(share) != REVOKING_NONE)
        return revoking_state(share) == REVOKING_WANTED
                   ? revoking_drop(device, report, share)
                   : report_end(report, REPORT_DONE, "%s",
                                revoking_text(device, REVOKING_DONE));
    if (revoking_registered(device, share) != REVOKING_UNREGISTERED)
        return report_end(report, REPORT_DONE,
                          "The key is in this device and can be used.");
    err = revoking_register(device, share, &sentence);
    members_set_flag(report->members, "registered", err == TG_OK);
    if (err == TG_OK)
        return report_end(report, REPORT_DONE,
                          "The key is in this device and can be used. %s",
                          sentence);
    if (err == TG_E_REFUSED)
        return report_end(report, REPORT_REFUSED, "%s", sentence);
    return report_end(report, REPORT_WAITING,
                      "The key is in this device, but the vehicle may not "
                      "accept it yet. %s",
                      sentence);
}

int
importing_take(struct borrowing *borrowing, struct report *report,
               struct tg_share *share, struct tg_span content)
{
    struct key_import_request message = {.chain = NULL};
    struct key_creation_request offer;
    EVP_PKEY *key = NULL;
    enum refusal why = REFUSAL_FORMAT;
    enum tg_err err;

    if (messages_parse_import(content, &message) != TG_OK)
        return importing_refuse(borrowing, report, share, REFUSAL_FORMAT);
    if ((err = offer_read(share, &offer)) == TG_OK &&
        (err = kept_key_of_share(share, &key)) == TG_OK) {
        why = check_pin(share, &offer.terms, &message);
        if (why == REFUSAL_NONE)
            why = check_key(borrowing, &offer.terms, &message, key);
        if (why == REFUSAL_NONE)
            err = identity_store(&borrowing->device, share, message.chain);
    } else if (err == TG_E_NOT_FOUND) {
        err = TG_OK; /* nothing was asked for yet */
        why = REFUSAL_KEY;
    }
    messages_free_import(&message);
    EVP_PKEY_free(key);
    if (err != TG_OK)
        return report_error(report, err, "storing the key", NULL);
    if (why != REFUSAL_NONE)
        return importing_refuse(borrowing, report, share, why);
    return importing_finish(borrowing, report, share);
}

/* See borrowing.h. */
#include "borrowing.h"

#include <string.h>

#include "certificate.h"
#include "messages.h"
#include "offer.h"
#include "pem_file.h"
#include "refusal.h"
#include "show.h"

enum tg_err
borrowing_open(const char *path, struct borrowing *out)
{
    struct borrowing borrowing = {.roots = NULL};
    enum tg_err err;

    if ((err = device_open(path, &borrowing.device)) != TG_OK)
        return err;
    if ((err = pem_file_read(&borrowing.device.state, BORROWING_ROOT_FILE,
                                 &borrowing.roots)) != TG_OK) {
        borrowing_close(&borrowing);
        return err;
    }
    *out = borrowing;
    return TG_OK;
}

void
borrowing_close(struct borrowing *borrowing)
{
    certificate_free_chain(borrowing->roots);
    device_close(&borrowing->device);
}

static bool
has_key(const struct borrowing *borrowing, const struct tg_share *share)
{
    char file[PEM_FILE_NAME];

    pem_file_of_share(BORROWING_CERTIFICATE, tg_share_id(share), file);
    return state_has(&borrowing->device.state, file);
}

static enum tg_err
load_key(const struct borrowing *borrowing, const struct tg_share *share,
         EVP_PKEY **out)
{
    char file[PEM_FILE_NAME];

    pem_file_of_share(BORROWING_KEY, tg_share_id(share), file);
    return device_key_load_or_make(&borrowing->device.state, file, out);
}

/* A KeySigningRequest for exactly what was offered. */
static enum tg_err
format_request(const struct messages_terms *terms, EVP_PKEY *key,
               struct text *out)
{
    struct key_signing_request request = {
        .terms = *terms, .key = key, .attempt = 1};
    struct text words = TEXT_EMPTY;
    enum tg_err err;

    if ((err = messages_proof_words(terms, key, &words)) == TG_OK &&
        (err = device_key_sign(key, text_span(&words), &request.proof)) ==
            TG_OK)
        err = messages_format_signing(&request, out);
    text_free(&request.proof);
    text_free(&words);
    return err;
}

/* The key is on disk before the owner hears of it. */
static enum tg_err
send_request(const struct borrowing *borrowing, struct tg_share *share,
             const struct messages_terms *terms)
{
    struct text json = TEXT_EMPTY;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = load_key(borrowing, share, &key)) == TG_OK &&
        (err = format_request(terms, key, &json)) == TG_OK)
        err = tg_share_send(share, TG_FORMAT_CAR_KEY, text_span(&json));
    text_free(&json);
    EVP_PKEY_free(key);
    return err;
}

static int
answer_offer(struct borrowing *borrowing, struct report *report,
             struct tg_share *share, const struct key_creation_request *offer,
             struct tg_span content)
{
    char shown[SHOW_GRANT_MAX];
    enum tg_err err;

    show_grant(&offer->terms.grant, shown);
    show_grant_members(&offer->terms.grant, report->members);
    members_set_text(report->members, "name", offer->name);
    if ((err = offer_keep(share, content)) == TG_OK)
        err = send_request(borrowing, share, &offer->terms);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "asking for the key");
    return report_end(report, REPORT_DONE,
                      "\"%s\": %s. A key was made here; the owner's device "
                      "must sign it now.",
                      offer->name, shown);
}

/* Everything that must hold before a key is kept as usable. */
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

static enum tg_err
store_key(const struct borrowing *borrowing, const struct tg_share *share,
          STACK_OF(X509) *chain)
{
    const struct state *state = &borrowing->device.state;
    char file[PEM_FILE_NAME];
    enum tg_err err;

    pem_file_of_share(BORROWING_ISSUER, tg_share_id(share), file);
    if ((err = pem_file_write(state, file,
                                        sk_X509_value(chain, 1))) != TG_OK)
        return err;
    pem_file_of_share(BORROWING_CERTIFICATE, tg_share_id(share), file);
    return pem_file_write(state, file, sk_X509_value(chain, 0));
}

/* The mailbox has done its service. */
static int
finish(struct borrowing *borrowing, struct report *report,
       struct tg_share *share)
{
    enum tg_err err = tg_share_finish(share);

    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "removing the mailbox");
    return report_end(report, REPORT_DONE,
                      "The key is in this device and can be used.");
}

/* What the owner sent is wrong: the share ends, and the owner learns it. */
static int
refuse(struct borrowing *borrowing, struct report *report,
       struct tg_share *share, enum refusal why)
{
    enum tg_err err = tg_share_cancel(share);

    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "ending the share");
    return refusal_report(report, why);
}

static int
import_key(struct borrowing *borrowing, struct report *report,
           struct tg_share *share, struct tg_span content)
{
    struct key_import_request message = {.chain = NULL};
    struct key_creation_request offer;
    EVP_PKEY *key = NULL;
    enum refusal why = REFUSAL_FORMAT;
    enum tg_err err;

    if (messages_parse_import(content, &message) != TG_OK)
        return refuse(borrowing, report, share, REFUSAL_FORMAT);
    if ((err = offer_read(share, &offer)) == TG_OK &&
        (err = load_key(borrowing, share, &key)) == TG_OK) {
        why = check_key(borrowing, &offer.terms, &message, key);
        if (why == REFUSAL_NONE)
            err = store_key(borrowing, share, message.chain);
    }
    messages_free_import(&message);
    EVP_PKEY_free(key);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "storing the key");
    if (why != REFUSAL_NONE)
        return refuse(borrowing, report, share, why);
    return finish(borrowing, report, share);
}

/* Not for this wallet, or not readable with this link: another device may
 * still want it, so the mailbox is given back. */
static int
give_back(struct borrowing *borrowing, struct report *report,
          struct tg_share *share, enum tg_err why)
{
    enum tg_err err = tg_share_relinquish(share);

    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "giving the invitation back");
    return report_error(report, why, "reading the invitation", NULL);
}

static int
no_message(struct borrowing *borrowing, struct report *report,
           struct tg_share *share, enum tg_err err)
{
    struct key_creation_request offer;
    bool is_first = offer_read(share, &offer) == TG_E_NOT_FOUND;

    if (is_first &&
        (err == TG_E_AUTH || err == TG_E_UNKNOWN || err == TG_E_FORMAT))
        return give_back(borrowing, report, share, err);
    if (err == TG_E_NO_NEWS)
        return report_end(report, REPORT_WAITING,
                          "The owner's device has not signed the key yet.");
    return device_error(&borrowing->device, report, err, "asking the relay");
}

static int
take_message(struct borrowing *borrowing, struct report *report,
             struct tg_share *share, const struct tg_provisioning *message)
{
    struct tg_span content = tg_provisioning_content(message);
    struct key_creation_request offer;
    struct key_creation_request known;

    if (strcmp(tg_provisioning_format_name(message), TG_FORMAT_CAR_KEY) != 0)
        return give_back(borrowing, report, share, TG_E_UNKNOWN);
    if (messages_parse_creation(content, &offer) == TG_OK) {
        /* One offer a share; the same one again after an interruption. */
        if (offer_read(share, &known) == TG_OK &&
            !messages_terms_equal(&offer.terms, &known.terms))
            return refuse(borrowing, report, share, REFUSAL_TERMS);
        return answer_offer(borrowing, report, share, &offer, content);
    }
    if (offer_read(share, &known) != TG_OK)
        return give_back(borrowing, report, share, TG_E_UNKNOWN);
    return import_key(borrowing, report, share, content);
}

static int
advance(struct borrowing *borrowing, struct report *report,
        struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err;
    int status;

    if (has_key(borrowing, share))
        return finish(borrowing, report, share);
    if (device_share_has_ended(share))
        return report_error(report, TG_E_GONE, "going on", NULL);
    if ((err = tg_share_receive(share, &message)) != TG_OK)
        return no_message(borrowing, report, share, err);
    status = take_message(borrowing, report, share, message);
    tg_provisioning_free(message);
    return status;
}

/* The URL without the line feed that a messenger or a file adds. */
static struct tg_span
trimmed(struct tg_span text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL)
        text.len--;
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL) {
        text.ptr++;
        text.len--;
    }
    return text;
}

int
borrowing_accept(struct borrowing *borrowing, struct report *report,
                 struct tg_span url)
{
    struct tg_share_url *parsed = NULL;
    struct tg_share *share = NULL;
    enum tg_err err;
    int status;

    if ((err = tg_share_url_parse(trimmed(url), &parsed)) != TG_OK)
        return report_end(report, REPORT_REFUSED,
                          "This is no complete invitation: the whole link is "
                          "needed, with what follows the # sign.");
    err = tg_share_accept(borrowing->device.wallet, borrowing->device.client,
                          parsed, &share);
    tg_share_url_free(parsed);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "accepting the invitation");
    status = advance(borrowing, report, share);
    tg_share_close(share);
    return status;
}

/* Do `step` on every share; the worst status, or `none` when there is none. */
static int
each(struct borrowing *borrowing, struct report *report, const char *none,
     int (*step)(struct borrowing *, struct report *, struct tg_share *))
{
    struct tg_wallet *wallet = borrowing->device.wallet;
    struct tg_share *share = NULL;
    int status = REPORT_DONE;
    int64_t id = 0;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, id, &id)) == TG_OK) {
        struct report one = *report;
        int result;

        if ((err = tg_share_open(wallet, borrowing->device.client, id,
                                 &share)) != TG_OK)
            break;
        one.members = members_new();
        members_set_integer(one.members, "share", id);
        result = step(borrowing, &one, share);
        members_free(one.members);
        tg_share_close(share);
        if (status == REPORT_DONE || status == REPORT_WAITING)
            status = result == REPORT_DONE ? status : result;
        none = NULL;
    }
    if (err != TG_E_NOT_FOUND)
        return device_error(&borrowing->device, report, err, "listing shares");
    return none == NULL ? status : report_end(report, REPORT_DONE, "%s", none);
}

int
borrowing_continue(struct borrowing *borrowing, struct report *report)
{
    return each(borrowing, report, "No invitation was accepted here.",
                advance);
}

static int
show_share(struct borrowing *borrowing, struct report *report,
           struct tg_share *share)
{
    const char *state = tg_share_state_name(tg_share_state(share));
    struct key_creation_request offer = {.name = "?"};
    char shown[SHOW_GRANT_MAX] = "the offer has not been read";
    bool usable = has_key(borrowing, share);

    if (offer_read(share, &offer) == TG_OK) {
        show_grant(&offer.terms.grant, shown);
        show_grant_members(&offer.terms.grant, report->members);
        members_set_text(report->members, "name", offer.name);
    }
    members_set_text(report->members, "state", state);
    members_set_flag(report->members, "usable", usable);
    return report_end(report, REPORT_DONE, "\"%s\": %s; %s", offer.name, shown,
                      usable ? "usable" : state);
}

int
borrowing_status(struct borrowing *borrowing, struct report *report)
{
    return each(borrowing, report, "No invitation was accepted here.",
                show_share);
}

enum tg_err
borrowing_chain(const struct borrowing *borrowing, int64_t id,
                STACK_OF(X509) **out)
{
    const struct state *state = &borrowing->device.state;
    STACK_OF(X509) *chain = NULL;
    STACK_OF(X509) *issuer = NULL;
    X509 *owner;
    char file[PEM_FILE_NAME];
    enum tg_err err;

    pem_file_of_share(BORROWING_CERTIFICATE, id, file);
    if ((err = pem_file_read(state, file, &chain)) != TG_OK)
        return err;
    pem_file_of_share(BORROWING_ISSUER, id, file);
    if ((err = pem_file_read(state, file, &issuer)) == TG_OK) {
        owner = sk_X509_shift(issuer);
        if (sk_X509_push(chain, owner) == 0) {
            X509_free(owner);
            err = TG_E_NOMEM;
        }
    }
    certificate_free_chain(issuer);
    if (err != TG_OK) {
        certificate_free_chain(chain);
        return err;
    }
    *out = chain;
    return TG_OK;
}

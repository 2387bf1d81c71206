/* See borrowing.h: one message after the other. What they lead to is in
 * requesting.c and importing.c. */
#include "borrowing.h"

#include <stdio.h>
#include <string.h>

#include "answering.h"
#include "certificate.h"
#include "importing.h"
#include "keeping.h"
#include "offer.h"
#include "pem_file.h"
#include "pin_run.h"
#include "requesting.h"
#include "show.h"
#include "trouble.h"

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
    members_set_text(report->members, "error", tg_err_name(why));
    if (report->verbose)
        members_set_text(report->members, "reason", trouble_reason(why));
    return report_end(report, REPORT_REFUSED,
                      "%s The invitation was given back: another device can "
                      "still accept it.%s%s%s",
                      why == TG_E_AUTH
                          ? "The secret of the invitation does not open it: "
                            "the link is incomplete or was changed. Copy all "
                            "of it, or ask for a new one."
                      : why == TG_E_UNKNOWN
                          ? "This device does not know this kind of key."
                          : "What is in the invitation cannot be read.",
                      report->verbose ? " (" : "",
                      report->verbose ? trouble_reason(why) : "",
                      report->verbose ? ")" : "");
}

int
borrowing_conclude(struct borrowing *borrowing, struct report *report,
                   struct tg_share *share)
{
    enum ending ending = ending_get(share);
    enum tg_err err = TG_OK;

    if (!device_share_has_ended(share))
        err = tg_share_cancel(share);
    if (err == TG_OK &&
        (err = ending_keep(share, ENDING_CANCELLED)) == TG_OK)
        err = pin_run_forget(share);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "ending the share");
    members_set_text(report->members, "end", ending_name(ending_get(share)));
    if (ending == ENDING_NONE)
        members_set_text(report->members, "error", tg_err_name(TG_E_GONE));
    return report_end(report, REPORT_OVER, "%s",
                      tg_share_state(share) == TG_SHARE_RELINQUISHED
                          ? "You have given this invitation back."
                          : ending_text_borrowed(ending_get(share)));
}

static int
take_offer(struct borrowing *borrowing, struct report *report,
           struct tg_share *share, struct tg_span content)
{
    struct key_creation_request offer;
    struct key_creation_request known;
    char shown[SHOW_GRANT_MAX];
    enum tg_err err = offer_read(share, &known);
    bool is_known = err == TG_OK;

    if (err != TG_OK && err != TG_E_NOT_FOUND)
        return report_error(report, err, "reading this device's wallet", NULL);
    if (messages_parse_creation(content, &offer) != TG_OK)
        return is_known
                   ? importing_refuse(borrowing, report, share, REFUSAL_FORMAT)
                   : give_back(borrowing, report, share, TG_E_UNKNOWN);
    /* One offer a share; the same one again after an interruption. */
    if (is_known && !messages_terms_equal(&offer.terms, &known.terms))
        return importing_refuse(borrowing, report, share, REFUSAL_TERMS);
    if (!is_known && (err = offer_keep(share, content)) != TG_OK)
        return report_error(report, err, "storing the offer", NULL);
    show_grant(&offer.terms.grant, shown);
    show_grant_members(&offer.terms.grant, report->members);
    members_set_text(report->members, "name", offer.name);
    if (!is_known && !report->as_json)
        printf("\"%s\": %s.\n", offer.name, shown);
    return requesting_answer(borrowing, report, share, &offer, 1,
                             offer.pake_share);
}

static int
take_retry(struct borrowing *borrowing, struct report *report,
           struct tg_share *share, const struct key_creation_request *offer,
           struct tg_span content)
{
    struct pin_retry_request retry;

    if (messages_parse_retry(content, &retry) != TG_OK)
        return importing_refuse(borrowing, report, share, REFUSAL_FORMAT);
    if (strcmp(retry.share, offer->terms.share) != 0)
        return importing_refuse(borrowing, report, share, REFUSAL_SHARE);
    members_set_text(report->members, "name", offer->name);
    return requesting_answer(borrowing, report, share, offer, retry.attempt,
                             retry.pake_share);
}

static int
take_cancelled(struct borrowing *borrowing, struct report *report,
               struct tg_share *share,
               const struct key_creation_request *offer,
               struct tg_span content)
{
    struct share_cancelled cancelled;
    enum tg_err err;

    if (messages_parse_cancelled(content, &cancelled) != TG_OK)
        return importing_refuse(borrowing, report, share, REFUSAL_FORMAT);
    if (strcmp(cancelled.share, offer->terms.share) != 0)
        return importing_refuse(borrowing, report, share, REFUSAL_SHARE);
    if ((err = ending_keep(share, cancelled.reason == MESSAGES_PIN
                                      ? ENDING_PIN
                                      : ENDING_REFUSED)) != TG_OK)
        return report_error(report, err, "ending the share", NULL);
    return borrowing_conclude(borrowing, report, share);
}

static int
take_message(struct borrowing *borrowing, struct report *report,
             struct tg_share *share, const struct tg_provisioning *message)
{
    struct tg_span content = tg_provisioning_content(message);
    enum messages_kind kind = messages_kind(content);
    struct key_creation_request offer;
    enum tg_err err;

    if (strcmp(tg_provisioning_format_name(message), TG_FORMAT_CAR_KEY) != 0)
        kind = MESSAGES_NONE;
    if (kind == MESSAGES_CREATION)
        return take_offer(borrowing, report, share, content);
    err = offer_read(share, &offer);
    if (err == TG_E_NOT_FOUND)
        return give_back(borrowing, report, share, TG_E_UNKNOWN);
    if (err != TG_OK)
        return report_error(report, err, "reading this device's wallet", NULL);
    switch (kind) {
    case MESSAGES_RETRY:
        return take_retry(borrowing, report, share, &offer, content);
    case MESSAGES_IMPORT:
        return importing_take(borrowing, report, share, content);
    case MESSAGES_CANCELLED:
        return take_cancelled(borrowing, report, share, &offer, content);
    case MESSAGES_NONE:
    case MESSAGES_CREATION:
    case MESSAGES_SIGNING: break;
    }
    return importing_refuse(borrowing, report, share, REFUSAL_FORMAT);
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
    if (err == TG_E_GONE || err == TG_E_STATE)
        return borrowing_conclude(borrowing, report, share);
    if (err == TG_E_NO_NEWS)
        return report_end(report, REPORT_WAITING,
                          "The owner's device has not signed the key yet.");
    if (err == TG_E_REFUSED) {
        members_set_text(report->members, "error", tg_err_name(err));
        return report_end(report, REPORT_TAKEN,
                          "This invitation was already accepted on another "
                          "device. If that is not one of yours, tell the "
                          "owner at once: a stranger has the link, and the "
                          "owner can cancel the share.");
    }
    return trouble_report(&borrowing->device, report, err,
                          "the owner's device",
                          "tell the owner, and decline the invitation");
}

static int
advance(struct borrowing *borrowing, struct report *report,
        struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err;
    int status;

    if (identity_is_stored(&borrowing->device, share))
        return importing_finish(borrowing, report, share);
    if (device_share_has_ended(share) || ending_get(share) != ENDING_NONE)
        return borrowing_conclude(borrowing, report, share);
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
    if (err == TG_E_EXISTS)
        return report_end(report, REPORT_REFUSED,
                          "This invitation was made on this very device: send "
                          "it to your friend.");
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "accepting the invitation");
    members_set_integer(report->members, "share", tg_share_id(share));
    status = advance(borrowing, report, share);
    tg_share_close(share);
    return status;
}

/* Whether a share has ended and that was said already. */
static bool
is_settled(const struct device *device, struct tg_share *share)
{
    return device_share_has_ended(share) &&
           !identity_is_stored(device, share) &&
           (ending_get(share) != ENDING_NONE ||
            tg_share_state(share) == TG_SHARE_RELINQUISHED);
}

/* `step` for a share that was accepted here, `lent` for one begun here. */
struct steps {
    borrowing_step *step;
    lending_step *lent;
    bool skips_settled;
};

static int
do_one(struct borrowing *borrowing, struct report *report,
       struct tg_share *share, const struct steps *steps)
{
    struct report one = *report;
    int status;

    if (tg_share_role(share) == TG_INITIATOR)
        return lending_one(&borrowing->device, report, share, steps->lent);
    one.members = members_new();
    members_set_integer(one.members, "share", tg_share_id(share));
    status = steps->step(borrowing, &one, share);
    members_free(one.members);
    return status;
}

static bool
is_wanted(const struct borrowing *borrowing, struct tg_share *share,
          const struct steps *steps)
{
    struct key_creation_request offer;

    if (borrowing->chosen != 0 && borrowing->chosen != tg_share_id(share))
        return false;
    if (tg_share_role(share) == TG_INITIATOR)
        return offer_read(share, &offer) == TG_OK;
    return !steps->skips_settled || !is_settled(&borrowing->device, share);
}

/* Every share that is wanted; the worst status, or `none`. */
static int
each(struct borrowing *borrowing, struct report *report, const char *none,
     const struct steps *steps)
{
    struct tg_wallet *wallet = borrowing->device.wallet;
    struct tg_share *share = NULL;
    int status = REPORT_DONE;
    int64_t id = 0;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, id, &id)) == TG_OK) {
        int result = REPORT_DONE;

        if ((err = tg_share_open(wallet, borrowing->device.client, id,
                                 &share)) != TG_OK)
            break;
        if (is_wanted(borrowing, share, steps)) {
            result = do_one(borrowing, report, share, steps);
            none = NULL;
        }
        tg_share_close(share);
        if (status == REPORT_DONE || status == REPORT_WAITING)
            status = result == REPORT_DONE ? status : result;
    }
    if (err != TG_E_NOT_FOUND)
        return device_error(&borrowing->device, report, err, "listing shares");
    return none == NULL ? status : report_end(report, REPORT_DONE, "%s", none);
}

/* Whether an invitation cannot go on without a PIN. Asks the relay. */
static bool
wants_pin(struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    struct pin_retry_request retry;
    bool wants = false;

    if (tg_share_role(share) == TG_INITIATOR ||
        device_share_has_ended(share) ||
        tg_share_receive(share, &message) != TG_OK)
        return false;
    if (messages_kind(tg_provisioning_content(message)) == MESSAGES_CREATION)
        wants = requesting_attempt(share) == 0;
    else if (messages_parse_retry(tg_provisioning_content(message), &retry) ==
             TG_OK)
        wants = requesting_attempt(share) < retry.attempt;
    tg_provisioning_free(message);
    return wants;
}

/* How many invitations a PIN could be for. */
static unsigned
count_wanting(const struct borrowing *borrowing)
{
    const struct device *device = &borrowing->device;
    struct tg_share *share = NULL;
    unsigned count = 0;
    int64_t id = 0;

    while (tg_wallet_next_share(device->wallet, id, &id) == TG_OK &&
           tg_share_open(device->wallet, device->client, id, &share) ==
               TG_OK) {
        count += wants_pin(share) ? 1 : 0;
        tg_share_close(share);
    }
    return count;
}

int
borrowing_continue(struct borrowing *borrowing, struct report *report)
{
    static const struct steps steps = {advance, answering_continue, true};

    /* A PIN that was meant for another invitation would cost a try. */
    if (borrowing->pin_file != NULL && borrowing->chosen == 0 &&
        count_wanting(borrowing) > 1)
        return report_end(report, REPORT_PIN,
                          "Several invitations want their PIN: say with "
                          "--share which one this is for; `friend status` "
                          "shows the numbers.");
    return each(borrowing, report, "Nothing is going on.", &steps);
}

int
borrowing_status(struct borrowing *borrowing, struct report *report)
{
    static const struct steps steps = {keeping_show, lending_status, false};

    return each(borrowing, report, "No invitation was accepted here.", &steps);
}

int
borrowing_one(struct borrowing *borrowing, struct report *report,
              borrowing_step *step)
{
    const struct device *device = &borrowing->device;
    struct tg_share *share = NULL;
    enum tg_err err =
        tg_share_open(device->wallet, device->client, borrowing->chosen,
                      &share);
    int status;

    if (err == TG_OK && tg_share_role(share) != TG_RECIPIENT) {
        tg_share_close(share);
        err = TG_E_NOT_FOUND;
    }
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "There is no invitation of this number here: `friend "
                          "status` shows the numbers.");
    if (err != TG_OK)
        return report_error(report, err, "opening the share", NULL);
    members_set_integer(report->members, "share", borrowing->chosen);
    status = step(borrowing, report, share);
    tg_share_close(share);
    return status;
}

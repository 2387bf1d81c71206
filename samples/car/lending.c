/* See lending.h. */
#include "lending.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "moment.h"
#include "offer.h"
#include "pem_file.h"
#include "pin_run.h"
#include "revoking.h"
#include "show.h"

#define SOURCE_DATA "lent-with"

enum tg_err
lending_keep_source(struct tg_share *share, int64_t source)
{
    struct text text = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_print(&text, "%" PRId64, source)) == TG_OK)
        err = tg_share_put(share, SOURCE_DATA, text_span(&text));
    text_free(&text);
    return err;
}

static enum tg_err
source_of(struct tg_share *share, int64_t *out)
{
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_share_get(share, SOURCE_DATA, &text)) == TG_OK)
        *out = strtoll((const char *)text.ptr, NULL, 10);
    tg_buf_free(&text);
    return err;
}

enum tg_err
lending_load(struct device *device, int64_t source, struct lending *out)
{
    struct lending lending = {.device = device};
    enum tg_err err = source == 0
                          ? identity_of_owner(device, &lending.self)
                          : identity_of_share(device, source, &lending.self);

    if (err == TG_OK)
        *out = lending;
    return err;
}

void
lending_done(struct lending *lending)
{
    identity_free(&lending->self);
}

/* The first share after *id that was begun here, and its offer. One without
 * an offer was begun by a run that ended before the relay was told anything:
 * nobody can know of it, so it is forgotten. TG_E_NOT_FOUND at the end. */
static enum tg_err
next_share(struct device *device, int64_t *id, struct tg_share **out,
           struct key_creation_request *offer)
{
    struct tg_share *share = NULL;
    enum tg_err err;

    while ((err = tg_wallet_next_share(device->wallet, *id, id)) == TG_OK) {
        bool is_ours;

        if ((err = tg_share_open(device->wallet, device->client, *id,
                                 &share)) != TG_OK)
            return err;
        is_ours = tg_share_role(share) == TG_INITIATOR;
        if (is_ours && (err = offer_read(share, offer)) == TG_OK) {
            *out = share;
            return TG_OK;
        }
        tg_share_close(share);
        if (is_ours && err == TG_E_NOT_FOUND)
            err = tg_wallet_forget_share(device->wallet, *id);
        if (err != TG_OK)
            return err;
    }
    return err;
}

enum tg_err
lending_find(struct device *device, const char *name, struct tg_share **out,
             struct key_creation_request *offer)
{
    struct tg_share *share = NULL;
    int64_t id = 0;
    enum tg_err err;

    while ((err = next_share(device, &id, &share, offer)) == TG_OK) {
        if (strcmp(offer->name, name) == 0) {
            *out = share;
            return TG_OK;
        }
        tg_share_close(share);
    }
    return err;
}

/* Statuses of several shares as one: what went wrong, else what moved. */
static int
combine(int so_far, int status)
{
    bool was_bad = so_far != REPORT_DONE && so_far != REPORT_WAITING;
    bool is_bad = status != REPORT_DONE && status != REPORT_WAITING;

    if (was_bad)
        return so_far;
    if (is_bad || status == REPORT_DONE)
        return status;
    return so_far;
}

int
lending_one(struct device *device, struct report *report,
            struct tg_share *share, lending_step *step)
{
    struct key_creation_request offer;
    struct lending lending = {.device = device};
    struct report one = *report;
    int64_t source = 0;
    enum tg_err err;
    int status;

    if ((err = offer_read(share, &offer)) != TG_OK ||
        (err = source_of(share, &source)) != TG_OK ||
        (err = lending_load(device, source, &lending)) != TG_OK)
        return report_error(report, err, "reading what was shared", NULL);
    one.members = members_new();
    members_set_text(one.members, "name", offer.name);
    show_grant_members(&offer.terms.grant, one.members);
    status = step(&lending, &one, share);
    members_free(one.members);
    lending_done(&lending);
    return status;
}

int
lending_each(struct device *device, struct report *report, const char *name,
             lending_step *step)
{
    struct key_creation_request offer;
    struct tg_share *share = NULL;
    int status = REPORT_WAITING;
    int64_t id = 0;
    size_t done = 0;
    enum tg_err err;

    while ((err = next_share(device, &id, &share, &offer)) == TG_OK) {
        if (name == NULL || strcmp(offer.name, name) == 0) {
            status = combine(
                status, lending_one(device, report, share, step));
            done++;
        }
        tg_share_close(share);
    }
    if (err != TG_E_NOT_FOUND)
        return device_error(device, report, err, "listing shares");
    if (done == 0)
        return report_end(report, name == NULL ? REPORT_DONE : REPORT_USAGE,
                          name == NULL ? "Nothing is shared."
                                       : "There is no share of this name.");
    return status;
}

bool
lending_has_signed(const struct lending *lending, const struct tg_share *share)
{
    char file[PEM_FILE_NAME];

    pem_file_of_share(LENDING_ISSUED, tg_share_id(share), file);
    return state_has(&lending->device->state, file);
}

/* What the mailbox's end means. The friend deletes it when the key has
 * arrived; but also when it declines the key, and what the relay says nobody
 * can check. */
static enum ending
ending_of_gone(const struct lending *lending, const struct tg_share *share)
{
    int64_t expires = tg_share_expires_s(share);
    bool expired = expires != 0 && moment_now() >= expires;

    if (lending_has_signed(lending, share))
        return expired ? ENDING_UNCLEAR : ENDING_CLOSED;
    return expired ? ENDING_EXPIRED : ENDING_DECLINED;
}

/* How it has ended, or ENDING_NONE. */
static enum ending
ending_of(const struct lending *lending, struct tg_share *share)
{
    enum ending kept = ending_get(share);

    if (kept != ENDING_NONE)
        return kept;
    switch (tg_share_state(share)) {
    case TG_SHARE_NEW:
    case TG_SHARE_OPEN: return ENDING_NONE;
    case TG_SHARE_FAILED: return ENDING_FAILED;
    case TG_SHARE_GONE: return ending_of_gone(lending, share);
    case TG_SHARE_FINISHED:
    case TG_SHARE_CANCELLED:
    case TG_SHARE_RELINQUISHED: break;
    }
    return ENDING_CANCELLED;
}

enum tg_err
lending_end(const struct lending *lending, struct tg_share *share)
{
    enum tg_err err =
        ending_keep(share, ending_of(lending, share));

    return err == TG_OK ? pin_run_forget(share) : err;
}

/* How many tries are left, 0 when that is of no interest any more. */
static unsigned
tries_left(struct tg_share *share)
{
    struct pin_run run;
    unsigned left;

    if (pin_run_get(share, &run) != TG_OK)
        return 0;
    left = MESSAGES_ATTEMPTS + 1 - run.attempt;
    pin_run_free(&run);
    return left;
}

/* How a share stands that has not ended. */
static const char *
describe(const struct lending *lending, struct report *report,
         struct tg_share *share)
{
    unsigned left = tries_left(share);

    if (lending_has_signed(lending, share))
        return "The key is signed; the friend's device has not fetched it "
               "yet.";
    if (left > 0)
        members_set_integer(report->members, "triesLeft", left);
    if (left > 0 && left < MESSAGES_ATTEMPTS)
        return "A device that does not know the PIN has accepted it. It has "
               "not tried again yet. If your friend did not mistype it, a "
               "stranger has the link: cancel the share.";
    /* Who has accepted it the relay does not say: docs/threat-model.md, 13. */
    return "The friend's device has not answered yet. If your friend hears "
           "that another device has accepted the invitation, cancel the "
           "share.";
}

/* What "revoked" says in --json. */
static const char *
revoked_word(enum revoking revoking)
{
    switch (revoking) {
    case REVOKING_NONE: break;
    case REVOKING_WANTED: return "wanted";
    case REVOKING_DONE: return "done";
    }
    return "no";
}

int
lending_report_end(const struct lending *lending, struct report *report,
                   struct tg_share *share, enum report_exit exit,
                   const char *trouble)
{
    enum revoking revoking = revoking_lent_state(lending, share);
    enum ending ending = ending_of(lending, share);
    bool was_signed = lending_has_signed(lending, share);
    bool is_over = ending == ENDING_CANCELLED || ending == ENDING_REFUSED;
    const char *check = members_text(report->members, "check");

    if (ending != ENDING_NONE)
        members_set_text(report->members, "end", ending_name(ending));
    members_set_text(report->members, "state",
                     tg_share_state_name(tg_share_state(share)));
    members_set_flag(report->members, "signed", was_signed);
    if (was_signed)
        members_set_text(report->members, "revoked", revoked_word(revoking));
    return report_end(report, exit, "\"%s\": %s%s%s%s%s%s%s%s%s",
                      members_text(report->members, "name"),
                      ending == ENDING_NONE ? describe(lending, report, share)
                                            : ending_text_lent(ending),
                      was_signed && is_over ? " A key was signed before." : "",
                      revoking == REVOKING_NONE ? "" : " ",
                      revoking_text(lending->device, revoking),
                      *trouble == '\0' ? "" : " ", trouble,
                      check == NULL ? "" : " (check: ",
                      check == NULL ? "" : check, check == NULL ? "" : ")");
}

int
lending_status(struct lending *lending, struct report *report,
               struct tg_share *share)
{
    return lending_report_end(lending, report, share, REPORT_DONE, "");
}

int
lending_show_pin(struct lending *lending, struct report *report,
                 struct tg_share *share)
{
    char pin[TG_PIN_TEXT];
    enum tg_err err = TG_E_NOT_FOUND;
    int status;

    if (ending_of(lending, share) == ENDING_NONE)
        err = pin_run_pin(share, pin);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_OVER,
                          "This share needs no PIN any more: see `status`.");
    if (err != TG_OK)
        return report_error(report, err, "reading the PIN", NULL);
    members_set_text(report->members, "pin", pin);
    status = report_end(report, REPORT_DONE,
                        "The PIN of \"%s\" is %s. Tell it your friend by "
                        "voice, never in the message with the link.",
                        members_text(report->members, "name"), pin);
    OPENSSL_cleanse(pin, sizeof(pin));
    return status;
}

/* After the signature only the mailbox knows whether the key has gone. */
static enum tg_err
look(const struct lending *lending, struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err;

    if (device_share_has_ended(share) || !lending_has_signed(lending, share))
        return TG_OK;
    err = tg_share_receive(share, &message);
    tg_provisioning_free(message);
    return err == TG_E_NO_NEWS || err == TG_E_GONE || err == TG_E_STATE ||
                   err == TG_E_REPLAY
               ? TG_OK
               : err;
}

/* That there is nothing to call off; but perhaps a key is to be revoked
 * still. */
static int
nothing_to_cancel(struct lending *lending, struct report *report,
                  struct tg_share *share)
{
    const char *trouble;
    enum tg_err err;
    int status;

    if ((err = lending_end(lending, share)) != TG_OK)
        return report_error(report, err, "ending the share", NULL);
    status = revoking_retry(lending, share, &trouble);
    return lending_report_end(lending, report, share,
                              status == REPORT_DONE ? REPORT_OVER : status,
                              *trouble == '\0' ? "There is nothing to cancel."
                                               : trouble);
}

/* After a signature the friend's device may have fetched the key and left the
 * mailbox as it was: so it is revoked, too. That it is to be is on disk first,
 * and done whatever the relay says. */
int
lending_cancel(struct lending *lending, struct report *report,
               struct tg_share *share)
{
    bool was_signed = lending_has_signed(lending, share);
    const char *trouble = "";
    int status = REPORT_DONE;
    enum tg_err err = look(lending, share);

    if (device_share_has_ended(share))
        return nothing_to_cancel(lending, report, share);
    if ((err = ending_keep(share, ENDING_CANCELLED)) != TG_OK)
        return report_error(report, err, "cancelling the share", NULL);
    err = tg_share_cancel(share);
    if (was_signed)
        status = revoking_retry(lending, share, &trouble);
    if (err == TG_OK)
        err = lending_end(lending, share);
    if (err != TG_OK)
        return device_error(lending->device, report, err,
                            "cancelling the share");
    if (was_signed)
        return lending_report_end(lending, report, share, status, trouble);
    return report_end(report, REPORT_DONE,
                      "The share is cancelled: its link and its PIN are worth "
                      "nothing now.");
}

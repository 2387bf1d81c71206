/* See keeping.h. */
#include "keeping.h"

#include <string.h>

#include "ending.h"
#include "importing.h"
#include "offer.h"
#include "pin_run.h"
#include "requesting.h"
#include "revoking.h"
#include "show.h"

/* Whether the owner's device has said that the PIN was wrong, and was not
 * answered. Asks nobody. */
static bool
wants_pin_again(struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    struct pin_retry_request retry;
    bool wants = false;

    if (!tg_share_has_message(share) || tg_share_is_pending(share) ||
        tg_share_receive(share, &message) != TG_OK)
        return false;
    if (messages_parse_retry(tg_provisioning_content(message), &retry) ==
        TG_OK)
        wants = requesting_attempt(share) < retry.attempt;
    tg_provisioning_free(message);
    return wants;
}

static const char *
describe(const struct device *device, struct tg_share *share)
{
    enum ending ending = ending_get(share);

    if (revoking_state(share) != REVOKING_NONE)
        return revoking_text(device, revoking_state(share));
    if (identity_is_stored(device, share))
        return revoking_registered(device, share) == REVOKING_UNREGISTERED
                   ? "usable, but the vehicle's maker does not know it yet"
                   : "usable";
    if (tg_share_state(share) == TG_SHARE_RELINQUISHED)
        return "given back";
    if (device_share_has_ended(share) || ending != ENDING_NONE)
        return ending_text_borrowed(ending);
    if (requesting_attempt(share) == 0)
        return "it waits for the owner's PIN";
    if (wants_pin_again(share))
        return "the PIN was wrong: it waits for the owner's PIN";
    return "the owner's device has not signed the key yet";
}

static void
set_members(const struct device *device, struct tg_share *share,
            struct members *members)
{
    enum revoking_registered registered = revoking_registered(device, share);
    bool usable = identity_is_stored(device, share) &&
                  revoking_state(share) == REVOKING_NONE;

    members_set_text(members, "state",
                     tg_share_state_name(tg_share_state(share)));
    members_set_flag(members, "usable", usable);
    if (identity_is_stored(device, share) && registered != REVOKING_NO_SERVER)
        members_set_flag(members, "registered",
                         registered == REVOKING_REGISTERED);
    if (ending_get(share) != ENDING_NONE)
        members_set_text(members, "end", ending_name(ending_get(share)));
}

int
keeping_show(struct borrowing *borrowing, struct report *report,
             struct tg_share *share)
{
    const struct device *device = &borrowing->device;
    struct key_creation_request offer = {.name = "?"};
    char shown[SHOW_GRANT_MAX] = "the offer has not been read";

    if (offer_read(share, &offer) == TG_OK) {
        show_grant(&offer.terms.grant, shown);
        show_grant_members(&offer.terms.grant, report->members);
        members_set_text(report->members, "name", offer.name);
    }
    set_members(device, share, report->members);
    return report_end(report, REPORT_DONE, "%lld. \"%s\": %s; %s",
                      (long long)tg_share_id(share), offer.name, shown,
                      describe(device, share));
}

/* REPORT_DONE when an invitation is still open here. */
static int
check_open(const struct device *device, struct report *report,
           struct tg_share *share)
{
    if (identity_is_stored(device, share))
        return report_end(report, REPORT_USAGE,
                          "The key of this invitation has arrived. To get rid "
                          "of it, revoke it.");
    if (device_share_has_ended(share))
        return report_end(report, REPORT_OVER,
                          "This invitation has ended already.");
    return REPORT_DONE;
}

int
keeping_decline(struct borrowing *borrowing, struct report *report,
                struct tg_share *share)
{
    enum tg_err err;
    int status = check_open(&borrowing->device, report, share);

    if (status != REPORT_DONE)
        return status;
    if ((err = ending_keep(share, ENDING_DECLINED)) == TG_OK &&
        (err = pin_run_forget(share)) == TG_OK)
        err = tg_share_cancel(share);
    if (err != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "declining the invitation");
    return report_end(report, REPORT_DONE,
                      "The invitation is declined: nobody can accept it any "
                      "more, and the owner's device will see that.");
}

int
keeping_give_back(struct borrowing *borrowing, struct report *report,
                  struct tg_share *share)
{
    enum tg_err err;
    int status = check_open(&borrowing->device, report, share);

    if (status != REPORT_DONE)
        return status;
    if (requesting_attempt(share) != 0 || ending_get(share) != ENDING_NONE)
        return report_end(report, REPORT_USAGE,
                          "This device has asked for the key already, so no "
                          "other one can take the invitation over. Decline "
                          "it, and ask the owner for a new one.");
    if ((err = tg_share_relinquish(share)) != TG_OK)
        return device_error(&borrowing->device, report, err,
                            "giving the invitation back");
    return report_end(report, REPORT_DONE,
                      "The invitation is given back: another device can "
                      "accept it now, with the same link.");
}

int
keeping_revoke(struct borrowing *borrowing, struct report *report,
               struct tg_share *share)
{
    if (!identity_is_stored(&borrowing->device, share))
        return report_end(report, REPORT_OVER,
                          "No key has come with this invitation, so there is "
                          "none to revoke.");
    return revoking_drop(&borrowing->device, report, share);
}

/* How well a key suits: -1 it is for another vehicle; what the vehicle itself
 * will judge (window, entitlement) only decides between several. */
static int
suitability(const struct grant *grant, const char *vehicle,
            enum entitlement action)
{
    moment now = moment_now();

    if (strcmp(grant->vehicle, vehicle) != 0)
        return -1;
    return (entitlements_has(grant->allowed, action) ? 1 : 0) +
           (now >= grant->not_before && now < grant->not_after ? 1 : 0);
}

/* The key of a share, unless it was revoked. */
static enum tg_err
load(const struct device *device, int64_t id, struct identity *out)
{
    struct tg_share *share = NULL;
    enum tg_err err;

    if ((err = tg_share_open(device->wallet, NULL, id, &share)) != TG_OK)
        return err;
    if (revoking_state(share) != REVOKING_NONE)
        err = TG_E_NOT_FOUND;
    tg_share_close(share);
    return err == TG_OK ? identity_of_share(device, id, out) : err;
}

enum tg_err
keeping_choose(const struct device *device, const char *vehicle,
               enum entitlement action, struct identity *out)
{
    struct identity chosen = {.key = NULL};
    int64_t id = 0;
    int best = -1;
    enum tg_err err;

    while ((err = tg_wallet_next_share(device->wallet, id, &id)) == TG_OK) {
        struct identity one;
        int suits;

        if (load(device, id, &one) != TG_OK)
            continue;
        suits = suitability(&one.grant, vehicle, action);
        if (suits > best) {
            best = suits;
            identity_free(&chosen);
            chosen = one;
        } else {
            identity_free(&one);
        }
    }
    if (err == TG_E_NOT_FOUND && best >= 0) {
        *out = chosen;
        return TG_OK;
    }
    identity_free(&chosen);
    return err;
}

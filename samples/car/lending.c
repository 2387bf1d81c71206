/* See lending.h. */
#include "lending.h"

#include <stdio.h>
#include <string.h>

#include "certificate.h"
#include "offer.h"
#include "pem_file.h"
#include "refusal.h"
#include "show.h"

enum tg_err
lending_open(const char *path, struct lending *out)
{
    struct lending lending = {.key = NULL};
    enum tg_err err;

    if ((err = device_open(path, &lending.device)) != TG_OK)
        return err;
    if ((err = device_key_load(&lending.device.state, LENDING_KEY_FILE,
                               &lending.key)) == TG_OK &&
        (err = pem_file_read(&lending.device.state, LENDING_CHAIN_FILE,
                                 &lending.chain)) == TG_OK &&
        certificate_grant(sk_X509_value(lending.chain, 0), &lending.own) !=
            REFUSAL_NONE)
        err = TG_E_FORMAT;
    if (err != TG_OK) {
        lending_close(&lending);
        return err;
    }
    *out = lending;
    return TG_OK;
}

void
lending_close(struct lending *lending)
{
    certificate_free_chain(lending->chain);
    EVP_PKEY_free(lending->key);
    device_close(&lending->device);
}

/* The first share after *id, and its offer. A share without one was begun by a
 * run that ended before the relay was told anything: nobody can know of it, so
 * it is forgotten. TG_E_NOT_FOUND at the end. */
static enum tg_err
next_share(struct lending *lending, int64_t *id, struct tg_share **out,
           struct key_creation_request *offer)
{
    struct tg_wallet *wallet = lending->device.wallet;
    struct tg_share *share = NULL;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, *id, id)) == TG_OK) {
        if ((err = tg_share_open(wallet, lending->device.client, *id,
                                 &share)) != TG_OK)
            return err;
        if ((err = offer_read(share, offer)) == TG_OK) {
            *out = share;
            return TG_OK;
        }
        tg_share_close(share);
        if (err != TG_E_NOT_FOUND)
            return err;
        if ((err = tg_wallet_forget_share(wallet, *id)) != TG_OK)
            return err;
    }
    return err;
}

static enum tg_err
find_share(struct lending *lending, const char *name, struct tg_share **out,
           struct key_creation_request *offer)
{
    struct tg_share *share = NULL;
    int64_t id = 0;
    enum tg_err err;

    while ((err = next_share(lending, &id, &share, offer)) == TG_OK) {
        if (strcmp(offer->name, name) == 0) {
            *out = share;
            return TG_OK;
        }
        tg_share_close(share);
    }
    return err;
}

static enum tg_err
begin_share(struct lending *lending, const struct key_creation_request *offer,
            struct tg_share **out)
{
    char image[DEVICE_RELAY_MAX + sizeof("https:///favicon.ico")];
    struct tg_share_offer what = {
        .relay = lending->device.relay,
        .title = "Shared car key",
        .description = "You have been invited to add a shared digital car key "
                       "to your device.",
        .image_url = image,
        .vertical = TG_VERTICAL_CAR,
        .access_rights = "RWD",
        .format = TG_FORMAT_CAR_KEY,
    };
    struct tg_share *share = NULL;
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    /* The relay's own icon: no third party learns of the preview. */
    snprintf(image, sizeof(image), "https://%s/favicon.ico",
             lending->device.relay);
    if ((err = messages_format_creation(offer, &json)) != TG_OK)
        return err;
    what.content = text_span(&json);
    if ((err = tg_share_create(lending->device.wallet, lending->device.client,
                               &what, &share)) == TG_OK)
        err = offer_keep(share, text_span(&json));
    text_free(&json);
    if (err != TG_OK) {
        tg_share_close(share);
        return err;
    }
    *out = share;
    return TG_OK;
}

/* The share of that name, or a new one. *known is what it offers. */
static enum tg_err
find_or_begin(struct lending *lending, const struct lending_offer *offer,
              struct tg_share **out, struct key_creation_request *known)
{
    struct key_creation_request fresh = {.terms.grant = offer->grant};
    enum tg_err err = find_share(lending, offer->name, out, known);

    if (err != TG_E_NOT_FOUND)
        return err;
    memcpy(fresh.name, offer->name, strlen(offer->name) + 1);
    if ((err = messages_draw_share(fresh.terms.share)) != TG_OK)
        return err;
    if ((err = begin_share(lending, &fresh, out)) == TG_OK)
        *known = fresh;
    return err;
}

/* Whether a command that is given again asks for what it asked before. */
static bool
is_same_offer(const struct lending_offer *asked, const struct grant *known)
{
    return strcmp(asked->grant.vehicle, known->vehicle) == 0 &&
           asked->grant.allowed == known->allowed &&
           (!asked->from_given ||
            asked->grant.not_before == known->not_before) &&
           (!asked->until_given || asked->grant.not_after == known->not_after);
}

static int
hand_out(struct lending *lending, struct report *report,
         const struct tg_share *share, const struct grant *grant,
         const char *url_file)
{
    struct tg_buf url = TG_BUF_EMPTY;
    struct text line = TEXT_EMPTY;
    char shown[SHOW_GRANT_MAX];
    int status;
    enum tg_err err;

    show_grant(grant, shown);
    show_grant_members(grant, report->members);
    if ((err = tg_share_invitation(share, &url)) == TG_OK &&
        (err = text_print(&line, "%s\n", (const char *)url.ptr)) == TG_OK &&
        url_file != NULL)
        err = state_write_outside(url_file, text_span(&line), true);
    if (err == TG_OK && url_file == NULL)
        members_set_text(report->members, "url", (const char *)url.ptr);
    if (err != TG_OK)
        status = device_error(&lending->device, report, err,
                              "handing out the share URL");
    else if (url_file == NULL)
        status = report_end(report, REPORT_DONE, "%s", (const char *)url.ptr);
    else
        status = report_end(report, REPORT_DONE,
                            "Offered: %s. Send the friend what is in %s, and "
                            "nobody else.",
                            shown, url_file);
    text_free(&line);
    tg_buf_free(&url);
    return status;
}

/* Everything after the share is in the wallet. */
static int
complete_share(struct lending *lending, struct report *report,
               const struct lending_offer *offer, struct tg_share *share,
               const struct grant *known, const char *url_file)
{
    enum tg_err err;

    if (!is_same_offer(offer, known))
        return report_end(report, REPORT_USAGE,
                          "There is already a share of this name with other "
                          "terms: cancel it, or choose another name.");
    if (device_share_has_ended(share))
        return report_end(report, REPORT_OVER,
                          "The share of this name has ended: choose another "
                          "name for a new one.");
    if ((err = tg_share_resume(share)) != TG_OK)
        return device_error(&lending->device, report, err, "sharing");
    return hand_out(lending, report, share, known, url_file);
}

int
lending_share(struct lending *lending, struct report *report,
              const struct lending_offer *offer, const char *url_file)
{
    struct lending_offer asked = *offer;
    struct key_creation_request known;
    struct tg_share *share = NULL;
    enum tg_err err;
    int status;

    memcpy(asked.grant.vehicle, lending->own.vehicle,
           sizeof(asked.grant.vehicle));
    if (!grant_within(&asked.grant, &lending->own))
        return refusal_report(report, REFUSAL_BEYOND);
    if ((err = find_or_begin(lending, &asked, &share, &known)) != TG_OK)
        return device_error(&lending->device, report, err, "sharing");
    status = complete_share(lending, report, &asked, share, &known.terms.grant,
                            url_file);
    tg_share_close(share);
    return status;
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
lending_each(struct lending *lending, struct report *report, const char *name,
             int (*step)(struct lending *, struct report *, struct tg_share *))
{
    struct key_creation_request offer;
    struct tg_share *share = NULL;
    int status = REPORT_WAITING;
    int64_t id = 0;
    size_t done = 0;
    enum tg_err err;

    while ((err = next_share(lending, &id, &share, &offer)) == TG_OK) {
        if (name == NULL || strcmp(offer.name, name) == 0) {
            struct report one = *report;

            one.members = members_new();
            members_set_text(one.members, "name", offer.name);
            show_grant_members(&offer.terms.grant, one.members);
            status = combine(status, step(lending, &one, share));
            members_free(one.members);
            done++;
        }
        tg_share_close(share);
    }
    if (err != TG_E_NOT_FOUND)
        return device_error(&lending->device, report, err, "listing shares");
    if (done == 0)
        return report_end(report,
                          name == NULL ? REPORT_DONE : REPORT_USAGE,
                          name == NULL ? "Nothing is shared."
                                       : "There is no share of this name.");
    return status;
}

bool
lending_has_signed(const struct lending *lending, const struct tg_share *share)
{
    char file[PEM_FILE_NAME];

    pem_file_of_share(LENDING_ISSUED, tg_share_id(share), file);
    return state_has(&lending->device.state, file);
}

int
lending_status(struct lending *lending, struct report *report,
               struct tg_share *share)
{
    bool signed_key = lending_has_signed(lending, share);
    const char *state = tg_share_state_name(tg_share_state(share));

    members_set_text(report->members, "state", state);
    members_set_flag(report->members, "signed", signed_key);
    return report_end(report, REPORT_DONE, "%s: %s, %s",
                      members_text(report->members, "name"), state,
                      signed_key ? "a key was signed" : "no key was signed");
}

int
lending_cancel(struct lending *lending, struct report *report,
               struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    enum tg_err err;

    /* After the signature only the mailbox knows whether the key has gone. */
    if (!device_share_has_ended(share) && lending_has_signed(lending, share)) {
        err = tg_share_receive(share, &message);
        tg_provisioning_free(message);
        if (err != TG_OK && err != TG_E_NO_NEWS && err != TG_E_GONE)
            return device_error(&lending->device, report, err,
                                "asking the relay");
    }
    if (device_share_has_ended(share))
        return report_end(report, REPORT_OVER,
                          "There is nothing to cancel: see `owner status`.");
    if ((err = tg_share_cancel(share)) != TG_OK)
        return device_error(&lending->device, report, err,
                            "cancelling the share");
    return report_end(report, REPORT_DONE,
                      "The share is cancelled: its URL is worth nothing now.");
}

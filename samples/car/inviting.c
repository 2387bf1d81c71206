/* See inviting.h. */
#include "inviting.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "offer.h"
#include "pin_run.h"
#include "refusal.h"
#include "show.h"

/* What the share needs besides the mailbox, the offer last: a share that has
 * one has everything. */
static enum tg_err
keep(struct tg_share *share, int64_t source, const char *pin,
     const struct pin_run *run, struct tg_span json)
{
    enum tg_err err;

    if ((err = lending_keep_source(share, source)) != TG_OK)
        return err;
    if ((err = pin_run_keep_pin(share, pin)) != TG_OK)
        return err;
    if ((err = pin_run_keep(share, run)) != TG_OK)
        return err;
    return offer_keep(share, json);
}

/* No network. *out is set on TG_OK. */
static enum tg_err
create(struct device *device, struct tg_span json, struct tg_share **out)
{
    char image[DEVICE_RELAY_MAX + sizeof("https:///v1/picture/car.png")];
    struct tg_share_offer what = {
        .relay = device->relay,
        .title = "Shared car key",
        .description = "You have been invited to add a shared digital car key "
                       "to your device.",
        .image_url = image,
        .vertical = TG_VERTICAL_CAR,
        .access_rights = "RWD",
        .format = TG_FORMAT_CAR_KEY,
        .content = json,
    };

    /* The relay's own: no third party learns of the preview. */
    snprintf(image, sizeof(image), "https://%s/v1/picture/car.png",
             device->relay);
    return tg_share_create(device->wallet, device->client, &what, out);
}

static enum tg_err
begin(struct device *device, int64_t source,
      struct key_creation_request *offer, struct tg_share **out)
{
    struct pin_run run = {.attempt = 0};
    struct tg_share *share = NULL;
    struct text json = TEXT_EMPTY;
    char pin[TG_PIN_TEXT];
    enum tg_err err;

    if ((err = tg_pin_draw(pin)) != TG_OK)
        return err;
    if ((err = pin_run_begin(pin, &offer->terms, 1, NULL, &run)) != TG_OK)
        goto out;
    pin_run_share(&run, offer->pake_share);
    if ((err = messages_format_creation(offer, &json)) != TG_OK)
        goto out;
    if ((err = create(device, text_span(&json), &share)) != TG_OK)
        goto out;
    if ((err = keep(share, source, pin, &run, text_span(&json))) != TG_OK)
        goto out;
    *out = share;
    share = NULL;
out:
    OPENSSL_cleanse(pin, sizeof(pin));
    tg_share_close(share);
    text_free(&json);
    pin_run_free(&run);
    return err;
}

/* The share of that name, or a new one. *known is what it offers. */
static enum tg_err
find_or_begin(struct device *device, int64_t source,
              const struct inviting_offer *offer, struct tg_share **out,
              struct key_creation_request *known)
{
    struct key_creation_request fresh = {.terms.grant = offer->grant};
    enum tg_err err = lending_find(device, offer->name, out, known);

    if (err != TG_E_NOT_FOUND)
        return err;
    memcpy(fresh.name, offer->name, strlen(offer->name) + 1);
    if ((err = messages_draw_share(fresh.terms.share)) != TG_OK)
        return err;
    if ((err = begin(device, source, &fresh, out)) == TG_OK)
        *known = fresh;
    return err;
}

/* Whether a command that is given again asks for what it asked before. */
static bool
is_same_offer(const struct inviting_offer *asked, const struct grant *known)
{
    return strcmp(asked->grant.vehicle, known->vehicle) == 0 &&
           asked->grant.allowed == known->allowed &&
           asked->grant.uses == known->uses &&
           asked->grant.sharing == known->sharing &&
           (!asked->from_given ||
            asked->grant.not_before == known->not_before) &&
           (!asked->until_given || asked->grant.not_after == known->not_after);
}

/* One line into a file, readable by its owner alone. */
static enum tg_err
write_line(const char *file, const char *words)
{
    struct text line = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_print(&line, "%s\n", words)) == TG_OK)
        err = state_write_outside(file, text_span(&line), true);
    text_free(&line);
    return err;
}

/* The PIN never goes where the link goes. At a terminal without files, the link
 * is what the program prints, and the PIN is told beside it. */
static int
tell(struct report *report, const struct inviting_offer *offer,
     const struct grant *grant, const char *url, const char *pin)
{
    char shown[SHOW_GRANT_MAX];
    bool pin_shown = pin != NULL && offer->pin_file == NULL;

    show_grant(grant, shown);
    show_grant_members(grant, report->members);
    if (pin_shown)
        members_set_text(report->members, "pin", pin);
    if (offer->url_file == NULL) {
        members_set_text(report->members, "url", url);
        if (pin_shown && !report->as_json)
            fprintf(stderr,
                    "The PIN is %s. Tell it your friend by voice, never "
                    "together with the link:\n",
                    pin);
        return report_end(report, REPORT_DONE, "%s", url);
    }
    return report_end(
        report, REPORT_DONE,
        "Offered: %s. Send your friend what is in %s, and nobody else. %s%s%s",
        shown, offer->url_file,
        pin == NULL ? "The PIN is not needed any more."
        : pin_shown ? "Tell your friend this PIN by voice, never in a message: "
                    : "The PIN to tell your friend by voice is in ",
        pin == NULL ? "" : pin_shown ? pin : offer->pin_file,
        pin == NULL ? "" : ".");
}

static int
hand_out(struct device *device, struct report *report, struct tg_share *share,
         const struct inviting_offer *offer, const struct grant *grant)
{
    struct tg_buf url = TG_BUF_EMPTY;
    char pin[TG_PIN_TEXT] = "";
    int status = REPORT_FAILED;
    enum tg_err err = pin_run_pin(share, pin);

    if (err == TG_E_NOT_FOUND) /* it was given already */
        err = TG_OK;
    if (err == TG_OK && pin[0] != '\0' && offer->pin_file != NULL)
        err = write_line(offer->pin_file, pin);
    if (err == TG_OK)
        err = tg_share_invitation(share, &url);
    if (err == TG_OK && offer->url_file != NULL)
        err = write_line(offer->url_file, (const char *)url.ptr);
    if (err == TG_OK)
        status = tell(report, offer, grant, (const char *)url.ptr,
                      pin[0] == '\0' ? NULL : pin);
    else
        status = device_error(device, report, err, "handing out the link");
    OPENSSL_cleanse(pin, sizeof(pin));
    tg_buf_free(&url);
    return status;
}

/* Everything after the share is in the wallet. */
static int
complete(struct device *device, struct report *report, struct tg_share *share,
         const struct inviting_offer *offer, const struct grant *known)
{
    enum tg_err err;

    if (!is_same_offer(offer, known))
        return report_end(report, REPORT_USAGE,
                          "There is already a share of this name with other "
                          "terms: cancel it, or choose another name.");
    if (device_share_has_ended(share) || ending_get(share) != ENDING_NONE)
        return report_end(report, REPORT_OVER,
                          "The share of this name has ended: choose another "
                          "name for a new one.");
    if ((err = tg_share_resume(share)) != TG_OK)
        return device_error(device, report, err, "sharing");
    return hand_out(device, report, share, offer, known);
}

/* What the key itself cannot do is not offered. Times that were not given are
 * made to fit into its own. */
static int
fit(struct report *report, const struct grant *own,
    struct inviting_offer *asked)
{
    struct grant *grant = &asked->grant;

    memcpy(grant->vehicle, own->vehicle, sizeof(grant->vehicle));
    if (!asked->from_given && grant->not_before < own->not_before)
        grant->not_before = own->not_before;
    if (!asked->until_given && grant->not_after > own->not_after)
        grant->not_after = own->not_after;
    if (grant->uses == 0)
        grant->uses = own->uses;
    if (own->sharing == 0)
        return report_refused(report, refusal_name(REFUSAL_BEYOND),
                              "This key may not be lent on: its owner has not "
                              "allowed that.");
    if (moment_now() >= own->not_after)
        return refusal_report(report, REFUSAL_TOO_LATE);
    if (!grant_within(grant, own))
        return report_refused(report, refusal_name(REFUSAL_BEYOND),
                              "You can lend only what your own key may do: "
                              "not another action, not longer, not more "
                              "often, and not further on.");
    return REPORT_DONE;
}

int
inviting_share(struct device *device, struct report *report, int64_t source,
               const struct inviting_offer *offer)
{
    struct inviting_offer asked = *offer;
    struct key_creation_request known;
    struct lending lending;
    struct tg_share *share = NULL;
    enum tg_err err;
    int status;

    if ((err = lending_load(device, source, &lending)) != TG_OK)
        return report_error(report, err, "reading the key", NULL);
    status = fit(report, &lending.self.grant, &asked);
    lending_done(&lending);
    if (status != REPORT_DONE)
        return status;
    if ((err = find_or_begin(device, source, &asked, &share, &known)) !=
        TG_OK)
        return device_error(device, report, err, "sharing");
    status = complete(device, report, share, &asked, &known.terms.grant);
    tg_share_close(share);
    return status;
}

/* See giving.h. */
#include "giving.h"

#include <stdio.h>
#include <string.h>

#include "plan_store.h"

/* The desk's token for the plan. */
static enum tg_err
ask_token(struct guest *guest, struct plan *plan, enum refusal *why)
{
    struct members *question = members_new();
    struct members *answer = NULL;
    uint8_t hash[SECRET_HASH_LEN];
    const char *token;
    enum tg_err err;

    members_set_text(question, "booking", plan->booking);
    members_set_text(question, "request", plan->request);
    stay_write(&plan->what.stay, question);
    err = partner_ask(&guest->desk, "/v1/tokens", plan->secret.at, question,
                      why, &answer);
    if (err == TG_OK && *why == REFUSAL_NONE) {
        token = members_text(answer, "token");
        err = token == NULL || secret_hash(token, hash) != TG_OK
                  ? TG_E_PROTOCOL
                  : text_copy(text_span_of(token), &plan->what.token);
    }
    members_free(answer);
    members_free(question);
    return err;
}

/* The share with its token in the wallet; the relay is not told yet. */
static enum tg_err
begin_share(struct guest *guest, const struct plan *plan,
            struct tg_share **out)
{
    const char *relay = guest->device.relay;
    char image[DEVICE_RELAY_MAX + sizeof("https:///v1/picture/home.png")];
    struct tg_share_offer offer = {
        .relay = relay,
        .title = "Shared hotel room key",
        .description = "You have been invited to add a shared room key to "
                       "your device.",
        .image_url = image,
        .vertical = TG_VERTICAL_HOME,
        .access_rights = "RD",
        .format = TG_FORMAT_TOKEN,
    };
    struct text content = TEXT_EMPTY;
    struct text json = TEXT_EMPTY;
    struct tg_share *share = NULL;
    enum tg_err err;

    /* The relay's own: no third party learns of the preview. */
    snprintf(image, sizeof(image), "https://%s/v1/picture/home.png", relay);
    if ((err = invitation_format(&plan->what, &content)) != TG_OK ||
        (err = plan_format(plan, &json)) != TG_OK)
        goto out;
    offer.content = text_span(&content);
    if ((err = tg_share_create(guest->device.wallet, guest->device.client,
                               &offer, &share)) != TG_OK)
        goto out;
    if ((err = tg_share_put(share, DATA_PLAN, text_span(&json))) == TG_OK &&
        (err = plan_store_remove(guest)) == TG_OK) {
        *out = share;
        share = NULL;
    }
out:
    tg_share_close(share);
    text_free(&json);
    text_free(&content);
    return err;
}

/* From the plan in the wallet to a share. REPORT_DONE, or the end. */
static int
follow_plan(struct guest *guest, struct report *report, struct plan *plan,
            struct tg_share **out)
{
    enum refusal why;
    enum tg_err err;

    if ((err = ask_token(guest, plan, &why)) != TG_OK)
        return partner_error(&guest->desk, report, err,
                             "asking the hotel for a key");
    if (why != REFUSAL_NONE) {
        if ((err = plan_store_remove(guest)) != TG_OK)
            return report_error(report, err, "writing the wallet", NULL);
        return partner_refused(report, why);
    }
    if ((err = begin_share(guest, plan, out)) != TG_OK)
        return device_error(&guest->device, report, err, "sharing");
    return REPORT_DONE;
}

static int
hand_out(struct guest *guest, struct report *report, struct tg_share *share,
         const struct plan *plan, const char *url_file)
{
    struct tg_buf url = TG_BUF_EMPTY;
    struct text line = TEXT_EMPTY;
    char shown[STAY_SHOW_MAX];
    int status;
    enum tg_err err;

    if (device_share_has_ended(share))
        return report_end(report, REPORT_OVER,
                          "The share of this name has ended: choose another "
                          "name for a new one.");
    if ((err = tg_share_resume(share)) != TG_OK)
        return device_error(&guest->device, report, err, "sharing");
    stay_show(&plan->what.stay, shown);
    stay_write(&plan->what.stay, report->members);
    if ((err = tg_share_invitation(share, &url)) == TG_OK &&
        (err = text_print(&line, "%s\n", (const char *)url.ptr)) == TG_OK &&
        url_file != NULL)
        err = state_write_outside(url_file, text_span(&line), true);
    if (err == TG_OK && url_file == NULL)
        members_set_text(report->members, "url", (const char *)url.ptr);
    if (err != TG_OK)
        status = device_error(&guest->device, report, err,
                              "handing out the share URL");
    else if (url_file == NULL)
        status = report_end(report, REPORT_DONE, "%s", (const char *)url.ptr);
    else
        status = report_end(report, REPORT_DONE,
                            "Offered: %s. Send what is in %s to the one it is "
                            "for, and nobody else.",
                            shown, url_file);
    text_free(&line);
    tg_buf_free(&url);
    return status;
}

/* What is wished, of what was booked. */
static bool
apply_wish(const struct giving_wish *wish, struct stay *stay)
{
    return (wish->doors == NULL || stay_set_doors(wish->doors, stay)) &&
           (wish->from == NULL || moment_parse(wish->from,
                                               &stay->not_before)) &&
           (wish->until == NULL || moment_parse(wish->until,
                                                &stay->not_after)) &&
           stay->not_before < stay->not_after;
}

/* A new plan, written down before anybody is asked. */
static enum tg_err
make_plan(struct guest *guest, struct plan *fresh,
          const struct giving_wish *wish)
{
    enum tg_err err;

    memcpy(fresh->what.name, wish->name, strlen(wish->name) + 1);
    memcpy(fresh->what.desk, guest->desk.url, sizeof(fresh->what.desk));
    if ((err = secret_draw_id(fresh->request)) != TG_OK)
        return err;
    return plan_store_put(guest, fresh);
}

static bool
is_same_wish(const struct plan *asked, const struct plan *known)
{
    return strcmp(asked->booking, known->booking) == 0 &&
           stay_equal(&asked->what.stay, &known->what.stay);
}

static int
other_terms(struct report *report)
{
    return report_end(report, REPORT_USAGE,
                      "There is already a share of this name with other doors "
                      "or days: cancel it, or choose another name.");
}

/* There is no share of that name yet. *asked becomes what there was to do
 * already, or is written down. */
static int
find_or_make_plan(struct guest *guest, struct report *report,
                  struct plan *asked, const struct giving_wish *wish)
{
    struct plan known = {.booking = ""};
    int status = REPORT_DONE;
    enum tg_err err = plan_store_get(guest, &known);

    if (err == TG_E_NOT_FOUND)
        err = make_plan(guest, asked, wish);
    else if (err == TG_OK && strcmp(known.what.name, wish->name) != 0)
        status = report_end(report, REPORT_USAGE,
                            "The share \"%s\" was not completed: run `guest "
                            "continue` first, or cancel it.",
                            known.what.name);
    else if (err == TG_OK && !is_same_wish(asked, &known))
        status = other_terms(report);
    else if (err == TG_OK) {
        plan_done(asked);
        *asked = known;
        return REPORT_DONE;
    }
    plan_done(&known);
    if (err != TG_OK)
        return device_error(&guest->device, report, err, "sharing");
    return status;
}

static int
share_as_asked(struct guest *guest, struct report *report, struct plan *asked,
               const struct giving_wish *wish, const char *url_file)
{
    struct plan known = {.booking = ""};
    struct tg_share *share = NULL;
    int status;
    enum tg_err err = plan_store_find(guest, wish->name, &share, &known);

    if (err == TG_OK) {
        /* A run that died just behind begin_share() left its plan there. */
        struct plan left = {.booking = ""};

        if (plan_store_get(guest, &left) == TG_OK &&
            strcmp(left.request, known.request) == 0)
            err = plan_store_remove(guest);
        plan_done(&left);
    }
    if (err != TG_OK && err != TG_E_NOT_FOUND)
        status = device_error(&guest->device, report, err, "sharing");
    else if (share == NULL &&
             (status = find_or_make_plan(guest, report, asked, wish)) ==
                 REPORT_DONE &&
             (status = follow_plan(guest, report, asked, &share)) ==
                 REPORT_DONE)
        status = hand_out(guest, report, share, asked, url_file);
    else if (share != NULL)
        status = is_same_wish(asked, &known)
                     ? hand_out(guest, report, share, &known, url_file)
                     : other_terms(report);
    plan_done(&known);
    tg_share_close(share);
    return status;
}

int
giving_share(struct guest *guest, struct report *report,
             struct tg_span booking, const struct giving_wish *wish,
             const char *url_file)
{
    struct plan asked = {.booking = ""};
    struct stay booked;
    enum tg_err err;
    int status;

    if ((err = plan_read_booking(booking, &asked)) != TG_OK)
        return report_end(report, REPORT_REFUSED,
                          "This is no booking of a hotel: take the file that "
                          "the hotel gave you.");
    booked = asked.what.stay;
    if (!apply_wish(wish, &asked.what.stay))
        status = report_end(report, REPORT_USAGE,
                            "--doors wants names such as room,pool, --from "
                            "and --until times such as 2030-01-31T12:00:00Z, "
                            "in order.");
    else if (!stay_within(&asked.what.stay, &booked))
        status = partner_refused(report, REFUSAL_BEYOND);
    else
        status = share_as_asked(guest, report, &asked, wish, url_file);
    plan_done(&asked);
    return status;
}

int
giving_continue_plan(struct guest *guest, struct report *report)
{
    struct plan plan = {.booking = ""};
    struct plan known = {.booking = ""};
    struct tg_share *share = NULL;
    int status = REPORT_DONE;
    enum tg_err err;

    if ((err = plan_store_get(guest, &plan)) == TG_E_NOT_FOUND)
        return REPORT_DONE;
    if (err == TG_OK)
        err = plan_store_find(guest, plan.what.name, &share, &known);
    if (err == TG_OK)
        err = plan_store_remove(guest);
    else if (err == TG_E_NOT_FOUND) {
        err = TG_OK;
        status = follow_plan(guest, report, &plan, &share);
    }
    if (err != TG_OK)
        status = device_error(&guest->device, report, err, "going on");
    tg_share_close(share);
    plan_done(&known);
    plan_done(&plan);
    return status;
}

/* What there is to say of a share beside its state. */
static void
show_plan(struct report *report, const struct plan *plan,
          char shown[static STAY_SHOW_MAX])
{
    stay_show(&plan->what.stay, shown);
    stay_write(&plan->what.stay, report->members);
    members_set_text(report->members, "name", plan->what.name);
}

/* The mailbox is gone: what the desk knows of the token says why. */
static int
say_outcome(struct guest *guest, struct report *report,
            struct tg_share *share, struct plan *plan, const char *shown)
{
    enum refusal why;
    enum tg_err err;

    text_free(&plan->what.token);
    if ((err = ask_token(guest, plan, &why)) != TG_OK)
        return partner_error(&guest->desk, report, err, "asking the hotel");
    members_set_text(report->members, "desk", refusal_name(why));
    if ((err = tg_share_put(share, DATA_OUTCOME,
                            text_span_of(refusal_name(why)))) != TG_OK)
        return device_error(&guest->device, report, err,
                            "storing what the hotel says");
    if (why == REFUSAL_REDEEMED)
        return report_end(report, REPORT_DONE,
                          "\"%s\": %s; the key was fetched.",
                          plan->what.name, shown);
    if (why == REFUSAL_CANCELLED)
        return report_end(report, REPORT_OVER,
                          "\"%s\": the invitation was declined or cancelled.",
                          plan->what.name);
    if (why == REFUSAL_NONE)
        return report_end(report, REPORT_WAITING,
                          "\"%s\": the invitation was taken, but the key has "
                          "not been fetched yet.",
                          plan->what.name);
    return partner_refused(report, why);
}

int
giving_continue(struct guest *guest, struct report *report,
                struct tg_share *share)
{
    struct tg_provisioning *message = NULL;
    struct plan plan = {.booking = ""};
    char shown[STAY_SHOW_MAX];
    int status;
    enum tg_err err;

    if ((err = plan_store_of_share(share, &plan)) != TG_OK)
        return device_error(&guest->device, report, err, "going on");
    show_plan(report, &plan, shown);
    err = tg_share_receive(share, &message);
    tg_provisioning_free(message);
    if (err == TG_E_NO_NEWS)
        status = report_end(report, REPORT_WAITING,
                            "\"%s\": the invitation has not been accepted "
                            "yet.",
                            plan.what.name);
    else if (tg_share_state(share) == TG_SHARE_GONE)
        status = say_outcome(guest, report, share, &plan, shown);
    else if (wallet_data_has(share, DATA_CALLED_OFF))
        status = report_end(report, REPORT_OVER,
                            "\"%s\": cancelled.", plan.what.name);
    else
        status = device_error(&guest->device, report, err,
                              "asking the relay");
    plan_done(&plan);
    return status;
}

/* What became of an invitation whose mailbox is gone, if that was asked. */
static const char *
gone_text(struct report *report, struct tg_share *share)
{
    struct text desk = TEXT_EMPTY;
    enum refusal why = REFUSAL_NONE;

    if (wallet_data_get(share, DATA_OUTCOME, &desk) == TG_OK) {
        why = refusal_find(desk.at);
        members_set_text(report->members, "desk", desk.at);
    }
    text_free(&desk);
    if (why == REFUSAL_REDEEMED)
        return "the key was fetched";
    if (why == REFUSAL_CANCELLED)
        return "declined or cancelled";
    return "taken, declined or expired: `guest continue` asks the hotel";
}

int
giving_status(struct guest *guest, struct report *report,
              struct tg_share *share)
{
    struct plan plan = {.booking = ""};
    char shown[STAY_SHOW_MAX];
    const char *state = tg_share_state_name(tg_share_state(share));
    bool called_off = wallet_data_has(share, DATA_CALLED_OFF);
    int status;
    enum tg_err err;

    if ((err = plan_store_of_share(share, &plan)) != TG_OK)
        return device_error(&guest->device, report, err,
                            "reading the wallet");
    show_plan(report, &plan, shown);
    members_set_text(report->members, "state", state);
    members_set_flag(report->members, "cancelled", called_off);
    status = report_end(report, REPORT_DONE, "\"%s\": %s; %s", plan.what.name,
                        shown,
                        called_off ? "cancelled"
                        : tg_share_state(share) == TG_SHARE_GONE
                            ? gone_text(report, share)
                            : state);
    plan_done(&plan);
    return status;
}

/* See calling_off.h. */
#include "calling_off.h"

#include <string.h>

#include "plan_store.h"

/* Tell the desk that token and key of the plan shall not count. */
static int
call_off(struct guest *guest, struct report *report, const struct plan *plan,
         struct text *was)
{
    struct members *question = members_new();
    struct members *answer = NULL;
    enum refusal why = REFUSAL_NONE;
    int status = REPORT_DONE;
    const char *before;
    enum tg_err err;

    members_set_text(question, "booking", plan->booking);
    members_set_text(question, "request", plan->request);
    err = partner_ask(&guest->desk, "/v1/cancel", plan->secret.at, question,
                      &why, &answer);
    if (err == TG_OK && why == REFUSAL_NONE) {
        before = members_text(answer, "was");
        err = text_copy(text_span_of(before == NULL ? "" : before), was);
    }
    if (err != TG_OK)
        status = partner_error(&guest->desk, report, err,
                               "telling the hotel to cancel");
    else if (why != REFUSAL_NONE)
        status = partner_refused(report, why);
    members_free(answer);
    members_free(question);
    return status;
}

/* The desk first: from then on the token is worth nothing, whatever becomes
 * of the mailbox. */
static int
cancel_share(struct guest *guest, struct report *report,
             struct tg_share *share, const struct plan *plan)
{
    struct text was = TEXT_EMPTY;
    int status = REPORT_DONE;
    enum tg_err err = wallet_data_get(share, DATA_CALLED_OFF, &was);

    if (err == TG_OK && device_share_has_ended(share)) {
        status = report_end(report, REPORT_OVER,
                            "This share was cancelled already.");
        goto out;
    }
    if (err == TG_E_NOT_FOUND) {
        if ((status = call_off(guest, report, plan, &was)) != REPORT_DONE)
            goto out;
        err = tg_share_put(share, DATA_CALLED_OFF, text_span(&was));
    }
    if (err == TG_OK && !device_share_has_ended(share))
        err = tg_share_cancel(share);
    if (err != TG_OK)
        status = device_error(&guest->device, report, err, "cancelling");
    else if (strcmp(was.at, "redeemed") == 0)
        status = report_end(report, REPORT_DONE,
                            "The key is cancelled: doors refuse it from the "
                            "moment they hear of it.");
    else
        status = report_end(report, REPORT_DONE,
                            "The share is cancelled: its URL is worth nothing "
                            "now.");
out:
    text_free(&was);
    return status;
}

/* It was never made: only the desk may have heard of it. */
static int
cancel_plan(struct guest *guest, struct report *report, const char *name)
{
    struct plan plan = {.booking = ""};
    struct text was = TEXT_EMPTY;
    int status;
    enum tg_err err = plan_store_get(guest, &plan);

    if (err == TG_E_NOT_FOUND ||
        (err == TG_OK && strcmp(plan.what.name, name) != 0))
        status = report_end(report, REPORT_USAGE,
                            "There is no share of this name.");
    else if (err != TG_OK)
        status = device_error(&guest->device, report, err, "cancelling");
    else if ((status = call_off(guest, report, &plan, &was)) == REPORT_DONE) {
        err = plan_store_remove(guest);
        status = err == TG_OK
                     ? report_end(report, REPORT_DONE,
                                  "The share is cancelled: nobody was told "
                                  "of it.")
                     : device_error(&guest->device, report, err, "cancelling");
    }
    text_free(&was);
    plan_done(&plan);
    return status;
}

int
calling_off(struct guest *guest, struct report *report, const char *name)
{
    struct plan plan = {.booking = ""};
    struct tg_share *share = NULL;
    int status;
    enum tg_err err = plan_store_find(guest, name, &share, &plan);

    if (err == TG_E_NOT_FOUND)
        return cancel_plan(guest, report, name);
    if (err != TG_OK)
        return device_error(&guest->device, report, err, "cancelling");
    members_set_text(report->members, "name", name);
    status = cancel_share(guest, report, share, &plan);
    plan_done(&plan);
    tg_share_close(share);
    return status;
}

/* See partner.h. */
#include "partner.h"

#include <string.h>

#include "web.h"

#define URL_FILE "desk"
#define CA_FILE  "desk-ca.pem"

static enum tg_err
check_url(const char *url)
{
    struct web *web = NULL;
    enum tg_err err;

    if (strlen(url) > PARTNER_URL_MAX)
        return TG_E_FORMAT;
    err = web_new(url, NULL, &web);
    web_free(web);
    return err;
}

enum tg_err
partner_set_up(const struct state *state, const char *url, const char *ca_file)
{
    struct text ca = TEXT_EMPTY;
    enum tg_err err;

    if ((err = check_url(url)) != TG_OK)
        return err;
    if (ca_file != NULL) {
        if ((err = state_read_outside(ca_file, &ca)) == TG_OK)
            err = state_write(state, CA_FILE, text_span(&ca));
        text_free(&ca);
        if (err != TG_OK)
            return err;
    }
    return state_write(state, URL_FILE, text_span_of(url));
}

enum tg_err
partner_open(const struct state *state, struct partner *out)
{
    struct partner partner = {.web = NULL};
    struct text url = TEXT_EMPTY;
    char ca[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_read(state, URL_FILE, &url)) != TG_OK)
        return err;
    if ((err = check_url(url.at)) == TG_OK &&
        (err = state_path(state, CA_FILE, ca)) == TG_OK)
        err = web_new(url.at, state_has(state, CA_FILE) ? ca : NULL,
                      &partner.web);
    if (err == TG_OK) {
        memcpy(partner.url, url.at, url.len + 1);
        *out = partner;
    }
    text_free(&url);
    return err;
}

void
partner_close(struct partner *partner)
{
    web_free(partner->web);
    partner->web = NULL;
}

enum tg_err
partner_ask(struct partner *partner, const char *path, const char *bearer,
            const struct members *question, enum refusal *why,
            struct members **answer)
{
    struct members *said = NULL;
    const char *check;
    unsigned status;
    enum tg_err err;

    if ((err = web_call(partner->web, "POST", path, bearer, question, &status,
                        &said)) != TG_OK)
        return err;
    check = members_text(said, "check");
    if (status == 200) {
        *why = REFUSAL_NONE;
    } else if (status >= 400 && status < 500 && check != NULL) {
        *why = refusal_find(check);
    } else {
        members_free(said);
        return TG_E_PROTOCOL;
    }
    *answer = said;
    return TG_OK;
}

int
partner_error(const struct partner *partner, struct report *report,
              enum tg_err err, const char *doing)
{
    const char *sentence =
        err == TG_E_NETWORK
            ? "The hotel cannot be reached. Check the network connection, "
              "then try the same command again."
        : err == TG_E_TLS
            ? "The hotel could not prove who it is, so nothing was sent to "
              "it. Try another network, or check the file of --desk-ca."
        : err == TG_E_BUSY ? "The hotel is busy. Try again in a minute."
        : err == TG_E_PROTOCOL
            ? "The hotel's answer cannot be understood. Try again later."
            : NULL;

    if (sentence == NULL)
        return report_error(report, err, doing, web_reason(partner->web));
    members_set_text(report->members, "error", tg_err_name(err));
    if (!report->verbose)
        return report_end(report, report_exit_of(err), "%s", sentence);
    return report_end(report, report_exit_of(err), "%s (%s: %s)", sentence,
                      doing, web_reason(partner->web));
}

int
partner_refused(struct report *report, enum refusal why)
{
    return report_refused(report, refusal_name(why), refusal_text(why));
}

/* See cancelled.h. */
#include "cancelled.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "secret.h"
#include "web.h"

#define FILE_NAME "cancelled.json"

struct cancelled {
    const struct state *state;
    const char *secret;
    struct web *desk;     /* NULL: not to be asked */
    int64_t not_before_s; /* of the monotonic clock: the next question */
    struct members *list;
};

static int64_t
monotonic_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static enum tg_err
load_list(struct cancelled *cancelled)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err = state_read(cancelled->state, FILE_NAME, &json);

    if (err == TG_E_NOT_FOUND) {
        cancelled->list = members_new();
        return cancelled->list == NULL ? TG_E_NOMEM : TG_OK;
    }
    if (err == TG_OK)
        err = members_parse(text_span(&json), &cancelled->list);
    text_free(&json);
    return err;
}

enum tg_err
cancelled_load(const struct state *state, const char *url, const char *ca,
               const char *secret, struct cancelled **out)
{
    struct cancelled *cancelled = calloc(1, sizeof(*cancelled));
    enum tg_err err = TG_E_NOMEM;

    if (cancelled == NULL)
        return err;
    cancelled->state = state;
    cancelled->secret = secret;
    if ((err = load_list(cancelled)) == TG_OK && url != NULL)
        err = web_new(url, ca, &cancelled->desk);
    if (err != TG_OK) {
        cancelled_free(cancelled);
        return err;
    }
    *out = cancelled;
    return TG_OK;
}

void
cancelled_free(struct cancelled *cancelled)
{
    if (cancelled == NULL)
        return;
    web_free(cancelled->desk);
    members_free(cancelled->list);
    free(cancelled);
}

bool
cancelled_has(const struct cancelled *cancelled, const char *serial)
{
    const char *one;

    for (size_t i = 0;
         (one = members_list_text(cancelled->list, "serials", i)) != NULL; i++)
        if (strcmp(one, serial) == 0)
            return true;
    return false;
}

/* Only what we understand is kept: a new object of the serials alone. */
static enum tg_err
take_list(struct cancelled *cancelled, const struct members *answer)
{
    struct members *list = members_new();
    struct text json = TEXT_EMPTY;
    const char *serial;
    enum tg_err err = TG_OK;

    for (size_t i = 0; err == TG_OK && (serial = members_list_text(
                                            answer, "serials", i)) != NULL;
         i++) {
        if (secret_is_id(serial))
            members_add_text(list, "serials", serial);
        else
            err = TG_E_FORMAT;
    }
    if (err == TG_OK)
        err = members_format(list, &json);
    if (err != TG_OK) {
        members_free(list);
        return err;
    }
    members_free(cancelled->list);
    cancelled->list = list; /* counts now, also if the disk refuses */
    err = state_write(cancelled->state, FILE_NAME, text_span(&json));
    text_free(&json);
    return err;
}

void
cancelled_ask(struct cancelled *cancelled)
{
    struct members *answer = NULL;
    unsigned status = 0;
    enum tg_err err;

    if (cancelled->desk == NULL || monotonic_s() < cancelled->not_before_s)
        return;
    err = web_call(cancelled->desk, "GET", "/v1/cancelled", cancelled->secret,
                   NULL, &status, &answer);
    if (err == TG_OK)
        err = status == 200 ? take_list(cancelled, answer) : TG_E_REFUSED;
    members_free(answer);
    if (err == TG_OK)
        return;
    fprintf(stderr, "door: the desk could not be asked which keys were "
                    "cancelled (%s)\n",
            tg_err_name(err));
    cancelled->not_before_s = monotonic_s() + CANCELLED_PAUSE_SECONDS;
}

/* See plan.h. */
#include "plan.h"

#include <string.h>

void
plan_done(struct plan *plan)
{
    invitation_done(&plan->what);
    text_free(&plan->secret);
}

enum tg_err
plan_format(const struct plan *plan, struct text *out)
{
    const struct text *token = &plan->what.token;
    struct members *members = members_new();
    enum tg_err err;

    members_set_text(members, "desk", plan->what.desk);
    members_set_text(members, "name", plan->what.name);
    stay_write(&plan->what.stay, members);
    members_set_text(members, "booking", plan->booking);
    members_set_text(members, "request", plan->request);
    members_set_text(members, "secret", plan->secret.at);
    if (token->at != NULL)
        members_set_text(members, "token", token->at);
    err = members_format(members, out);
    members_free(members);
    return err;
}

static bool
copy_name(const struct members *members, const char *name, size_t size,
          char *out)
{
    const char *text = members_text(members, name);

    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static enum tg_err
read_booking(const struct members *members, struct plan *out)
{
    const char *secret = members_text(members, "secret");
    uint8_t hash[SECRET_HASH_LEN];
    enum tg_err err;

    if (secret == NULL || !copy_name(members, "booking", sizeof(out->booking),
                                     out->booking))
        return TG_E_FORMAT;
    if ((err = stay_read(members, &out->what.stay)) != TG_OK ||
        (err = secret_hash(secret, hash)) != TG_OK)
        return err;
    return text_copy(text_span_of(secret), &out->secret);
}

enum tg_err
plan_read_booking(struct tg_span json, struct plan *out)
{
    struct plan plan = {.booking = ""};
    struct members *members = NULL;
    enum tg_err err;

    if ((err = members_parse(json, &members)) != TG_OK)
        return err;
    if ((err = read_booking(members, &plan)) == TG_OK)
        *out = plan;
    members_free(members);
    return err;
}

enum tg_err
plan_parse(struct tg_span json, struct plan *out)
{
    struct plan plan = {.booking = ""};
    struct members *members = NULL;
    const char *token;
    enum tg_err err;

    if ((err = members_parse(json, &members)) != TG_OK)
        return err;
    token = members_text(members, "token");
    if ((err = read_booking(members, &plan)) == TG_OK &&
        (!copy_name(members, "desk", sizeof(plan.what.desk),
                    plan.what.desk) ||
         !copy_name(members, "name", sizeof(plan.what.name),
                    plan.what.name) ||
         !copy_name(members, "request", sizeof(plan.request), plan.request)))
        err = TG_E_FORMAT;
    if (err == TG_OK && token != NULL)
        err = text_copy(text_span_of(token), &plan.what.token);
    members_free(members);
    if (err != TG_OK) {
        plan_done(&plan);
        return err;
    }
    *out = plan;
    return TG_OK;
}

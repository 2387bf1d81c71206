/* See plan_store.h. */
#include "plan_store.h"

#include <string.h>

enum tg_err
plan_store_of_share(struct tg_share *share, struct plan *out)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = wallet_data_get(share, DATA_PLAN, &json)) == TG_OK)
        err = plan_parse(text_span(&json), out);
    text_free(&json);
    return err;
}

enum tg_err
plan_store_get(struct guest *guest, struct plan *out)
{
    struct tg_buf json = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_wallet_get(guest->device.wallet, DATA_PLAN, &json)) == TG_OK)
        err = plan_parse((struct tg_span){json.ptr, json.len}, out);
    tg_buf_free(&json);
    return err;
}

enum tg_err
plan_store_put(struct guest *guest, const struct plan *plan)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = plan_format(plan, &json)) == TG_OK)
        err = tg_wallet_put(guest->device.wallet, DATA_PLAN, text_span(&json));
    text_free(&json);
    return err;
}

enum tg_err
plan_store_find(struct guest *guest, const char *name, struct tg_share **out,
                struct plan *plan)
{
    struct tg_wallet *wallet = guest->device.wallet;
    struct tg_share *share = NULL;
    int64_t id = 0;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, id, &id)) == TG_OK) {
        if ((err = tg_share_open(wallet, guest->device.client, id, &share)) !=
            TG_OK)
            return err;
        err = tg_share_role(share) == TG_INITIATOR
                  ? plan_store_of_share(share, plan)
                  : TG_OK;
        if (tg_share_role(share) == TG_INITIATOR && err == TG_OK) {
            if (strcmp(plan->what.name, name) == 0) {
                *out = share;
                return TG_OK;
            }
            plan_done(plan);
        }
        tg_share_close(share);
        if (err == TG_E_NOT_FOUND)
            err = tg_wallet_forget_share(wallet, id);
        if (err != TG_OK)
            return err;
    }
    return err;
}

enum tg_err
plan_store_remove(struct guest *guest)
{
    return tg_wallet_remove(guest->device.wallet, DATA_PLAN);
}

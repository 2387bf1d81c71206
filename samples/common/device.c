/* See device.h. */
#include "device.h"

#include <string.h>

#define RELAYS_FILE "relays"
#define CA_FILE     "relay-ca.pem"
#define WALLET_FILE "wallet.db"

/* That libtigress takes it, and that it names one relay, not a whole domain. */
static enum tg_err
check_relay(const char *relay)
{
    struct tg_allow_list *list = NULL;
    enum tg_err err;

    if (strlen(relay) > DEVICE_RELAY_MAX || relay[0] == '.')
        return TG_E_FORMAT;
    if ((err = tg_allow_list_new(&list)) == TG_OK)
        err = tg_allow_list_add(list, relay);
    tg_allow_list_free(list);
    return err;
}

enum tg_err
device_set_up(const struct state *state, const char *relay,
              const char *ca_file)
{
    struct text ca = TEXT_EMPTY;
    enum tg_err err;

    if ((err = check_relay(relay)) != TG_OK)
        return err;
    if (ca_file != NULL) {
        if ((err = state_read_outside(ca_file, &ca)) == TG_OK)
            err = state_write(state, CA_FILE, text_span(&ca));
        text_free(&ca);
        if (err != TG_OK)
            return err;
    }
    return state_write(state, RELAYS_FILE, text_span_of(relay));
}

static enum tg_err
read_relay(struct device *device)
{
    struct text relay = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_read(&device->state, RELAYS_FILE, &relay)) != TG_OK)
        return err;
    if ((err = check_relay(relay.at)) == TG_OK)
        memcpy(device->relay, relay.at, relay.len + 1);
    text_free(&relay);
    return err;
}

static enum tg_err
make_client(struct device *device)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = tg_allow_list_new(&device->allowed)) != TG_OK)
        return err;
    if ((err = tg_allow_list_add(device->allowed, device->relay)) != TG_OK)
        return err;
    if ((err = tg_relay_client_new(device->allowed, &device->client)) != TG_OK)
        return err;
    if (!state_has(&device->state, CA_FILE))
        return TG_OK;
    if ((err = state_path(&device->state, CA_FILE, path)) != TG_OK)
        return err;
    return tg_relay_client_set_ca_file(device->client, path);
}

enum tg_err
device_open(const char *path, struct device *out)
{
    struct device device = {.state.lock = -1};
    char wallet[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_open(path, false, &device.state)) != TG_OK)
        return err;
    if ((err = read_relay(&device)) == TG_OK &&
        (err = make_client(&device)) == TG_OK &&
        (err = state_path(&device.state, WALLET_FILE, wallet)) == TG_OK)
        err = tg_wallet_open(wallet, &device.wallet);
    if (err != TG_OK) {
        device_close(&device);
        return err;
    }
    *out = device;
    return TG_OK;
}

void
device_close(struct device *device)
{
    tg_wallet_close(device->wallet);
    tg_relay_client_free(device->client);
    tg_allow_list_free(device->allowed);
    state_close(&device->state);
}

bool
device_share_has_ended(const struct tg_share *share)
{
    enum tg_share_state state = tg_share_state(share);

    return state != TG_SHARE_NEW && state != TG_SHARE_OPEN;
}

int
device_error(const struct device *device, struct report *report,
             enum tg_err err, const char *doing)
{
    return report_error(report, err, doing,
                        tg_relay_client_reason(device->client));
}

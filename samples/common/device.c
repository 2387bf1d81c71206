/* See device.h. */
#include "device.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "authenticator/authenticator.h"
#include "prompt.h"

#define RELAYS_FILE "relays"
#define CA_FILE     "relay-ca.pem"
#define ATTEST_FILE "authenticator"
#define WALLET_FILE "wallet.db"

enum {
    SHARES_MAX = 64, /* that are waited for at once */
    WAKES_MAX = 16   /* that one command deals with */
};

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

/* Under its whole path: the next command may be run from elsewhere. */
static enum tg_err
set_up_authenticator(const struct state *state, const char *directory)
{
    struct authenticator *authenticator = NULL;
    char *path = NULL;
    enum tg_err err;

    if ((err = authenticator_open(directory, AUTHENTICATOR_ANY,
                                  &authenticator)) != TG_OK)
        return err;
    authenticator_free(authenticator);
    if ((path = realpath(directory, NULL)) == NULL)
        return TG_E_IO;
    err = state_write(state, ATTEST_FILE, text_span_of(path));
    free(path);
    return err;
}

enum tg_err
device_set_up(const struct state *state, const struct device_place *place)
{
    struct text ca = TEXT_EMPTY;
    enum tg_err err;

    if ((err = check_relay(place->relay)) != TG_OK)
        return err;
    if (place->attest != NULL &&
        (err = set_up_authenticator(state, place->attest)) != TG_OK)
        return err;
    if (place->ca_file != NULL) {
        if ((err = state_read_outside(place->ca_file, &ca)) == TG_OK)
            err = state_write(state, CA_FILE, text_span(&ca));
        text_free(&ca);
        if (err != TG_OK)
            return err;
    }
    return state_write(state, RELAYS_FILE, text_span_of(place->relay));
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
open_authenticator(struct device *device)
{
    struct text path = TEXT_EMPTY;
    enum tg_err err;

    if (!state_has(&device->state, ATTEST_FILE))
        return TG_OK;
    if ((err = state_read(&device->state, ATTEST_FILE, &path)) == TG_OK &&
        (err = authenticator_open(path.at, AUTHENTICATOR_ANY,
                                  &device->authenticator)) == TG_OK)
        tg_relay_client_set_attestation(
            device->client, authenticator_provider(device->authenticator));
    text_free(&path);
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
device_open_in(const struct state *state, struct device *out)
{
    struct device device = {.state = *state};
    char wallet[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = read_relay(&device)) == TG_OK &&
        (err = make_client(&device)) == TG_OK &&
        (err = open_authenticator(&device)) == TG_OK &&
        (err = state_path(&device.state, WALLET_FILE, wallet)) == TG_OK)
        err = tg_wallet_open(wallet, &device.wallet);
    if (err != TG_OK) {
        device_close(&device);
        return err;
    }
    *out = device;
    return TG_OK;
}

enum tg_err
device_open(const char *path, struct device *out)
{
    struct state state;
    enum tg_err err;

    if ((err = state_open(path, false, &state)) != TG_OK)
        return err;
    return device_open_in(&state, out);
}

/* What went wrong with a passphrase, for a person. */
static int
passphrase_error(struct report *report, enum tg_err err, const char *file,
                 bool is_new)
{
    if (file != NULL && (err == TG_E_NOT_FOUND || err == TG_E_IO))
        return report_end(report, REPORT_PASSPHRASE,
                          "The passphrase cannot be read from %s: check the "
                          "name of the file, and that it is yours. Nothing "
                          "was done.",
                          file);
    if (err == TG_E_AUTH)
        return report_end(report, REPORT_PASSPHRASE, "%s",
                          is_new ? "The two passphrases are not the same. "
                                   "Nothing was done."
                                 : "This is not the passphrase of this "
                                   "device. Nothing was done.");
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_PASSPHRASE,
                          "This device asks for its passphrase: type it at a "
                          "terminal, or name the file that holds it with "
                          "--passphrase-file. Nothing was done.");
    if (err == TG_E_LIMIT)
        return report_end(report, REPORT_PASSPHRASE,
                          "A passphrase has at least 1 and at most %d bytes. "
                          "Nothing was done.",
                          TG_PASSPHRASE_MAX);
    return report_error(report, err, "reading the passphrase", NULL);
}

int
device_unlock(struct device *device, struct report *report, const char *file)
{
    struct text passphrase = TEXT_EMPTY;
    enum tg_err err;

    if (!tg_wallet_is_sealed(device->wallet))
        return REPORT_DONE;
    if ((err = prompt_secret(file, "Passphrase of this device: ",
                             &passphrase)) == TG_OK)
        err = tg_wallet_unlock(device->wallet, text_span(&passphrase));
    text_free(&passphrase);
    return err == TG_OK ? REPORT_DONE
                        : passphrase_error(report, err, file, false);
}

int
device_protect(struct device *device, struct report *report, const char *file)
{
    struct text passphrase = TEXT_EMPTY;
    enum tg_err err;

    if (tg_wallet_is_sealed(device->wallet))
        return device_unlock(device, report, file);
    if ((err = prompt_new_secret(file, "New passphrase for this device: ",
                                 &passphrase)) == TG_OK)
        err = passphrase.len == 0
                  ? TG_E_LIMIT
                  : tg_wallet_set_passphrase(device->wallet,
                                             text_span(&passphrase));
    text_free(&passphrase);
    return err == TG_OK ? REPORT_DONE
                        : passphrase_error(report, err, file, true);
}

void
device_close(struct device *device)
{
    tg_wallet_close(device->wallet);
    tg_relay_client_free(device->client);
    authenticator_free(device->authenticator);
    tg_allow_list_free(device->allowed);
    state_close(&device->state);
}

static int64_t
monotonic_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec;
}

/* Whether only the other side can move it: what has come was dealt with. */
static bool
is_waiting(const struct tg_share *share, int64_t only)
{
    return (only == 0 || tg_share_id(share) == only) &&
           !device_share_has_ended(share) && !tg_share_has_message(share);
}

/* Until something has come; TG_E_NO_NEWS also when nothing can. */
static enum tg_err
wait_for_news(struct device *device, int64_t only, int64_t wait_s)
{
    struct tg_share *shares[SHARES_MAX];
    size_t count = 0;
    size_t which;
    int64_t id = 0;
    enum tg_err err;

    while (count < SHARES_MAX &&
           (err = tg_wallet_next_share(device->wallet, id, &id)) == TG_OK &&
           (err = tg_share_open(device->wallet, device->client, id,
                                &shares[count])) == TG_OK) {
        if (is_waiting(shares[count], only))
            count++;
        else
            tg_share_close(shares[count]);
    }
    if (err == TG_OK || err == TG_E_NOT_FOUND)
        err = tg_share_wait_any(shares, count, wait_s, &which);
    while (count > 0)
        tg_share_close(shares[--count]);
    return err;
}

int
device_continue(struct device *device, struct report *report, int64_t only,
                int64_t wait_s, int (*step)(void *self), void *self)
{
    int64_t end = monotonic_s() + wait_s;
    int status = step(self);

    for (int wakes = 0; status == REPORT_WAITING && wakes < WAKES_MAX;
         wakes++) {
        int64_t left_s = end - monotonic_s();
        enum tg_err err = TG_E_NO_NEWS;

        if (left_s > 0)
            err = wait_for_news(device, only, left_s);
        if (err == TG_E_NO_NEWS)
            break;
        if (err != TG_OK)
            return device_error(device, report, err,
                                "waiting for the other side");
        status = step(self);
    }
    return status;
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

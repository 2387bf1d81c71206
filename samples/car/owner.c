/* owner: the device of a vehicle's owner, who lends a key.
 *
 * This file is the command line; the steps of a share are in inviting.c,
 * answering.c and lending.c. The state directory holds, beside what device.h
 * names:
 *   wallet.db        sealed under the owner's passphrase; the private key too
 *   owner.pem        its certificate and the maker's root, from the maker
 *   issued-….pem     each certificate that was signed for a friend
 *   maker-server, maker-ca.pem   where keys are revoked
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "answering.h"
#include "args.h"
#include "certificate.h"
#include "inviting.h"
#include "kept_key.h"
#include "opening.h"
#include "options.h"
#include "revoking.h"
#include "show.h"
#include "tracking.h"

static int
not_ready(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This device is no owner's yet: run `owner init`, "
                          "`maker certify`, `owner enrol`.");
    return report_error(report, err, "opening the state directory", NULL);
}

/* Open the device and unlock its wallet; with `enrolled` it must be an owner's
 * already. REPORT_DONE, or the status of what was said; *out is then not to be
 * closed. */
static int
open_owner(const struct args *args, struct report *report, bool enrolled,
           struct device *out)
{
    struct identity self = {.key = NULL};
    enum tg_err err;
    int status;

    if ((err = device_open(args->state, out)) != TG_OK)
        return not_ready(report, err);
    status = device_unlock(out, report, args_get(args, "passphrase-file"));
    if (status == REPORT_DONE && enrolled &&
        (err = identity_of_owner(out, &self)) != TG_OK)
        status = not_ready(report, err);
    identity_free(&self);
    if (status != REPORT_DONE)
        device_close(out);
    return status;
}

/* A certification request, PKCS #10: the public key, signed with the private
 * one, so that the maker knows that the asking device has it. */
static enum tg_err
write_request(EVP_PKEY *key, const char *path)
{
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    enum tg_err err = TG_E_CRYPTO;
    char *pem;
    long len;

    if (request != NULL && bio != NULL &&
        X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
        X509_REQ_set_pubkey(request, key) == 1 &&
        X509_REQ_sign(request, key, EVP_sha256()) > 0 &&
        PEM_write_bio_X509_REQ(bio, request) == 1 &&
        (len = BIO_get_mem_data(bio, &pem)) > 0)
        err = state_write_outside(
            path, (struct tg_span){(const uint8_t *)pem, (size_t)len}, false);
    BIO_free(bio);
    X509_REQ_free(request);
    return err;
}

static enum tg_err
set_up(const struct args *args, struct state *state)
{
    const char *maker = args_get(args, "maker-url");
    const struct device_place place = {.relay = args_get(args, "relay"),
                                       .ca_file = args_get(args, "relay-ca"),
                                       .attest = args_get(args, "attest")};
    enum tg_err err;

    if ((err = device_set_up(state, &place)) != TG_OK || maker == NULL)
        return err;
    return tracking_set_up(state, maker, args_get(args, "maker-ca"));
}

/* The wallet is sealed before the key is made. */
static int
make_key(const struct args *args, struct report *report,
         struct device *device)
{
    const char *request = args_get(args, "request");
    EVP_PKEY *key = NULL;
    enum tg_err err;
    int status;

    status = device_protect(device, report, args_get(args, "passphrase-file"));
    if (status != REPORT_DONE)
        return status;
    if ((err = kept_key_make(device->wallet, &key)) == TG_OK)
        err = write_request(key, request);
    EVP_PKEY_free(key);
    if (err != TG_OK)
        return report_error(report, err, "making the device's key", NULL);
    return report_end(report, REPORT_DONE,
                      "The device has a key: give %s to `maker certify`.",
                      request);
}

static int
run_init(const struct args *args, struct report *report)
{
    struct device device;
    struct state state;
    enum tg_err err;
    int status;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    if ((err = set_up(args, &state)) != TG_OK) {
        state_close(&state);
        return report_error(report, err, "setting up the device", NULL);
    }
    if ((err = device_open_in(&state, &device)) != TG_OK)
        return report_error(report, err, "setting up the device", NULL);
    status = make_key(args, report, &device);
    device_close(&device);
    return status;
}

/* That the maker's answer is a chain for our own key. */
static enum refusal
check_enrolment(STACK_OF(X509) *chain, EVP_PKEY *key, struct grant *out)
{
    X509 *own = sk_X509_value(chain, 0);
    X509 *root = sk_X509_value(chain, 1);
    STACK_OF(X509) *alone;
    enum refusal why;

    if (sk_X509_num(chain) != 2)
        return REFUSAL_FORMAT;
    if (EVP_PKEY_eq(X509_get0_pubkey(own), key) != 1)
        return REFUSAL_KEY;
    if ((alone = sk_X509_new_null()) == NULL || sk_X509_push(alone, own) == 0) {
        sk_X509_free(alone);
        return REFUSAL_FORMAT;
    }
    why = certificate_check(alone, root, moment_now(), out);
    sk_X509_free(alone);
    return why;
}

static enum tg_err
enrol(const struct device *device, struct tg_span pem, enum refusal *why,
      struct grant *grant)
{
    STACK_OF(X509) *chain = NULL;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = kept_key_get(device->wallet, &key)) != TG_OK)
        return err;
    if ((err = certificate_from_pem(pem, &chain)) == TG_OK) {
        *why = check_enrolment(chain, key, grant);
        if (*why == REFUSAL_NONE)
            err = state_write(&device->state, IDENTITY_OWNER_FILE, pem);
    }
    certificate_free_chain(chain);
    EVP_PKEY_free(key);
    return err;
}

static int
run_enrol(const struct args *args, struct report *report)
{
    enum refusal why = REFUSAL_NONE;
    struct text pem = TEXT_EMPTY;
    char shown[SHOW_GRANT_MAX];
    struct grant grant;
    struct device device;
    enum tg_err err;
    int status;

    if ((err = state_read_outside(args_get(args, "certificate"), &pem)) !=
        TG_OK)
        return report_error(report, err, "reading the certificate", NULL);
    status = open_owner(args, report, false, &device);
    if (status == REPORT_DONE) {
        err = enrol(&device, text_span(&pem), &why, &grant);
        device_close(&device);
    }
    text_free(&pem);
    if (status != REPORT_DONE)
        return status;
    if (err != TG_OK)
        return not_ready(report, err);
    if (why != REFUSAL_NONE)
        return refusal_report(report, why);
    show_grant(&grant, shown);
    show_grant_members(&grant, report->members);
    return report_end(report, REPORT_DONE, "This device may: %s.", shown);
}

static int
run_share(const struct args *args, struct report *report)
{
    struct inviting_offer offer = {.name = NULL};
    struct device device;
    int status;

    if (!options_offer(args, &offer))
        return report_end(report, REPORT_USAGE, "%s", OPTIONS_OFFER_HINT);
    if ((status = open_owner(args, report, true, &device)) != REPORT_DONE)
        return status;
    status = inviting_share(&device, report, 0, &offer);
    device_close(&device);
    return status;
}

/* Run one step on the named share, or on every one. */
static int
run_on_shares(const struct args *args, struct report *report,
              lending_step *step)
{
    struct device device;
    int status;

    if ((status = open_owner(args, report, true, &device)) != REPORT_DONE)
        return status;
    status = lending_each(&device, report, args_get(args, "name"), step);
    device_close(&device);
    return status;
}

static int
run_pin(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, lending_show_pin);
}

/* What `owner continue` is about. */
struct going_on {
    struct device device;
    struct report *report;
    const char *name; /* NULL: every share */
};

static int
go_on(void *self)
{
    struct going_on *going = self;

    return lending_each(&going->device, going->report, going->name,
                        answering_continue);
}

/* Of the named share; 0 for none of that name, which is said elsewhere. */
static int64_t
number_of(struct device *device, const char *name)
{
    struct key_creation_request offer;
    struct tg_share *share = NULL;
    int64_t id = 0;

    if (name != NULL &&
        lending_find(device, name, &share, &offer) == TG_OK)
        id = tg_share_id(share);
    tg_share_close(share);
    return id;
}

static int
run_continue(const struct args *args, struct report *report)
{
    struct going_on going = {.report = report, .name = args_get(args, "name")};
    int64_t wait_s = 0;
    int status;

    if (!args_number(args, "wait", &wait_s))
        return report_end(report, REPORT_USAGE, OPTIONS_WAIT_HINT);
    status = open_owner(args, report, true, &going.device);
    if (status != REPORT_DONE)
        return status;
    status = device_continue(&going.device, report,
                             number_of(&going.device, going.name), wait_s,
                             go_on, &going);
    device_close(&going.device);
    return status;
}

static int
run_status(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, lending_status);
}

static int
run_cancel(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, lending_cancel);
}

static int
run_revoke(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, revoking_revoke);
}

/* The owner's own key, if it is for that vehicle. */
static enum tg_err
choose(const struct device *device, const char *vehicle,
       enum entitlement action, struct identity *out)
{
    enum tg_err err = identity_of_owner(device, out);

    (void)action;
    if (err == TG_OK && strcmp(out->grant.vehicle, vehicle) != 0) {
        identity_free(out);
        err = TG_E_NOT_FOUND;
    }
    return err;
}

static int
run_action(const struct args *args, struct report *report)
{
    struct device device;
    int status;

    if ((status = open_owner(args, report, true, &device)) != REPORT_DONE)
        return status;
    status = opening_ask(&device, report, args_get(args, "vehicle"),
                         options_action(args), choose);
    device_close(&device);
    return status;
}

static const struct args_command commands[] = {
    {"init", "make the device's key, sealed under a new passphrase", run_init,
     {{"relay", "HOST:PORT", "the relay to share through", true},
      {"relay-ca", "FILE", "who certifies it; default: the system's", false},
      DEVICE_ATTEST,
      OPTIONS_MAKER,
      {"request", "FILE", "where to write the request for the maker", true},
      OPTIONS_PASSPHRASE}},
    {"enrol", "take the maker's certificate", run_enrol,
     {{"certificate", "FILE", "from `maker certify`", true},
      OPTIONS_PASSPHRASE}},
    {"share", "offer a key: gives the link and the PIN", run_share,
     {OPTIONS_OFFER, OPTIONS_PASSPHRASE}},
    {"pin", "show the PIN of a share again", run_pin,
     {{"name", "TEXT", "which", true}, OPTIONS_PASSPHRASE}},
    {"continue", "answer what the friend's device asks", run_continue,
     {{"name", "TEXT", "this share only", false}, OPTIONS_WAIT,
      OPTIONS_PASSPHRASE}},
    {"status", "what became of the shares", run_status,
     {{"name", "TEXT", "this share only", false}, OPTIONS_PASSPHRASE}},
    {"cancel", "call a share off", run_cancel,
     {{"name", "TEXT", "which", true}, OPTIONS_PASSPHRASE}},
    {"revoke", "take a key back that was lent", run_revoke,
     {{"name", "TEXT", "which", true}, OPTIONS_PASSPHRASE}},
    OPTIONS_ACTIONS(run_action),
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "owner", "the device of a vehicle's owner, who lends a key", commands};

    return args_main(argc, argv, &program);
}

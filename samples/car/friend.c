/* friend: the device of a friend, who is lent a key, and may lend it on.
 *
 * This file is the command line; the steps of a share are in borrowing.c,
 * requesting.c and importing.c, the key at the vehicle in opening.c. The state
 * directory holds, beside what device.h names:
 *   root.pem           the vehicle maker's root
 *   issuer-N.pem       of share N: the owner's certificate, and its issuer's
 *   certificate-N.pem  ours, signed by the owner's device
 *   issued-N.pem       the one that was signed for whom a key was lent on
 *   maker-server, maker-ca.pem   where keys are registered and revoked
 * Private keys are in the wallet, wallet.db.
 */
#include <string.h>

#include "args.h"
#include "borrowing.h"
#include "certificate.h"
#include "inviting.h"
#include "keeping.h"
#include "opening.h"
#include "options.h"
#include "prompt.h"
#include "revoking.h"
#include "tracking.h"

static int
not_ready(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This device is not set up: run `friend init`.");
    return report_error(report, err, "opening the state directory", NULL);
}

/* Open the device and unlock its wallet. REPORT_DONE, or the status of what was
 * said; *out is then not to be closed. */
static int
open_friend(const struct args *args, struct report *report,
            struct borrowing *out)
{
    enum tg_err err;
    int status;

    if ((err = borrowing_open(args->state, out)) != TG_OK)
        return not_ready(report, err);
    status = device_unlock(&out->device, report,
                           args_get(args, "passphrase-file"));
    if (status != REPORT_DONE)
        borrowing_close(out);
    return status;
}

/* Only certificates that can be read are kept. */
static enum tg_err
store_root(const struct state *state, const char *path)
{
    STACK_OF(X509) *roots = NULL;
    struct text pem = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_read_outside(path, &pem)) == TG_OK &&
        (err = certificate_from_pem(text_span(&pem), &roots)) == TG_OK)
        err = state_write(state, BORROWING_ROOT_FILE, text_span(&pem));
    certificate_free_chain(roots);
    text_free(&pem);
    return err;
}

static enum tg_err
set_up(const struct args *args, const struct state *state)
{
    const char *maker = args_get(args, "maker-url");
    const struct device_place place = {.relay = args_get(args, "relay"),
                                       .ca_file = args_get(args, "relay-ca"),
                                       .attest = args_get(args, "attest")};
    enum tg_err err;

    if ((err = store_root(state, args_get(args, "maker-root"))) != TG_OK)
        return err;
    if (maker != NULL && (err = tracking_set_up(
                              state, maker, args_get(args, "maker-ca"))) !=
                             TG_OK)
        return err;
    return device_set_up(state, &place);
}

static int
run_init(const struct args *args, struct report *report)
{
    const char *passphrase = args_get(args, "passphrase-file");
    int status = REPORT_DONE;
    struct device device;
    struct state state;
    enum tg_err err;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    if ((err = set_up(args, &state)) != TG_OK) {
        state_close(&state);
        return report_error(report, err, "setting up the device", NULL);
    }
    if ((err = device_open_in(&state, &device)) != TG_OK)
        return report_error(report, err, "setting up the device", NULL);
    if (passphrase != NULL)
        status = device_protect(&device, report, passphrase);
    device_close(&device);
    if (status != REPORT_DONE)
        return status;
    return report_end(report, REPORT_DONE,
                      "The device is ready for invitations through %s.",
                      args_get(args, "relay"));
}

static int
run_accept(const struct args *args, struct report *report)
{
    const char *file = args_get(args, "url-file");
    struct borrowing borrowing;
    struct text url = TEXT_EMPTY;
    enum tg_err err;
    int status;

    if ((err = prompt_link(file, &url)) != TG_OK)
        return report_error(report, err, "reading the invitation", NULL);
    if ((status = open_friend(args, report, &borrowing)) == REPORT_DONE) {
        borrowing.pin_file = args_get(args, "pin-file");
        status = borrowing_accept(&borrowing, report, text_span(&url));
        borrowing_close(&borrowing);
    }
    text_free(&url);
    return status;
}

/* What `friend continue` is about. */
struct going_on {
    struct borrowing borrowing;
    struct report *report;
};

static int
go_on(void *self)
{
    struct going_on *going = self;

    return borrowing_continue(&going->borrowing, going->report);
}

static int
run_continue(const struct args *args, struct report *report)
{
    struct going_on going = {.report = report};
    struct borrowing *borrowing = &going.borrowing;
    int64_t chosen = 0;
    int64_t wait_s = 0;
    int status;

    if (!args_number(args, "share", &chosen))
        return report_end(report, REPORT_USAGE, OPTIONS_SHARE_HINT);
    if (!args_number(args, "wait", &wait_s))
        return report_end(report, REPORT_USAGE, OPTIONS_WAIT_HINT);
    if ((status = open_friend(args, report, borrowing)) != REPORT_DONE)
        return status;
    borrowing->pin_file = args_get(args, "pin-file");
    borrowing->chosen = chosen;
    status = device_continue(&borrowing->device, report, chosen, wait_s, go_on,
                             &going);
    borrowing_close(borrowing);
    return status;
}

static int
run_status(const struct args *args, struct report *report)
{
    struct borrowing borrowing;
    int status;

    if ((status = open_friend(args, report, &borrowing)) != REPORT_DONE)
        return status;
    status = borrowing_status(&borrowing, report);
    borrowing_close(&borrowing);
    return status;
}

/* One step on the share that --share names. */
static int
run_on_share(const struct args *args, struct report *report,
             borrowing_step *step)
{
    struct borrowing borrowing;
    int64_t chosen = 0;
    int status;

    if (!args_number(args, "share", &chosen))
        return report_end(report, REPORT_USAGE, OPTIONS_SHARE_HINT);
    if ((status = open_friend(args, report, &borrowing)) != REPORT_DONE)
        return status;
    borrowing.chosen = chosen;
    status = borrowing_one(&borrowing, report, step);
    borrowing_close(&borrowing);
    return status;
}

static int
run_decline(const struct args *args, struct report *report)
{
    return run_on_share(args, report, keeping_decline);
}

static int
run_give_back(const struct args *args, struct report *report)
{
    return run_on_share(args, report, keeping_give_back);
}

/* One step on a share that was begun here. */
static int
run_on_lent(const struct args *args, struct report *report,
            lending_step *step)
{
    struct borrowing borrowing;
    int status;

    if ((status = open_friend(args, report, &borrowing)) != REPORT_DONE)
        return status;
    status = lending_each(&borrowing.device, report, args_get(args, "name"),
                          step);
    borrowing_close(&borrowing);
    return status;
}

static int
run_pin(const struct args *args, struct report *report)
{
    return run_on_lent(args, report, lending_show_pin);
}

static int
run_cancel(const struct args *args, struct report *report)
{
    return run_on_lent(args, report, lending_cancel);
}

static int
run_revoke(const struct args *args, struct report *report)
{
    bool by_name = args_get(args, "name") != NULL;

    if (by_name == (args_get(args, "share") != NULL))
        return report_end(report, REPORT_USAGE,
                          "Say which key: --share with the number of one that "
                          "was lent to you, or --name with that of one that "
                          "you have lent on.");
    return by_name ? run_on_lent(args, report, revoking_revoke)
                   : run_on_share(args, report, keeping_revoke);
}

/* Lend a key on. */
static int
run_share(const struct args *args, struct report *report)
{
    struct inviting_offer offer = {.name = NULL};
    struct borrowing borrowing;
    int64_t source = 0;
    int status;

    if (!args_number(args, "key", &source))
        return report_end(report, REPORT_USAGE, OPTIONS_SHARE_HINT);
    if (!options_offer(args, &offer))
        return report_end(report, REPORT_USAGE, "%s", OPTIONS_OFFER_HINT);
    if ((status = open_friend(args, report, &borrowing)) != REPORT_DONE)
        return status;
    status = inviting_share(&borrowing.device, report, source, &offer);
    borrowing_close(&borrowing);
    return status;
}

static int
run_action(const struct args *args, struct report *report)
{
    struct borrowing borrowing;
    int status;

    if ((status = open_friend(args, report, &borrowing)) != REPORT_DONE)
        return status;
    status = opening_ask(&borrowing.device, report, args_get(args, "vehicle"),
                         options_action(args), keeping_choose);
    borrowing_close(&borrowing);
    return status;
}

#define PIN_FILE {"pin-file", "FILE", "the owner's PIN; or it is asked", false}
#define SHARE(required) \
    {"share", "N", "its number in `friend status`", required}

static const struct args_command commands[] = {
    {"init", "set the device up", run_init,
     {{"maker-root", "FILE", "root.pem of the vehicle's maker", true},
      {"relay", "HOST:PORT", "the relay to accept invitations from", true},
      {"relay-ca", "FILE", "who certifies it; default: the system's", false},
      DEVICE_ATTEST,
      OPTIONS_MAKER,
      OPTIONS_PASSPHRASE}},
    {"accept", "accept an invitation: the share URL is asked for", run_accept,
     {{"url-file", "FILE", "read it there instead", false}, PIN_FILE,
      OPTIONS_PASSPHRASE}},
    {"continue", "go on: give the PIN, take the key", run_continue,
     {PIN_FILE, SHARE(false), OPTIONS_WAIT, OPTIONS_PASSPHRASE}},
    {"status", "the keys and invitations", run_status, {OPTIONS_PASSPHRASE}},
    {"decline", "turn an invitation down", run_decline,
     {SHARE(true), OPTIONS_PASSPHRASE}},
    {"give-back", "leave it to another device of yours", run_give_back,
     {SHARE(true), OPTIONS_PASSPHRASE}},
    {"revoke", "give up a key for good", run_revoke,
     {SHARE(false), {"name", "TEXT", "one that you have lent on", false},
      OPTIONS_PASSPHRASE}},
    {"share", "lend a key on, if its owner allows that", run_share,
     {{"key", "N", "which: its number in `friend status`", true},
      OPTIONS_OFFER, OPTIONS_PASSPHRASE}},
    {"pin", "show the PIN of a key lent on", run_pin,
     {{"name", "TEXT", "which", true}, OPTIONS_PASSPHRASE}},
    {"cancel", "call the lending on of a key off", run_cancel,
     {{"name", "TEXT", "which", true}, OPTIONS_PASSPHRASE}},
    OPTIONS_ACTIONS(run_action),
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "friend", "the device of a friend, who is lent a key", commands};

    return args_main(argc, argv, &program);
}

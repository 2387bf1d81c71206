/* guest: the device of a hotel guest, who gives a key or is given one.
 *
 * This file is the command line. Who gives: giving.c, calling_off.c; who is
 * given: taking.c; at a door: opening.c. The state directory holds what
 * device.h and partner.h name; keys and tokens are in the wallet.
 */
#include <string.h>

#include "args.h"
#include "calling_off.h"
#include "giving.h"
#include "opening.h"
#include "prompt.h"
#include "taking.h"

static int
not_ready(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This device is not set up: run `guest init`.");
    return report_error(report, err, "opening the state directory", NULL);
}

static void
guest_close(struct guest *guest)
{
    partner_close(&guest->desk);
    device_close(&guest->device);
}

/* Everything open and the wallet unlocked when this is REPORT_DONE. */
static int
guest_open(const struct args *args, struct report *report, struct guest *guest)
{
    int status;
    enum tg_err err;

    if ((err = device_open(args->state, &guest->device)) != TG_OK)
        return not_ready(report, err);
    if ((err = partner_open(&guest->device.state, &guest->desk)) != TG_OK) {
        device_close(&guest->device);
        return not_ready(report, err);
    }
    status = device_unlock(&guest->device, report,
                           args_get(args, "passphrase-file"));
    if (status != REPORT_DONE)
        guest_close(guest);
    return status;
}

/* A passphrase is wished for by naming its file, or `-`. */
static int
protect(const struct args *args, struct report *report,
        const struct state *state)
{
    const char *file = args_get(args, "passphrase-file");
    struct device device;
    int status;
    enum tg_err err;

    if ((err = device_open_in(state, &device)) != TG_OK)
        return report_error(report, err, "setting up the device", NULL);
    status = device_protect(&device, report, file);
    device_close(&device);
    return status;
}

static int
run_init(const struct args *args, struct report *report)
{
    const struct device_place place = {.relay = args_get(args, "relay"),
                                       .ca_file = args_get(args, "relay-ca"),
                                       .attest = args_get(args, "attest")};
    struct state state;
    enum tg_err err;
    int status;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    if ((err = partner_set_up(&state, args_get(args, "desk"),
                              args_get(args, "desk-ca"))) == TG_OK)
        err = device_set_up(&state, &place);
    if (err != TG_OK) {
        state_close(&state);
        return report_error(report, err, "setting up the device", NULL);
    }
    if (args_get(args, "passphrase-file") == NULL)
        state_close(&state);
    else if ((status = protect(args, report, &state)) != REPORT_DONE)
        return status;
    return report_end(report, REPORT_DONE,
                      "The device is ready for keys of %s through %s.",
                      args_get(args, "desk"), args_get(args, "relay"));
}

static int
run_share(const struct args *args, struct report *report)
{
    struct giving_wish wish = {args_get(args, "name"), args_get(args, "doors"),
                               args_get(args, "from"),
                               args_get(args, "until")};
    struct text booking = TEXT_EMPTY;
    struct guest guest;
    enum tg_err err;
    int status;

    if (!invitation_is_name(wish.name))
        return report_end(report, REPORT_USAGE,
                          "--name wants 1 to 64 bytes of text.");
    if ((err = state_read_outside(args_get(args, "booking"), &booking)) !=
        TG_OK)
        return report_error(report, err, "reading the booking", NULL);
    if ((status = guest_open(args, report, &guest)) == REPORT_DONE) {
        status = giving_share(&guest, report, text_span(&booking), &wish,
                              args_get(args, "url-file"));
        guest_close(&guest);
    }
    text_free(&booking);
    return status;
}

static int
run_on_url(const struct args *args, struct report *report,
           int (*step)(struct guest *, struct report *, struct tg_span))
{
    const char *file = args_get(args, "url-file");
    struct text url = TEXT_EMPTY;
    struct guest guest;
    enum tg_err err;
    int status;

    if ((err = prompt_link(file, &url)) != TG_OK)
        return report_error(report, err, "reading the invitation", NULL);
    if ((status = guest_open(args, report, &guest)) == REPORT_DONE) {
        status = step(&guest, report, text_span(&url));
        guest_close(&guest);
    }
    text_free(&url);
    return status;
}

static int
run_accept(const struct args *args, struct report *report)
{
    return run_on_url(args, report, taking_accept);
}

static int
run_decline(const struct args *args, struct report *report)
{
    return run_on_url(args, report, taking_decline);
}

typedef int share_step(struct guest *, struct report *, struct tg_share *);

/* Do one of the two on every share, by who has made it. The worst status;
 * *any says whether there was one. */
static int
each_share(struct guest *guest, struct report *report, share_step *given,
           share_step *taken, bool *any)
{
    struct tg_wallet *wallet = guest->device.wallet;
    struct tg_share *share = NULL;
    int status = REPORT_DONE;
    int64_t id = 0;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, id, &id)) == TG_OK &&
           (err = tg_share_open(wallet, guest->device.client, id, &share)) ==
               TG_OK) {
        bool is_given = tg_share_role(share) == TG_INITIATOR;
        struct report one = *report;
        int result;

        one.members = members_new();
        members_set_text(one.members, "role", is_given ? "giving" : "taking");
        /* Of a run that died before the relay was told: see plan_store.h. */
        if (is_given && !wallet_data_has(share, DATA_PLAN)) {
            result = REPORT_DONE;
        } else {
            result = (is_given ? given : taken)(guest, &one, share);
            *any = true;
        }
        members_free(one.members);
        tg_share_close(share);
        if (status == REPORT_DONE || status == REPORT_WAITING)
            status = result == REPORT_DONE ? status : result;
    }
    return err == TG_E_NOT_FOUND
               ? status
               : device_error(&guest->device, report, err, "listing shares");
}

static int
on_each_share(struct guest *guest, struct report *report, share_step *given,
              share_step *taken)
{
    bool any = false;
    int status = each_share(guest, report, given, taken, &any);

    if (status == REPORT_DONE && !any)
        return report_end(report, REPORT_DONE,
                          "No key was given or taken here.");
    return status;
}

/* What `guest continue` is about. */
struct going_on {
    struct guest guest;
    struct report *report;
};

static int
go_on(void *self)
{
    struct going_on *going = self;
    int status = giving_continue_plan(&going->guest, going->report);

    if (status != REPORT_DONE)
        return status;
    return on_each_share(&going->guest, going->report, giving_continue,
                         taking_continue);
}

static int
run_continue(const struct args *args, struct report *report)
{
    struct going_on going = {.report = report};
    int64_t wait_s = 0;
    int status;

    if (!args_number(args, "wait", &wait_s))
        return report_end(report, REPORT_USAGE,
                          "--wait wants a number of seconds.");
    status = guest_open(args, report, &going.guest);
    if (status != REPORT_DONE)
        return status;
    status = device_continue(&going.guest.device, report, 0, wait_s, go_on,
                             &going);
    guest_close(&going.guest);
    return status;
}

static int
run_status(const struct args *args, struct report *report)
{
    struct guest guest;
    int status = guest_open(args, report, &guest);

    if (status != REPORT_DONE)
        return status;
    status = on_each_share(&guest, report, giving_status, taking_status);
    guest_close(&guest);
    return status;
}

static int
run_cancel(const struct args *args, struct report *report)
{
    struct guest guest;
    int status = guest_open(args, report, &guest);

    if (status != REPORT_DONE)
        return status;
    status = calling_off(&guest, report, args_get(args, "name"));
    guest_close(&guest);
    return status;
}

static int
run_open(const struct args *args, struct report *report)
{
    struct guest guest;
    int status = guest_open(args, report, &guest);

    if (status != REPORT_DONE)
        return status;
    status = opening_ask(&guest, report, args_get(args, "door"));
    guest_close(&guest);
    return status;
}

#define PASSPHRASE \
    {"passphrase-file", "FILE", "the wallet's passphrase, if it has one", false}
#define URL_FILE {"url-file", "FILE", "read it there instead", false}

static const struct args_command commands[] = {
    {"init", "set the device up", run_init,
     {{"relay", "HOST:PORT", "the relay to share through", true},
      {"relay-ca", "FILE", "who certifies it; default: the system's", false},
      DEVICE_ATTEST,
      {"desk", "URL", "the hotel's, such as https://127.0.0.1:8444", true},
      {"desk-ca", "FILE", "who certifies it; default: the system's", false},
      {"passphrase-file", "FILE", "seal the wallet under it", false}}},
    {"share", "give a key away: prints the share URL", run_share,
     {{"name", "TEXT", "what you call it; one name, one share", true},
      {"booking", "FILE", "from the hotel", true},
      {"doors", "LIST", "such as room,pool; default: all", false},
      {"from", "TIME", "default: as booked", false},
      {"until", "TIME", "default: as booked", false},
      {"url-file", "FILE", "write the URL there instead", false},
      PASSPHRASE}},
    {"cancel", "take a key back", run_cancel,
     {{"name", "TEXT", "which", true}, PASSPHRASE}},
    {"accept", "accept an invitation: the share URL is asked for", run_accept,
     {URL_FILE, PASSPHRASE}},
    {"decline", "say no to it", run_decline, {URL_FILE, PASSPHRASE}},
    {"continue", "go on with what was begun", run_continue,
     {{"wait", "SECONDS", "wait so long if there is nothing new", false},
      PASSPHRASE}},
    {"status", "the keys given and taken", run_status, {PASSPHRASE}},
    {"open", "open a door", run_open,
     {{"door", "SOCKET", "from `door serve`", true}, PASSPHRASE}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "guest", "the device of a guest, who gives or is given a key",
        commands};

    return args_main(argc, argv, &program);
}

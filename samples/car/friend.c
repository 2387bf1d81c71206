/* friend: the device of a friend, who is lent a key.
 *
 * This file is the command line; the steps of a share are in borrowing.c, the
 * key at the vehicle in opening.c. The state directory holds, beside what
 * device.h names:
 *   root.pem           the vehicle maker's root
 *   key-N.pem          the private key of share N; it never leaves
 *   issuer-N.pem       the owner's certificate
 *   certificate-N.pem  ours, signed by the owner's device
 */
#include <string.h>

#include "args.h"
#include "borrowing.h"
#include "certificate.h"
#include "opening.h"

static int
not_ready(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This device is not set up: run `friend init`.");
    return report_error(report, err, "opening the state directory", NULL);
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

static int
run_init(const struct args *args, struct report *report)
{
    struct state state;
    enum tg_err err;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    if ((err = store_root(&state, args_get(args, "maker-root"))) == TG_OK)
        err = device_set_up(&state, args_get(args, "relay"),
                            args_get(args, "relay-ca"));
    state_close(&state);
    if (err != TG_OK)
        return report_error(report, err, "setting up the device", NULL);
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

    if ((err = state_read_outside(file == NULL ? "-" : file, &url)) != TG_OK)
        return report_error(report, err, "reading the invitation", NULL);
    if ((err = borrowing_open(args->state, &borrowing)) != TG_OK) {
        text_free(&url);
        return not_ready(report, err);
    }
    status = borrowing_accept(&borrowing, report, text_span(&url));
    borrowing_close(&borrowing);
    text_free(&url);
    return status;
}

static int
run_on_shares(const struct args *args, struct report *report,
              int (*step)(struct borrowing *, struct report *))
{
    struct borrowing borrowing;
    enum tg_err err;
    int status;

    if ((err = borrowing_open(args->state, &borrowing)) != TG_OK)
        return not_ready(report, err);
    status = step(&borrowing, report);
    borrowing_close(&borrowing);
    return status;
}

static int
run_continue(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, borrowing_continue);
}

static int
run_status(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, borrowing_status);
}

/* The commands that are actions: their name says which. */
static int
run_action(const struct args *args, struct report *report)
{
    const char *name = args->command->name;
    enum entitlement action = ENTITLEMENT_UNLOCK; /* `open` */
    struct borrowing borrowing;
    enum tg_err err;
    int status;

    if (strcmp(name, "open") != 0 && !entitlements_find(name, &action))
        return report_end(report, REPORT_USAGE, "%s is no action.", name);
    if ((err = borrowing_open(args->state, &borrowing)) != TG_OK)
        return not_ready(report, err);
    status = opening_ask(&borrowing, report, args_get(args, "vehicle"),
                         action);
    borrowing_close(&borrowing);
    return status;
}

#define AT_VEHICLE {{"vehicle", "SOCKET", "from `vehicle serve`", true}}

static const struct args_command commands[] = {
    {"init", "set the device up", run_init,
     {{"maker-root", "FILE", "root.pem of the vehicle's maker", true},
      {"relay", "HOST:PORT", "the relay to accept invitations from", true},
      {"relay-ca", "FILE", "who certifies it; default: the system's", false}}},
    {"accept", "accept the share URL on standard input", run_accept,
     {{"url-file", "FILE", "read it there instead", false}}},
    {"continue", "take the key when it is signed", run_continue, {{0}}},
    {"status", "the keys and invitations", run_status, {{0}}},
    {"open", "the same as unlock", run_action, AT_VEHICLE},
    {"unlock", "unlock the doors", run_action, AT_VEHICLE},
    {"lock", "lock the doors", run_action, AT_VEHICLE},
    {"start", "start the engine", run_action, AT_VEHICLE},
    {"drive", "release the gear", run_action, AT_VEHICLE},
    {"trunk", "open the trunk", run_action, AT_VEHICLE},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "friend", "the device of a friend, who is lent a key", commands};

    return args_main(argc, argv, &program);
}

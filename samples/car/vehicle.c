/* vehicle: believes its maker's root, and keys that lead there.
 *
 * It is told once, by its maker, who it is; it knows no owner and no friend,
 * and works without a network. Its state directory:
 *   identity.json   its number, its maker's root, perhaps its maker's server
 *   vehicle.sock    where keys talk to it, while it serves
 *   events.log      what was asked, by which key, and what came of it
 * and what knowledge.h and uses.h name. This file is the command line;
 * serving.c talks with keys, judging.c judges them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "certificate.h"
#include "judging.h"
#include "serving.h"

#define IDENTITY_FILE "identity.json"

enum { SYNC_SECONDS = 60, SYNC_SECONDS_MAX = 86400 };

/* What the maker has said. */
struct identity {
    char vehicle[GRANT_VIN_LEN + 1];
    STACK_OF(X509) *roots;
    struct members *maker; /* NULL: it has no server */
};

static void
identity_done(struct identity *identity)
{
    certificate_free_chain(identity->roots);
    members_free(identity->maker);
}

static enum tg_err
identity_read(struct tg_span json, struct identity *out)
{
    struct identity identity = {.roots = NULL};
    struct members *members = NULL;
    struct grant who;
    const char *vin;
    const char *root;
    enum tg_err err;

    if ((err = members_parse(json, &members)) != TG_OK)
        return err;
    vin = members_text(members, "vehicle");
    root = members_text(members, "root");
    if (vin == NULL || root == NULL || !grant_set_vehicle(vin, &who))
        err = TG_E_FORMAT;
    else
        err = certificate_from_pem(text_span_of(root), &identity.roots);
    if (err == TG_OK && members_has(members, "maker") &&
        (identity.maker = members_object(members, "maker")) == NULL)
        err = TG_E_FORMAT;
    members_free(members);
    if (err != TG_OK) {
        identity_done(&identity);
        return err;
    }
    memcpy(identity.vehicle, who.vehicle, sizeof(identity.vehicle));
    *out = identity;
    return TG_OK;
}

static int
run_init(const struct args *args, struct report *report)
{
    struct identity identity = {.roots = NULL};
    struct text json = TEXT_EMPTY;
    struct state state;
    enum tg_err err;

    if ((err = state_read_outside(args_get(args, "identity"), &json)) == TG_OK)
        err = identity_read(text_span(&json), &identity);
    identity_done(&identity);
    if (err != TG_OK) {
        text_free(&json);
        return report_error(report, err, "reading the identity", NULL);
    }
    if ((err = state_open(args->state, true, &state)) == TG_OK) {
        err = state_write(&state, IDENTITY_FILE, text_span(&json));
        state_close(&state);
    }
    text_free(&json);
    if (err != TG_OK)
        return report_error(report, err, "storing the identity", NULL);
    members_set_text(report->members, "vehicle", identity.vehicle);
    return report_end(report, REPORT_DONE, "I am vehicle %s.",
                      identity.vehicle);
}

/* 1 to SYNC_SECONDS_MAX. */
static bool
read_seconds(const char *text, unsigned *out)
{
    size_t len = strlen(text);
    unsigned long seconds;

    if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
        return false;
    seconds = strtoul(text, NULL, 10);
    if (seconds < 1 || seconds > SYNC_SECONDS_MAX)
        return false;
    *out = (unsigned)seconds;
    return true;
}

static enum tg_err
open_identity(const struct state *state, struct identity *out)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_read(state, IDENTITY_FILE, &json)) == TG_OK)
        err = identity_read(text_span(&json), out);
    text_free(&json);
    return err;
}

static int
serve(const struct state *state, struct report *report, moment pretend,
      unsigned sync_seconds)
{
    struct knowledge *knowledge = NULL;
    struct identity identity;
    struct judge judge = {.state = state, .pretend = pretend};
    enum tg_err err;

    if ((err = open_identity(state, &identity)) == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This vehicle does not know who it is: run "
                          "`vehicle init`.");
    if (err != TG_OK)
        return report_error(report, err, "reading the identity", NULL);
    if ((err = knowledge_open(state, identity.vehicle, identity.maker,
                              &knowledge)) != TG_OK) {
        identity_done(&identity);
        return report_error(report, err, "reading what the maker has said",
                            NULL);
    }
    judge.vehicle = identity.vehicle;
    judge.root = sk_X509_value(identity.roots, 0);
    judge.knowledge = knowledge;
    err = serving_run(&judge, sync_seconds);
    knowledge_free(knowledge);
    identity_done(&identity);
    if (err != TG_OK)
        return report_error(report, err, "listening", NULL);
    return REPORT_DONE;
}

static int
run_serve(const struct args *args, struct report *report)
{
    const char *now = args_get(args, "now");
    const char *seconds = args_get(args, "sync-seconds");
    unsigned sync_seconds = SYNC_SECONDS;
    moment pretend = 0;
    struct state state;
    enum tg_err err;
    int status;

    if (now != NULL && !moment_parse(now, &pretend))
        return report_end(report, REPORT_USAGE,
                          "--now wants a time such as 2030-01-31T12:00:00Z.");
    if (seconds != NULL && !read_seconds(seconds, &sync_seconds))
        return report_end(report, REPORT_USAGE,
                          "--sync-seconds wants a number from 1 to %d.",
                          SYNC_SECONDS_MAX);
    err = state_open(args->state, false, &state);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This vehicle does not know who it is: run "
                          "`vehicle init`.");
    if (err != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    status = serve(&state, report, pretend, sync_seconds);
    state_close(&state);
    return status;
}

static int
run_events(const struct args *args, struct report *report)
{
    struct state state;
    enum tg_err err;

    if ((err = state_peek(args->state, &state)) == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "There is no vehicle in %s: run `vehicle init`.",
                          args->state);
    if (err == TG_OK)
        err = state_print(&state, SERVING_EVENTS_FILE);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_DONE, "Nothing has happened yet.");
    if (err != TG_OK)
        return report_error(report, err, "reading the event log", NULL);
    return REPORT_DONE;
}

static const struct args_command commands[] = {
    {"init", "learn who I am", run_init,
     {{"identity", "FILE", "from `maker vehicle`", true}}},
    {"serve", "let keys talk to me, until SIGTERM", run_serve,
     {{"now", "TIME", "pretend that it is this time, to try windows", false},
      {"sync-seconds", "N", "how often to ask the maker; default 60", false}}},
    {"events", "what happened: one JSON object a line", run_events, {{0}}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "vehicle", "a vehicle that keys can open", commands};

    return args_main(argc, argv, &program);
}

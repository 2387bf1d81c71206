/* vehicle: believes its maker's root, and keys that lead there.
 *
 * It is told once, by its maker, who it is; it knows no owner and no friend,
 * and needs no network. Its state directory:
 *   identity.json   its number and its maker's root
 *   vehicle.sock    where keys talk to it, while it serves
 *   events.log      what was asked, by which key, and what came of it
 * What a key and the vehicle say to each other is in challenge.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "args.h"
#include "certificate.h"
#include "chain.h"
#include "challenge.h"
#include "device_key.h"
#include "line.h"
#include "refusal.h"
#include "state.h"

#define IDENTITY_FILE "identity.json"
#define SOCKET_FILE   "vehicle.sock"
#define EVENTS_FILE   "events.log"

struct vehicle {
    struct state state;
    char vin[GRANT_VIN_LEN + 1];
    STACK_OF(X509) *roots;
    moment pretend; /* --now; 0: the clock */
};

/* What one key has asked for, and what came of it. */
struct request {
    enum entitlement action;
    struct text nonce;                /* base64 */
    char key[DEVICE_KEY_FINGERPRINT]; /* "" while not known */
};

static volatile sig_atomic_t ending;

static void
on_signal(int signal)
{
    (void)signal;
    ending = 1;
}

static enum tg_err
identity_read(struct tg_span json, struct vehicle *out)
{
    struct members *identity = NULL;
    struct grant who;
    const char *vin;
    const char *root;
    enum tg_err err;

    if ((err = members_parse(json, &identity)) != TG_OK)
        return err;
    vin = members_text(identity, "vehicle");
    root = members_text(identity, "root");
    if (vin == NULL || root == NULL || !grant_set_vehicle(vin, &who))
        err = TG_E_FORMAT;
    else
        err = certificate_from_pem(text_span_of(root), &out->roots);
    if (err == TG_OK)
        memcpy(out->vin, who.vehicle, sizeof(out->vin));
    members_free(identity);
    return err;
}

static int
run_init(const struct args *args, struct report *report)
{
    const char *path = args_get(args, "identity");
    struct vehicle vehicle = {.roots = NULL};
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_read_outside(path, &json)) == TG_OK)
        err = identity_read(text_span(&json), &vehicle);
    certificate_free_chain(vehicle.roots);
    if (err != TG_OK) {
        text_free(&json);
        return report_error(report, err, "reading the identity", NULL);
    }
    if ((err = state_open(args->state, true, &vehicle.state)) == TG_OK) {
        err = state_write(&vehicle.state, IDENTITY_FILE, text_span(&json));
        state_close(&vehicle.state);
    }
    text_free(&json);
    if (err != TG_OK)
        return report_error(report, err, "storing the identity", NULL);
    members_set_text(report->members, "vehicle", vehicle.vin);
    return report_end(report, REPORT_DONE, "I am vehicle %s.", vehicle.vin);
}

/* The leaf's key must have signed our nonce, for us and this action. */
static enum refusal
check_signature(const struct vehicle *vehicle, const struct request *request,
                const struct members *answer, EVP_PKEY *key)
{
    const char *base64 = members_text(answer, "signature");
    struct text signature = TEXT_EMPTY;
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_SIGNATURE;

    if (base64 != NULL && text_from_base64(base64, &signature) == TG_OK &&
        challenge_words(vehicle->vin, request->action, request->nonce.at,
                       &words) == TG_OK &&
        device_key_verify(key, text_span(&words), text_span(&signature)) ==
            TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    text_free(&signature);
    return why;
}

/* Everything that must hold before anything moves. */
static enum refusal
judge(const struct vehicle *vehicle, struct request *request,
      const struct members *answer)
{
    moment now = vehicle->pretend != 0 ? vehicle->pretend : moment_now();
    STACK_OF(X509) *chain = NULL;
    enum refusal why = REFUSAL_FORMAT;
    struct grant grant;
    EVP_PKEY *key;

    if (chain_read(answer, &chain) != TG_OK)
        goto out;
    key = X509_get0_pubkey(sk_X509_value(chain, 0));
    if (key == NULL || device_key_fingerprint(key, request->key) != TG_OK)
        goto out;
    if ((why = certificate_check(chain, sk_X509_value(vehicle->roots, 0), now,
                                 &grant)) != REFUSAL_NONE)
        goto out;
    why = REFUSAL_VEHICLE;
    if (strcmp(grant.vehicle, vehicle->vin) != 0)
        goto out;
    if ((why = check_signature(vehicle, request, answer, key)) != REFUSAL_NONE)
        goto out;
    if (!entitlements_has(grant.allowed, request->action))
        why = REFUSAL_ENTITLEMENT;
out:
    certificate_free_chain(chain);
    return why;
}

static const char *
deed(enum entitlement action)
{
    switch (action) {
    case ENTITLEMENT_UNLOCK: return "The doors are unlocked.";
    case ENTITLEMENT_LOCK: return "The doors are locked.";
    case ENTITLEMENT_START: return "The engine is running.";
    case ENTITLEMENT_DRIVE: return "The gear is released: drive.";
    case ENTITLEMENT_TRUNK: return "The trunk is open.";
    case ENTITLEMENT_COUNT: break;
    }
    return "";
}

/* The log comes first: what cannot be logged is not done. */
static enum tg_err
log_event(const struct vehicle *vehicle, const struct request *request,
          enum refusal why)
{
    struct members *event = members_new();
    struct text line = TEXT_EMPTY;
    char when[MOMENT_TEXT];
    enum tg_err err;

    moment_format(moment_now(), when);
    members_set_text(event, "time", when);
    members_set_text(event, "action", entitlements_name(request->action));
    members_set_flag(event, "done", why == REFUSAL_NONE);
    members_set_text(event, "check", refusal_name(why));
    members_set_text(event, "key", request->key);
    if ((err = members_format(event, &line)) == TG_OK)
        err = state_append(&vehicle->state, EVENTS_FILE, line.at);
    text_free(&line);
    members_free(event);
    return err;
}

static enum tg_err
send_verdict(int fd, const struct request *request, enum refusal why)
{
    struct members *verdict = members_new();
    enum tg_err err;

    members_set_flag(verdict, "done", why == REFUSAL_NONE);
    if (why != REFUSAL_NONE)
        members_set_text(verdict, "check", refusal_name(why));
    members_set_text(verdict, "message",
                     why == REFUSAL_NONE ? deed(request->action)
                                         : refusal_text(why));
    err = line_send(fd, verdict);
    members_free(verdict);
    return err;
}

/* Draw the nonce and ask. */
static enum tg_err
send_challenge(const struct vehicle *vehicle, int fd, struct request *request)
{
    struct members *challenge = NULL;
    uint8_t nonce[CHALLENGE_NONCE];
    enum tg_err err;

    if (RAND_bytes(nonce, sizeof(nonce)) != 1)
        return TG_E_RANDOM;
    if ((err = text_to_base64((struct tg_span){nonce, sizeof(nonce)},
                              &request->nonce)) != TG_OK)
        return err;
    challenge = members_new();
    members_set_text(challenge, "vehicle", vehicle->vin);
    members_set_text(challenge, "action", entitlements_name(request->action));
    members_set_text(challenge, "nonce", request->nonce.at);
    err = line_send(fd, challenge);
    members_free(challenge);
    return err;
}

static enum tg_err
receive_action(int fd, enum entitlement *out)
{
    struct members *asked = NULL;
    const char *name;
    enum tg_err err;

    if ((err = line_receive(fd, &asked)) != TG_OK)
        return err;
    name = members_text(asked, "action");
    if (name == NULL || !entitlements_find(name, out))
        err = TG_E_FORMAT;
    members_free(asked);
    return err;
}

/* One connection: one nonce, one answer, one verdict. */
static void
serve_key(const struct vehicle *vehicle, int fd)
{
    struct request request = {.nonce = TEXT_EMPTY};
    struct members *answer = NULL;
    enum refusal why;
    enum tg_err err;

    if (receive_action(fd, &request.action) != TG_OK ||
        send_challenge(vehicle, fd, &request) != TG_OK)
        goto out;
    err = line_receive(fd, &answer);
    if (err == TG_E_NETWORK)
        goto out; /* it went away without an answer */
    if (err == TG_E_NO_NEWS)
        why = REFUSAL_STALE;
    else
        why = err == TG_OK ? judge(vehicle, &request, answer) : REFUSAL_FORMAT;
    if (log_event(vehicle, &request, why) != TG_OK) {
        fprintf(stderr, "vehicle: the event log cannot be written; nothing "
                        "was done\n");
        goto out;
    }
    /* Whether the verdict arrives does not change what happened. */
    if (send_verdict(fd, &request, why) != TG_OK)
        fprintf(stderr, "vehicle: the key went away\n");
    printf("%s: %s\n", entitlements_name(request.action),
           why == REFUSAL_NONE ? deed(request.action) : refusal_text(why));
    fflush(stdout);
out:
    members_free(answer);
    text_free(&request.nonce);
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* One key at a time, as at a door handle. */
static enum tg_err
serve(const struct vehicle *vehicle, int listening)
{
    while (!ending) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0) {
            serve_key(vehicle, fd);
            close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return TG_E_IO;
        }
    }
    return TG_OK;
}

static enum tg_err
vehicle_open(const char *path, struct vehicle *out)
{
    struct vehicle vehicle = {.pretend = out->pretend};
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_open(path, false, &vehicle.state)) != TG_OK)
        return err;
    if ((err = state_read(&vehicle.state, IDENTITY_FILE, &json)) == TG_OK)
        err = identity_read(text_span(&json), &vehicle);
    text_free(&json);
    if (err != TG_OK) {
        state_close(&vehicle.state);
        return err;
    }
    *out = vehicle;
    return TG_OK;
}

static void
vehicle_close(struct vehicle *vehicle)
{
    certificate_free_chain(vehicle->roots);
    state_close(&vehicle->state);
}

static int
run_serve(const struct args *args, struct report *report)
{
    const char *now = args_get(args, "now");
    struct vehicle vehicle = {.pretend = 0};
    char path[STATE_PATH_MAX];
    int listening = -1;
    enum tg_err err;

    if (now != NULL && !moment_parse(now, &vehicle.pretend))
        return report_end(report, REPORT_USAGE,
                          "--now wants a time such as 2030-01-31T12:00:00Z.");
    if ((err = vehicle_open(args->state, &vehicle)) == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This vehicle does not know who it is: run "
                          "`vehicle init`.");
    if (err != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    catch_signals();
    if ((err = state_path(&vehicle.state, SOCKET_FILE, path)) == TG_OK &&
        (err = line_listen(path, &listening)) == TG_OK) {
        printf("ready %s\n", path);
        fflush(stdout);
        err = serve(&vehicle, listening);
        close(listening);
        unlink(path);
    }
    vehicle_close(&vehicle);
    if (err != TG_OK)
        return report_error(report, err, "listening", NULL);
    return REPORT_DONE;
}

static int
run_events(const struct args *args, struct report *report)
{
    struct text log = TEXT_EMPTY;
    struct state state;
    enum tg_err err;

    if ((err = state_peek(args->state, &state)) == TG_OK)
        err = state_read(&state, EVENTS_FILE, &log);
    if (err == TG_OK)
        fputs(log.at, stdout);
    text_free(&log);
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
     {{"now", "TIME", "pretend that it is this time, to try windows", false}}},
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

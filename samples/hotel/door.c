/* door: believes its hotel's desk, and keys that the desk has signed.
 *
 * It judges alone; a network, if there is one, only tells it sooner of keys
 * that were cancelled. Its state directory:
 *   identity.json    who it is, whom it believes; from `desk door`
 *   desk-ca.pem      who certifies the desk's service
 *   cancelled.json   see cancelled.h
 *   door.sock        where keys talk to it, while it serves
 *   events.log       which key asked, and what came of it
 * What a key and the door say to each other is in challenge.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "args.h"
#include "cancelled.h"
#include "challenge.h"
#include "line.h"
#include "room_key.h"

#define IDENTITY_FILE "identity.json"
#define CA_FILE       "desk-ca.pem"
#define SOCKET_FILE   "door.sock"
#define EVENTS_FILE   "events.log"

struct door {
    struct state state;
    struct members *identity;
    const char *id, *name, *secret; /* borrowed from it */
    const char *room;               /* "": of every room */
    EVP_PKEY *issuer;
    struct cancelled *cancelled;
    moment pretend; /* --now; 0: the clock */
};

/* What one key has shown, and what came of it. */
struct visit {
    struct text nonce;              /* base64 */
    char serial[SECRET_ID_LEN + 1]; /* "" while not known */
};

static volatile sig_atomic_t ending;

static void
on_signal(int signal)
{
    (void)signal;
    ending = 1;
}

/* `out` holds it when TG_OK. */
static enum tg_err
identity_read(struct tg_span json, struct door *out)
{
    uint8_t hash[SECRET_HASH_LEN];
    struct members *identity = NULL;
    const char *issuer;
    enum tg_err err;

    if ((err = members_parse(json, &identity)) != TG_OK)
        return err;
    out->id = members_text(identity, "id");
    out->name = members_text(identity, "door");
    out->room = members_text(identity, "room");
    out->secret = members_text(identity, "secret");
    issuer = members_text(identity, "issuer");
    if (out->room == NULL)
        out->room = "";
    if (out->id == NULL || !secret_is_id(out->id) || out->name == NULL ||
        !stay_is_name(out->name) ||
        (out->room[0] != '\0' && !stay_is_name(out->room)) ||
        out->secret == NULL || secret_hash(out->secret, hash) != TG_OK ||
        members_text(identity, "deskCa") == NULL || issuer == NULL)
        err = TG_E_FORMAT;
    else
        err = room_key_read_public(issuer, &out->issuer);
    if (err != TG_OK) {
        members_free(identity);
        return err;
    }
    out->identity = identity;
    return TG_OK;
}

static void
door_close(struct door *door)
{
    cancelled_free(door->cancelled);
    EVP_PKEY_free(door->issuer);
    members_free(door->identity);
    state_close(&door->state);
}

static int
run_init(const struct args *args, struct report *report)
{
    struct door door = {.state.lock = -1};
    struct text json = TEXT_EMPTY;
    enum tg_err err;
    int status;

    if ((err = state_read_outside(args_get(args, "identity"), &json)) ==
            TG_OK &&
        (err = identity_read(text_span(&json), &door)) == TG_OK &&
        (err = state_open(args->state, true, &door.state)) == TG_OK &&
        (err = state_write(
             &door.state, CA_FILE,
             text_span_of(members_text(door.identity, "deskCa")))) == TG_OK)
        err = state_write(&door.state, IDENTITY_FILE, text_span(&json));
    if (err != TG_OK)
        status = report_error(report, err, "taking the identity", NULL);
    else
        status = report_end(report, REPORT_DONE, "I am the door \"%s\"%s%s.",
                            door.name, door.room[0] == '\0' ? "" : " of room ",
                            door.room);
    text_free(&json);
    door_close(&door);
    return status;
}

/* Everything that the desk's statement must say. */
static enum refusal
judge_key(const struct door *door, const struct room_key *key)
{
    moment now = door->pretend != 0 ? door->pretend : moment_now();

    if (now < key->stay.not_before)
        return REFUSAL_TOO_EARLY;
    if (now >= key->stay.not_after)
        return REFUSAL_TOO_LATE;
    if (door->room[0] != '\0' && strcmp(key->stay.room, door->room) != 0)
        return REFUSAL_ROOM;
    if (!stay_has_door(&key->stay, door->name))
        return REFUSAL_DOOR;
    return cancelled_has(door->cancelled, key->serial) ? REFUSAL_CANCELLED
                                                       : REFUSAL_NONE;
}

/* The key's holder must have signed our nonce, for us. */
static enum refusal
judge_proof(const struct door *door, const struct visit *visit,
            const char *proof, EVP_PKEY *holder)
{
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_SIGNATURE;

    if (challenge_words(door->id, visit->nonce.at, &words) == TG_OK &&
        room_key_proves(holder, text_span(&words), proof) == TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    return why;
}

/* Everything that must hold before anything moves. */
static enum refusal
judge(const struct door *door, struct visit *visit,
      const struct members *answer)
{
    const char *statement = members_text(answer, "statement");
    const char *signature = members_text(answer, "signature");
    const char *proof = members_text(answer, "proof");
    struct room_key key;
    enum refusal why;

    if (statement == NULL || signature == NULL || proof == NULL)
        return REFUSAL_FORMAT;
    /* What the desk has not signed is not even looked into. */
    if ((why = room_key_verify(statement, signature, door->issuer)) !=
        REFUSAL_NONE)
        return why;
    if (room_key_read(statement, &key) != TG_OK)
        return REFUSAL_FORMAT;
    memcpy(visit->serial, key.serial, sizeof(visit->serial));
    if ((why = judge_proof(door, visit, proof, key.holder)) == REFUSAL_NONE)
        why = judge_key(door, &key);
    room_key_done(&key);
    return why;
}

/* The log comes first: what cannot be logged is not done. */
static enum tg_err
log_event(const struct door *door, const struct visit *visit, enum refusal why)
{
    struct members *event = members_new();
    struct text line = TEXT_EMPTY;
    char when[MOMENT_TEXT];
    enum tg_err err;

    moment_format(moment_now(), when);
    members_set_text(event, "time", when);
    members_set_flag(event, "done", why == REFUSAL_NONE);
    members_set_text(event, "check", refusal_name(why));
    members_set_text(event, "key", visit->serial);
    if ((err = members_format(event, &line)) == TG_OK)
        err = state_append(&door->state, EVENTS_FILE, line.at);
    text_free(&line);
    members_free(event);
    return err;
}

static enum tg_err
send_verdict(int fd, enum refusal why)
{
    struct members *verdict = members_new();
    enum tg_err err;

    members_set_flag(verdict, "done", why == REFUSAL_NONE);
    if (why != REFUSAL_NONE)
        members_set_text(verdict, "check", refusal_name(why));
    members_set_text(verdict, "message",
                     why == REFUSAL_NONE ? "The door is open."
                                         : refusal_text(why));
    err = line_send(fd, verdict);
    members_free(verdict);
    return err;
}

/* The only thing that a key can ask for. */
static enum tg_err
receive_question(int fd)
{
    struct members *asked = NULL;
    const char *action;
    enum tg_err err;

    if ((err = line_receive(fd, &asked)) != TG_OK)
        return err;
    action = members_text(asked, "action");
    if (action == NULL || strcmp(action, CHALLENGE_ACTION) != 0)
        err = TG_E_FORMAT;
    members_free(asked);
    return err;
}

/* Draw the nonce and ask. */
static enum tg_err
send_challenge(const struct door *door, int fd, struct visit *visit)
{
    struct members *challenge;
    uint8_t nonce[CHALLENGE_NONCE];
    enum tg_err err;

    if (RAND_bytes(nonce, sizeof(nonce)) != 1)
        return TG_E_RANDOM;
    if ((err = text_to_base64((struct tg_span){nonce, sizeof(nonce)},
                              &visit->nonce)) != TG_OK)
        return err;
    challenge = members_new();
    members_set_text(challenge, "id", door->id);
    members_set_text(challenge, "room", door->room);
    members_set_text(challenge, "door", door->name);
    members_set_text(challenge, "nonce", visit->nonce.at);
    err = line_send(fd, challenge);
    members_free(challenge);
    return err;
}

static void
serve_key(const struct door *door, int fd)
{
    struct visit visit = {.serial = ""};
    struct members *answer = NULL;
    enum refusal why;
    enum tg_err err;

    if (receive_question(fd) != TG_OK ||
        send_challenge(door, fd, &visit) != TG_OK)
        goto out;
    err = line_receive(fd, &answer);
    if (err == TG_E_NETWORK)
        goto out; /* it went away without an answer */
    cancelled_ask(door->cancelled);
    if (err == TG_E_NO_NEWS)
        why = REFUSAL_STALE;
    else
        why = err == TG_OK ? judge(door, &visit, answer) : REFUSAL_FORMAT;
    if (log_event(door, &visit, why) != TG_OK) {
        fprintf(stderr, "door: the event log cannot be written; it stays "
                        "closed\n");
        goto out;
    }
    /* Whether the verdict arrives does not change what happened. */
    if (send_verdict(fd, why) != TG_OK)
        fprintf(stderr, "door: the key went away\n");
    printf("%s\n",
           why == REFUSAL_NONE ? "The door is open." : refusal_text(why));
    fflush(stdout);
out:
    members_free(answer);
    text_free(&visit.nonce);
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
serve(const struct door *door)
{
    char path[STATE_PATH_MAX];
    int listening = -1;
    enum tg_err err;

    if ((err = state_path(&door->state, SOCKET_FILE, path)) != TG_OK ||
        (err = line_listen(path, &listening)) != TG_OK)
        return err;
    printf("ready %s\n", path);
    fflush(stdout);
    while (!ending && err == TG_OK) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0) {
            serve_key(door, fd);
            close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            err = TG_E_IO;
        }
    }
    close(listening);
    unlink(path);
    return err;
}

static enum tg_err
door_open(const char *path, const char *desk_url, struct door *door)
{
    struct text json = TEXT_EMPTY;
    char ca[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_open(path, false, &door->state)) == TG_OK &&
        (err = state_read(&door->state, IDENTITY_FILE, &json)) == TG_OK &&
        (err = identity_read(text_span(&json), door)) == TG_OK &&
        (err = state_path(&door->state, CA_FILE, ca)) == TG_OK)
        err = cancelled_load(&door->state, desk_url, ca, door->secret,
                             &door->cancelled);
    text_free(&json);
    return err;
}

static int
run_serve(const struct args *args, struct report *report)
{
    const char *now = args_get(args, "now");
    struct door door = {.state.lock = -1};
    enum tg_err err;
    int status = REPORT_DONE;

    if (now != NULL && !moment_parse(now, &door.pretend))
        return report_end(report, REPORT_USAGE,
                          "--now wants a time such as 2030-01-31T12:00:00Z.");
    catch_signals();
    err = door_open(args->state, args_get(args, "desk"), &door);
    if (err == TG_E_NOT_FOUND)
        status = report_end(report, REPORT_USAGE,
                            "This door does not know who it is: run `door "
                            "init`.");
    else if (err != TG_OK)
        status = report_error(report, err, "opening the state directory",
                              NULL);
    else if ((err = serve(&door)) != TG_OK)
        status = report_error(report, err, "listening", NULL);
    door_close(&door);
    return status;
}

static int
run_events(const struct args *args, struct report *report)
{
    struct state state;
    enum tg_err err;

    if ((err = state_peek(args->state, &state)) == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "There is no door in %s: run `door init`.",
                          args->state);
    if (err == TG_OK)
        err = state_print(&state, EVENTS_FILE);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_DONE, "Nothing has happened yet.");
    if (err != TG_OK)
        return report_error(report, err, "reading the event log", NULL);
    return REPORT_DONE;
}

static const struct args_command commands[] = {
    {"init", "learn who I am", run_init,
     {{"identity", "FILE", "from `desk door`", true}}},
    {"serve", "let keys talk to me, until SIGTERM", run_serve,
     {{"desk", "URL", "ask there which keys were cancelled", false},
      {"now", "TIME", "pretend that it is this time, to try dates", false}}},
    {"events", "what happened: one JSON object a line", run_events, {{0}}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "door", "a door of a hotel", commands};

    return args_main(argc, argv, &program);
}

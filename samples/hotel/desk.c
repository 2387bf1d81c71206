/* desk: the hotel. It takes bookings, issues tokens and keys, makes doors.
 *
 * This file is the command line; the calls of its service are in counter.c,
 * its memory in ledger.c. The state directory:
 *   desk.key             signs keys; it never leaves
 *   token.secret         what tokens are derived with
 *   tls.key, tls.pem     of the service
 *   ledger.db            bookings, tokens, doors
 * Several commands may run beside `desk serve`: what they share is in the
 * ledger, whose transactions keep order.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/rand.h>

#include "args.h"
#include "counter.h"
#include "room_key.h"

#define KEY_FILE          "desk.key"
#define TOKEN_SECRET_FILE "token.secret"

struct desk {
    struct state state;
    struct ledger *ledger;
};

static void
desk_close(struct desk *desk)
{
    ledger_close(desk->ledger);
    state_close(&desk->state);
}

static enum tg_err
desk_open(const char *path, struct desk *out)
{
    struct desk desk = {.state.lock = -1};
    enum tg_err err;

    if ((err = state_peek(path, &desk.state)) != TG_OK)
        return err;
    if (!state_has(&desk.state, TOKEN_SECRET_FILE))
        return TG_E_NOT_FOUND;
    if ((err = ledger_open(&desk.state, &desk.ledger)) != TG_OK) {
        desk_close(&desk);
        return err;
    }
    *out = desk;
    return TG_OK;
}

static int
not_ready(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This hotel has no desk yet: run `desk init`.");
    return report_error(report, err, "opening the desk", NULL);
}

/* The last file that `desk init` makes: with it the desk is ready. */
static enum tg_err
make_token_secret(const struct state *state)
{
    struct text secret = TEXT_EMPTY;
    enum tg_err err;

    if (state_has(state, TOKEN_SECRET_FILE))
        return TG_OK;
    if ((err = secret_draw(&secret)) == TG_OK)
        err = state_write(state, TOKEN_SECRET_FILE, text_span(&secret));
    text_free(&secret);
    return err;
}

static int
run_init(const struct args *args, struct report *report)
{
    struct ledger *ledger = NULL;
    EVP_PKEY *key = NULL;
    struct state state;
    enum tg_err err;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    if ((err = device_key_load_or_make(&state, KEY_FILE, &key)) == TG_OK &&
        (err = service_make_certificate(&state, args_get(args, "host"))) ==
            TG_OK &&
        (err = ledger_open(&state, &ledger)) == TG_OK)
        err = make_token_secret(&state);
    ledger_close(ledger);
    EVP_PKEY_free(key);
    state_close(&state);
    if (err != TG_OK)
        return report_error(report, err, "setting up the desk", NULL);
    return report_end(report, REPORT_DONE,
                      "The desk is ready. Guests and doors trust it by %s/%s.",
                      args->state, SERVICE_CERTIFICATE_FILE);
}

/* Characters that are not mistaken for one another, read out aloud. */
static enum tg_err
draw_code(char out[static STAY_CODE_LEN + 1])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint8_t bytes[STAY_CODE_LEN];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return TG_E_RANDOM;
    for (size_t i = 0; i < sizeof(bytes); i++)
        out[i] = letters[bytes[i] % 32];
    out[STAY_CODE_LEN] = '\0';
    return TG_OK;
}

static enum tg_err
write_members(const struct members *members, const char *file)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = members_format(members, &json)) == TG_OK)
        err = state_write_outside(file, text_span(&json), true);
    text_free(&json);
    return err;
}

/* The booking is in the ledger before anybody has its file. */
static enum tg_err
book(struct desk *desk, struct ledger_booking *booking, const char *file)
{
    struct members *members = members_new();
    struct text secret = TEXT_EMPTY;
    enum tg_err err;

    if ((err = draw_code(booking->code)) == TG_OK &&
        (err = secret_draw(&secret)) == TG_OK &&
        (err = secret_hash(secret.at, booking->secret)) == TG_OK &&
        (err = ledger_add_booking(desk->ledger, booking)) == TG_OK) {
        members_set_text(members, "booking", booking->code);
        members_set_text(members, "secret", secret.at);
        stay_write(&booking->stay, members);
        err = write_members(members, file);
    }
    text_free(&secret);
    members_free(members);
    return err;
}

static int
run_book(const struct args *args, struct report *report)
{
    const char *file = args_get(args, "booking");
    struct ledger_booking booking = {.code = ""};
    char shown[STAY_SHOW_MAX];
    struct desk desk;
    enum tg_err err;

    if (!stay_set_room(args_get(args, "room"), &booking.stay) ||
        !stay_set_doors(args_get(args, "doors"), &booking.stay) ||
        !moment_parse(args_get(args, "from"), &booking.stay.not_before) ||
        !moment_parse(args_get(args, "until"), &booking.stay.not_after) ||
        booking.stay.not_before >= booking.stay.not_after)
        return report_end(report, REPORT_USAGE,
                          "--room wants a name such as 204, --doors names "
                          "such as room,pool, --from and --until times such "
                          "as 2030-01-31T12:00:00Z, in order.");
    if ((err = desk_open(args->state, &desk)) != TG_OK)
        return not_ready(report, err);
    err = book(&desk, &booking, file);
    desk_close(&desk);
    if (err != TG_OK)
        return report_error(report, err, "booking", NULL);
    stay_show(&booking.stay, shown);
    members_set_text(report->members, "booking", booking.code);
    return report_end(report, REPORT_DONE,
                      "Booked as %s: %s. What is in %s is for this guest "
                      "alone.",
                      booking.code, shown, file);
}

/* What a door must know: who it is, and whom to believe and to ask. */
static enum tg_err
make_identity(struct desk *desk, const struct args *args,
              struct ledger_door *door)
{
    struct members *members = members_new();
    const char *room = args_get(args, "room");
    struct text secret = TEXT_EMPTY;
    struct text issuer = TEXT_EMPTY;
    struct text ca = TEXT_EMPTY;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = device_key_load(&desk->state, KEY_FILE, &key)) != TG_OK ||
        (err = room_key_public(key, &issuer)) != TG_OK ||
        (err = state_read(&desk->state, SERVICE_CERTIFICATE_FILE, &ca)) !=
            TG_OK ||
        (err = secret_draw_id(door->id)) != TG_OK ||
        (err = secret_draw(&secret)) != TG_OK ||
        (err = secret_hash(secret.at, door->secret)) != TG_OK ||
        (err = ledger_add_door(desk->ledger, door)) != TG_OK)
        goto out;
    members_set_text(members, "id", door->id);
    if (room != NULL)
        members_set_text(members, "room", room);
    members_set_text(members, "door", args_get(args, "door"));
    members_set_text(members, "issuer", issuer.at);
    members_set_text(members, "secret", secret.at);
    members_set_text(members, "deskCa", ca.at);
    err = write_members(members, args_get(args, "identity"));
out:
    members_free(members);
    EVP_PKEY_free(key);
    text_free(&ca);
    text_free(&issuer);
    text_free(&secret);
    return err;
}

static int
run_door(const struct args *args, struct report *report)
{
    const char *room = args_get(args, "room");
    struct ledger_door door;
    struct desk desk;
    enum tg_err err;

    if (!stay_is_name(args_get(args, "door")) ||
        (room != NULL && !stay_is_name(room)))
        return report_end(report, REPORT_USAGE,
                          "--door and --room want names such as pool or 204.");
    if ((err = desk_open(args->state, &desk)) != TG_OK)
        return not_ready(report, err);
    err = make_identity(&desk, args, &door);
    desk_close(&desk);
    if (err != TG_OK)
        return report_error(report, err, "making a door", NULL);
    return report_end(report, REPORT_DONE,
                      "Give %s to `door init`, and to nobody else.",
                      args_get(args, "identity"));
}

static int
run_serve(const struct args *args, struct report *report)
{
    struct text secret = TEXT_EMPTY;
    struct counter counter = {.ledger = NULL};
    struct desk desk;
    int status = REPORT_FAILED;
    enum tg_err err;

    if ((err = desk_open(args->state, &desk)) != TG_OK)
        return not_ready(report, err);
    if ((err = device_key_load(&desk.state, KEY_FILE, &counter.key)) ==
            TG_OK &&
        (err = state_read(&desk.state, TOKEN_SECRET_FILE, &secret)) == TG_OK) {
        counter.ledger = desk.ledger;
        counter.token_secret = secret.at;
        status = service_run(&desk.state, report, args_get(args, "listen"),
                             counter_answer, &counter);
    } else {
        status = report_error(report, err, "opening the desk", NULL);
    }
    text_free(&secret);
    EVP_PKEY_free(counter.key);
    desk_close(&desk);
    return status;
}

/* One line for each token of a booking. */
struct listing {
    struct desk *desk;
    struct report *report;
    enum tg_err err;
    size_t count;
};

static void
list_token(void *self, const struct ledger_token *token)
{
    struct listing *listing = self;
    struct report one = *listing->report;
    const char *state = ledger_token_state_name(token->state);
    char shown[STAY_SHOW_MAX];

    one.members = members_new();
    members_set_text(one.members, "booking", token->booking);
    members_set_text(one.members, "state", state);
    members_set_text(one.members, "serial", token->serial);
    stay_write(&token->stay, one.members);
    stay_show(&token->stay, shown);
    report_end(&one, REPORT_DONE, "    %s: %s%s%s", shown, state,
               token->serial[0] == '\0' ? "" : ", key ", token->serial);
    members_free(one.members);
}

static void
list_booking(void *self, const struct ledger_booking *booking)
{
    struct listing *listing = self;
    struct report one = *listing->report;
    char shown[STAY_SHOW_MAX];

    one.members = members_new();
    members_set_text(one.members, "booking", booking->code);
    stay_write(&booking->stay, one.members);
    stay_show(&booking->stay, shown);
    report_end(&one, REPORT_DONE, "%s: %s", booking->code, shown);
    members_free(one.members);
    listing->count++;
    if (listing->err == TG_OK)
        listing->err = ledger_each_token(listing->desk->ledger, booking->code,
                                         list_token, listing);
}

static int
run_list(const struct args *args, struct report *report)
{
    struct desk desk;
    struct listing listing = {&desk, report, TG_OK, 0};
    enum tg_err err;

    if ((err = desk_open(args->state, &desk)) != TG_OK)
        return not_ready(report, err);
    err = ledger_each_booking(desk.ledger, list_booking, &listing);
    desk_close(&desk);
    if (err == TG_OK)
        err = listing.err;
    if (err != TG_OK)
        return report_error(report, err, "reading the ledger", NULL);
    if (listing.count == 0)
        return report_end(report, REPORT_DONE, "Nothing is booked.");
    return REPORT_DONE;
}

static const struct args_command commands[] = {
    {"init", "make the desk's keys", run_init,
     {{"host", "NAME", "a further name of this machine", false}}},
    {"book", "take a booking", run_book,
     {{"room", "NAME", "such as 204", true},
      {"doors", "LIST", "what it opens, such as room,pool", true},
      {"from", "TIME", "such as 2030-01-31T12:00:00Z", true},
      {"until", "TIME", "the same", true},
      {"booking", "FILE", "where to write what the guest gets", true}}},
    {"door", "make a door: what it must know", run_door,
     {{"door", "NAME", "such as room, or pool", true},
      {"room", "NAME", "a door of this room alone", false},
      {"identity", "FILE", "where to write it, for `door init`", true}}},
    {"serve", "answer guests and doors, until SIGTERM", run_serve,
     {{"listen", "HOST:PORT", "such as 127.0.0.1:8444", true}}},
    {"list", "the bookings, and the keys of each", run_list, {{0}}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "desk", "a hotel that issues keys to guests", commands};

    umask(S_IRWXG | S_IRWXO); /* of the ledger, which SQLite makes */
    return args_main(argc, argv, &program);
}

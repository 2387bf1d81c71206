/* See opening.h. */
#include "opening.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "challenge.h"
#include "line.h"
#include "taking.h"

/* What a door says of itself; it may say it is any. Borrowed. */
struct challenge {
    const char *id, *room, *door, *nonce;
};

/* How well a key suits: -1 it is for another room. What the door itself will
 * judge (door, dates) only decides between several. */
static int
suitability(const struct stay *stay, const struct challenge *challenge)
{
    moment now = moment_now();

    if (challenge->room[0] != '\0' &&
        strcmp(challenge->room, stay->room) != 0)
        return -1;
    return (stay_has_door(stay, challenge->door) ? 2 : 0) +
           (now >= stay->not_before && now < stay->not_after ? 1 : 0);
}

static int
suitability_of_share(struct tg_share *share, const struct challenge *challenge)
{
    struct members *kept = NULL;
    struct room_key key = {.holder = NULL};
    const char *statement;
    int suits = -1;

    if (taking_room_key(share, &kept) == TG_OK &&
        (statement = members_text(kept, "statement")) != NULL &&
        room_key_read(statement, &key) == TG_OK)
        suits = suitability(&key.stay, challenge);
    room_key_done(&key);
    members_free(kept);
    return suits;
}

/* The share with the best key for this door. TG_E_NOT_FOUND. */
static enum tg_err
choose_share(struct guest *guest, const struct challenge *challenge,
             struct tg_share **out)
{
    struct tg_wallet *wallet = guest->device.wallet;
    struct tg_share *chosen = NULL;
    struct tg_share *share = NULL;
    int64_t id = 0;
    int best = -1;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, id, &id)) == TG_OK &&
           (err = tg_share_open(wallet, guest->device.client, id, &share)) ==
               TG_OK) {
        int suits = suitability_of_share(share, challenge);

        if (suits > best) {
            best = suits;
            tg_share_close(chosen);
            chosen = share;
        } else {
            tg_share_close(share);
        }
    }
    if (err != TG_E_NOT_FOUND || chosen == NULL) {
        tg_share_close(chosen);
        return err;
    }
    *out = chosen;
    return TG_OK;
}

static enum tg_err
send_answer(struct tg_share *share, int fd, const struct challenge *challenge)
{
    struct members *answer = NULL;
    struct text words = TEXT_EMPTY;
    struct text proof = TEXT_EMPTY;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    /* Statement and signature as they were kept; the proof is added. */
    if ((err = taking_room_key(share, &answer)) == TG_OK &&
        (err = wallet_data_get_key(share, &key)) == TG_OK &&
        (err = challenge_words(challenge->id, challenge->nonce, &words)) ==
            TG_OK &&
        (err = room_key_sign(key, text_span(&words), &proof)) == TG_OK) {
        members_set_text(answer, "proof", proof.at);
        err = line_send(fd, answer);
    }
    text_free(&proof);
    text_free(&words);
    EVP_PKEY_free(key);
    members_free(answer);
    return err;
}

/* Nothing in it may reach into another line of what is signed. */
static bool
read_challenge(const struct members *members, struct challenge *out)
{
    struct text bytes = TEXT_EMPTY;
    bool is_right = false;

    out->id = members_text(members, "id");
    out->room = members_text(members, "room");
    out->door = members_text(members, "door");
    out->nonce = members_text(members, "nonce");
    if (out->id == NULL || !secret_is_id(out->id) || out->room == NULL ||
        (out->room[0] != '\0' && !stay_is_name(out->room)) ||
        out->door == NULL || !stay_is_name(out->door) || out->nonce == NULL)
        return false;
    if (text_from_base64(out->nonce, &bytes) == TG_OK)
        is_right = bytes.len == CHALLENGE_NONCE;
    text_free(&bytes);
    return is_right;
}

/* Keep for `status` that a door takes the key for cancelled, or that one opens.
 * Only a hint, which may get lost: a door does not prove who it is, and the key
 * is still tried. */
static bool
remember(struct tg_share *share, enum refusal why)
{
    if (why == REFUSAL_CANCELLED)
        return tg_share_put(share, DATA_DOOR_SAID,
                            text_span_of(refusal_name(why))) == TG_OK;
    return why != REFUSAL_NONE ||
           tg_share_remove(share, DATA_DOOR_SAID) == TG_OK;
}

static int
show_verdict(struct report *report, struct tg_share *share, int fd)
{
    enum refusal why = REFUSAL_NONE;
    struct members *verdict = NULL;
    const char *check;
    bool done = false;
    int status;
    enum tg_err err;

    if ((err = line_receive(fd, &verdict)) != TG_OK)
        return report_end(report, REPORT_NETWORK,
                          "The door did not say what it did. Try again.");
    check = members_text(verdict, "check");
    if (members_flag(verdict, "done", &done) && done) {
        status = report_end(report, REPORT_DONE, "The door is open.");
    } else {
        why = refusal_find(check == NULL ? "" : check);
        members_set_text(report->members, "check", refusal_name(why));
        status = report_end(report, REPORT_REFUSED,
                            "The door stays closed: %s (check: %s)",
                            refusal_text(why), refusal_name(why));
    }
    members_free(verdict);
    (void)remember(share, why);
    return status;
}

/* From the challenge to the verdict. */
static int
answer_challenge(struct guest *guest, struct report *report, int fd,
                 const struct challenge *challenge)
{
    struct tg_share *share = NULL;
    enum tg_err err;

    members_set_text(report->members, "room", challenge->room);
    members_set_text(report->members, "door", challenge->door);
    if ((err = choose_share(guest, challenge, &share)) == TG_OK)
        err = send_answer(share, fd, challenge);
    if (err == TG_OK) {
        int status = show_verdict(report, share, fd);

        tg_share_close(share);
        return status;
    }
    tg_share_close(share);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_REFUSED,
                          "There is no key for the door \"%s\"%s%s here. "
                          "Nothing was signed.",
                          challenge->door,
                          challenge->room[0] == '\0' ? "" : " of room ",
                          challenge->room);
    if (err == TG_E_NETWORK)
        return report_end(report, REPORT_NETWORK,
                          "The door has gone away. Try again.");
    return report_error(report, err, "answering the door", NULL);
}

static enum tg_err
ask(int fd, struct members **challenge)
{
    struct members *asked = members_new();
    enum tg_err err;

    members_set_text(asked, "action", CHALLENGE_ACTION);
    err = line_send(fd, asked);
    members_free(asked);
    return err == TG_OK ? line_receive(fd, challenge) : err;
}

int
opening_ask(struct guest *guest, struct report *report, const char *path)
{
    struct members *members = NULL;
    struct challenge challenge;
    enum tg_err err;
    int status;
    int fd;

    if (line_connect(path, &fd) != TG_OK)
        return report_end(report, REPORT_NETWORK,
                          "No door is listening at %s: is `door serve` "
                          "running?",
                          path);
    err = ask(fd, &members);
    if (err != TG_OK)
        status = report_end(report, REPORT_NETWORK,
                            "The door does not answer. Try again.");
    else if (!read_challenge(members, &challenge))
        status = report_end(report, REPORT_REFUSED,
                            "The door's challenge cannot be understood. "
                            "Nothing was signed.");
    else
        status = answer_challenge(guest, report, fd, &challenge);
    members_free(members);
    close(fd);
    return status;
}

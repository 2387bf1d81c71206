/* See opening.h. */
#include "opening.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chain.h"
#include "challenge.h"
#include "device_key.h"
#include "line.h"

/* Signature and chain, for these words. */
static enum tg_err
send_answer(const struct identity *identity, int fd, const struct text *words)
{
    struct members *answer = members_new();
    struct text signature = TEXT_EMPTY;
    struct text base64 = TEXT_EMPTY;
    enum tg_err err;

    if ((err = device_key_sign(identity->key, text_span(words),
                               &signature)) == TG_OK &&
        (err = text_to_base64(text_span(&signature), &base64)) == TG_OK &&
        (err = chain_write(identity->chain, answer)) == TG_OK) {
        members_set_text(answer, "signature", base64.at);
        err = line_send(fd, answer);
    }
    text_free(&base64);
    text_free(&signature);
    members_free(answer);
    return err;
}

/* That it is a challenge for what was asked; the vehicle may say it is any. */
static enum tg_err
read_challenge(const struct members *challenge, enum entitlement action,
               const char **vehicle, struct text *words)
{
    const char *nonce = members_text(challenge, "nonce");
    const char *echoed = members_text(challenge, "action");
    struct text bytes = TEXT_EMPTY;
    enum tg_err err = TG_E_FORMAT;

    *vehicle = members_text(challenge, "vehicle");
    if (nonce == NULL || echoed == NULL || *vehicle == NULL ||
        !grant_is_vin(*vehicle) ||
        strcmp(echoed, entitlements_name(action)) != 0)
        return err;
    if (text_from_base64(nonce, &bytes) == TG_OK &&
        bytes.len == CHALLENGE_NONCE)
        err = challenge_words(*vehicle, action, nonce, words);
    text_free(&bytes);
    return err;
}

static int
show_verdict(struct report *report, int fd)
{
    struct members *verdict = NULL;
    const char *message;
    const char *check;
    bool done = false;
    enum tg_err err;
    int status;

    if ((err = line_receive(fd, &verdict)) != TG_OK)
        return report_end(report, REPORT_NETWORK,
                          "The vehicle did not say what it did (%s).",
                          tg_err_name(err));
    message = members_text(verdict, "message");
    check = members_text(verdict, "check");
    if (members_flag(verdict, "done", &done) && done)
        status = report_end(report, REPORT_DONE, "%s",
                            message == NULL ? "Done." : message);
    else {
        members_set_text(report->members, "check",
                         check == NULL ? "?" : check);
        status = report_end(report, REPORT_REFUSED,
                            "The vehicle refuses: %s (check: %s)",
                            message == NULL ? "" : message,
                            check == NULL ? "?" : check);
    }
    members_free(verdict);
    return status;
}

/* From the challenge to the verdict. */
static int
answer_challenge(const struct device *device, struct report *report, int fd,
                 enum entitlement action, opening_chooser *choose,
                 const struct members *challenge)
{
    struct identity identity = {.key = NULL};
    struct text words = TEXT_EMPTY;
    const char *vehicle;
    enum tg_err err;

    if ((err = read_challenge(challenge, action, &vehicle, &words)) != TG_OK) {
        text_free(&words);
        return report_end(report, REPORT_REFUSED,
                          "The vehicle's challenge cannot be understood. "
                          "Nothing was signed.");
    }
    members_set_text(report->members, "vehicle", vehicle);
    if ((err = choose(device, vehicle, action, &identity)) == TG_OK)
        err = send_answer(&identity, fd, &words);
    identity_free(&identity);
    text_free(&words);
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_REFUSED,
                          "There is no key for vehicle %s here. Nothing was "
                          "signed.",
                          vehicle);
    if (err != TG_OK)
        return report_error(report, err, "answering the vehicle", NULL);
    return show_verdict(report, fd);
}

static enum tg_err
ask(int fd, enum entitlement action, struct members **challenge)
{
    struct members *asked = members_new();
    enum tg_err err;

    members_set_text(asked, "action", entitlements_name(action));
    err = line_send(fd, asked);
    members_free(asked);
    return err == TG_OK ? line_receive(fd, challenge) : err;
}

int
opening_ask(const struct device *device, struct report *report,
            const char *path, enum entitlement action,
            opening_chooser *choose)
{
    struct members *challenge = NULL;
    enum tg_err err;
    int status;
    int fd;

    if (line_connect(path, &fd) != TG_OK)
        return report_end(report, REPORT_NETWORK,
                          "No vehicle is listening at %s: is `vehicle serve` "
                          "running?",
                          path);
    if ((err = ask(fd, action, &challenge)) != TG_OK)
        status = report_end(report, REPORT_NETWORK,
                            "The vehicle does not answer (%s).",
                            tg_err_name(err));
    else
        status = answer_challenge(device, report, fd, action, choose,
                                  challenge);
    members_free(challenge);
    close(fd);
    return status;
}

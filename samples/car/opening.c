/* See opening.h. */
#include "opening.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificate.h"
#include "chain.h"
#include "challenge.h"
#include "device_key.h"
#include "line.h"
#include "pem_file.h"

/* How well a key suits: -1 it is for another vehicle; what the vehicle itself
 * will judge (window, entitlement) only decides between several. */
static int
suitability(const struct grant *grant, const char *vehicle,
            enum entitlement action)
{
    moment now = moment_now();

    if (strcmp(grant->vehicle, vehicle) != 0)
        return -1;
    return (entitlements_has(grant->allowed, action) ? 1 : 0) +
           (now >= grant->not_before && now < grant->not_after ? 1 : 0);
}

/* The best key for this vehicle and action. TG_E_NOT_FOUND. */
static enum tg_err
choose_key(const struct borrowing *borrowing, const char *vehicle,
           enum entitlement action, int64_t *chosen)
{
    int64_t id = 0;
    int best = -1;
    enum tg_err err;

    while ((err = tg_wallet_next_share(borrowing->device.wallet, id, &id)) ==
           TG_OK) {
        STACK_OF(X509) *chain = NULL;
        struct grant grant;
        int suits = -1;

        if (borrowing_chain(borrowing, id, &chain) == TG_OK &&
            certificate_grant(sk_X509_value(chain, 0), &grant) == REFUSAL_NONE)
            suits = suitability(&grant, vehicle, action);
        certificate_free_chain(chain);
        if (suits > best) {
            best = suits;
            *chosen = id;
        }
    }
    if (err != TG_E_NOT_FOUND)
        return err;
    return best < 0 ? TG_E_NOT_FOUND : TG_OK;
}

/* The signature over the words of this challenge, in base64. */
static enum tg_err
sign_words(const struct borrowing *borrowing, int64_t id,
           const struct text *words, struct text *out)
{
    char file[PEM_FILE_NAME];
    struct text signature = TEXT_EMPTY;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    pem_file_of_share(BORROWING_KEY, id, file);
    if ((err = device_key_load(&borrowing->device.state, file, &key)) ==
            TG_OK &&
        (err = device_key_sign(key, text_span(words), &signature)) == TG_OK)
        err = text_to_base64(text_span(&signature), out);
    text_free(&signature);
    EVP_PKEY_free(key);
    return err;
}

static enum tg_err
add_chain(const struct borrowing *borrowing, int64_t id,
          struct members *answer)
{
    STACK_OF(X509) *chain = NULL;
    enum tg_err err;

    if ((err = borrowing_chain(borrowing, id, &chain)) == TG_OK)
        err = chain_write(chain, answer);
    certificate_free_chain(chain);
    return err;
}

static enum tg_err
send_answer(const struct borrowing *borrowing, int64_t id, int fd,
            const struct text *words)
{
    struct members *answer = members_new();
    struct text signature = TEXT_EMPTY;
    enum tg_err err;

    if ((err = sign_words(borrowing, id, words, &signature)) == TG_OK &&
        (err = add_chain(borrowing, id, answer)) == TG_OK) {
        members_set_text(answer, "signature", signature.at);
        err = line_send(fd, answer);
    }
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
answer_challenge(const struct borrowing *borrowing, struct report *report,
                 int fd, enum entitlement action,
                 const struct members *challenge)
{
    struct text words = TEXT_EMPTY;
    const char *vehicle;
    int64_t id = 0;
    enum tg_err err;

    if ((err = read_challenge(challenge, action, &vehicle, &words)) != TG_OK) {
        text_free(&words);
        return report_end(report, REPORT_REFUSED,
                          "The vehicle's challenge cannot be understood. "
                          "Nothing was signed.");
    }
    members_set_text(report->members, "vehicle", vehicle);
    err = choose_key(borrowing, vehicle, action, &id);
    if (err == TG_OK)
        err = send_answer(borrowing, id, fd, &words);
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
opening_ask(const struct borrowing *borrowing, struct report *report,
            const char *path, enum entitlement action)
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
        status = answer_challenge(borrowing, report, fd, action, challenge);
    members_free(challenge);
    close(fd);
    return status;
}

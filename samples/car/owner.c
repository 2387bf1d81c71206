/* owner: the device of a vehicle's owner, who lends a key.
 *
 * This file is the command line; the steps of a share are in lending.c and
 * answering.c. The
 * state directory holds, beside what device.h names:
 *   device.key       the owner's private key
 *   owner.pem        its certificate and the maker's root, from the maker
 *   issued-….pem     each certificate that was signed for a friend
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "answering.h"
#include "args.h"
#include "certificate.h"
#include "lending.h"
#include "refusal.h"
#include "show.h"

enum { DEFAULT_HOURS = 48, HOUR_SECONDS = 3600 };

static int
not_ready(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "This device is no owner's yet: run `owner init`, "
                          "`maker certify`, `owner enrol`.");
    return report_error(report, err, "opening the state directory", NULL);
}

/* A certification request, PKCS #10: the public key, signed with the private
 * one, so that the maker knows that the asking device has it. */
static enum tg_err
write_request(EVP_PKEY *key, const char *path)
{
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    enum tg_err err = TG_E_CRYPTO;
    char *pem;
    long len;

    if (request != NULL && bio != NULL &&
        X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
        X509_REQ_set_pubkey(request, key) == 1 &&
        X509_REQ_sign(request, key, EVP_sha256()) > 0 &&
        PEM_write_bio_X509_REQ(bio, request) == 1 &&
        (len = BIO_get_mem_data(bio, &pem)) > 0)
        err = state_write_outside(
            path, (struct tg_span){(const uint8_t *)pem, (size_t)len}, false);
    BIO_free(bio);
    X509_REQ_free(request);
    return err;
}

static int
run_init(const struct args *args, struct report *report)
{
    EVP_PKEY *key = NULL;
    struct state state;
    enum tg_err err;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    if ((err = device_set_up(&state, args_get(args, "relay"),
                             args_get(args, "relay-ca"))) == TG_OK &&
        (err = device_key_load_or_make(&state, LENDING_KEY_FILE, &key)) ==
            TG_OK)
        err = write_request(key, args_get(args, "request"));
    EVP_PKEY_free(key);
    state_close(&state);
    if (err != TG_OK)
        return report_error(report, err, "setting up the device", NULL);
    return report_end(report, REPORT_DONE,
                      "The device has a key: give %s to `maker certify`.",
                      args_get(args, "request"));
}

/* That the maker's answer is a chain for our own key. */
static enum refusal
check_enrolment(STACK_OF(X509) *chain, EVP_PKEY *key, struct grant *out)
{
    X509 *own = sk_X509_value(chain, 0);
    X509 *root = sk_X509_value(chain, 1);
    STACK_OF(X509) *alone;
    enum refusal why;

    if (sk_X509_num(chain) != 2)
        return REFUSAL_FORMAT;
    if (EVP_PKEY_eq(X509_get0_pubkey(own), key) != 1)
        return REFUSAL_KEY;
    if ((alone = sk_X509_new_null()) == NULL || sk_X509_push(alone, own) == 0) {
        sk_X509_free(alone);
        return REFUSAL_FORMAT;
    }
    why = certificate_check(alone, root, moment_now(), out);
    sk_X509_free(alone);
    return why;
}

static enum tg_err
enrol(const struct state *state, struct tg_span pem, enum refusal *why,
      struct grant *grant)
{
    STACK_OF(X509) *chain = NULL;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = device_key_load(state, LENDING_KEY_FILE, &key)) != TG_OK)
        return err;
    if ((err = certificate_from_pem(pem, &chain)) == TG_OK) {
        *why = check_enrolment(chain, key, grant);
        if (*why == REFUSAL_NONE)
            err = state_write(state, LENDING_CHAIN_FILE, pem);
    }
    certificate_free_chain(chain);
    EVP_PKEY_free(key);
    return err;
}

static int
run_enrol(const struct args *args, struct report *report)
{
    enum refusal why = REFUSAL_NONE;
    struct text pem = TEXT_EMPTY;
    char shown[SHOW_GRANT_MAX];
    struct grant grant;
    struct state state;
    enum tg_err err;

    if ((err = state_read_outside(args_get(args, "certificate"), &pem)) !=
        TG_OK)
        return report_error(report, err, "reading the certificate", NULL);
    if ((err = state_open(args->state, false, &state)) == TG_OK) {
        err = enrol(&state, text_span(&pem), &why, &grant);
        state_close(&state);
    }
    text_free(&pem);
    if (err != TG_OK)
        return not_ready(report, err);
    if (why != REFUSAL_NONE)
        return refusal_report(report, why);
    show_grant(&grant, shown);
    show_grant_members(&grant, report->members);
    return report_end(report, REPORT_DONE, "This device may: %s.", shown);
}

/* What the command line offers; parts that are not given stay as they are. */
static bool
read_offer(const struct args *args, struct lending_offer *offer)
{
    const char *from = args_get(args, "from");
    const char *until = args_get(args, "until");

    offer->name = args_get(args, "name");
    offer->from_given = from != NULL;
    offer->until_given = until != NULL;
    offer->grant.not_before = moment_now();
    if (from != NULL && !moment_parse(from, &offer->grant.not_before))
        return false;
    offer->grant.not_after =
        offer->grant.not_before + (moment)DEFAULT_HOURS * HOUR_SECONDS;
    if (until != NULL && !moment_parse(until, &offer->grant.not_after))
        return false;
    return messages_is_name(offer->name) &&
           offer->grant.not_before < offer->grant.not_after &&
           entitlements_parse(args_get(args, "entitlements"),
                              &offer->grant.allowed);
}

static int
run_share(const struct args *args, struct report *report)
{
    struct lending_offer offer = {.name = NULL};
    struct lending lending;
    enum tg_err err;
    int status;

    if (!read_offer(args, &offer))
        return report_end(report, REPORT_USAGE,
                          "--name wants 1 to 64 bytes of text, --entitlements "
                          "some of unlock,lock,start,drive,trunk, --from and "
                          "--until times such as 2030-01-31T12:00:00Z, in "
                          "order.");
    if ((err = lending_open(args->state, &lending)) != TG_OK)
        return not_ready(report, err);
    status = lending_share(&lending, report, &offer,
                           args_get(args, "url-file"));
    lending_close(&lending);
    return status;
}

/* Run one step of lending.c on the named share, or on every one. */
static int
run_on_shares(const struct args *args, struct report *report,
              int (*step)(struct lending *, struct report *, struct tg_share *))
{
    struct lending lending;
    enum tg_err err;
    int status;

    if ((err = lending_open(args->state, &lending)) != TG_OK)
        return not_ready(report, err);
    status = lending_each(&lending, report, args_get(args, "name"), step);
    lending_close(&lending);
    return status;
}

static int
run_continue(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, answering_continue);
}

static int
run_status(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, lending_status);
}

static int
run_cancel(const struct args *args, struct report *report)
{
    return run_on_shares(args, report, lending_cancel);
}

static const struct args_command commands[] = {
    {"init", "make the device's key", run_init,
     {{"relay", "HOST:PORT", "the relay to share through", true},
      {"relay-ca", "FILE", "who certifies it; default: the system's", false},
      {"request", "FILE", "where to write the request for the maker", true}}},
    {"enrol", "take the maker's certificate", run_enrol,
     {{"certificate", "FILE", "from `maker certify`", true}}},
    {"share", "offer a key: prints the share URL", run_share,
     {{"name", "TEXT", "what you call it; one name, one share", true},
      {"entitlements", "LIST", "such as unlock,lock,start,drive", true},
      {"from", "TIME", "default now", false},
      {"until", "TIME", "default 48 hours later", false},
      {"url-file", "FILE", "write the URL there instead", false}}},
    {"continue", "sign what the friend's device asks", run_continue,
     {{"name", "TEXT", "this share only", false}}},
    {"status", "what became of the shares", run_status,
     {{"name", "TEXT", "this share only", false}}},
    {"cancel", "call a share off", run_cancel,
     {{"name", "TEXT", "which", true}}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "owner", "the device of a vehicle's owner, who lends a key", commands};

    return args_main(argc, argv, &program);
}

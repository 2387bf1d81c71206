/* maker: the vehicle maker's certificate authority.
 *
 * It makes a vehicle's identity (what leaves the factory with it) and certifies
 * the key of an owner's device for one vehicle. Its state directory:
 *   maker.key    the authority's private key
 *   root.pem     its certificate, which every vehicle and wallet knows
 *   vin-….json   one for each vehicle made
 */
#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "args.h"
#include "certificate.h"
#include "device_key.h"
#include "state.h"

#define KEY_FILE  "maker.key"
#define ROOT_FILE "root.pem"

enum {
    ROOT_YEARS = 20,
    OWNER_YEARS = 10,
    YEAR_SECONDS = 31556952,
    FILE_NAME_MAX = 64
};

static enum tg_err
make_root(const struct state *state, EVP_PKEY *key, const char *name)
{
    moment now = moment_now();
    struct certificate_order order = {
        .subject = name,
        .key = key,
        .not_before = now,
        .not_after = now + (moment)ROOT_YEARS * YEAR_SECONDS,
        .path_length = GRANT_SHARING_MAX,
    };
    struct text pem = TEXT_EMPTY;
    X509 *root = NULL;
    enum tg_err err;

    if ((err = certificate_issue(&order, NULL, key, &root)) != TG_OK)
        return err;
    if ((err = certificate_to_pem(root, &pem)) == TG_OK)
        err = state_write(state, ROOT_FILE, text_span(&pem));
    text_free(&pem);
    X509_free(root);
    return err;
}

static int
run_init(const struct args *args, struct report *report)
{
    const char *name = args_get(args, "name");
    EVP_PKEY *key = NULL;
    struct state state;
    enum tg_err err;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    /* Again on a directory that is complete: nothing to do. */
    if ((err = device_key_load_or_make(&state, KEY_FILE, &key)) == TG_OK &&
        !state_has(&state, ROOT_FILE))
        err = make_root(&state, key, name == NULL ? "Example Motors" : name);
    EVP_PKEY_free(key);
    state_close(&state);
    if (err != TG_OK)
        return report_error(report, err, "making the authority", NULL);
    return report_end(report, REPORT_DONE,
                      "The authority is ready: %s/" ROOT_FILE
                      " is the root that vehicles and wallets trust.",
                      args->state);
}

/* What init has left. */
struct authority {
    struct state state;
    EVP_PKEY *key;
    struct text root_pem;
    STACK_OF(X509) *roots;
};

static void
authority_close(struct authority *authority)
{
    certificate_free_chain(authority->roots);
    text_free(&authority->root_pem);
    EVP_PKEY_free(authority->key);
    state_close(&authority->state);
}

static enum tg_err
authority_open(const char *path, struct authority *out)
{
    struct authority authority = {.state.lock = -1};
    enum tg_err err;

    if ((err = state_open(path, false, &authority.state)) != TG_OK)
        return err;
    if ((err = device_key_load(&authority.state, KEY_FILE, &authority.key)) !=
            TG_OK ||
        (err = state_read(&authority.state, ROOT_FILE,
                          &authority.root_pem)) != TG_OK ||
        (err = certificate_from_pem(text_span(&authority.root_pem),
                                    &authority.roots)) != TG_OK) {
        authority_close(&authority);
        return err;
    }
    *out = authority;
    return TG_OK;
}

static int
no_authority(struct report *report, enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return report_end(report, REPORT_USAGE,
                          "There is no authority here: run `maker init`.");
    return report_error(report, err, "opening the authority", NULL);
}

static int
bad_vin(struct report *report)
{
    return report_end(report, REPORT_USAGE,
                      "--vin wants the 17 letters and digits of a vehicle "
                      "identification number, without I, O and Q.");
}

static void
vehicle_file(const char *vin, char out[static FILE_NAME_MAX])
{
    snprintf(out, FILE_NAME_MAX, "vin-%s.json", vin);
}

/* The vehicle's identity: its number and the root it will believe. */
static enum tg_err
write_identity(const struct authority *authority, const char *vin,
               const char *path)
{
    struct members *identity = members_new();
    struct text json = TEXT_EMPTY;
    char file[FILE_NAME_MAX];
    enum tg_err err;

    vehicle_file(vin, file);
    members_set_text(identity, "vehicle", vin);
    members_set_text(identity, "root", authority->root_pem.at);
    if ((err = members_format(identity, &json)) == TG_OK &&
        (err = state_write(&authority->state, file, text_span(&json))) ==
            TG_OK)
        err = state_write_outside(path, text_span(&json), false);
    text_free(&json);
    members_free(identity);
    return err;
}

static int
run_vehicle(const struct args *args, struct report *report)
{
    const char *vin = args_get(args, "vin");
    const char *path = args_get(args, "identity");
    struct authority authority;
    enum tg_err err;

    if (!grant_is_vin(vin))
        return bad_vin(report);
    if ((err = authority_open(args->state, &authority)) != TG_OK)
        return no_authority(report, err);
    err = write_identity(&authority, vin, path);
    authority_close(&authority);
    if (err != TG_OK)
        return report_error(report, err, "writing the identity", NULL);
    members_set_text(report->members, "vehicle", vin);
    return report_end(report, REPORT_DONE,
                      "Vehicle %s is made: give %s to `vehicle init`.", vin,
                      path);
}

/* The key of a certification request (PKCS #10), which its signature proves to
 * be held by whoever asks. TG_E_FORMAT, TG_E_AUTH. */
static enum tg_err
read_request(const char *path, EVP_PKEY **out)
{
    struct text pem = TEXT_EMPTY;
    X509_REQ *request = NULL;
    EVP_PKEY *key = NULL;
    BIO *bio = NULL;
    enum tg_err err;

    if ((err = state_read_outside(path, &pem)) != TG_OK)
        return err;
    err = TG_E_FORMAT;
    if ((bio = BIO_new_mem_buf(pem.at, (int)pem.len)) == NULL ||
        (request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL)) == NULL ||
        (key = X509_REQ_get_pubkey(request)) == NULL ||
        device_key_check(key) != TG_OK)
        goto out;
    err = TG_E_AUTH;
    if (X509_REQ_verify(request, key) != 1)
        goto out;
    err = TG_OK;
    *out = key;
    key = NULL;
out:
    EVP_PKEY_free(key);
    X509_REQ_free(request);
    BIO_free(bio);
    text_free(&pem);
    return err;
}

/* Owner's certificate and root, one after the other. */
static enum tg_err
certify(const struct authority *authority, EVP_PKEY *owner,
        const struct grant *grant, const char *path)
{
    X509 *root = sk_X509_value(authority->roots, 0);
    struct certificate_order order = {
        .subject = "Owner's device",
        .key = owner,
        .grant = grant,
    };
    struct text pem = TEXT_EMPTY;
    struct text both = TEXT_EMPTY;
    X509 *certificate = NULL;
    enum tg_err err;

    if ((err = certificate_issue(&order, root, authority->key,
                                 &certificate)) == TG_OK &&
        (err = certificate_to_pem(certificate, &pem)) == TG_OK &&
        (err = text_print(&both, "%s%s", pem.at, authority->root_pem.at)) ==
            TG_OK)
        err = state_write_outside(path, text_span(&both), false);
    X509_free(certificate);
    text_free(&both);
    text_free(&pem);
    return err;
}

/* What the command line asks for. False when a part of it cannot be read. */
static bool
read_grant(const struct args *args, struct grant *out)
{
    const char *allowed = args_get(args, "entitlements");
    const char *until = args_get(args, "until");
    moment now = moment_now();
    struct grant grant = {
        .not_before = now,
        .not_after = now + (moment)OWNER_YEARS * YEAR_SECONDS,
        .sharing = GRANT_SHARING_MAX,
    };

    if (!entitlements_parse(allowed == NULL ? "all" : allowed, &grant.allowed))
        return false;
    if (until != NULL && !moment_parse(until, &grant.not_after))
        return false;
    if (grant.not_after <= now)
        return false;
    grant_set_vehicle(args_get(args, "vin"), &grant);
    *out = grant;
    return true;
}

static int
run_certify(const struct args *args, struct report *report)
{
    const char *vin = args_get(args, "vin");
    struct authority authority;
    EVP_PKEY *owner = NULL;
    char file[FILE_NAME_MAX];
    struct grant grant;
    enum tg_err err;

    if (!grant_is_vin(vin))
        return bad_vin(report);
    if (!read_grant(args, &grant))
        return report_end(report, REPORT_USAGE,
                          "--entitlements wants `all` or some of unlock,lock,"
                          "start,drive,trunk; --until a future time such as "
                          "2030-01-31T12:00:00Z.");
    if ((err = read_request(args_get(args, "request"), &owner)) != TG_OK)
        return report_error(report, err, "reading the owner's request", NULL);
    if ((err = authority_open(args->state, &authority)) != TG_OK) {
        EVP_PKEY_free(owner);
        return no_authority(report, err);
    }
    vehicle_file(vin, file);
    err = TG_E_UNKNOWN;
    if (state_has(&authority.state, file))
        err = certify(&authority, owner, &grant,
                      args_get(args, "certificate"));
    authority_close(&authority);
    EVP_PKEY_free(owner);
    if (err == TG_E_UNKNOWN)
        return report_end(report, REPORT_REFUSED,
                          "No vehicle %s was made here: see `maker vehicle`.",
                          vin);
    if (err != TG_OK)
        return report_error(report, err, "certifying the owner", NULL);
    return report_end(report, REPORT_DONE,
                      "The owner's device is certified for %s: give %s to "
                      "`owner enrol`.",
                      vin, args_get(args, "certificate"));
}

static const struct args_command commands[] = {
    {"init", "make the certificate authority", run_init,
     {{"name", "TEXT", "the maker's name", false}}},
    {"vehicle", "make a vehicle's identity", run_vehicle,
     {{"vin", "VIN", "its identification number", true},
      {"identity", "FILE", "where to write it", true}}},
    {"certify", "certify an owner's device for a vehicle", run_certify,
     {{"vin", "VIN", "the vehicle", true},
      {"request", "FILE", "from `owner init`", true},
      {"certificate", "FILE", "where to write it", true},
      {"entitlements", "LIST", "what the owner may; default all", false},
      {"until", "TIME", "default ten years from now", false}}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "maker", "the vehicle maker's certificate authority", commands};

    return args_main(argc, argv, &program);
}

/* maker: the vehicle maker.
 *
 * It makes a vehicle's identity (what leaves the factory with it), certifies
 * the key of an owner's device for one vehicle, and keeps track of the keys in
 * the world. This file is the command line; authority.c certifies, registry.c
 * remembers, maker_server.c answers. Beside what these name, the state
 * directory holds the server's key and certificate (service.h).
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "args.h"
#include "authority.h"
#include "maker_server.h"
#include "members.h"
#include "registry.h"
#include "service.h"
#include "web.h"

enum { OWNER_YEARS = 10, YEAR_SECONDS = 31556952 };

static int
run_init(const struct args *args, struct report *report)
{
    const char *name = args_get(args, "name");
    struct registry *registry = NULL;
    struct state state;
    enum tg_err err;

    if ((err = state_open(args->state, true, &state)) != TG_OK)
        return report_error(report, err, "opening the state directory", NULL);
    /* Again on a directory that is complete: nothing to do. */
    if ((err = authority_make(&state, name == NULL ? "Example Motors"
                                                   : name)) == TG_OK &&
        (err = service_make_certificate(&state, args_get(args, "host"))) ==
            TG_OK)
        err = registry_open(&state, &registry);
    registry_close(registry);
    state_close(&state);
    if (err != TG_OK)
        return report_error(report, err, "making the authority", NULL);
    return report_end(report, REPORT_DONE,
                      "The authority is ready: %s/" AUTHORITY_ROOT_FILE
                      " is the root that vehicles and wallets trust.",
                      args->state);
}

/* What init has left. */
struct maker {
    struct authority authority;
    struct registry *registry;
};

static void
maker_close(struct maker *maker)
{
    registry_close(maker->registry);
    authority_close(&maker->authority);
}

static enum tg_err
maker_open(const char *path, bool peek, struct maker *out)
{
    struct maker maker = {.registry = NULL};
    enum tg_err err;

    err = peek ? authority_peek(path, &maker.authority)
               : authority_open(path, &maker.authority);
    if (err != TG_OK)
        return err;
    if ((err = registry_open(&maker.authority.state, &maker.registry)) !=
        TG_OK) {
        authority_close(&maker.authority);
        return err;
    }
    *out = maker;
    return TG_OK;
}

static int
not_ready(struct report *report, enum tg_err err)
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

static int
no_vehicle(struct report *report, const char *vin)
{
    return report_end(report, REPORT_REFUSED,
                      "No vehicle %s was made here: see `maker vehicle`.",
                      vin);
}

static enum tg_err
draw_token(struct text *out)
{
    uint8_t bytes[REGISTRY_TOKEN_BYTES];
    enum tg_err err = TG_E_RANDOM;

    if (RAND_bytes(bytes, sizeof(bytes)) == 1)
        err = text_to_base64((struct tg_span){bytes, sizeof(bytes)}, out);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return err;
}

/* Where the vehicle asks for its keys, whom it believes there, and what it
 * proves itself by. */
static enum tg_err
make_link(const struct state *state, const char *url, const char *token,
          struct members *identity)
{
    struct members *link = members_new();
    struct text certificate = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_read(state, SERVICE_CERTIFICATE_FILE, &certificate)) ==
        TG_OK) {
        members_set_text(link, "url", url);
        members_set_text(link, "certificate", certificate.at);
        members_set_text(link, "token", token);
        members_set_object(identity, "maker", link);
        link = NULL;
    }
    text_free(&certificate);
    members_free(link);
    return err;
}

/* The vehicle's identity: its number, the root it will believe, and with `url`
 * its link to the maker's server. */
static enum tg_err
make_identity(const struct maker *maker, const char *vin, const char *url,
              const char *token, struct text *out)
{
    struct members *identity = members_new();
    enum tg_err err = TG_OK;

    members_set_text(identity, "vehicle", vin);
    members_set_text(identity, "root", maker->authority.root_pem.at);
    if (url != NULL)
        err = make_link(&maker->authority.state, url, token, identity);
    if (err == TG_OK)
        err = members_format(identity, out);
    members_free(identity);
    return err;
}

/* The registry first: an identity that nobody knows would be worth nothing. */
static enum tg_err
make_vehicle(const struct maker *maker, const char *vin, const char *url,
             const char *path)
{
    struct text token = TEXT_EMPTY;
    struct text json = TEXT_EMPTY;
    enum tg_err err = TG_OK;

    if (url != NULL && (err = draw_token(&token)) != TG_OK)
        return err;
    if ((err = make_identity(maker, vin, url, token.at, &json)) == TG_OK &&
        (err = registry_add_vehicle(maker->registry, vin, token.at)) == TG_OK)
        err = state_write_outside(path, text_span(&json), true);
    text_free(&json);
    text_free(&token);
    return err;
}

static bool
is_server(const char *url)
{
    struct web *web = NULL;
    bool fine = web_new(url, NULL, &web) == TG_OK;

    web_free(web);
    return fine;
}

static int
run_vehicle(const struct args *args, struct report *report)
{
    const char *vin = args_get(args, "vin");
    const char *path = args_get(args, "identity");
    const char *url = args_get(args, "server");
    struct maker maker;
    enum tg_err err;

    if (!grant_is_vin(vin))
        return bad_vin(report);
    if (url != NULL && !is_server(url))
        return report_end(report, REPORT_USAGE,
                          "--server wants the address of `maker serve`, such "
                          "as https://127.0.0.1:8444, without a path.");
    if ((err = maker_open(args->state, false, &maker)) != TG_OK)
        return not_ready(report, err);
    err = make_vehicle(&maker, vin, url, path);
    maker_close(&maker);
    if (err != TG_OK)
        return report_error(report, err, "writing the identity", NULL);
    members_set_text(report->members, "vehicle", vin);
    return report_end(report, REPORT_DONE,
                      "Vehicle %s is made: give %s to `vehicle init`.", vin,
                      path);
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

static enum tg_err
certify(const struct maker *maker, EVP_PKEY *owner, const struct grant *grant,
        const char *path)
{
    struct text pem = TEXT_EMPTY;
    enum tg_err err;

    if ((err = registry_find_vehicle(maker->registry, grant->vehicle)) !=
            TG_OK ||
        (err = authority_certify(&maker->authority, owner, grant, &pem)) !=
            TG_OK)
        return err;
    err = state_write_outside(path, text_span(&pem), false);
    text_free(&pem);
    return err;
}

static int
run_certify(const struct args *args, struct report *report)
{
    const char *vin = args_get(args, "vin");
    EVP_PKEY *owner = NULL;
    struct grant grant;
    struct maker maker;
    enum tg_err err;

    if (!grant_is_vin(vin))
        return bad_vin(report);
    if (!read_grant(args, &grant))
        return report_end(report, REPORT_USAGE,
                          "--entitlements wants `all` or some of unlock,lock,"
                          "start,drive,trunk; --until a future time such as "
                          "2030-01-31T12:00:00Z.");
    if ((err = authority_read_request(args_get(args, "request"), &owner)) !=
        TG_OK)
        return report_error(report, err, "reading the owner's request", NULL);
    if ((err = maker_open(args->state, false, &maker)) != TG_OK) {
        EVP_PKEY_free(owner);
        return not_ready(report, err);
    }
    err = certify(&maker, owner, &grant, args_get(args, "certificate"));
    maker_close(&maker);
    EVP_PKEY_free(owner);
    if (err == TG_E_NOT_FOUND)
        return no_vehicle(report, vin);
    if (err != TG_OK)
        return report_error(report, err, "certifying the owner", NULL);
    return report_end(report, REPORT_DONE,
                      "The owner's device is certified for %s: give %s to "
                      "`owner enrol`.",
                      vin, args_get(args, "certificate"));
}

static void
show_key(void *self, const char *fingerprint, bool revoked)
{
    struct report *report = self;
    const char *what = revoked ? "revoked" : "registered";

    members_add_text(report->members, what, fingerprint);
    if (!report->as_json)
        printf("%s %s\n", fingerprint, what);
}

static int
run_keys(const struct args *args, struct report *report)
{
    const char *vin = args_get(args, "vin");
    struct maker maker;
    enum tg_err err;

    if (!grant_is_vin(vin))
        return bad_vin(report);
    if ((err = maker_open(args->state, true, &maker)) != TG_OK)
        return not_ready(report, err);
    members_set_text(report->members, "vehicle", vin);
    members_set_list(report->members, "registered");
    members_set_list(report->members, "revoked");
    if ((err = registry_find_vehicle(maker.registry, vin)) == TG_OK)
        err = registry_list(maker.registry, vin, show_key, report);
    maker_close(&maker);
    if (err == TG_E_NOT_FOUND)
        return no_vehicle(report, vin);
    if (err != TG_OK)
        return report_error(report, err, "reading the registry", NULL);
    return report_end(report, REPORT_DONE,
                      "These are the keys that the maker was told of.");
}

static int
run_serve(const struct args *args, struct report *report)
{
    struct maker maker;
    enum tg_err err;
    int status;

    if ((err = maker_open(args->state, true, &maker)) != TG_OK)
        return not_ready(report, err);
    status = maker_server_run(&maker.authority, maker.registry, report,
                              args_get(args, "listen"));
    maker_close(&maker);
    return status;
}

static const struct args_command commands[] = {
    {"init", "make the certificate authority", run_init,
     {{"name", "TEXT", "the maker's name", false},
      {"host", "HOST", "the server's name, beside localhost", false}}},
    {"vehicle", "make a vehicle's identity", run_vehicle,
     {{"vin", "VIN", "its identification number", true},
      {"identity", "FILE", "where to write it; secret", true},
      {"server", "URL", "where it asks: that of `maker serve`", false}}},
    {"certify", "certify an owner's device for a vehicle", run_certify,
     {{"vin", "VIN", "the vehicle", true},
      {"request", "FILE", "from `owner init`", true},
      {"certificate", "FILE", "where to write it", true},
      {"entitlements", "LIST", "what the owner may; default all", false},
      {"until", "TIME", "default ten years from now", false}}},
    {"keys", "the keys of a vehicle: registered, revoked", run_keys,
     {{"vin", "VIN", "the vehicle", true}}},
    {"serve", "keep track of keys, until SIGTERM", run_serve,
     {{"listen", "HOST:PORT", "such as 127.0.0.1:8444", true}}},
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static const struct args_program program = {
        "maker", "the vehicle's maker: authority and registry of keys",
        commands};

    return args_main(argc, argv, &program);
}

/* See maker_server.h. What is asked is judged here; what is remembered is in
 * registry.c, which has it on the disk before the answer is given. */
#include "maker_server.h"

#include <string.h>

#include <microhttpd.h>

#include "certificate.h"
#include "chain.h"
#include "device_key.h"
#include "service.h"
#include "tracking.h"

#define VEHICLES_PATH "/v1/vehicles/"
#define VEHICLE_KEYS  "/keys"

struct maker_server {
    const struct authority *authority;
    struct registry *registry;
};

/* A chain that somebody has sent, and what it says. */
struct claim {
    STACK_OF(X509) *chain;
    struct grant grant; /* of the first */
    size_t count;
    char fingerprints[CERTIFICATE_CHAIN_MAX][DEVICE_KEY_FINGERPRINT];
    struct text signature;
    int64_t signer;
};

static void
claim_done(struct claim *claim)
{
    certificate_free_chain(claim->chain);
    text_free(&claim->signature);
}

static unsigned
refuse(struct members *answer, enum refusal why)
{
    return service_refuse(answer,
                          why == REFUSAL_FORMAT ? MHD_HTTP_BAD_REQUEST
                                                : MHD_HTTP_FORBIDDEN,
                          refusal_name(why), refusal_text(why));
}

static unsigned
fail(struct members *answer)
{
    return service_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                          "The maker's server cannot do this now. Try again "
                          "in a minute.");
}

/* Everything that can be read without judging. */
static bool
claim_read(const struct members *body, bool has_signer, struct claim *out)
{
    struct claim claim = {.signature = TEXT_EMPTY};
    const char *base64 = body == NULL ? NULL : members_text(body, "signature");

    if (base64 == NULL || text_from_base64(base64, &claim.signature) != TG_OK ||
        chain_read(body, &claim.chain) != TG_OK)
        goto out;
    claim.count = (size_t)sk_X509_num(claim.chain);
    for (size_t i = 0; i < claim.count; i++) {
        EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(claim.chain, (int)i));

        if (key == NULL ||
            device_key_fingerprint(key, claim.fingerprints[i]) != TG_OK)
            goto out;
    }
    if (has_signer &&
        (!members_integer(body, "signer", &claim.signer) || claim.signer < 0 ||
         claim.signer >= (int64_t)claim.count))
        goto out;
    if (certificate_grant(sk_X509_value(claim.chain, 0), &claim.grant) !=
        REFUSAL_NONE)
        goto out;
    *out = claim;
    return true;
out:
    claim_done(&claim);
    return false;
}

/* The moment at which the chain has to be valid. A key that is not valid yet is
 * registered when it is made; one that is over may still be revoked. As each
 * grant lies within its issuer's, the first second of the first is one at which
 * a good chain is valid. */
static moment
moment_of(enum tracking_what what, const struct grant *grant)
{
    moment now = moment_now();

    if (what == TRACKING_REVOKE || now < grant->not_before)
        return grant->not_before;
    return now;
}

static enum refusal
check_signature(enum tracking_what what, const struct claim *claim)
{
    X509 *signer = sk_X509_value(claim->chain, (int)claim->signer);
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_SIGNATURE;

    if (tracking_words(what, claim->grant.vehicle, claim->fingerprints[0],
                       &words) == TG_OK &&
        device_key_verify(X509_get0_pubkey(signer), text_span(&words),
                          text_span(&claim->signature)) == TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    return why;
}

static enum refusal
check_chain(const struct maker_server *server, enum tracking_what what,
            const struct claim *claim)
{
    struct grant grant;

    return certificate_check(claim->chain, authority_root(server->authority),
                             moment_of(what, &claim->grant), &grant);
}

static enum tg_err
store(const struct maker_server *server, enum tracking_what what,
      const struct claim *claim)
{
    const char *fingerprints[CERTIFICATE_CHAIN_MAX];

    for (size_t i = 0; i < claim->count; i++)
        fingerprints[i] = claim->fingerprints[i];
    if (what == TRACKING_REVOKE)
        return registry_revoke(server->registry, claim->grant.vehicle,
                               fingerprints[0]);
    return registry_register(server->registry, claim->grant.vehicle,
                             fingerprints, claim->count);
}

static unsigned
judge(const struct maker_server *server, enum tracking_what what,
      const struct claim *claim, struct members *answer)
{
    enum refusal why;
    enum tg_err err;

    if ((why = check_chain(server, what, claim)) != REFUSAL_NONE)
        return refuse(answer, why);
    err = registry_find_vehicle(server->registry, claim->grant.vehicle);
    if (err == TG_E_NOT_FOUND)
        return refuse(answer, REFUSAL_VEHICLE);
    if (err != TG_OK)
        return fail(answer);
    if ((why = check_signature(what, claim)) != REFUSAL_NONE)
        return refuse(answer, why);
    err = store(server, what, claim);
    if (err == TG_E_REFUSED)
        return refuse(answer, REFUSAL_REVOKED);
    if (err != TG_OK)
        return fail(answer);
    members_set_text(answer, "fingerprint", claim->fingerprints[0]);
    return MHD_HTTP_OK;
}

static unsigned
track(const struct maker_server *server, enum tracking_what what,
      const struct service_request *request, struct members *answer)
{
    struct claim claim;
    unsigned status;

    if (!claim_read(request->body, what == TRACKING_REVOKE, &claim))
        return refuse(answer, REFUSAL_FORMAT);
    status = judge(server, what, &claim, answer);
    claim_done(&claim);
    return status;
}

static void
add_key(void *self, const char *fingerprint, bool revoked)
{
    members_add_text(self, revoked ? "revoked" : "registered", fingerprint);
}

static unsigned
list(const struct maker_server *server, const char *vehicle,
     const struct service_request *request, struct members *answer)
{
    enum tg_err err = TG_E_AUTH;

    if (request->bearer != NULL)
        err = registry_check_token(server->registry, vehicle, request->bearer);
    if (err == TG_E_AUTH)
        return service_refuse(answer, MHD_HTTP_UNAUTHORIZED, "token",
                              "Only the vehicle itself is told of its keys.");
    if (err != TG_OK)
        return fail(answer);
    members_set_text(answer, "vehicle", vehicle);
    members_set_list(answer, "registered");
    members_set_list(answer, "revoked");
    err = registry_list(server->registry, vehicle, add_key, answer);
    return err == TG_OK ? MHD_HTTP_OK : fail(answer);
}

/* The vehicle in "/v1/vehicles/{vehicle}/keys". */
static bool
read_vehicle(const char *path, char out[static GRANT_VIN_LEN + 1])
{
    size_t len = sizeof(VEHICLES_PATH) - 1;

    if (strncmp(path, VEHICLES_PATH, len) != 0 ||
        strnlen(path + len, GRANT_VIN_LEN) != GRANT_VIN_LEN ||
        strcmp(path + len + GRANT_VIN_LEN, VEHICLE_KEYS) != 0)
        return false;
    memcpy(out, path + len, GRANT_VIN_LEN);
    out[GRANT_VIN_LEN] = '\0';
    return grant_is_vin(out);
}

static unsigned
handle(void *self, const struct service_request *request,
       struct members *answer)
{
    const struct maker_server *server = self;
    const char *path = request->path;
    bool is_post = strcmp(request->method, "POST") == 0;
    bool registers = strcmp(path, TRACKING_KEYS_PATH) == 0;
    bool revokes = strcmp(path, TRACKING_REVOKE_PATH) == 0;
    char vehicle[GRANT_VIN_LEN + 1];
    bool lists = read_vehicle(path, vehicle);

    if (is_post && (registers || revokes))
        return track(server, registers ? TRACKING_REGISTER : TRACKING_REVOKE,
                     request, answer);
    if (!is_post && lists)
        return list(server, vehicle, request, answer);
    if (registers || revokes || lists)
        return service_refuse(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "method",
                              "This is asked for in another way.");
    return service_refuse(answer, MHD_HTTP_NOT_FOUND, "path",
                          "There is nothing here.");
}

int
maker_server_run(const struct authority *authority, struct registry *registry,
                 struct report *report, const char *listen)
{
    struct maker_server server = {authority, registry};

    return service_run(&authority->state, report, listen, handle, &server);
}

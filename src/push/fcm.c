/* FCM, HTTP v1. See service.h.
 *
 * Sources: Google's "Using OAuth 2.0 for Server to Server Applications" and
 * RFC 7523 for the access token; the reference of projects.messages and "FCM
 * error codes" for the rest. There is no collapse key: Google delivers only a
 * few of the messages that have one.
 */
#include <string.h>

#include "base/alloc.h"
#include "push/jwt.h"
#include "push/service_account.h"
#include "push/services.h"

enum {
    TOKEN_MOST = 4096,
    ACCESS_MOST = 4096,
    ASSERTION_S = 60 * 60,    /* the longest that Google allows */
    EARLY_S = 5 * 60,         /* an access token is replaced before its end */
    ACCESS_S_MOST = 24 * 60 * 60,
    TTL_S_MOST = 28 * 24 * 60 * 60
};

static const char scope[] =
    "https://www.googleapis.com/auth/firebase.messaging";
static const char grant[] =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    "&assertion=";
static const char fcm_error[] =
    "type.googleapis.com/google.firebase.fcm.v1.FcmError";
static const char bad_request[] = "type.googleapis.com/google.rpc.BadRequest";

struct fcm {
    const struct push_config *config;
    struct service_account account;
    struct tg_buf access; /* empty: must be fetched */
    tg_time_s access_from;
    tg_time_s access_until;
};

/* ---- a post ------------------------------------------------------------ */

/* A token is opaque, but never more than this. */
static bool
is_token(struct tg_span text, size_t most)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len > 0 && text.len <= most;
}

static bool
has_access(const struct fcm *fcm, tg_time_s now)
{
    return fcm->access.len > 0 && now >= fcm->access_from &&
           now < fcm->access_until;
}

static enum tg_err
make_body(const struct doorbell *bell, tg_time_s now, struct tg_buf *out)
{
    tg_time_s ttl = bell->until > now ? bell->until - now : 0;
    enum tg_err err;

    if (ttl > TTL_S_MOST)
        ttl = TTL_S_MOST;
    if ((err = tg_buf_text(out, "{\"message\":{\"token\":")) != TG_OK ||
        (err = tg_json_quote(bell->data, out)) != TG_OK)
        return err;
    return tg_buf_printf(out,
                         ",\"data\":{},\"android\":{\"priority\":\"high\","
                         "\"ttl\":\"%llds\"}}}", (long long)ttl);
}

static enum tg_err
fcm_make(void *self, const struct doorbell *bell, unsigned route,
         tg_time_s now, struct push_post *out)
{
    const struct fcm *fcm = self;
    enum tg_err err;

    if (!is_token(bell->data, TOKEN_MOST))
        return TG_E_FORMAT;
    if (route > 0)
        return TG_E_NOT_FOUND;
    if (!has_access(fcm, now))
        return TG_E_STATE;
    if ((err = tg_buf_printf(&out->url, "%s/v1/projects/%s/messages:send",
                             fcm->config->fcm_server,
                             (const char *)fcm->account.project_id.ptr)) !=
            TG_OK ||
        (err = tg_buf_terminate(&out->url)) != TG_OK ||
        (err = push_post_header(out, "authorization: Bearer %s",
                                (const char *)fcm->access.ptr)) != TG_OK ||
        (err = push_post_header(out, "content-type: application/json")) !=
            TG_OK)
        return err;
    out->authorities = fcm->config->authorities;
    return make_body(bell, now, &out->body);
}

/* ---- an answer --------------------------------------------------------- */

static bool
text_is(const struct tg_json *json, const char *name, const char *expected)
{
    struct tg_span text;

    return tg_json_text(tg_json_member(json, name), &text) &&
           tg_span_is(text, expected);
}

/* One of error.details, by its type; NULL: it is not there. */
static const struct tg_json *
find_detail(const struct tg_json *error, const char *type)
{
    const struct tg_json *details = tg_json_member(error, "details");
    const struct tg_json *detail;

    for (size_t i = 0; (detail = tg_json_element(details, i)) != NULL; i++)
        if (text_is(detail, "@type", type))
            return detail;
    return NULL;
}

static bool
has_code(const struct tg_json *error, const char *code)
{
    const struct tg_json *detail = find_detail(error, fcm_error);

    return detail != NULL && text_is(detail, "errorCode", code);
}

static bool
contains(struct tg_span text, const char *word)
{
    return text.len > 0 &&
           memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* INVALID_ARGUMENT may be about anything. It is about the token when Google
 * names that field alone, or names none and says so in words. */
static bool
is_about_token(const struct tg_json *error)
{
    const struct tg_json *detail = find_detail(error, bad_request);
    const struct tg_json *fields;
    const struct tg_json *field;
    struct tg_span message;
    size_t i;

    if (!has_code(error, "INVALID_ARGUMENT"))
        return false;
    if (detail == NULL)
        return tg_json_text(tg_json_member(error, "message"), &message) &&
               contains(message, "registration token");
    fields = tg_json_member(detail, "fieldViolations");
    for (i = 0; (field = tg_json_element(fields, i)) != NULL; i++)
        if (!text_is(field, "field", "message.token"))
            return false;
    return i > 0;
}

static enum push_verdict
judge_error(int status, const struct tg_json *error)
{
    if (status == 404 && has_code(error, "UNREGISTERED"))
        return PUSH_TOKEN_DEAD;
    if (status == 403 && has_code(error, "SENDER_ID_MISMATCH"))
        return PUSH_TOKEN_DEAD;
    if (status == 400 && is_about_token(error))
        return PUSH_TOKEN_DEAD;
    /* Not ours, but what Google has of the app's in other services. */
    if (status == 401 && !has_code(error, "THIRD_PARTY_AUTH_ERROR"))
        return PUSH_NEW_CREDENTIAL;
    return PUSH_REFUSED;
}

static enum push_verdict
fcm_judge(void *self, const struct doorbell *bell, unsigned route,
          const struct push_answer *answer)
{
    struct tg_json *json = NULL;
    enum push_verdict verdict;

    (void)self;
    (void)bell;
    (void)route;
    if (answer->status == 200)
        return PUSH_DELIVERED;
    if (push_is_passing(answer->status))
        return PUSH_LATER;
    if (tg_json_parse(answer->body, &json) != TG_OK)
        return answer->status == 401 ? PUSH_NEW_CREDENTIAL : PUSH_REFUSED;
    verdict = judge_error(answer->status, tg_json_member(json, "error"));
    tg_json_free(json);
    return verdict;
}

/* ---- the access token -------------------------------------------------- */

static enum tg_err
make_assertion(const struct fcm *fcm, tg_time_s now, struct tg_buf *out)
{
    const struct service_account *account = &fcm->account;
    const char *key_id = account->private_key_id.len > 0
                             ? (const char *)account->private_key_id.ptr
                             : NULL;
    struct tg_json *claims = tg_json_object();
    enum tg_err err = TG_E_NOMEM;

    if (claims == NULL)
        return err;
    if ((err = tg_json_set_text(claims, "iss",
                                tg_span_buf(&account->client_email))) !=
            TG_OK ||
        (err = tg_json_set_text(claims, "scope", tg_span_text(scope))) !=
            TG_OK ||
        (err = tg_json_set_text(claims, "aud",
                                tg_span_buf(&account->token_uri))) != TG_OK ||
        (err = tg_json_set_integer(claims, "iat", now)) != TG_OK ||
        (err = tg_json_set_integer(claims, "exp", now + ASSERTION_S)) != TG_OK)
        goto out;
    err = jwt_sign(account->key, key_id, claims, out);
out:
    tg_json_free(claims);
    return err;
}

static enum tg_err
fcm_ask(void *self, tg_time_s now, struct push_post *out)
{
    const struct fcm *fcm = self;
    enum tg_err err;

    if ((err = tg_buf_append(&out->url,
                             tg_span_buf(&fcm->account.token_uri))) != TG_OK ||
        (err = tg_buf_terminate(&out->url)) != TG_OK ||
        (err = push_post_header(
             out, "content-type: application/x-www-form-urlencoded")) !=
            TG_OK ||
        (err = tg_buf_text(&out->body, grant)) != TG_OK)
        return err;
    out->authorities = fcm->config->authorities;
    return make_assertion(fcm, now, &out->body);
}

static enum tg_err
take_access(struct fcm *fcm, const struct tg_json *json, tg_time_s now)
{
    struct tg_span access;
    struct tg_span type;
    int64_t seconds;
    enum tg_err err;

    if (!tg_json_text(tg_json_member(json, "access_token"), &access) ||
        !is_token(access, ACCESS_MOST) ||
        !tg_json_text(tg_json_member(json, "token_type"), &type) ||
        !tg_span_is_nocase(type, "bearer") ||
        !tg_json_integer(tg_json_member(json, "expires_in"), &seconds) ||
        seconds <= 0)
        return TG_E_PROTOCOL;
    if (seconds > ACCESS_S_MOST)
        seconds = ACCESS_S_MOST;
    tg_buf_clear(&fcm->access);
    if ((err = tg_buf_append(&fcm->access, access)) != TG_OK ||
        (err = tg_buf_terminate(&fcm->access)) != TG_OK) {
        tg_buf_clear(&fcm->access);
        return err;
    }
    fcm->access_from = now;
    fcm->access_until =
        now + seconds - (seconds / 2 < EARLY_S ? seconds / 2 : EARLY_S);
    return TG_OK;
}

static enum tg_err
fcm_take(void *self, const struct push_answer *answer, tg_time_s now)
{
    struct tg_json *json = NULL;
    enum tg_err err;

    /* RFC 6749 §5.2 */
    if (answer->status == 400 || answer->status == 401 ||
        answer->status == 403)
        return TG_E_REFUSED;
    if (answer->status != 200)
        return TG_E_PROTOCOL;
    err = tg_json_parse(answer->body, &json);
    if (err != TG_OK)
        return err == TG_E_NOMEM ? err : TG_E_PROTOCOL;
    err = take_access(self, json, now);
    tg_json_free(json);
    return err;
}

static void
fcm_renew(void *self)
{
    struct fcm *fcm = self;

    tg_buf_clear(&fcm->access);
}

/* ---- opening ----------------------------------------------------------- */

static void
fcm_close(void *self)
{
    struct fcm *fcm = self;

    service_account_free(&fcm->account);
    tg_buf_free(&fcm->access);
    tg_free(fcm);
}

enum tg_err
fcm_open(const struct push_config *config, struct push_service *out,
         struct config_problem *problem)
{
    const char *path = config->fcm_service_account;
    struct tg_buf text = TG_BUF_EMPTY;
    struct fcm *fcm = tg_alloc(sizeof(*fcm));
    enum tg_err err = TG_E_NOMEM;

    if (fcm == NULL)
        goto out;
    fcm->config = config;
    if ((err = credential_read(path, "fcm", &text, problem)) != TG_OK)
        goto out;
    err = service_account_parse(tg_span_buf(&text), path, &fcm->account,
                                problem);
    if (err != TG_OK)
        goto out;
    *out = (struct push_service){
        .token_type = DOORBELL_FCM,
        .self = fcm,
        .make = fcm_make,
        .judge = fcm_judge,
        .ask = fcm_ask,
        .take = fcm_take,
        .renew = fcm_renew,
        .close = fcm_close,
    };
    fcm = NULL;
out:
    if (err == TG_E_NOMEM)
        credential_problem(problem, "fcm", "there is no memory left");
    if (fcm != NULL)
        fcm_close(fcm);
    tg_buf_free(&text);
    return err;
}

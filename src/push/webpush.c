/* Web Push: RFC 8030, and VAPID, RFC 8292. See service.h.
 *
 * The message is empty, so there is nothing to encrypt; the keys of the
 * subscription are not looked at. The topic folds messages that wait at the
 * service (RFC 8030 §5.4); it is the same for all, for one says as much as
 * another.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "push/jwt.h"
#include "push/credential.h"
#include "push/services.h"
#include "push/subscription.h"

enum {
    ORIGINS_MOST = 32,
    TOKEN_S = 12 * 60 * 60, /* at most 24 hours, RFC 8292 §2 */
    OLD_AFTER = 11 * 60 * 60
};

static const char section[] = "webpush";

/* A signed token for one push service. */
struct vapid {
    struct tg_buf origin; /* empty: a free place */
    struct tg_buf token;
    tg_time_s made;
};

struct webpush {
    const struct push_config *config;
    struct signing_key *key;
    struct tg_buf point; /* the public key, as k= wants it; terminated */
    struct vapid vapids[ORIGINS_MOST];
};

/* ---- VAPID ------------------------------------------------------------- */

static void
vapid_clear(struct vapid *vapid)
{
    tg_buf_free(&vapid->origin);
    tg_buf_free(&vapid->token);
    vapid->made = 0;
}

static enum tg_err
make_token(const struct webpush *webpush, struct tg_span origin, tg_time_s now,
           struct tg_buf *out)
{
    struct tg_json *claims = tg_json_object();
    enum tg_err err = TG_E_NOMEM;

    if (claims == NULL)
        return err;
    if ((err = tg_json_set_text(claims, "aud", origin)) != TG_OK ||
        (err = tg_json_set_integer(claims, "exp", now + TOKEN_S)) != TG_OK ||
        (err = tg_json_set_text(
             claims, "sub", tg_span_text(webpush->config->webpush_subject))) !=
            TG_OK)
        goto out;
    err = jwt_sign(webpush->key, NULL, claims, out);
out:
    tg_json_free(claims);
    return err;
}

/* That of the origin, else a free one, else the oldest. */
static struct vapid *
find_vapid(struct webpush *webpush, struct tg_span origin)
{
    struct vapid *place = &webpush->vapids[0];

    for (size_t i = 0; i < ORIGINS_MOST; i++) {
        struct vapid *vapid = &webpush->vapids[i];

        if (tg_span_equal(tg_span_buf(&vapid->origin), origin))
            return vapid;
        if (vapid->made < place->made)
            place = vapid;
    }
    vapid_clear(place);
    return place;
}

static enum tg_err
fresh_vapid(struct webpush *webpush, struct tg_span origin, tg_time_s now,
            const struct vapid **out)
{
    struct vapid *vapid = find_vapid(webpush, origin);
    tg_time_s age = now - vapid->made;
    enum tg_err err;

    *out = vapid;
    if (vapid->token.len > 0 && age >= 0 && age < OLD_AFTER)
        return TG_OK;
    vapid_clear(vapid);
    if ((err = tg_buf_append(&vapid->origin, origin)) == TG_OK)
        err = make_token(webpush, origin, now, &vapid->token);
    if (err == TG_OK)
        vapid->made = now;
    else
        vapid_clear(vapid);
    return err;
}

static void
webpush_renew(void *self)
{
    struct webpush *webpush = self;

    for (size_t i = 0; i < ORIGINS_MOST; i++)
        vapid_clear(&webpush->vapids[i]);
}

/* ---- a post ------------------------------------------------------------ */

static bool
is_allowed(const struct push_config *config,
           const struct subscription *subscription)
{
    for (size_t i = 0; i < config->webpush_host_count; i++)
        if (subscription_is_allowed(subscription, config->webpush_hosts[i]))
            return true;
    return false;
}

static enum tg_err
make_headers(const struct webpush *webpush, const struct vapid *vapid,
             tg_time_s ttl, struct push_post *out)
{
    enum tg_err err;

    if ((err = push_post_header(out, "authorization: vapid t=%s, k=%s",
                                (const char *)vapid->token.ptr,
                                (const char *)webpush->point.ptr)) != TG_OK ||
        (err = push_post_header(out, "ttl: %lld", (long long)ttl)) != TG_OK ||
        (err = push_post_header(out, "urgency: high")) != TG_OK)
        return err;
    return push_post_header(out, "topic: tigress");
}

static enum tg_err
make_post(struct webpush *webpush, const struct subscription *subscription,
          tg_time_s until, tg_time_s now, struct push_post *out)
{
    const struct vapid *vapid;
    enum tg_err err;

    if (!is_allowed(webpush->config, subscription))
        return TG_E_UNTRUSTED;
    err = fresh_vapid(webpush, tg_span_buf(&subscription->origin), now,
                      &vapid);
    if (err != TG_OK)
        return err;
    if ((err = tg_buf_append(&out->url, tg_span_buf(&subscription->url))) !=
            TG_OK ||
        (err = tg_buf_terminate(&out->url)) != TG_OK)
        return err;
    out->only_public = !webpush->config->webpush_allow_private;
    out->authorities = webpush->config->authorities;
    return make_headers(webpush, vapid, until > now ? until - now : 0, out);
}

static enum tg_err
webpush_make(void *self, const struct doorbell *bell, unsigned route,
             tg_time_s now, struct push_post *out)
{
    struct subscription subscription;
    enum tg_err err;

    if ((err = subscription_parse(bell->data, &subscription)) != TG_OK)
        return err;
    err = route == 0 ? make_post(self, &subscription, bell->until, now, out)
                     : TG_E_NOT_FOUND;
    subscription_free(&subscription);
    return err;
}

/* RFC 8030 §5, §7.3, §8.4; RFC 8292 §4.2. A redirect is refused: R-PUSH-2. */
static enum push_verdict
webpush_judge(void *self, const struct doorbell *bell, unsigned route,
              const struct push_answer *answer)
{
    (void)self;
    (void)bell;
    (void)route;
    switch (answer->status) {
    case 200:
    case 201:
    case 202:
    case 204:
        return PUSH_DELIVERED;
    case 404:
    case 410:
        return PUSH_TOKEN_DEAD;
    case 401:
    case 403:
        return PUSH_NEW_CREDENTIAL;
    default:
        return push_is_passing(answer->status) ? PUSH_LATER : PUSH_REFUSED;
    }
}

/* ---- opening ----------------------------------------------------------- */

static void
webpush_close(void *self)
{
    struct webpush *webpush = self;

    webpush_renew(webpush);
    signing_key_free(webpush->key);
    tg_buf_free(&webpush->point);
    tg_free(webpush);
}

static enum tg_err
read_key(struct webpush *webpush, struct config_problem *problem)
{
    uint8_t point[SIGNING_KEY_POINT_LEN];
    enum tg_err err;

    err = credential_read_key(webpush->config->webpush_key_file,
                              SIGNING_KEY_ES256, section, &webpush->key,
                              problem);
    if (err != TG_OK)
        return err;
    if ((err = signing_key_point(webpush->key, point)) == TG_OK &&
        (err = tg_base64url_encode(TG_SPAN_ARRAY(point), &webpush->point)) ==
            TG_OK)
        err = tg_buf_terminate(&webpush->point);
    if (err != TG_OK)
        credential_problem(problem, section, "%s cannot be used: %s",
                           webpush->config->webpush_key_file,
                           tg_err_name(err));
    return err;
}

static enum tg_err
check_hosts(const struct push_config *config, struct config_problem *problem)
{
    for (size_t i = 0; i < config->webpush_host_count; i++)
        if (!subscription_is_entry(config->webpush_hosts[i])) {
            credential_problem(problem, section,
                               "hosts: %s is neither a name such as "
                               "push.example.org nor *.example.org, with a "
                               "port or without",
                               config->webpush_hosts[i]);
            return TG_E_FORMAT;
        }
    return TG_OK;
}

enum tg_err
webpush_open(const struct push_config *config, struct push_service *out,
             struct config_problem *problem)
{
    struct webpush *webpush;
    enum tg_err err;

    if ((err = check_hosts(config, problem)) != TG_OK)
        return err;
    if ((webpush = tg_alloc(sizeof(*webpush))) == NULL) {
        credential_problem(problem, section, "there is no memory left");
        return TG_E_NOMEM;
    }
    webpush->config = config;
    if ((err = read_key(webpush, problem)) != TG_OK) {
        webpush_close(webpush);
        return err;
    }
    *out = (struct push_service){
        .token_type = DOORBELL_WEBPUSH,
        .self = webpush,
        .make = webpush_make,
        .judge = webpush_judge,
        .renew = webpush_renew,
        .close = webpush_close,
    };
    return TG_OK;
}

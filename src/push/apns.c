/* APNs, with provider tokens. See service.h.
 *
 * Sources: Apple's "Sending notification requests to APNs", "Establishing a
 * token-based connection to APNs", "Handling notification responses from
 * APNs", and for passes "Adding a Web Service to Update Passes": their push
 * has an empty dictionary, and the system shows nothing of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/ascii.h"
#include "push/credential.h"
#include "push/jwt.h"
#include "push/services.h"

enum {
    TOKEN_DIGITS_MOST = 200,
    SECTION_MOST = 200,
    /* Apple refuses a provider token that is older than an hour, and one that
     * replaces another of less than 20 minutes. */
    OLD_AFTER = 50 * 60,
    YOUNG_UNTIL = 20 * 60
};

/* One for each key, whatever the topics; all keys are of one team. */
struct provider {
    const struct apns_topic *topic; /* the first that uses it */
    struct signing_key *key;
    struct tg_buf token; /* empty: none was made yet */
    tg_time_s made;
    bool is_stale;
};

struct apns {
    const struct push_config *config;
    struct provider providers[CONFIG_TOPICS_MOST];
    size_t provider_count;
    size_t provider_of[CONFIG_TOPICS_MOST]; /* by topic */
};

static const struct {
    const char *name;
    const char *priority;
    const char *body;
} push_types[] = {
    /* A background push with priority 10 is an error. */
    [APNS_BACKGROUND] = {"background", "5",
                         "{\"aps\":{\"content-available\":1}}"},
    [APNS_ALERT] = {"alert", "10", "{}"},
};

/* ---- provider tokens --------------------------------------------------- */

static enum tg_err
make_token(struct provider *provider, tg_time_s now)
{
    struct tg_json *claims = tg_json_object();
    struct tg_buf token = TG_BUF_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    if (claims == NULL)
        return err;
    if ((err = tg_json_set_text(
             claims, "iss", tg_span_text(provider->topic->team_id))) != TG_OK ||
        (err = tg_json_set_integer(claims, "iat", now)) != TG_OK)
        goto out;
    err = jwt_sign(provider->key, provider->topic->key_id, claims, &token);
    if (err != TG_OK)
        goto out;
    tg_buf_free(&provider->token);
    provider->token = token;
    token = TG_BUF_EMPTY;
    provider->made = now;
    provider->is_stale = false;
out:
    tg_buf_free(&token);
    tg_json_free(claims);
    return err;
}

/* Also when the clock was set back, for a token of the future is refused. */
static enum tg_err
fresh_token(struct provider *provider, tg_time_s now)
{
    tg_time_s age = now - provider->made;

    if (provider->token.len > 0 && age >= 0 && age < OLD_AFTER &&
        !(provider->is_stale && age >= YOUNG_UNTIL))
        return TG_OK;
    return make_token(provider, now);
}

static void
apns_renew(void *self)
{
    struct apns *apns = self;

    for (size_t i = 0; i < apns->provider_count; i++)
        apns->providers[i].is_stale = true;
}

/* ---- a post ------------------------------------------------------------ */

static bool
is_device_token(struct tg_span text)
{
    if (text.len == 0 || text.len > TOKEN_DIGITS_MOST || text.len % 2 != 0)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_hex(text.ptr[i]))
            return false;
    return true;
}

/* In lower case. */
static enum tg_err
make_url(const char *server, struct tg_span token, struct tg_buf *out)
{
    enum tg_err err;

    if ((err = tg_buf_printf(out, "%s/3/device/", server)) != TG_OK)
        return err;
    for (size_t i = 0; i < token.len; i++) {
        uint8_t c = token.ptr[i];

        if (c >= 'A' && c <= 'F')
            c = (uint8_t)(c - 'A' + 'a');
        if ((err = tg_buf_byte(out, c)) != TG_OK)
            return err;
    }
    return tg_buf_terminate(out);
}

static enum tg_err
make_headers(const struct provider *provider, const struct apns_topic *topic,
             tg_time_s until, struct push_post *out)
{
    enum tg_err err;

    if ((err = push_post_header(out, "authorization: bearer %s",
                                (const char *)provider->token.ptr)) != TG_OK ||
        (err = push_post_header(out, "apns-topic: %s", topic->topic)) !=
            TG_OK ||
        (err = push_post_header(out, "apns-push-type: %s",
                                push_types[topic->push_type].name)) != TG_OK ||
        (err = push_post_header(out, "apns-priority: %s",
                                push_types[topic->push_type].priority)) !=
            TG_OK ||
        (err = push_post_header(out, "apns-expiration: %lld",
                                (long long)until)) != TG_OK)
        return err;
    return push_post_header(out, "content-type: application/json");
}

static enum tg_err
apns_make(void *self, const struct doorbell *bell, unsigned route,
          tg_time_s now, struct push_post *out)
{
    struct apns *apns = self;
    const struct apns_topic *topic;
    struct provider *provider;
    enum tg_err err;

    if (!is_device_token(bell->data))
        return TG_E_FORMAT;
    if (route >= apns->config->topic_count)
        return TG_E_NOT_FOUND;
    topic = &apns->config->topics[route];
    provider = &apns->providers[apns->provider_of[route]];
    if ((err = fresh_token(provider, now)) != TG_OK ||
        (err = make_url(apns->config->apns_server, bell->data, &out->url)) !=
            TG_OK ||
        (err = make_headers(provider, topic, bell->until, out)) != TG_OK)
        return err;
    out->authorities = apns->config->authorities;
    return tg_buf_text(&out->body, push_types[topic->push_type].body);
}

/* ---- an answer --------------------------------------------------------- */

static bool
reason_is(const struct tg_json *answer, const char *reason)
{
    struct tg_span text;

    return answer != NULL &&
           tg_json_text(tg_json_member(answer, "reason"), &text) &&
           tg_span_is(text, reason);
}

static enum push_verdict
judge_reason(int status, const struct tg_json *answer)
{
    static const struct {
        int status;
        const char *reason;
        enum push_verdict verdict;
    } known[] = {
        {400, "DeviceTokenNotForTopic", PUSH_NEXT_ROUTE},
        /* Also what a token of Apple's sandbox is called in production. */
        {400, "BadDeviceToken", PUSH_TOKEN_DEAD},
        {400, "BadTopic", PUSH_TOPIC_REFUSED},
        {400, "MissingTopic", PUSH_TOPIC_REFUSED},
        {400, "TopicDisallowed", PUSH_TOPIC_REFUSED},
        {400, "IdleTimeout", PUSH_RECONNECT},
        {403, "ExpiredProviderToken", PUSH_NEW_CREDENTIAL},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (status == known[i].status && reason_is(answer, known[i].reason))
            return known[i].verdict;
    /* Its other reasons name a key, a team or an environment. */
    return status == 403 ? PUSH_CREDENTIAL_REFUSED : PUSH_REFUSED;
}

static enum push_verdict
apns_judge(void *self, const struct doorbell *bell, unsigned route,
           const struct push_answer *answer)
{
    struct tg_json *json = NULL;
    enum push_verdict verdict;

    (void)self;
    (void)bell;
    (void)route;
    if (answer->status == 200)
        return PUSH_DELIVERED;
    if (answer->status == 410)
        return PUSH_TOKEN_DEAD;
    if (push_is_passing(answer->status))
        return PUSH_LATER;
    if (tg_json_parse(answer->body, &json) != TG_OK)
        json = NULL;
    verdict = judge_reason(answer->status, json);
    tg_json_free(json);
    return verdict;
}

static const char *
apns_topic(void *self, unsigned route)
{
    const struct apns *apns = self;

    return route < apns->config->topic_count
               ? apns->config->topics[route].topic
               : NULL;
}

/* ---- opening ----------------------------------------------------------- */

static void
apns_close(void *self)
{
    struct apns *apns = self;

    for (size_t i = 0; i < apns->provider_count; i++) {
        signing_key_free(apns->providers[i].key);
        tg_buf_free(&apns->providers[i].token);
    }
    tg_free(apns);
}

static struct provider *
find_provider(struct apns *apns, const struct apns_topic *topic)
{
    for (size_t i = 0; i < apns->provider_count; i++) {
        const struct apns_topic *first = apns->providers[i].topic;

        if (strcmp(first->key_id, topic->key_id) == 0)
            return &apns->providers[i];
    }
    return NULL;
}

static enum tg_err
add_topic(struct apns *apns, size_t at, struct config_problem *problem)
{
    const struct apns_topic *topic = &apns->config->topics[at];
    struct provider *provider = find_provider(apns, topic);
    char section[SECTION_MOST];
    enum tg_err err;

    snprintf(section, sizeof(section), "apns %s", topic->topic);
    if (strcmp(topic->team_id, apns->config->topics[0].team_id) != 0) {
        /* APNs wants a connection of its own for each team. */
        credential_problem(problem, section,
                           "team_id is %s, but [apns %s] has %s: one "
                           "tigress-push serves the topics of one team",
                           topic->team_id, apns->config->topics[0].topic,
                           apns->config->topics[0].team_id);
        return TG_E_FORMAT;
    }
    if (provider == NULL) {
        provider = &apns->providers[apns->provider_count];
        err = credential_read_key(topic->key_file, SIGNING_KEY_ES256, section,
                                  &provider->key, problem);
        if (err != TG_OK)
            return err;
        provider->topic = topic;
        apns->provider_count++;
    } else if (strcmp(provider->topic->key_file, topic->key_file) != 0) {
        credential_problem(problem, section,
                           "key_file is %s, but [apns %s] has another with "
                           "the same key_id: one of them is wrong",
                           topic->key_file, provider->topic->topic);
        return TG_E_FORMAT;
    }
    apns->provider_of[at] = (size_t)(provider - apns->providers);
    return TG_OK;
}

enum tg_err
apns_open(const struct push_config *config, struct push_service *out,
          struct config_problem *problem)
{
    struct apns *apns = tg_alloc(sizeof(*apns));
    enum tg_err err;

    if (apns == NULL) {
        credential_problem(problem, "apns", "there is no memory left");
        return TG_E_NOMEM;
    }
    apns->config = config;
    for (size_t i = 0; i < config->topic_count; i++)
        if ((err = add_topic(apns, i, problem)) != TG_OK) {
            apns_close(apns);
            return err;
        }
    *out = (struct push_service){
        .token_type = DOORBELL_APNS,
        .self = apns,
        .make = apns_make,
        .judge = apns_judge,
        .topic = apns_topic,
        .renew = apns_renew,
        .close = apns_close,
    };
    return TG_OK;
}

/* See service_account.h. Google's "Using OAuth 2.0 for Server to Server
 * Applications" says what the members are for. */
#include "push/service_account.h"

#include <string.h>

#include "base/json.h"

enum { MEMBER_MOST = 1024 };

static const char section[] = "fcm";

static bool
is_visible(struct tg_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len > 0 && text.len <= MEMBER_MOST;
}

/* It becomes a part of a path. */
static bool
is_project(struct tg_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != ':' &&
            c != '.')
            return false;
    }
    return is_visible(text) && text.ptr[0] != '.';
}

static bool
is_https(struct tg_span text)
{
    static const char scheme[] = "https://";
    size_t len = sizeof(scheme) - 1;

    return is_visible(text) && text.len > len &&
           memcmp(text.ptr, scheme, len) == 0 &&
           memchr(text.ptr, '@', text.len) == NULL &&
           memchr(text.ptr, '#', text.len) == NULL;
}

static enum tg_err
take_text(const struct tg_json *json, const char *name,
          bool (*is_good)(struct tg_span text), struct tg_buf *out,
          const char *path, struct config_problem *problem)
{
    struct tg_span text;
    enum tg_err err;

    if (!tg_json_text(tg_json_member(json, name), &text) || !is_good(text)) {
        credential_problem(problem, section,
                           "%s is not the file of a service account as "
                           "Google makes it: its %s is missing or not as "
                           "expected", path, name);
        return TG_E_FORMAT;
    }
    if ((err = tg_buf_append(out, text)) != TG_OK)
        return err;
    return tg_buf_terminate(out);
}

static enum tg_err
take_members(const struct tg_json *json, const char *path,
             struct service_account *out, struct config_problem *problem)
{
    struct tg_span text;
    enum tg_err err;

    if (!tg_json_text(tg_json_member(json, "type"), &text) ||
        !tg_span_is(text, "service_account")) {
        credential_problem(problem, section,
                           "%s is of another kind: the key of a service "
                           "account has the type service_account", path);
        return TG_E_FORMAT;
    }
    if (tg_json_member(json, "private_key_id") != NULL &&
        (err = take_text(json, "private_key_id", is_visible,
                         &out->private_key_id, path, problem)) != TG_OK)
        return err;
    if ((err = take_text(json, "client_email", is_visible,
                         &out->client_email, path, problem)) != TG_OK ||
        (err = take_text(json, "project_id", is_project, &out->project_id,
                         path, problem)) != TG_OK ||
        (err = take_text(json, "token_uri", is_https, &out->token_uri, path,
                         problem)) != TG_OK)
        return err;
    if (!tg_json_text(tg_json_member(json, "private_key"), &text))
        text = TG_SPAN_EMPTY;
    return credential_parse_key(text, SIGNING_KEY_RS256, path, section,
                                &out->key, problem);
}

enum tg_err
service_account_parse(struct tg_span text, const char *path,
                      struct service_account *out,
                      struct config_problem *problem)
{
    struct tg_json *json = NULL;
    enum tg_err err = tg_json_parse(text, &json);

    if (err == TG_OK)
        err = take_members(json, path, out, problem);
    else if (err != TG_E_NOMEM) {
        credential_problem(problem, section, "%s is not JSON", path);
        err = TG_E_FORMAT;
    }
    tg_json_free(json);
    return err;
}

void
service_account_free(struct service_account *account)
{
    tg_buf_free(&account->client_email);
    tg_buf_free(&account->private_key_id);
    tg_buf_free(&account->project_id);
    tg_buf_free(&account->token_uri);
    signing_key_free(account->key);
    account->key = NULL;
}

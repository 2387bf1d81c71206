/* See knowledge.h. */
#include "knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprints.h"
#include "grant.h"
#include "web.h"

#define CA_FILE      "maker-ca.pem"
#define REVOKED_FILE "revoked.json"

struct knowledge {
    const struct state *state;
    char vehicle[GRANT_VIN_LEN + 1];
    struct web *web; /* NULL: no maker */
    struct text token;
    struct fingerprints registered;
    struct fingerprints revoked;
    const char *trouble; /* NULL: the last sync was answered */
};

void
knowledge_free(struct knowledge *knowledge)
{
    if (knowledge == NULL)
        return;
    fingerprints_free(&knowledge->registered);
    fingerprints_free(&knowledge->revoked);
    text_free(&knowledge->token);
    web_free(knowledge->web);
    free(knowledge);
}

/* Where the maker is, whom to believe there, and what we prove ourselves by. */
static enum tg_err
read_link(struct knowledge *knowledge, const struct members *link)
{
    const char *url = members_text(link, "url");
    const char *certificate = members_text(link, "certificate");
    const char *token = members_text(link, "token");
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if (url == NULL || certificate == NULL || token == NULL)
        return TG_E_FORMAT;
    if ((err = state_write(knowledge->state, CA_FILE,
                           text_span_of(certificate))) != TG_OK ||
        (err = state_path(knowledge->state, CA_FILE, path)) != TG_OK ||
        (err = text_copy(text_span_of(token), &knowledge->token)) != TG_OK ||
        (err = web_new(url, path, &knowledge->web)) != TG_OK)
        return err;
    web_hurry(knowledge->web);
    return TG_OK;
}

/* A file that is there and cannot be read is no reason to trust everybody. */
static enum tg_err
read_revoked(struct knowledge *knowledge)
{
    struct members *members = NULL;
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    err = state_read(knowledge->state, REVOKED_FILE, &json);
    if (err == TG_E_NOT_FOUND)
        return TG_OK;
    if (err == TG_OK &&
        (err = members_parse(text_span(&json), &members)) == TG_OK)
        err = fingerprints_add(&knowledge->revoked, members, "revoked");
    members_free(members);
    text_free(&json);
    return err;
}

static enum tg_err
write_revoked(const struct knowledge *knowledge)
{
    struct members *members = members_new();
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    fingerprints_write(&knowledge->revoked, members, "revoked");
    if ((err = members_format(members, &json)) == TG_OK)
        err = json.len > STATE_FILE_MAX
                  ? TG_E_LIMIT
                  : state_write(knowledge->state, REVOKED_FILE,
                                text_span(&json));
    text_free(&json);
    members_free(members);
    return err;
}

enum tg_err
knowledge_open(const struct state *state, const char *vehicle,
               const struct members *link, struct knowledge **out)
{
    struct knowledge *knowledge = calloc(1, sizeof(*knowledge));
    enum tg_err err;

    if (knowledge == NULL)
        return TG_E_NOMEM;
    knowledge->state = state;
    knowledge->trouble = "network"; /* not asked yet */
    snprintf(knowledge->vehicle, sizeof(knowledge->vehicle), "%s", vehicle);
    err = read_revoked(knowledge);
    if (err == TG_OK && link != NULL)
        err = read_link(knowledge, link);
    if (err != TG_OK) {
        knowledge_free(knowledge);
        return err;
    }
    *out = knowledge;
    return TG_OK;
}

bool
knowledge_has_maker(const struct knowledge *knowledge)
{
    return knowledge->web != NULL;
}

/* All of it, or nothing. What was once revoked stays so, whatever a server
 * that lost its memory says. */
static enum tg_err
take_answer(struct knowledge *knowledge, const struct members *answer)
{
    const char *vehicle = members_text(answer, "vehicle");
    struct fingerprints registered = FINGERPRINTS_EMPTY;
    enum tg_err err;

    if (vehicle == NULL || strcmp(vehicle, knowledge->vehicle) != 0)
        return TG_E_FORMAT;
    if ((err = fingerprints_add(&registered, answer, "registered")) == TG_OK)
        err = fingerprints_add(&knowledge->revoked, answer, "revoked");
    if (err != TG_OK) {
        fingerprints_free(&registered);
        return err;
    }
    fingerprints_free(&knowledge->registered);
    knowledge->registered = registered;
    return TG_OK;
}

/* NULL, or why it was not answered. */
static const char *
ask(struct knowledge *knowledge)
{
    struct members *answer = NULL;
    struct text path = TEXT_EMPTY;
    const char *trouble = "answer";
    unsigned status = 0;
    enum tg_err err;

    if ((err = text_print(&path, "/v1/vehicles/%s/keys",
                          knowledge->vehicle)) == TG_OK)
        err = web_call(knowledge->web, "GET", path.at, knowledge->token.at,
                       NULL, &status, &answer);
    if (err == TG_E_TLS)
        trouble = "certificate";
    else if (err == TG_OK && status == 401)
        trouble = "token";
    else if (err != TG_OK && err != TG_E_PROTOCOL)
        trouble = "network";
    else if (err == TG_OK && status == 200 &&
             take_answer(knowledge, answer) == TG_OK)
        trouble = NULL;
    members_free(answer);
    text_free(&path);
    return trouble;
}

static void
tell(const struct knowledge *knowledge)
{
    if (knowledge->trouble == NULL)
        printf("online: the maker knows %zu registered and %zu revoked keys\n",
               knowledge->registered.count, knowledge->revoked.count);
    else
        printf("offline: the maker cannot be asked (%s)\n",
               knowledge->trouble);
    fflush(stdout);
}

void
knowledge_sync(struct knowledge *knowledge)
{
    const char *before = knowledge->trouble;
    size_t registered = knowledge->registered.count;
    size_t revoked = knowledge->revoked.count;

    if (knowledge->web == NULL)
        return;
    knowledge->trouble = ask(knowledge);
    if (knowledge->revoked.count != revoked &&
        write_revoked(knowledge) != TG_OK)
        fprintf(stderr, "vehicle: what was revoked cannot be written down; "
                        "it is known until the end of this program\n");
    if (knowledge->trouble != before ||
        knowledge->registered.count != registered ||
        knowledge->revoked.count != revoked)
        tell(knowledge);
}

bool
knowledge_is_online(const struct knowledge *knowledge)
{
    return knowledge->web != NULL && knowledge->trouble == NULL;
}

const char *
knowledge_trouble(const struct knowledge *knowledge)
{
    return knowledge->web == NULL ? NULL : knowledge->trouble;
}

bool
knowledge_is_revoked(const struct knowledge *knowledge,
                     const char *fingerprint)
{
    return fingerprints_has(&knowledge->revoked, fingerprint);
}

bool
knowledge_is_registered(const struct knowledge *knowledge,
                        const char *fingerprint)
{
    return fingerprints_has(&knowledge->registered, fingerprint);
}

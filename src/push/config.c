/* See config.h. inih takes lines apart; sections, tables and sentences are
 * here, values in config_value.c. */
#include "push/config.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "push/config_value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
    NAME_SHOWN = 40,
    NAMED_MOST = CONFIG_TOPICS_MOST + 3
};

enum section { SECTION_NONE, SECTION_PUSH, SECTION_APNS, SECTION_FCM,
               SECTION_WEBPUSH };

static const char *const section_names[] = {
    [SECTION_NONE] = "", [SECTION_PUSH] = "push", [SECTION_APNS] = "apns",
    [SECTION_FCM] = "fcm", [SECTION_WEBPUSH] = "webpush"};

static const char cannot_be_used[] = "the file cannot be used: ";

static value_reader read_hosts;

/* Every name that there is. `at` counts from the topic where is_of_topic. */
static const struct option {
    enum section section;
    const char *name;
    bool is_required;
    bool is_of_topic;
    size_t at;
    value_reader *read;
    const char *expected;
} table[] = {
#define OF_ALL(section, required, name, field, read, expected)               \
    {section, name, required, false, offsetof(struct push_config, field),    \
     read, expected}
#define OF_TOPIC(required, name, field, read, expected)                      \
    {SECTION_APNS, name, required, true, offsetof(struct apns_topic, field), \
     read, expected}

    OF_ALL(SECTION_PUSH, false, "socket", socket, value_socket,
           "the path of a socket, at most 107 bytes"),
    OF_ALL(SECTION_PUSH, false, "group", group, value_group,
           "a group that this machine has"),
    OF_ALL(SECTION_PUSH, false, "queue", queue, value_queue,
           "how many doorbells may wait, from 1 to 10000000"),
    OF_ALL(SECTION_PUSH, false, "in_flight", in_flight, value_in_flight,
           "how many posts may be under way to one service, from 1 to 1000"),
    OF_ALL(SECTION_PUSH, false, "authorities", authorities,
           value_authorities, "a file of certificates, PEM"),

    OF_TOPIC(true, "key_file", key_file, value_key,
             "the file of the signing key that Apple gave, AuthKey_….p8"),
    OF_TOPIC(true, "key_id", key_id, value_id,
             "the 10 letters and digits that Apple shows beside the key"),
    OF_TOPIC(true, "team_id", team_id, value_id,
             "the 10 letters and digits of the team in Apple's account"),
    OF_TOPIC(false, "push_type", push_type, value_push_type,
             "background or alert"),
    OF_ALL(SECTION_APNS, false, "server", apns_server, value_server,
           "https://HOST or https://HOST:PORT, the same for all topics"),

    OF_ALL(SECTION_FCM, true, "service_account", fcm_service_account,
           value_key, "the JSON file of the service account from Google"),
    OF_ALL(SECTION_FCM, false, "server", fcm_server, value_server,
           "https://HOST or https://HOST:PORT"),

    OF_ALL(SECTION_WEBPUSH, true, "key_file", webpush_key_file, value_key,
           "the file of a P-256 key, PEM"),
    OF_ALL(SECTION_WEBPUSH, true, "subject", webpush_subject, value_contact,
           "how push services reach you, mailto:… or https://…"),
    OF_ALL(SECTION_WEBPUSH, true, "hosts", webpush_hosts, read_hosts,
           "names of hosts, such as push.example or *.push.example, each with "
           ":PORT or without, with spaces between, at most 32"),
    OF_ALL(SECTION_WEBPUSH, false, "allow_private", webpush_allow_private,
           value_yes, "yes or no"),
#undef OF_ALL
#undef OF_TOPIC
};

_Static_assert(COUNT(table) <= 32, "bits of `given`");

/* A file that the configuration names. */
struct named {
    const char *name;
    unsigned line;
    const char *path; /* the configuration's */
    enum guard_kind kind;
    struct stat st;
};

struct reader {
    struct push_config *config;
    struct config_problem *problem;
    enum tg_err err;
    char *directory;
    const char *left; /* of the file's text */
    unsigned line;
    enum section section;
    unsigned section_line;
    uint32_t given;    /* names in this section */
    uint32_t sections; /* that there were */
    struct named files[NAMED_MOST];
    size_t file_count;
};

/* ---- problems ---------------------------------------------------------- */

/* [apns com.example.app] */
static enum tg_err
put_section(const struct reader *r, struct tg_buf *out)
{
    const struct push_config *config = r->config;
    enum tg_err err;

    if (r->section == SECTION_NONE)
        return TG_OK;
    if (r->section == SECTION_APNS && config->topic_count > 0)
        err = tg_buf_printf(out, "[apns %s]",
                            config->topics[config->topic_count - 1].topic);
    else
        err = tg_buf_printf(out, "[%s]", section_names[r->section]);
    return err != TG_OK ? err : tg_buf_byte(out, ' ');
}

/* Something is wrong with `line`; the first problem is the one that is told.
 * Values are not shown: a key may have got there by mistake. */
static void
complain(struct reader *r, unsigned line, const char *name, const char *what,
         const char *more)
{
    struct tg_buf *out = &r->problem->text;

    if (r->err != TG_OK)
        return;
    r->err = TG_E_FORMAT;
    r->problem->line = line;
    tg_buf_clear(out);
    if (put_section(r, out) != TG_OK ||
        (name[0] != '\0' &&
         tg_buf_printf(out, "%.*s: ", NAME_SHOWN, name) != TG_OK) ||
        tg_buf_printf(out, "%s%s", what, more) != TG_OK ||
        tg_buf_terminate(out) != TG_OK)
        r->err = TG_E_NOMEM;
}

/* ---- sections ---------------------------------------------------------- */

/* Names that the section wants and that were not given. */
static void
end_section(struct reader *r)
{
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].section == r->section && table[i].is_required &&
            (r->given & 1u << i) == 0)
            complain(r, r->section_line, table[i].name,
                     "missing; expected ", table[i].expected);
}

static void
begin_topic(struct reader *r, const char *topic)
{
    struct push_config *config = r->config;
    enum tg_err err;

    r->section = SECTION_NONE;
    if (!value_is_topic(topic)) {
        complain(r, r->line, "[apns …]", "expected the bundle id of an app, "
                 "such as [apns com.example.app]", "");
        return;
    }
    for (size_t i = 0; i < config->topic_count; i++)
        if (strcmp(config->topics[i].topic, topic) == 0)
            complain(r, r->line, "[apns …]", "this topic is there twice", "");
    if (config->topic_count == CONFIG_TOPICS_MOST)
        complain(r, r->line, "[apns …]", "there may be 16 topics at most", "");
    if (r->err != TG_OK)
        return;
    err = value_copy(tg_span_text(topic),
                     &config->topics[config->topic_count].topic);
    if (err != TG_OK) {
        r->err = err;
        return;
    }
    config->topic_count++;
    r->section = SECTION_APNS;
}

/* `name` is what stands between the brackets. */
static void
begin_section(struct reader *r, const char *name)
{
    static const char apns[] = "apns ";
    size_t i = SECTION_PUSH;

    end_section(r);
    r->given = 0;
    r->section_line = r->line;
    if (strncmp(name, apns, strlen(apns)) == 0) {
        begin_topic(r, name + strlen(apns) +
                           strspn(name + strlen(apns), " \t"));
        return;
    }
    while (i < COUNT(section_names) && strcmp(name, section_names[i]) != 0)
        i++;
    r->section = SECTION_NONE;
    if (i == COUNT(section_names) || i == SECTION_APNS) {
        complain(r, r->line, "", "expected a section of the name [push], "
                 "[apns TOPIC], [fcm] or [webpush]", "");
        return;
    }
    r->section = (enum section)i;
    if ((r->sections & 1u << i) != 0)
        complain(r, r->line, "", "this section is there twice", "");
    r->sections |= 1u << i;
}

/* ---- names and values -------------------------------------------------- */

static enum tg_err
read_hosts(struct value *value, void *at)
{
    struct push_config *config = (struct push_config *)(void *)(
        (char *)at - offsetof(struct push_config, webpush_hosts));
    const char *next = value->text;

    for (;;) {
        char host[VALUE_HOST_MOST + 1];
        size_t len;
        enum tg_err err;

        next += strspn(next, " \t,");
        if ((len = strcspn(next, " \t,")) == 0)
            return config->webpush_host_count > 0 ? TG_OK : TG_E_FORMAT;
        if (config->webpush_host_count == CONFIG_HOSTS_MOST ||
            !value_host((struct tg_span){(const uint8_t *)next, len}, host))
            return TG_E_FORMAT;
        err = value_copy(tg_span_text(host),
                         &config->webpush_hosts[config->webpush_host_count]);
        if (err != TG_OK)
            return err;
        config->webpush_host_count++;
        next += len;
    }
}

static void
note_file(struct reader *r, const struct option *option,
          const struct value *value, const void *at)
{
    if (value->is_file && r->file_count < NAMED_MOST)
        r->files[r->file_count++] = (struct named){
            option->name, r->line, *(char *const *)at, value->kind, value->st};
}

/* At the end, when the workers' group is known. */
static void
judge_files(struct reader *r)
{
    char why[GUARD_WHY_MOST];

    for (size_t i = 0; r->err == TG_OK && i < r->file_count; i++) {
        const struct named *file = &r->files[i];

        if (!guard_is_ours(&file->st, file->path, file->kind,
                           r->config->group, why))
            complain(r, file->line, file->name, cannot_be_used, why);
    }
}

static void
read_option(struct reader *r, const struct option *option, const char *text)
{
    struct push_config *config = r->config;
    struct value value = {.text = text, .directory = r->directory};
    void *all = option->is_of_topic
                    ? (void *)&config->topics[config->topic_count - 1]
                    : (void *)config;
    void *at = (char *)all + option->at;
    enum tg_err err = option->read(&value, at);

    if (err == TG_OK)
        note_file(r, option, &value, at);
    else if (err == TG_E_IO)
        complain(r, r->line, option->name, cannot_be_used, value.why);
    else if (err == TG_E_FORMAT)
        complain(r, r->line, option->name, "expected ", option->expected);
    else if (r->err == TG_OK)
        r->err = err;
}

/* inih's handler: nonzero is success. */
static int
take_pair(void *self, const char *section, const char *name,
          const char *text)
{
    struct reader *r = self;
    size_t i = 0;

    (void)section; /* inih cuts long ones: see next_line() */
    while (i < COUNT(table) && (table[i].section != r->section ||
                                strcmp(table[i].name, name) != 0))
        i++;
    if (r->section == SECTION_NONE)
        complain(r, r->line, name, "expected a section before it, such as "
                 "[push]", "");
    else if (i == COUNT(table))
        complain(r, r->line, name, "there is no such name in this section",
                 "");
    else if ((r->given & 1u << i) != 0)
        complain(r, r->line, name, "it is there twice", "");
    else if (text[0] == '\0')
        complain(r, r->line, name, "empty; expected ", table[i].expected);
    else
        read_option(r, &table[i], text);
    if (i < COUNT(table))
        r->given |= 1u << i;
    return r->err == TG_OK;
}

/* ---- lines ------------------------------------------------------------- */

static void
strip(struct tg_span *line)
{
    while (line->len > 0 && strchr(" \t\r", line->ptr[0]) != NULL) {
        line->ptr++;
        line->len--;
    }
    while (line->len > 0 && strchr(" \t\r", line->ptr[line->len - 1]) != NULL)
        line->len--;
}

/* Without what inih would make of it: sections of up to 49 bytes, and lines
 * that go on when the next is indented. */
static void
judge_line(struct reader *r, struct tg_span line, char *out, size_t room)
{
    memcpy(out, "\n", 2);
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        return;
    if (line.len + 2 > room) {
        complain(r, r->line, "", "the line is too long", "");
        return;
    }
    memcpy(out, line.ptr, line.len);
    out[line.len] = '\0';
    if (out[0] == '[' && out[line.len - 1] == ']') {
        out[line.len - 1] = '\0';
        begin_section(r, out + 1);
        memcpy(out, "\n", 2);
    } else if (out[0] == '[' || strchr(out, '=') == NULL) {
        complain(r, r->line, "", "expected [section] or name = value", "");
    }
}

/* inih's reader: a line of at most `room` bytes with its NUL, or NULL. */
static char *
next_line(char *out, int room, void *self)
{
    struct reader *r = self;
    size_t len = strcspn(r->left, "\n");
    struct tg_span line = {(const uint8_t *)r->left, len};

    if (r->err != TG_OK || r->left[0] == '\0')
        return NULL;
    r->left += len + (r->left[len] == '\n');
    r->line++;
    strip(&line);
    judge_line(r, line, out, (size_t)room);
    return r->err == TG_OK ? out : NULL;
}

/* ---- the whole --------------------------------------------------------- */

static enum tg_err
default_to(char **at, const char *text)
{
    return *at != NULL ? TG_OK : value_copy(tg_span_text(text), at);
}

/* What was not said. */
static enum tg_err
fill_in(struct push_config *config)
{
    enum tg_err err;

    if (config->queue == 0)
        config->queue = CONFIG_QUEUE_DEFAULT;
    if (config->in_flight == 0)
        config->in_flight = CONFIG_IN_FLIGHT_DEFAULT;
    if ((err = default_to(&config->socket, CONFIG_SOCKET_DEFAULT)) != TG_OK ||
        (err = default_to(&config->apns_server, "https://api.push.apple.com"))
            != TG_OK)
        return err;
    return default_to(&config->fcm_server, "https://fcm.googleapis.com");
}

enum tg_err
config_parse(const char *text, const char *directory,
             struct push_config *out, struct config_problem *problem)
{
    struct reader r = {.config = out, .problem = problem, .left = text};
    enum tg_err err;
    int line;

    if ((err = value_copy(tg_span_text(directory), &r.directory)) != TG_OK)
        return err;
    line = ini_parse_stream(next_line, &r, take_pair, &r);
    if (line > 0)
        complain(&r, (unsigned)line, "", "expected name = value", "");
    else if (line < 0 && r.err == TG_OK)
        r.err = TG_E_NOMEM;
    end_section(&r);
    r.section = SECTION_NONE;
    judge_files(&r);
    if (out->topic_count == 0 && out->fcm_service_account == NULL &&
        out->webpush_key_file == NULL)
        complain(&r, 0, "", "no service is configured; expected a section "
                 "[apns TOPIC], [fcm] or [webpush]", "");
    if (r.err == TG_OK)
        r.err = fill_in(out);
    tg_free(r.directory);
    return r.err;
}

void
config_free(struct push_config *config)
{
    for (size_t i = 0; i < config->topic_count; i++) {
        tg_free(config->topics[i].topic);
        tg_free(config->topics[i].key_file);
        tg_free(config->topics[i].key_id);
        tg_free(config->topics[i].team_id);
    }
    for (size_t i = 0; i < config->webpush_host_count; i++)
        tg_free(config->webpush_hosts[i]);
    tg_free(config->socket);
    tg_free(config->group);
    tg_free(config->authorities);
    tg_free(config->apns_server);
    tg_free(config->fcm_service_account);
    tg_free(config->fcm_server);
    tg_free(config->webpush_key_file);
    tg_free(config->webpush_subject);
    memset(config, 0, sizeof(*config));
}

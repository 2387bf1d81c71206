/* See config_value.h. */
#include "push/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "push/config.h"

enum {
    QUEUE_MOST = 10000000,
    IN_FLIGHT_MOST = 1000,
    ID_LEN = 10,
    TOPIC_MOST = 255,
    HOST_MOST = 253,
    LABEL_MOST = 63,
    PORT_DIGITS = 5,
    LINE_MOST = 1024
};

enum tg_err
value_copy(struct tg_span text, char **out)
{
    char *copy = tg_alloc(text.len + 1);

    if (copy == NULL)
        return TG_E_NOMEM;
    memcpy(copy, text.ptr, text.len);
    *out = copy;
    return TG_OK;
}

/* ---- files ------------------------------------------------------------- */

/* A name of a file, from the configuration's own directory. */
static enum tg_err
path_of(const struct value *value, char **out)
{
    struct tg_buf path = TG_BUF_EMPTY;
    enum tg_err err = TG_OK;

    if (value->text[0] != '/')
        err = tg_buf_text(&path, value->directory);
    if (err == TG_OK && (err = tg_buf_text(&path, value->text)) == TG_OK)
        err = value_copy(tg_span_buf(&path), out);
    tg_buf_free(&path);
    return err;
}

/* Open it as it will be opened, and look at what was opened. The group of the
 * workers may be named further down: config.c looks once more. */
static enum tg_err
look_at(struct value *value, const char *path, enum guard_kind kind)
{
    int fd = guard_open(path, &value->st, value->why);

    if (fd < 0)
        return TG_E_IO;
    close(fd);
    value->is_file = true;
    value->kind = kind;
    return guard_is_ours(&value->st, path, kind, NULL, value->why) ? TG_OK
                                                                   : TG_E_IO;
}

static enum tg_err
file_at(struct value *value, enum guard_kind kind, char **at)
{
    char *path;
    enum tg_err err;

    if ((err = path_of(value, &path)) != TG_OK)
        return err;
    if ((err = look_at(value, path, kind)) == TG_OK) {
        *at = path;
        return TG_OK;
    }
    tg_free(path);
    return err;
}

enum tg_err
value_key(struct value *value, void *at)
{
    return file_at(value, GUARD_SECRET, at);
}

/* Whether a line of the file begins a certificate. */
static bool
has_certificate(const char *path)
{
    char line[LINE_MOST];
    FILE *file = fopen(path, "re");
    bool is_found = false;

    while (file != NULL && !is_found && fgets(line, sizeof(line), file))
        is_found = strncmp(line, "-----BEGIN ", strlen("-----BEGIN ")) == 0 &&
                   strstr(line, "CERTIFICATE-----") != NULL;
    if (file != NULL)
        fclose(file);
    return is_found;
}

enum tg_err
value_authorities(struct value *value, void *at)
{
    enum tg_err err = file_at(value, GUARD_PUBLIC, at);

    if (err == TG_OK && !has_certificate(*(char **)at)) {
        snprintf(value->why, sizeof(value->why),
                 "there is no certificate in it");
        return TG_E_IO;
    }
    return err;
}

enum tg_err
value_socket(struct value *value, void *at)
{
    char *path;
    enum tg_err err;

    if ((err = path_of(value, &path)) != TG_OK)
        return err;
    if (strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        *(char **)at = path;
        return TG_OK;
    }
    tg_free(path);
    return TG_E_FORMAT;
}

enum tg_err
value_group(struct value *value, void *at)
{
    if (getgrnam(value->text) == NULL)
        return TG_E_FORMAT;
    return value_copy(tg_span_text(value->text), at);
}

/* ---- names ------------------------------------------------------------- */

/* Labels of letters, digits and hyphens with dots between. */
static bool
is_host(struct tg_span text, size_t labels_fewest)
{
    size_t labels = 1;
    size_t len = 0; /* of the label */

    if (text.len > HOST_MOST)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            if (len == 0)
                return false;
            labels++;
            len = 0;
        } else if ((!isalnum(text.ptr[i]) && text.ptr[i] != '-') ||
                   ++len > LABEL_MOST) {
            return false;
        }
    }
    return len > 0 && labels >= labels_fewest;
}

bool
value_is_topic(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > TOPIC_MOST)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '.' &&
            text[i] != '-')
            return false;
    return true;
}

static bool
is_port(const char *text)
{
    size_t len = strspn(text, "0123456789");
    long port = strtol(text, NULL, 10);

    return len > 0 && len <= PORT_DIGITS && text[len] == '\0' && port > 0 &&
           port <= UINT16_MAX;
}

/* HOST or HOST:PORT. */
static bool
is_authority(const char *text, size_t labels_fewest)
{
    size_t len = strcspn(text, ":");

    return is_host((struct tg_span){(const uint8_t *)text, len},
                   labels_fewest) &&
           (text[len] == '\0' || is_port(text + len + 1));
}

bool
value_host(struct tg_span text, char out[VALUE_HOST_MOST + 1])
{
    bool is_suffix;

    if (text.len > VALUE_HOST_MOST)
        return false;
    for (size_t i = 0; i < text.len; i++)
        out[i] = (char)tolower(text.ptr[i]);
    out[text.len] = '\0';
    is_suffix = strncmp(out, "*.", 2) == 0;
    /* *.com would be everybody. */
    return is_authority(is_suffix ? out + 2 : out, is_suffix ? 2 : 1);
}

enum tg_err
value_server(struct value *value, void *at)
{
    static const char scheme[] = "https://";
    char **server = at;

    if (strncmp(value->text, scheme, strlen(scheme)) != 0 ||
        !is_authority(value->text + strlen(scheme), 1))
        return TG_E_FORMAT;
    if (*server != NULL)
        return strcmp(*server, value->text) == 0 ? TG_OK : TG_E_FORMAT;
    return value_copy(tg_span_text(value->text), server);
}

enum tg_err
value_id(struct value *value, void *at)
{
    size_t len = strlen(value->text);

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)value->text[i]))
            return TG_E_FORMAT;
    if (len != ID_LEN)
        return TG_E_FORMAT;
    return value_copy(tg_span_text(value->text), at);
}

/* It goes into JSON: nothing there that would want to be escaped. */
enum tg_err
value_contact(struct value *value, void *at)
{
    const char *text = value->text;
    bool is_mail = strncmp(text, "mailto:", strlen("mailto:")) == 0 &&
                   strchr(text, '@') != NULL;
    bool is_page = strncmp(text, "https://", strlen("https://")) == 0 &&
                   text[strlen("https://")] != '\0';

    for (size_t i = 0; text[i] != '\0'; i++)
        if (!isgraph((unsigned char)text[i]) || text[i] == '"' ||
            text[i] == '\\')
            return TG_E_FORMAT;
    if (!is_mail && !is_page)
        return TG_E_FORMAT;
    return value_copy(tg_span_text(text), at);
}

/* ---- numbers and words ------------------------------------------------- */

static enum tg_err
number_at(const char *text, size_t most, size_t *at)
{
    char *end;
    unsigned long number;

    if (!isdigit((unsigned char)text[0]))
        return TG_E_FORMAT;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < 1 || number > most)
        return TG_E_FORMAT;
    *at = number;
    return TG_OK;
}

enum tg_err
value_queue(struct value *value, void *at)
{
    return number_at(value->text, QUEUE_MOST, at);
}

enum tg_err
value_in_flight(struct value *value, void *at)
{
    return number_at(value->text, IN_FLIGHT_MOST, at);
}

enum tg_err
value_push_type(struct value *value, void *at)
{
    bool is_alert = strcmp(value->text, "alert") == 0;

    if (!is_alert && strcmp(value->text, "background") != 0)
        return TG_E_FORMAT;
    *(enum apns_push_type *)at = is_alert ? APNS_ALERT : APNS_BACKGROUND;
    return TG_OK;
}

enum tg_err
value_yes(struct value *value, void *at)
{
    bool is_yes = strcmp(value->text, "yes") == 0;

    if (!is_yes && strcmp(value->text, "no") != 0)
        return TG_E_FORMAT;
    *(bool *)at = is_yes;
    return TG_OK;
}

/* See options.h. */
#include "launch/options.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_SWITCH, KIND_LIST };

struct option {
    const char *name;
    const char *value; /* what it is called in the help; NULL: none */
    enum kind kind;
    size_t offset;
    const char *fallback;
    const char *help;
};

#define FIELD(f) offsetof(struct options, f)

static const struct option table[] = {
    {"--listen", "HOST:PORT", KIND_TEXT, FIELD(listen), NULL,
     "where to listen; IPv6 addresses in brackets"},
    {"--public-host", "HOST[:PORT]", KIND_TEXT, FIELD(public_host), NULL,
     "how share URLs name this relay"},
    {"--tls-cert", "FILE", KIND_TEXT, FIELD(tls_cert), NULL,
     "certificate chain, PEM"},
    {"--tls-key", "FILE", KIND_TEXT, FIELD(tls_key), NULL,
     "its private key, PEM"},
    {"--state", "DIR", KIND_TEXT, FIELD(state), NULL,
     "where the configuration is written; made if need be"},
    {"--store", "lmdb:DIR|postgresql://...", KIND_TEXT, FIELD(store), NULL,
     "where mailboxes are kept (default: store in the state directory)"},
    {"--migrate", NULL, KIND_SWITCH, FIELD(migrate), NULL,
     "make or renew the tables of the database of --store, and end"},
    {"--push", "'unix:PATH TYPE...'", KIND_TEXT, FIELD(push), NULL,
     "the socket of tigress-push, and the types of tokens that it is "
     "configured for (default: nobody is notified)"},
    {"--workers", "N|auto", KIND_TEXT, FIELD(workers), "2",
     "worker processes (default: 2)"},
    {"--user", "NAME", KIND_TEXT, FIELD(user), NULL,
     "whom the workers run as when started by root (default: nobody)"},
    {"--conf", "'NAME VALUE;'", KIND_LIST, FIELD(conf), NULL,
     "a directive for the http level; may be repeated; takes the place of "
     "the launcher's own of that name"},
    {"--nginx", "FILE", KIND_TEXT, FIELD(nginx), "nginx",
     "the nginx program (default: nginx in PATH)"},
    {"--module", "FILE", KIND_TEXT, FIELD(module), MODULE_PATH,
     "the relay's module (default: where it is installed)"},
    {"--insecure-loopback", NULL, KIND_SWITCH, FIELD(insecure_loopback), NULL,
     "for development: plain HTTP, on a loopback address alone"},
    {"--help", NULL, KIND_SWITCH, FIELD(help), NULL, "print this"},
    {"--version", NULL, KIND_SWITCH, FIELD(version), NULL,
     "print the version"},
};

enum { OPTION_COUNT = sizeof(table) / sizeof(table[0]) };

static bool
fail(struct options_error *error, const char *problem, const char *subject)
{
    *error = (struct options_error){problem, subject};
    return false;
}

/* ---- parsing ----------------------------------------------------------- */

static const char **
text_field(struct options *options, const struct option *option)
{
    return (const char **)((char *)options + option->offset);
}

static const struct option *
find(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static void
set_defaults(struct options *out)
{
    *out = (struct options){0};
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (table[i].fallback != NULL)
            *text_field(out, &table[i]) = table[i].fallback;
}

/* Take an option; `value` is NULL for a switch. */
static bool
take(struct options *out, const struct option *option, const char *value,
     struct options_error *error)
{
    switch (option->kind) {
    case KIND_SWITCH:
        *(bool *)((char *)out + option->offset) = true;
        return true;
    case KIND_TEXT:
        if (value[0] == '\0')
            return fail(error, "has an empty value", option->name);
        *text_field(out, option) = value;
        return true;
    case KIND_LIST:
        if (out->conf_count == OPTIONS_CONF_MOST)
            return fail(error, "is given too often", option->name);
        out->conf[out->conf_count++] = value;
        return true;
    }
    return fail(error, "is not known", option->name);
}

bool
options_parse(int argc, char *const argv[], struct options *out,
              struct options_error *error)
{
    set_defaults(out);
    for (int i = 1; i < argc; i++) {
        const struct option *option = find(argv[i]);
        const char *value = NULL;

        if (option == NULL)
            return fail(error, "is not known: see --help", argv[i]);
        if (option->value != NULL && (value = argv[++i]) == NULL)
            return fail(error, "needs a value", option->name);
        if (!take(out, option, value, error))
            return false;
    }
    return true;
}

/* ---- checking ---------------------------------------------------------- */

bool
options_is_loopback(const char *address)
{
    const char *colon = strrchr(address, ':');
    char host[sizeof("255.255.255.255")];
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);
    struct in_addr in;

    if ((len == 5 && strncmp(address, "[::1]", len) == 0) ||
        (len == 9 && strncmp(address, "localhost", len) == 0))
        return true;
    if (len == 0 || len >= sizeof(host))
        return false;
    memcpy(host, address, len);
    host[len] = '\0';
    return inet_pton(AF_INET, host, &in) == 1 &&
           ntohl(in.s_addr) >> 24 == 127;
}

static bool
is_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port >= 1 &&
           port <= 65535;
}

static bool
is_address(const char *text)
{
    const char *colon = strrchr(text, ':');

    return colon != NULL && colon != text && is_port(colon + 1);
}

static bool
is_workers(const char *text)
{
    char *end;
    long count = strtol(text, &end, 10);

    if (strcmp(text, "auto") == 0)
        return true;
    return *end == '\0' && count >= 1 && count <= OPTIONS_WORKERS_MOST;
}

/* What nginx's quoted strings take as it is: no quote, no backslash, no
 * variable, no control character. */
static bool
is_plain(const char *text)
{
    if (text == NULL)
        return true;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || strchr("\"\\$;{}", *text) != NULL)
            return false;
    return true;
}

/* nginx says what is wrong with the types. */
static bool
is_push(const char *text)
{
    return strncmp(text, "unix:/", 6) == 0 && strchr(text, ' ') != NULL;
}

static bool
check_plain(const struct options *options, struct options_error *error)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &table[i];
        const char *text;

        if (option->kind != KIND_TEXT)
            continue;
        text = *(const char *const *)((const char *)options + option->offset);
        if (!is_plain(text))
            return fail(error, "must not hold any of \" \\ $ ; { }",
                        option->name);
    }
    return true;
}

static bool
check_required(const struct options *options, struct options_error *error)
{
    if (options->listen == NULL)
        return fail(error, "is missing: say where to listen", "--listen");
    if (options->state == NULL)
        return fail(error, "is missing: name a directory for its files",
                    "--state");
    if (options->public_host == NULL)
        return fail(error, "is missing: say how share URLs name this relay",
                    "--public-host");
    if (options->insecure_loopback)
        return true;
    if (options->tls_cert == NULL)
        return fail(error, "is missing: a relay needs a certificate",
                    "--tls-cert");
    if (options->tls_key == NULL)
        return fail(error, "is missing: the certificate's private key",
                    "--tls-key");
    return true;
}

static bool
check_conf(const struct options *options, struct options_error *error)
{
    for (size_t i = 0; i < options->conf_count; i++) {
        const char *text = options->conf[i];
        size_t len = strlen(text);

        if (len == 0 || (text[len - 1] != ';' && text[len - 1] != '}'))
            return fail(error, "must end with ';', as in "
                               "--conf 'tigress_payload_max 32k;'", "--conf");
    }
    return true;
}

bool
options_names_database(const struct options *options)
{
    return options->store != NULL &&
           strncmp(options->store, "postgres", 8) == 0;
}

static bool
check_store(const struct options *options, struct options_error *error)
{
    if (options->store != NULL && !options_names_database(options) &&
        strncmp(options->store, "lmdb:", 5) != 0)
        return fail(error, "takes lmdb:DIR, or postgresql://HOST/DATABASE",
                    "--store");
    return true;
}

bool
options_check_migrate(const struct options *options,
                      struct options_error *error)
{
    if (!options_names_database(options))
        return fail(error, "needs a database in --store", "--migrate");
    return check_plain(options, error);
}

bool
options_check(const struct options *options, struct options_error *error)
{
    if (!check_required(options, error) || !check_plain(options, error) ||
        !check_conf(options, error))
        return false;
    if (!is_address(options->listen))
        return fail(error, "takes HOST:PORT, as in 127.0.0.1:8443",
                    "--listen");
    if (!is_workers(options->workers))
        return fail(error, "takes a number from 1 to 512, or auto",
                    "--workers");
    if (!check_store(options, error))
        return false;
    if (options->push != NULL && !is_push(options->push))
        return fail(error, "takes a socket and types, as in --push "
                           "'unix:/run/tigress/push.sock org.w3.webpush'",
                    "--push");
    /* R-TLS-1 */
    if (options->insecure_loopback && !options_is_loopback(options->listen))
        return fail(error, "refuses to listen on anything but a loopback "
                           "address such as 127.0.0.1", "--insecure-loopback");
    return true;
}

/* ---- help -------------------------------------------------------------- */

void
options_print_help(FILE *out)
{
    fputs("usage: tigress-relay OPTION...\n\n"
          "Run a Tigress relay: write a configuration of nginx, and become "
          "that nginx,\nin the foreground, until SIGTERM. See "
          "tigress-relay(8).\n\n", out);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        fprintf(out, "  %s%s%s\n        %s\n", table[i].name,
                table[i].value != NULL ? " " : "",
                table[i].value != NULL ? table[i].value : "", table[i].help);
}

/* See options.h. A new option is a member there and a line in the table. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    FLAG,   /* no argument */
    TEXT,   /* any text that is not empty */
    CHOICE, /* one of the words in `choices` */
    NUMBER, /* min ≤ n ≤ max */
    LIST    /* TEXT, may be repeated; only --allow */
};

struct option {
    const char *name;
    char letter; /* 0 when there is no short form */
    enum kind kind;
    const char *argument; /* its name in the help; NULL for a FLAG */
    size_t offset;        /* of the member of struct options */
    int scopes;
    const char *help;
    const char *choices; /* separated by '|' */
    long min;
    long max;
};

#define AT(member) offsetof(struct options, member)

static const struct option table[] = {
    {"relay", 0, TEXT, "RELAY", AT(relay), OPTIONS_SHARE,
     "Put the share on this relay: HOST[:PORT]."},
    {"title", 0, TEXT, "TEXT", AT(title), OPTIONS_SHARE,
     "Title in previews of the link; anybody may see it."},
    {"description", 0, TEXT, "TEXT", AT(description), OPTIONS_SHARE,
     "Description in previews; anybody may see it."},
    {"image", 0, TEXT, "URL", AT(image), OPTIONS_SHARE,
     "https URL of an image in previews."},
    {"expires", 0, TEXT, "TIME", AT(expires), OPTIONS_SHARE,
     "End the share at YYYY-MM-DDThh:mm:ssZ (UTC)."},
    {"lifetime", 0, NUMBER, "SECONDS", AT(lifetime), OPTIONS_SHARE,
     "End the share after so many seconds.",
     .min = 1, .max = 31536000},
    {"rights", 0, TEXT, "LETTERS", AT(rights), OPTIONS_SHARE,
     "What the recipient may do: of R, W and D."},
    {"vertical", 0, CHOICE, "NAME", AT(vertical), OPTIONS_SHARE,
     "Kind of credential: general, home or car.",
     .choices = "general|home|car"},
    {"algorithm", 0, CHOICE, "NAME", AT(algorithm), OPTIONS_SHARE,
     "Cipher: aes-128-gcm or aes-256-gcm.",
     .choices = "aes-128-gcm|aes-256-gcm"},
    {"attest", 0, TEXT, "DIR", AT(attest), OPTIONS_SHARE | OPTIONS_RESUME,
     "Let the authenticator in DIR vouch for this device."},
    {"attest-format", 0, CHOICE, "NAME", AT(attest_format),
     OPTIONS_SHARE | OPTIONS_RESUME,
     "How it does: packed or apple.",
     .choices = "packed|apple"},
    {"qr", 0, FLAG, NULL, AT(qr), OPTIONS_SHARE,
     "Draw the link as a QR code, too."},
    {"color", 0, CHOICE, "WHEN", AT(color), OPTIONS_SHARE | OPTIONS_QR,
     "Black on white QR code: auto, always or never.",
     .choices = "auto|always|never"},
    {"url-file", 0, TEXT, "FILE", AT(url_file), OPTIONS_RECEIVE,
     "Read the link from FILE, not standard input."},
    {"out", 'o', TEXT, "FILE", AT(out),
     OPTIONS_RECEIVE | OPTIONS_SHOW | OPTIONS_WATCH,
     "Save the information in a new file, mode 0600."},
    {"finish", 0, FLAG, NULL, AT(finish), OPTIONS_RECEIVE,
     "End the share once its information is saved."},
    {"timeout", 0, NUMBER, "SECONDS", AT(timeout), OPTIONS_WATCH,
     "Wait at most so long; default 300.", .min = 1, .max = 86400},
    {"new-passphrase-file", 0, TEXT, "FILE", AT(new_passphrase_file),
     OPTIONS_PASSPHRASE, "Read the new passphrase from FILE."},
    {"remove", 0, FLAG, NULL, AT(remove), OPTIONS_PASSPHRASE,
     "Do without a passphrase."},

    {"wallet", 0, TEXT, "FILE", AT(wallet), OPTIONS_ALL,
     "Keep the wallet in FILE."},
    {"passphrase-file", 0, TEXT, "FILE", AT(passphrase_file), OPTIONS_ALL,
     "Read the wallet's passphrase from FILE."},
    {"ca", 0, TEXT, "FILE", AT(ca), OPTIONS_ALL,
     "Trust only the certificate authorities in FILE."},
    {"allow", 0, LIST, "HOST", AT(allow), OPTIONS_ALL,
     "Allow the relay HOST[:PORT]; may be repeated."},
    {"allow-list", 0, TEXT, "FILE", AT(allow_file), OPTIONS_ALL,
     "Allow the relays named in FILE, one a line."},
    {"json", 'j', FLAG, NULL, AT(json), OPTIONS_ALL,
     "Print one JSON object a line, for machines."},
    {"quiet", 'q', FLAG, NULL, AT(quiet), OPTIONS_ALL,
     "Print results only, no explanation."},
    {"verbose", 'v', FLAG, NULL, AT(verbose), OPTIONS_ALL,
     "Name the technical reason of a failure."},
    {"help", 'h', FLAG, NULL, AT(help), OPTIONS_ALL,
     "Print this help."},
    {"version", 'V', FLAG, NULL, AT(version), OPTIONS_ALL,
     "Print the version."},
};

enum { TABLE_LEN = sizeof table / sizeof table[0] };

_Static_assert(TABLE_LEN <= 32, "a bit for each in struct options");

/* The command line, read from left to right. */
struct cursor {
    int argc;
    char *const *argv;
    int at;
    struct options *out;
    struct options_error *why;
};

static bool
fail(struct cursor *c, const char *reason, const char *word)
{
    *c->why = (struct options_error){reason, word, ""};
    return false;
}

static bool
fail_option(struct cursor *c, const char *reason, const struct option *option)
{
    *c->why = (struct options_error){reason, option->name, "--"};
    return false;
}

static void *
member(const struct cursor *c, const struct option *option)
{
    return (char *)c->out + option->offset;
}

/* True when `word` is one of the words in "one|two|three". */
static bool
is_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = choices; *at != '\0';) {
        size_t n = strcspn(at, "|");

        if (n == len && memcmp(at, word, n) == 0)
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

static bool
set_number(struct cursor *c, const struct option *option, const char *value)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0')
        return fail_option(c, "needs a whole number", option);
    if (n < option->min || n > option->max)
        return fail_option(c, "is out of range", option);
    *(long *)member(c, option) = n;
    return true;
}

static bool
set_list(struct cursor *c, const struct option *option, const char *value)
{
    if (c->out->allow_count == OPTIONS_ALLOW_MAX)
        return fail_option(c, "was given too often", option);
    c->out->allow[c->out->allow_count++] = value;
    return true;
}

static bool
set_value(struct cursor *c, const struct option *option, const char *value)
{
    if (*value == '\0')
        return fail_option(c, "needs a value that is not empty", option);
    switch (option->kind) {
    case FLAG:
        break;
    case CHOICE:
        if (!is_choice(option->choices, value))
            return fail_option(c, "has a value that is not known", option);
        *(const char **)member(c, option) = value;
        return true;
    case TEXT:
        *(const char **)member(c, option) = value;
        return true;
    case NUMBER:
        return set_number(c, option, value);
    case LIST:
        return set_list(c, option, value);
    }
    return fail_option(c, "takes no value", option);
}

/* Take the option; its value is `attached` (--name=value) or the next word. */
static bool
take(struct cursor *c, const struct option *option, const char *attached)
{
    c->out->given |= 1u << (option - table);
    if (option->kind == FLAG) {
        if (attached != NULL)
            return fail_option(c, "takes no value", option);
        *(bool *)member(c, option) = true;
        return true;
    }
    if (attached == NULL) {
        if (c->at == c->argc)
            return fail_option(c, "needs a value", option);
        attached = c->argv[c->at++];
    }
    return set_value(c, option, attached);
}

static bool
take_long(struct cursor *c, const char *word)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");

    for (size_t i = 0; i < TABLE_LEN; i++) {
        if (strlen(table[i].name) == len &&
            memcmp(table[i].name, name, len) == 0)
            return take(c, &table[i],
                        name[len] == '=' ? name + len + 1 : NULL);
    }
    return fail(c, "is not an option", word);
}

/* One letter a word: "-o FILE", not "-vo FILE". */
static bool
take_letter(struct cursor *c, const char *word)
{
    for (size_t i = 0; i < TABLE_LEN && word[2] == '\0'; i++) {
        if (table[i].letter == word[1])
            return take(c, &table[i], NULL);
    }
    return fail(c, "is not an option", word);
}

static bool
take_operand(struct cursor *c, const char *word)
{
    if (c->out->operand_count == OPTIONS_OPERANDS_MAX)
        return fail(c, "is one word too many", word);
    c->out->operands[c->out->operand_count++] = word;
    return true;
}

bool
options_parse(int argc, char *const *argv, struct options *out,
              struct options_error *why)
{
    struct cursor c = {argc, argv, 1, out, why};
    bool only_operands = false;

    *out = (struct options){0};
    while (c.at < argc) {
        const char *word = argv[c.at++];
        bool ok;

        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
            continue;
        }
        if (only_operands || word[0] != '-' || word[1] == '\0')
            ok = take_operand(&c, word);
        else if (word[1] == '-')
            ok = take_long(&c, word);
        else
            ok = take_letter(&c, word);
        if (!ok)
            return false;
    }
    return true;
}

bool
options_check(const struct options *options, enum options_scope scope,
              struct options_error *why)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        if ((options->given & 1u << i) == 0 ||
            (table[i].scopes & (int)scope) != 0)
            continue;
        *why = (struct options_error){"does not belong to this command",
                                      table[i].name, "--"};
        return false;
    }
    return true;
}

static void
print_option(FILE *to, const struct option *o)
{
    char names[40];

    snprintf(names, sizeof names, "--%s%s%s", o->name,
             o->argument == NULL ? "" : " ",
             o->argument == NULL ? "" : o->argument);
    if (o->letter != 0)
        fprintf(to, "  -%c, ", o->letter);
    else
        fputs("      ", to);
    fprintf(to, "%-19s %s\n", names, o->help);
}

void
options_print_help(FILE *to, enum options_scope scope, bool common,
                   const char *heading)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        const struct option *o = &table[i];

        if ((o->scopes & (int)scope) == 0 ||
            (o->scopes == OPTIONS_ALL) != common)
            continue;
        fputs(heading, to);
        heading = "";
        print_option(to, o);
    }
}

bool
options_wipe_share_urls(int argc, char **argv)
{
    bool found = false;

    for (int i = 1; i < argc; i++) {
        if (strstr(argv[i], "/v1/m/") == NULL)
            continue;
        explicit_bzero(argv[i], strlen(argv[i]));
        found = true;
    }
    return found;
}

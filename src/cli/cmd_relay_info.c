/* tigress relay-info RELAY */
#include <inttypes.h>

#include "commands.h"
#include "relay.h"
#include "text.h"

enum { WORDS_MOST = 16 }; /* see <tigress/relay_info.h> */

typedef const char *list_at(const struct tg_relay_info *info, size_t index);

static const char *
policy_name(const struct tg_relay_info *info)
{
    switch (tg_relay_info_attestation(info)) {
    case TG_ATTESTATION_UNSAID: return NULL;
    case TG_ATTESTATION_NONE: return "none";
    case TG_ATTESTATION_OPTIONAL: return "optional";
    case TG_ATTESTATION_REQUIRED: return "required";
    case TG_ATTESTATION_OTHER: break;
    }
    return "other";
}

/* ---- for people -------------------------------------------------------- */

static void
print_list(const char *label, const struct tg_relay_info *info, list_at *at)
{
    printf("%-14s", label);
    if (at(info, 0) == NULL)
        putchar('-');
    for (size_t i = 0; at(info, i) != NULL; i++) {
        if (i > 0)
            putchar(' ');
        text_print(stdout, text_of(at(info, i)));
    }
    putchar('\n');
}

static void
print_number(const char *label, int64_t number, const char *unit)
{
    printf("%-14s", label);
    if (number < 0)
        puts("-");
    else
        printf("%" PRId64 " %s\n", number, unit);
}

static void
print_text(const char *relay, const struct tg_relay_info *info)
{
    const char *policy = policy_name(info);

    printf("%-14s", "relay");
    text_print(stdout, text_of(relay));
    putchar('\n');
    print_list("versions", info, tg_relay_info_version);
    print_list("algorithms", info, tg_relay_info_payload_type);
    print_number("payload", tg_relay_info_payload_max(info), "bytes at most");
    print_number("lifetime", tg_relay_info_lifetime_default_s(info),
                 "seconds");
    print_number("", tg_relay_info_lifetime_max_s(info), "seconds at most");
    print_number("waiting", tg_relay_info_wait_max_s(info), "seconds at most");
    print_list("notifications", info, tg_relay_info_notification);
    printf("%-14s%s\n", "attestation", policy != NULL ? policy : "-");
    print_list("", info, tg_relay_info_attestation_format);
}

/* ---- for machines ------------------------------------------------------ */

static void
add_list(struct output_object *o, const char *name,
         const struct tg_relay_info *info, list_at *at)
{
    const char *words[WORDS_MOST];
    size_t count = 0;

    while (count < WORDS_MOST && at(info, count) != NULL) {
        words[count] = at(info, count);
        count++;
    }
    output_texts(o, name, words, count);
}

/* What was not said is not there. */
static void
add_number(struct output_object *o, const char *name, int64_t number)
{
    if (number >= 0)
        output_number(o, name, number);
}

static void
print_event(const char *relay, const struct tg_relay_info *info)
{
    struct output_object o = output_begin("relay-info");
    const char *policy = policy_name(info);

    output_text(&o, "relay", relay);
    add_list(&o, "versions", info, tg_relay_info_version);
    add_list(&o, "algorithms", info, tg_relay_info_payload_type);
    add_number(&o, "payloadMax", tg_relay_info_payload_max(info));
    add_number(&o, "lifetimeDefault", tg_relay_info_lifetime_default_s(info));
    add_number(&o, "lifetimeMax", tg_relay_info_lifetime_max_s(info));
    add_number(&o, "waitMax", tg_relay_info_wait_max_s(info));
    add_list(&o, "notifications", info, tg_relay_info_notification);
    if (policy != NULL)
        output_text(&o, "attestation", policy);
    add_list(&o, "attestationFormats", info, tg_relay_info_attestation_format);
    output_end(&o);
}

int
cmd_relay_info(struct session *s)
{
    struct tg_relay_info *info = NULL;
    char relay[RELAY_NAME_SIZE];
    enum tg_err err;
    int status;

    if (!relay_name(s->options->operands[1], relay))
        return output_usage(&s->out, "Name the relay: HOST[:PORT].");
    if ((status = session_open(s, SESSION_NO_SHARE)) != STATUS_DONE)
        return status;
    /* Who names a relay here, means it. */
    if (tg_allow_list_add(s->allowed, relay) != TG_OK)
        return output_usage(&s->out, "Name the relay: HOST[:PORT].");
    if ((err = tg_relay_info_ask(NULL, s->client, relay, &info)) != TG_OK)
        return session_fail(s, ABOUT_RELAY, err);
    if (s->out.json)
        print_event(relay, info);
    else
        print_text(relay, info);
    tg_relay_info_free(info);
    return STATUS_DONE;
}

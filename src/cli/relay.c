/* See relay.h. */
#include "relay.h"

#include <inttypes.h>
#include <string.h>

enum { DURATION_SIZE = 40, SENTENCE_SIZE = 400 };

/* "https://host:port/" is what people copy; the library wants "host:port". */
bool
relay_name(const char *text, char out[RELAY_NAME_SIZE])
{
    static const char scheme[] = "https://";
    size_t len;

    if (strncmp(text, scheme, sizeof scheme - 1) == 0)
        text += sizeof scheme - 1;
    len = strlen(text);
    if (len > 0 && text[len - 1] == '/')
        len--;
    if (len == 0 || len >= RELAY_NAME_SIZE || memchr(text, '/', len) != NULL)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* "48 hours", in the largest unit that leaves no rest. */
static void
format_duration(int64_t seconds, char out[DURATION_SIZE])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;

    while (seconds % units[i].seconds != 0)
        i++;
    seconds /= units[i].seconds;
    snprintf(out, DURATION_SIZE, "%" PRId64 " %s%s", seconds, units[i].name,
             seconds == 1 ? "" : "s");
}

/* False: there is nothing to say but what the table has. */
static bool
name_limit(const struct session *s, const struct tg_relay_info *info,
           enum tg_err err, char out[SENTENCE_SIZE])
{
    int64_t bytes = tg_relay_info_payload_max(info);
    int64_t seconds = tg_relay_info_lifetime_max_s(info);
    char duration[DURATION_SIZE];

    if (err == TG_E_LIMIT && bytes >= 0) {
        snprintf(out, SENTENCE_SIZE,
                 "The information is too large for this relay: encrypted, it "
                 "may have at most %" PRId64 " bytes.",
                 bytes);
        return true;
    }
    if (err == TG_E_LIFETIME && seconds > 0) {
        format_duration(seconds, duration);
        if (s->options->expires != NULL) {
            snprintf(out, SENTENCE_SIZE,
                     "This relay keeps a share for at most %s, so it was not "
                     "made: give an earlier --expires.", duration);
            return true;
        }
        snprintf(out, SENTENCE_SIZE,
                 "This relay keeps a share for at most %s, so it was not "
                 "made: ask for a shorter time, with --lifetime %" PRId64
                 " or less.",
                 duration, seconds);
        return true;
    }
    return false;
}

/* Why the device is not good enough: the relay's words, if it has been told. */
static int
fail_attestation(struct session *s, enum messages_about about)
{
    const char *told = tg_relay_client_detail(s->client);
    char sentence[SENTENCE_SIZE];

    if (s->options->attest == NULL)
        snprintf(sentence, sizeof sentence,
                 "This relay makes shares only for devices that their makers "
                 "vouch for, and nobody vouches for this one: choose another "
                 "relay, or an authenticator with --attest.");
    else if (told[0] == '\0')
        snprintf(sentence, sizeof sentence,
                 "The authenticator can make no statement that this relay "
                 "accepts: try another --attest-format.");
    else
        snprintf(sentence, sizeof sentence,
                 "The relay is not convinced by what vouches for this device. "
                 "It says: %s.", told);
    return output_fail_saying(&s->out, about, TG_E_ATTESTATION, sentence,
                              tg_relay_client_reason(s->client));
}

/* A link would lead to the name by which the relay goes, and not to the one by
 * which it was asked. True: that is so, and `out` says it. */
static bool
name_elsewhere(const struct session *s, enum messages_about about,
               enum tg_err err, char out[SENTENCE_SIZE])
{
    const char *name = tg_relay_client_detail(s->client);

    if (err != TG_E_PROTOCOL || about != ABOUT_OFFER || name[0] == '\0')
        return false;
    snprintf(out, SENTENCE_SIZE,
             "The relay calls itself %s, and links would lead there. If that "
             "is the one you mean, name it so: --relay %s.", name, name);
    return true;
}

int
relay_fail(struct session *s, const struct tg_share *share,
           enum messages_about about, enum tg_err err)
{
    const char *reason = tg_relay_client_reason(s->client);
    struct tg_relay_info *info = NULL;
    char sentence[SENTENCE_SIZE];
    char detail[SENTENCE_SIZE];
    int status;

    if (err == TG_E_ATTESTATION)
        return fail_attestation(s, about);
    if (name_elsewhere(s, about, err, sentence))
        return output_fail_saying(&s->out, about, err, sentence, reason);
    if (err != TG_E_LIMIT && err != TG_E_LIFETIME)
        return session_fail(s, about, err);
    snprintf(detail, sizeof detail, "%s", reason); /* asking changes it */
    if (tg_relay_info_ask(s->wallet, s->client, tg_share_relay(share),
                          &info) == TG_OK &&
        name_limit(s, info, err, sentence))
        status = output_fail_saying(&s->out, about, err, sentence, detail);
    else
        status = output_fail(&s->out, about, err, detail);
    tg_relay_info_free(info);
    return status;
}

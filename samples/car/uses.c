/* See uses.h. */
#include "uses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certificate.h"
#include "device_key.h"

#define DIRECTORY "uses"

enum {
    FILE_NAME_MAX = sizeof(DIRECTORY) + DEVICE_KEY_FINGERPRINT,
    CONTENT_MAX = 48,
    KEPT_SECONDS = 24 * 60 * 60 /* clocks are set back now and then */
};

/* One key of the chain. */
struct entry {
    char file[FILE_NAME_MAX];
    int64_t limit; /* 0: none, and nothing is counted */
    int64_t count;
    moment until;  /* when the last of its certificates that we saw is over */
    bool is_new;   /* no file yet */
};

/* "COUNT TIME": a number from 0 to GRANT_USES_MAX, and a moment. */
static enum tg_err
read_count(const struct state *state, const char *file, struct entry *out)
{
    struct text content = TEXT_EMPTY;
    enum tg_err err = state_read(state, file, &content);
    size_t digits;

    if (err != TG_OK)
        return err;
    digits = strspn(content.at, "0123456789");
    if (digits == 0 || digits > 7 || content.at[digits] != ' ' ||
        !moment_parse(content.at + digits + 1, &out->until))
        err = TG_E_FORMAT;
    else
        out->count = strtol(content.at, NULL, 10);
    text_free(&content);
    return err;
}

static enum tg_err
write_count(const struct state *state, const struct entry *entry)
{
    char content[CONTENT_MAX];
    char until[MOMENT_TEXT];

    moment_format(entry->until, until);
    snprintf(content, sizeof(content), "%" PRId64 " %s", entry->count + 1,
             until);
    return state_write(state, entry->file, text_span_of(content));
}

static enum tg_err
read_entry(const struct state *state, const X509 *certificate,
           struct entry *out)
{
    char fingerprint[DEVICE_KEY_FINGERPRINT];
    struct entry entry = {.until = 0};
    struct grant grant;
    enum tg_err err;

    if (certificate_grant(certificate, &grant) != REFUSAL_NONE)
        return TG_E_FORMAT;
    entry.limit = grant.uses;
    if (grant.uses == 0) {
        *out = entry;
        return TG_OK;
    }
    if ((err = device_key_fingerprint(X509_get0_pubkey(certificate),
                                      fingerprint)) != TG_OK)
        return err;
    snprintf(entry.file, sizeof(entry.file), DIRECTORY "/%s", fingerprint);
    err = read_count(state, entry.file, &entry);
    entry.is_new = err == TG_E_NOT_FOUND;
    if (err != TG_OK && !entry.is_new)
        return err;
    if (entry.until < grant.not_after)
        entry.until = grant.not_after;
    *out = entry;
    return TG_OK;
}

/* By the true time: `--now` is for trying, and must not cost what is kept. A
 * file that cannot be read is not ours to remove. */
static enum tg_err
forget_if_over(const struct state *state, const char *file)
{
    struct entry entry;

    if (read_count(state, file, &entry) != TG_OK ||
        moment_now() - KEPT_SECONDS < entry.until)
        return TG_OK;
    return state_remove(state, file);
}

enum tg_err
uses_count(const struct state *state, STACK_OF(X509) *chain,
           enum refusal *why)
{
    struct entry entries[CERTIFICATE_CHAIN_MAX];
    int count = sk_X509_num(chain);
    bool is_new = false;
    enum tg_err err = TG_OK;

    if (count > CERTIFICATE_CHAIN_MAX)
        return TG_E_LIMIT;
    for (int i = 0; i < count; i++) {
        if ((err = read_entry(state, sk_X509_value(chain, i), &entries[i])) !=
            TG_OK)
            return err;
        is_new = is_new || entries[i].is_new;
        if (entries[i].limit > 0 && entries[i].count >= entries[i].limit) {
            *why = REFUSAL_USES;
            return TG_OK;
        }
    }
    if (is_new && (err = state_make_directory(state, DIRECTORY)) == TG_OK)
        err = state_each(state, DIRECTORY, forget_if_over);
    for (int i = count - 1; i >= 0 && err == TG_OK; i--)
        if (entries[i].limit > 0)
            err = write_count(state, &entries[i]);
    if (err == TG_OK)
        *why = REFUSAL_NONE;
    return err;
}

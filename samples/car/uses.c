/* See uses.h. */
#include "uses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certificate.h"
#include "device_key.h"

#define DIRECTORY "uses"

enum { FILE_NAME_MAX = sizeof(DIRECTORY) + DEVICE_KEY_FINGERPRINT };

/* One key of the chain. */
struct entry {
    char file[FILE_NAME_MAX];
    int64_t limit; /* 0: none, and nothing is counted */
    int64_t count;
};

/* A number from 0 to GRANT_USES_MAX and nothing behind it. */
static enum tg_err
read_count(const struct state *state, const char *file, int64_t *out)
{
    struct text content = TEXT_EMPTY;
    enum tg_err err = state_read(state, file, &content);

    if (err == TG_E_NOT_FOUND) {
        *out = 0;
        return TG_OK;
    }
    if (err != TG_OK)
        return err;
    if (content.len == 0 || content.len > 7 ||
        strspn(content.at, "0123456789") != content.len)
        err = TG_E_FORMAT;
    else
        *out = strtol(content.at, NULL, 10);
    text_free(&content);
    return err;
}

static enum tg_err
write_count(const struct state *state, const struct entry *entry)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%" PRId64, entry->count + 1);
    return state_write(state, entry->file, text_span_of(digits));
}

static enum tg_err
read_entry(const struct state *state, const X509 *certificate,
           struct entry *out)
{
    char fingerprint[DEVICE_KEY_FINGERPRINT];
    struct grant grant;
    enum tg_err err;

    if (certificate_grant(certificate, &grant) != REFUSAL_NONE)
        return TG_E_FORMAT;
    out->limit = grant.uses;
    if (grant.uses == 0)
        return TG_OK;
    if ((err = device_key_fingerprint(X509_get0_pubkey(certificate),
                                      fingerprint)) != TG_OK)
        return err;
    snprintf(out->file, sizeof(out->file), DIRECTORY "/%s", fingerprint);
    return read_count(state, out->file, &out->count);
}

enum tg_err
uses_count(const struct state *state, STACK_OF(X509) *chain,
           enum refusal *why)
{
    struct entry entries[CERTIFICATE_CHAIN_MAX];
    int count = sk_X509_num(chain);
    bool limited = false;
    enum tg_err err = TG_OK;

    if (count > CERTIFICATE_CHAIN_MAX)
        return TG_E_LIMIT;
    for (int i = 0; i < count; i++) {
        if ((err = read_entry(state, sk_X509_value(chain, i), &entries[i])) !=
            TG_OK)
            return err;
        limited = limited || entries[i].limit > 0;
        if (entries[i].limit > 0 && entries[i].count >= entries[i].limit) {
            *why = REFUSAL_USES;
            return TG_OK;
        }
    }
    if (limited)
        err = state_make_directory(state, DIRECTORY);
    for (int i = count - 1; i >= 0 && err == TG_OK; i--)
        if (entries[i].limit > 0)
            err = write_count(state, &entries[i]);
    if (err == TG_OK)
        *why = REFUSAL_NONE;
    return err;
}

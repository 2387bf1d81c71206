/* See session.h. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest.h"
#include "files.h"
#include "passphrase.h"

enum { PATH_SIZE = 4096 };

/* $variable/tail, or ~/fallback/tail when it is not set or not absolute (XDG
 * Base Directory Specification). False when neither gives a usable path. */
static bool
base_path(const char *variable, const char *fallback, const char *tail,
          char out[PATH_SIZE])
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    int len;

    if (base != NULL && *base == '/')
        len = snprintf(out, PATH_SIZE, "%s/%s", base, tail);
    else if (home != NULL && *home == '/')
        len = snprintf(out, PATH_SIZE, "%s/%s/%s", home, fallback, tail);
    else
        return false;
    return len > 0 && len < PATH_SIZE;
}

/* Make the directories above `path`, for this user alone. What fails here
 * fails again, and is reported, when the file is opened. */
static void
make_parents(char *path)
{
    for (char *at = strchr(path + 1, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
}

static bool
is_missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

static int
open_wallet(struct session *s, enum session_use use)
{
    char standard[PATH_SIZE];
    const char *path = s->options->wallet;
    enum tg_err err;

    if (path == NULL) {
        if (!base_path("XDG_STATE_HOME", ".local/state", "tigress/wallet.db",
                       standard))
            return output_usage(&s->out, "There is no home directory for the "
                                         "wallet: name one with --wallet.");
        if (use == SESSION_KNOWN && is_missing(standard))
            return STATUS_DONE;
        make_parents(standard);
        path = standard;
    } else if (use == SESSION_KNOWN && is_missing(path)) {
        return output_refuse(&s->out, STATUS_WALLET, "no-wallet",
                             "There is no such wallet: %s", path);
    }
    err = tg_wallet_open(path, &s->wallet);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_WALLET, err, path);
    return tg_wallet_is_sealed(s->wallet) ? passphrase_unlock(s)
                                          : STATUS_DONE;
}

static int
load_list(struct session *s, const char *path)
{
    size_t line = 0;
    enum tg_err err;

    if (!files_can_read(path))
        return output_unreadable(&s->out, path, errno);
    err = tg_allow_list_load(s->allowed, path, &line);
    if (err == TG_E_FORMAT)
        return output_usage(&s->out, "Line %zu of this list of allowed relays "
                                     "names no relay (HOST[:PORT]): %s", line,
                            path);
    if (err == TG_E_IO || err == TG_E_NOT_FOUND)
        return output_unreadable(&s->out, path, EIO);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_INPUT, err, path);
    return STATUS_DONE;
}

/* The user's own list need not exist; one that was named must. */
static int
load_allow_list(struct session *s, enum session_use use)
{
    char standard[PATH_SIZE];

    if (s->options->allow_file != NULL)
        return load_list(s, s->options->allow_file);
    if (use != SESSION_TO_RECEIVE ||
        !base_path("XDG_CONFIG_HOME", ".config", "tigress/relays", standard) ||
        is_missing(standard))
        return STATUS_DONE;
    return load_list(s, standard);
}

static int
make_allow_list(struct session *s, enum session_use use)
{
    enum tg_err err = tg_allow_list_new(&s->allowed);

    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    for (size_t i = 0; i < s->options->allow_count; i++) {
        err = tg_allow_list_add(s->allowed, s->options->allow[i]);
        if (err == TG_E_FORMAT)
            return output_usage(&s->out, "--allow wants HOST[:PORT], without "
                                         "https:// and without a path.");
        if (err != TG_OK)
            return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    }
    return load_allow_list(s, use);
}

static int
make_client(struct session *s)
{
    const char *ca = s->options->ca;
    enum tg_err err;

    /* Found later, it would look like a relay that is not trusted. */
    if (ca != NULL && !files_can_read(ca))
        return output_unreadable(&s->out, ca, errno);
    err = tg_relay_client_new(s->allowed, &s->client);
    if (err == TG_OK && ca != NULL)
        err = tg_relay_client_set_ca_file(s->client, ca);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    return STATUS_DONE;
}

int
session_open(struct session *s, enum session_use use)
{
    int status = make_allow_list(s, use);

    if (status == STATUS_DONE)
        status = make_client(s);
    if (status == STATUS_DONE)
        status = attest_open(s);
    if (status == STATUS_DONE && use != SESSION_NO_SHARE)
        status = open_wallet(s, use);
    return status;
}

void
session_close(struct session *s)
{
    tg_wallet_close(s->wallet);
    tg_relay_client_free(s->client);
    attest_close(s);
    tg_allow_list_free(s->allowed);
    s->wallet = NULL;
    s->client = NULL;
    s->allowed = NULL;
}

enum tg_err
session_next_share(struct session *s, int64_t after, int64_t *id)
{
    if (s->wallet == NULL)
        return TG_E_NOT_FOUND;
    return tg_wallet_next_share(s->wallet, after, id);
}

enum tg_err
session_open_share(struct session *s, int64_t id, struct tg_share **out)
{
    struct tg_share *share = NULL;
    enum tg_err err;

    if (s->wallet == NULL)
        return TG_E_NOT_FOUND;
    err = tg_share_open(s->wallet, s->client, id, &share);
    if (err != TG_OK)
        return err;
    err = tg_allow_list_add(s->allowed, tg_share_relay(share));
    if (err != TG_OK) {
        tg_share_close(share);
        return err;
    }
    *out = share;
    return TG_OK;
}

int
session_share(struct session *s, const char *word, struct tg_share **out)
{
    char *end;
    long long id;
    enum tg_err err;

    errno = 0;
    id = strtoll(word, &end, 10);
    if (errno != 0 || end == word || *end != '\0' || id < 1)
        return output_usage(&s->out, "A share is named by its number: see "
                                     "\"tigress list\".");
    err = session_open_share(s, id, out);
    if (err == TG_E_FORMAT)
        return output_fail(&s->out, ABOUT_WALLET, err, NULL);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    return STATUS_DONE;
}

int
session_fail(struct session *s, enum messages_about about, enum tg_err err)
{
    return output_fail(&s->out, about, err, tg_relay_client_reason(s->client));
}

bool
session_has_ended(const struct tg_share *share)
{
    switch (tg_share_state(share)) {
    case TG_SHARE_NEW:
    case TG_SHARE_OPEN:
        return false;
    case TG_SHARE_FINISHED:
    case TG_SHARE_CANCELLED:
    case TG_SHARE_RELINQUISHED:
    case TG_SHARE_GONE:
    case TG_SHARE_FAILED:
        return true;
    }
    return true;
}

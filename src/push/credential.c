/* See credential.h. What a file holds never gets into a text. */
#include "push/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MOST = 1024 };

void
credential_problem(struct config_problem *problem, const char *section,
                   const char *format, ...)
{
    char text[TEXT_MOST]; /* longer: it ends early */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    problem->line = 0;
    tg_buf_clear(&problem->text);
    if (tg_buf_printf(&problem->text, "[%s] %s", section, text) != TG_OK ||
        tg_buf_terminate(&problem->text) != TG_OK)
        tg_buf_clear(&problem->text);
}

/* Up to one byte more than a credential may have. */
static enum tg_err
read_all(int fd, struct tg_buf *out)
{
    ssize_t got;

    while (out->len <= CREDENTIAL_FILE_MOST) {
        got = read(fd, out->ptr + out->len,
                   CREDENTIAL_FILE_MOST + 1 - out->len);
        if (got == 0)
            return TG_OK;
        if (got < 0 && errno != EINTR)
            return TG_E_IO;
        if (got > 0)
            out->len += (size_t)got;
    }
    return TG_E_LIMIT;
}

enum tg_err
credential_read(const char *path, const char *section, struct tg_buf *out,
                struct config_problem *problem)
{
    enum tg_err err = TG_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 &&
        (err = tg_buf_reserve(out, CREDENTIAL_FILE_MOST + 1)) == TG_OK)
        err = read_all(fd, out);
    if (err == TG_E_IO)
        credential_problem(problem, section, "%s cannot be read: %s", path,
                           strerror(errno));
    else if (err == TG_E_LIMIT)
        credential_problem(problem, section,
                           "%s is too long: a key or an account has less "
                           "than 64 KiB", path);
    else if (err != TG_OK)
        credential_problem(problem, section, "there is no memory left");
    if (fd >= 0)
        close(fd);
    return err;
}

static const char *
kind_name(enum signing_key_kind kind)
{
    switch (kind) {
    case SIGNING_KEY_ES256: return "a key on the curve P-256";
    case SIGNING_KEY_RS256: return "an RSA key of 2048 bits or more";
    }
    return "a key";
}

enum tg_err
credential_parse_key(struct tg_span pem, enum signing_key_kind kind,
                     const char *path, const char *section,
                     struct signing_key **out, struct config_problem *problem)
{
    struct signing_key *key = NULL;
    enum tg_err err = signing_key_parse(pem, &key);

    if (err == TG_OK && signing_key_kind(key) != kind)
        err = TG_E_UNKNOWN;
    if (err == TG_OK) {
        *out = key;
        return TG_OK;
    }
    signing_key_free(key);
    if (err == TG_E_UNKNOWN)
        credential_problem(problem, section,
                           "%s holds a key of another kind: this must be %s",
                           path, kind_name(kind));
    else if (err == TG_E_AUTH)
        credential_problem(problem, section,
                           "%s is damaged: its public key belongs to another "
                           "private key", path);
    else if (err == TG_E_FORMAT)
        credential_problem(problem, section,
                           "%s holds no private key in PEM without a "
                           "passphrase", path);
    else
        credential_problem(problem, section, "%s cannot be used: %s", path,
                           tg_err_name(err));
    return err == TG_E_UNKNOWN || err == TG_E_AUTH ? TG_E_FORMAT : err;
}

enum tg_err
credential_read_key(const char *path, enum signing_key_kind kind,
                    const char *section, struct signing_key **out,
                    struct config_problem *problem)
{
    struct tg_buf pem = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = credential_read(path, section, &pem, problem)) == TG_OK)
        err = credential_parse_key(tg_span_buf(&pem), kind, path, section, out,
                                   problem);
    tg_buf_free(&pem);
    return err;
}

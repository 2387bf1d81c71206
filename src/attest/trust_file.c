/* The operator's files: roots in PEM (RFC 7468), revoked serial numbers.
 * Whoever reads an error knows certificates by the names they have. */
#include "attest/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "attest/anchor.h"
#include "attest/library.h"
#include "attest/trust_inside.h"
#include "base/alloc.h"
#include "base/ascii.h"
#include "base/base64.h"

enum {
    FILE_MOST = 1 << 20,
    STEP = 4096,
    STRENGTH_LEAST = 112, /* bits */
    NAME_LEN = 120,
    DATE_LEN = 32
};

/* What is read, and where: for errors. */
struct reading {
    struct attest_trust *trust;
    tg_time_s now;
    struct attest_trust_error *error;
    size_t line;   /* from 1 */
    size_t number; /* of the certificate, from 1 */
};

#define SAY(error, ...) \
    ((void)snprintf((error)->text, sizeof((error)->text), __VA_ARGS__))

static void
say_no_memory(struct attest_trust_error *error)
{
    SAY(error, "there is no memory to read it");
}

/* ---- files --------------------------------------------------------------- */

static enum tg_err
read_all(int fd, struct tg_buf *out, struct attest_trust_error *error)
{
    for (;;) {
        ssize_t got;

        if (tg_buf_reserve(out, STEP) != TG_OK) {
            say_no_memory(error);
            return TG_E_NOMEM;
        }
        got = read(fd, out->ptr + out->len, STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            SAY(error, "it cannot be read: %s", strerror(errno));
            return TG_E_IO;
        }
        if (got == 0)
            return TG_OK;
        out->len += (size_t)got;
        if (out->len > FILE_MOST) {
            SAY(error, "it is larger than 1 MiB");
            return TG_E_LIMIT;
        }
    }
}

static enum tg_err
read_file(const char *path, struct tg_buf *out,
          struct attest_trust_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    enum tg_err err;

    if (fd < 0) {
        SAY(error, "it cannot be opened: %s", strerror(errno));
        return TG_E_IO;
    }
    err = read_all(fd, out, error);
    (void)close(fd);
    return err;
}

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Take a line off *text, without space around it. False: there is none. */
static bool
take_line(struct tg_span *text, struct tg_span *line)
{
    const uint8_t *end;
    size_t len;

    if (text->len == 0)
        return false;
    end = memchr(text->ptr, '\n', text->len);
    len = end == NULL ? text->len : (size_t)(end - text->ptr);
    *line = (struct tg_span){text->ptr, len};
    len += end != NULL;
    text->ptr += len;
    text->len -= len;
    while (line->len > 0 && is_space(line->ptr[0])) {
        line->ptr++;
        line->len--;
    }
    while (line->len > 0 && is_space(line->ptr[line->len - 1]))
        line->len--;
    return true;
}

/* ---- a root -------------------------------------------------------------- */

static const char *
ordinal(size_t number)
{
    size_t tens = number / 10 % 10;

    if (tens == 1)
        return "th";
    switch (number % 10) {
    case 1:
        return "st";
    case 2:
        return "nd";
    case 3:
        return "rd";
    default:
        return "th";
    }
}

/* "CN=Name,O=Maker", in ASCII and cut to what fits. */
static void
write_name(const X509 *certificate, char out[NAME_LEN])
{
    BIO *bio = BIO_new(BIO_s_mem());
    int len = 0;

    if (bio != NULL &&
        X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253) >= 0)
        len = BIO_read(bio, out, NAME_LEN - 1);
    BIO_free(bio);
    if (len > 0)
        out[len] = '\0';
    else
        (void)snprintf(out, NAME_LEN, "without a name");
}

static void
write_date(const ASN1_TIME *time, char out[DATE_LEN])
{
    struct tm tm = {0};

    (void)ASN1_TIME_to_tm(time, &tm);
    (void)snprintf(out, DATE_LEN, "%04d-%02d-%02d", tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday);
}

/* Why this certificate, which can be read, cannot be trusted. */
static bool
judge_root(const struct reading *in, X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    time_t now = (time_t)in->now;
    char name[NAME_LEN], date[DATE_LEN];
    const char *fault;

    write_name(certificate, name);
    if (X509_cmp_time(X509_get0_notAfter(certificate), &now) <= 0) {
        write_date(X509_get0_notAfter(certificate), date);
        SAY(in->error, "the %zu%s certificate (%s) expired on %s", in->number,
            ordinal(in->number), name, date);
        return false;
    }
    if (X509_cmp_time(X509_get0_notBefore(certificate), &now) >= 0) {
        write_date(X509_get0_notBefore(certificate), date);
        SAY(in->error, "the %zu%s certificate (%s) is not valid before %s",
            in->number, ordinal(in->number), name, date);
        return false;
    }
    if (key == NULL || EVP_PKEY_get_security_bits(key) < STRENGTH_LEAST) {
        SAY(in->error,
            "the %zu%s certificate (%s) has a key that is too weak, or of a "
            "kind that is not known here",
            in->number, ordinal(in->number), name);
        return false;
    }
    if ((fault = anchor_fault(certificate)) != NULL) {
        SAY(in->error, "the %zu%s certificate (%s) %s", in->number,
            ordinal(in->number), name, fault);
        return false;
    }
    return true;
}

static void
say_too_many(const struct reading *in, const X509 *certificate)
{
    char name[NAME_LEN];

    write_name(certificate, name);
    SAY(in->error,
        "the %zu%s certificate (%s) is one of more than %d with this name: "
        "take out those that you do not need",
        in->number, ordinal(in->number), name, TRUST_NAMESAKES_MOST);
}

static enum tg_err
keep_root(const struct reading *in, X509 *certificate)
{
    struct attest_trust *trust = in->trust;
    size_t size = (trust->root_count + 1) * sizeof(trust->roots[0]);
    size_t namesakes = 0;
    X509 **roots;

    for (size_t i = 0; i < trust->root_count; i++) {
        if (X509_cmp(trust->roots[i], certificate) == 0) {
            X509_free(certificate);
            return TG_OK;
        }
        namesakes += X509_NAME_cmp(X509_get_subject_name(trust->roots[i]),
                                   X509_get_subject_name(certificate)) == 0;
    }
    if (namesakes >= TRUST_NAMESAKES_MOST) {
        say_too_many(in, certificate);
        return TG_E_LIMIT;
    }
    if ((roots = tg_realloc(trust->roots, size)) == NULL)
        return TG_E_NOMEM;
    trust->roots = roots;
    roots[trust->root_count++] = certificate;
    return TG_OK;
}

/* One whole certificate, its extensions read too; NULL: it is none. */
static X509 *
parse_root(struct tg_span der)
{
    X509 *certificate = library_certificate(der);

    if (certificate != NULL && X509_check_purpose(certificate, -1, 0) == 1)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* The lines between BEGIN and END. */
static enum tg_err
add_root(struct reading *in, struct tg_span base64)
{
    struct tg_buf der = TG_BUF_EMPTY;
    enum tg_err err = tg_base64_decode(base64, &der);
    X509 *certificate = NULL;

    if (err == TG_OK) {
        err = TG_E_FORMAT;
        certificate = parse_root(tg_span_buf(&der));
    }
    if (err == TG_E_FORMAT && certificate == NULL)
        SAY(in->error,
            "the %zu%s certificate, which ends in line %zu, is damaged",
            in->number, ordinal(in->number), in->line);
    if (certificate != NULL && judge_root(in, certificate) &&
        (err = keep_root(in, certificate)) == TG_OK)
        certificate = NULL; /* kept */
    if (err == TG_E_NOMEM)
        say_no_memory(in->error);
    X509_free(certificate);
    tg_buf_free(&der);
    return err;
}

/* ---- PEM ----------------------------------------------------------------- */

static bool
has_dashes(struct tg_span line)
{
    return memmem(line.ptr, line.len, "-----", 5) != NULL;
}

/* From behind BEGIN up to END. */
static enum tg_err
read_block(struct reading *in, struct tg_span *text)
{
    enum tg_err err = TG_E_NOMEM;
    struct tg_buf base64 = TG_BUF_EMPTY;
    struct tg_span line;

    in->number++;
    while (take_line(text, &line)) {
        in->line++;
        if (tg_span_is(line, "-----END CERTIFICATE-----")) {
            err = add_root(in, tg_span_buf(&base64));
            goto out;
        }
        if (has_dashes(line))
            break;
        if (tg_buf_append(&base64, line) != TG_OK) {
            say_no_memory(in->error);
            goto out;
        }
    }
    err = TG_E_FORMAT;
    SAY(in->error, "the %zu%s certificate has no end (line %zu)", in->number,
        ordinal(in->number), in->line);
out:
    tg_buf_free(&base64);
    return err;
}

static enum tg_err
read_roots(struct reading *in, struct tg_span text)
{
    struct tg_span line;

    while (take_line(&text, &line)) {
        enum tg_err err;

        in->line++;
        if (tg_span_is(line, "-----BEGIN CERTIFICATE-----")) {
            if ((err = read_block(in, &text)) != TG_OK)
                return err;
        } else if (has_dashes(line)) {
            SAY(in->error,
                "line %zu begins or ends something that is no certificate",
                in->line);
            return TG_E_FORMAT;
        }
    }
    if (in->number == 0) {
        SAY(in->error, "there is no certificate in it (in PEM, between lines "
                       "that say BEGIN CERTIFICATE and END CERTIFICATE)");
        return TG_E_FORMAT;
    }
    return TG_OK;
}

enum tg_err
attest_trust_add_roots(struct attest_trust *trust, const char *path,
                       tg_time_s now, struct attest_trust_error *error)
{
    struct reading in = {.trust = trust, .now = now, .error = error};
    struct tg_buf text = TG_BUF_EMPTY;
    size_t before = trust->root_count;
    enum tg_err err;

    if ((err = read_file(path, &text, error)) == TG_OK)
        err = read_roots(&in, tg_span_buf(&text));
    while (err != TG_OK && trust->root_count > before)
        X509_free(trust->roots[--trust->root_count]);
    tg_buf_free(&text);
    ERR_clear_error();
    return err;
}

/* ---- revoked serial numbers ---------------------------------------------- */

/* Hexadecimal, with colons between digits; at least one digit. */
static bool
parse_serial(struct tg_span text, struct trust_serial *out)
{
    struct trust_serial serial = {{0}};
    const size_t len = sizeof(serial.bytes);

    if (!ascii_is_hex(text.ptr[text.len - 1]))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = ascii_hex_value(text.ptr[i]);

        if (text.ptr[i] == ':' && i > 0)
            continue;
        if (value < 0 || serial.bytes[0] > 0x0f)
            return false;
        for (size_t k = 0; k + 1 < len; k++)
            serial.bytes[k] =
                (uint8_t)(serial.bytes[k] << 4 | serial.bytes[k + 1] >> 4);
        serial.bytes[len - 1] =
            (uint8_t)(serial.bytes[len - 1] << 4 | (unsigned)value);
    }
    *out = serial;
    return true;
}

static void
cut_comment(struct tg_span *line)
{
    const uint8_t *hash =
        line->len > 0 ? memchr(line->ptr, '#', line->len) : NULL;

    if (hash != NULL)
        line->len = (size_t)(hash - line->ptr);
    while (line->len > 0 && is_space(line->ptr[line->len - 1]))
        line->len--;
}

static size_t
count_lines(struct tg_span text)
{
    struct tg_span line;
    size_t count = 0;

    while (take_line(&text, &line))
        count++;
    return count;
}

/* Into room for as many serials as there are lines. */
static enum tg_err
read_serials(struct attest_trust *trust, struct tg_span text,
             struct attest_trust_error *error)
{
    size_t count = trust->revoked_count;
    struct tg_span line;

    for (size_t number = 1; take_line(&text, &line); number++) {
        cut_comment(&line);
        if (line.len == 0)
            continue;
        if (!parse_serial(line, &trust->revoked[count])) {
            SAY(error, "line %zu is no serial number in hexadecimal", number);
            return TG_E_FORMAT;
        }
        count++;
    }
    if (count > 0)
        qsort(trust->revoked, count, sizeof(trust->revoked[0]),
              trust_serial_compare);
    trust->revoked_count = count;
    return TG_OK;
}

enum tg_err
attest_trust_add_revoked(struct attest_trust *trust, const char *path,
                         struct attest_trust_error *error)
{
    struct tg_buf text = TG_BUF_EMPTY;
    struct trust_serial *room;
    enum tg_err err;
    size_t size;

    if ((err = read_file(path, &text, error)) != TG_OK)
        goto out;
    err = TG_E_NOMEM;
    size = (trust->revoked_count + count_lines(tg_span_buf(&text))) *
           sizeof(*room);
    if ((room = tg_realloc(trust->revoked, size)) == NULL) {
        say_no_memory(error);
        goto out;
    }
    trust->revoked = room;
    err = read_serials(trust, tg_span_buf(&text), error);
out:
    tg_buf_free(&text);
    return err;
}

/* What tests of the operator's files share: certificates as PEM, added. */
#ifndef ATTEST_TRUST_KIT_H
#define ATTEST_TRUST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forge.h"

/* Add these bytes as roots at FORGE_NOW; the error and the number of roots. */
struct outcome {
    enum tg_err err;
    struct attest_trust_error error;
    size_t roots;
};

static inline struct outcome
add_bytes(struct tg_span content)
{
    struct outcome outcome = {.error = {""}};
    struct attest_trust *trust = attest_trust_new();
    char path[FORGE_PATH];

    forge_file(path, content);
    outcome.err =
        attest_trust_add_roots(trust, path, FORGE_NOW, &outcome.error);
    outcome.roots = attest_trust_root_count(trust);
    forge_file_done(path);
    attest_trust_free(trust);
    return outcome;
}

static inline struct outcome
add_text(const char *text)
{
    return add_bytes(tg_span_text(text));
}

/* A certificate that says this, as PEM; the caller frees the buffer. */
static inline struct tg_buf
make_pem(const struct forge_certificate *says, enum forge_kind kind)
{
    struct tg_buf pem = TG_BUF_EMPTY;
    EVP_PKEY *key = forge_key(kind);
    X509 *made = forge_issue(says, key, NULL, key);

    forge_certificate_pem(&pem, made);
    X509_free(made);
    EVP_PKEY_free(key);
    return pem;
}

static inline struct outcome
add_saying(const struct forge_certificate *says, enum forge_kind kind)
{
    struct tg_buf pem = make_pem(says, kind);
    struct outcome outcome = add_bytes(tg_span_buf(&pem));

    tg_buf_free(&pem);
    return outcome;
}

/* Refused for its content, and this is said; nothing was kept. */
static inline void
assert_refused(struct outcome outcome, const char *text)
{
    assert_int_equal(outcome.err, TG_E_FORMAT);
    assert_string_equal(outcome.error.text, text);
    assert_int_equal(outcome.roots, 0);
}

static inline struct tg_buf
good_pem(const char *subject)
{
    const struct forge_certificate says = forge_authority_template(subject);

    return make_pem(&says, FORGE_P256);
}

#endif

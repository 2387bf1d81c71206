/* See signature.h. */
#include "attest/signature.h"

#include <openssl/err.h>

#include "attest/library.h"

/* EdDSA reads what is signed twice, and so wants it in one piece. */
static enum attest_reason
verify_whole(EVP_MD_CTX *ctx, const struct tg_span *parts, size_t count,
             struct tg_span signature)
{
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    struct tg_buf whole = TG_BUF_EMPTY;

    for (size_t i = 0; i < count; i++)
        if (tg_buf_append(&whole, parts[i]) != TG_OK)
            goto out;
    reason = EVP_DigestVerify(ctx, signature.ptr, signature.len, whole.ptr,
                              whole.len) == 1
                 ? ATTEST_FINE
                 : ATTEST_SIGNATURE;
out:
    tg_buf_free(&whole);
    return reason;
}

static enum attest_reason
verify_parts(EVP_MD_CTX *ctx, const struct tg_span *parts, size_t count,
             struct tg_span signature)
{
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestVerifyUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
            return ATTEST_UNAVAILABLE;
    return EVP_DigestVerifyFinal(ctx, signature.ptr, signature.len) == 1
               ? ATTEST_FINE
               : ATTEST_SIGNATURE;
}

enum attest_reason
signature_verify(int64_t algorithm, EVP_PKEY *key, const struct tg_span *parts,
                 size_t count, struct tg_span signature)
{
    const struct cose_kind *kind = cose_kind_find(algorithm);

    return kind == NULL
               ? ATTEST_ALGORITHM
               : signature_verify_kind(kind, key, parts, count, signature);
}

enum attest_reason
signature_verify_kind(const struct cose_kind *kind, EVP_PKEY *key,
                      const struct tg_span *parts, size_t count,
                      struct tg_span signature)
{
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    EVP_MD_CTX *ctx = NULL;

    if (!cose_kind_fits(kind, key))
        return ATTEST_ALGORITHM;
    if (signature.len == 0)
        return ATTEST_SIGNATURE;
    if ((ctx = EVP_MD_CTX_new()) == NULL ||
        EVP_DigestVerifyInit_ex(ctx, NULL, kind->digest, library_context(),
                                NULL, key, NULL) != 1)
        goto out;
    reason = kind->digest == NULL
                 ? verify_whole(ctx, parts, count, signature)
                 : verify_parts(ctx, parts, count, signature);
out:
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return reason;
}

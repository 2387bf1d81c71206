/* See apple_nonce.h. */
#include "attest/apple_nonce.h"

#include <string.h>

#include "attest/der.h"
#include "crypto/hash.h"

#define OID_APPLE_NONCE "1.2.840.113635.100.8.2"

/* SEQUENCE { [1] EXPLICIT OCTET STRING }, and nothing else. */
static bool
read_nonce(struct tg_span der, struct tg_span *out)
{
    struct tg_span sequence, nonce;
    struct der_item tagged;

    if (der_take_universal(&der, DER_SEQUENCE, &sequence) != TG_OK ||
        der.len != 0 || der_take(&sequence, &tagged) != TG_OK ||
        sequence.len != 0 || tagged.class_ != DER_CONTEXT || tagged.tag != 1 ||
        !tagged.is_constructed ||
        der_take_universal(&tagged.content, DER_OCTETS, &nonce) != TG_OK ||
        tagged.content.len != 0)
        return false;
    *out = nonce;
    return true;
}

enum attest_reason
apple_nonce_check(const X509 *certificate,
                  const struct attest_statement *statement)
{
    /* §8.8 step 2: nonceToHash */
    const struct tg_span parts[] = {
        statement->auth.bytes,
        TG_SPAN_ARRAY(statement->client_data_hash),
    };
    uint8_t expected[SHA256_LEN];
    struct tg_span content, nonce;
    bool is_critical;

    if (!certificate_extension(certificate, OID_APPLE_NONCE, &content,
                               &is_critical) ||
        !read_nonce(content, &nonce))
        return ATTEST_CERTIFICATE;
    /* step 3: nonce */
    if (hash_sha256(parts, sizeof(parts) / sizeof(parts[0]), expected) != TG_OK)
        return ATTEST_UNAVAILABLE;
    /* step 4 */
    if (!tg_span_equal(nonce, (struct tg_span)TG_SPAN_ARRAY(expected)))
        return ATTEST_BINDING;
    return ATTEST_FINE;
}

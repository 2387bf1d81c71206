/* The payload of a mailbox: provisioning information, sealed.
 *
 * data = IV (12 random bytes) ‖ ciphertext ‖ tag (16 bytes), RFC 5116, no
 * associated data. The relay sees this and the name of the algorithm.
 * Source: PROTOCOL §11.
 */
#ifndef TIGRESS_PAYLOAD_H
#define TIGRESS_PAYLOAD_H

#include <tigress/bytes.h>
#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TG_SECRET_LEN_128 = 16,
    TG_SECRET_LEN_256 = 32,
    TG_PAYLOAD_OVERHEAD = 28,     /* bytes that sealing adds */
    TG_PAYLOAD_MAX = 64 * 1024    /* sealed bytes that a relay takes */
};

/* The numbers are stored and never change. */
enum tg_algorithm {
    TG_AEAD_AES_128_GCM = 1, /* RFC 5116 §5.1, a secret of 16 bytes */
    TG_AEAD_AES_256_GCM = 2  /* RFC 5116 §5.2, a secret of 32 bytes */
};

/* The name on the wire, such as "AEAD_AES_128_GCM"; constant. */
TG_API const char *tg_algorithm_name(enum tg_algorithm algorithm);

/* Append a fresh secret for the algorithm, from the operating system's random
 * source. One secret serves one mailbox. TG_E_RANDOM, TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err
tg_payload_draw_secret(enum tg_algorithm algorithm, struct tg_buf *out);

/* Append the sealed form of `plain`, under a fresh IV.
 *
 *   secret   16 or 32 bytes; the length chooses the algorithm
 *
 * Errors: TG_E_FORMAT (length of the secret), TG_E_LIMIT (the result would
 * exceed TG_PAYLOAD_MAX), TG_E_NOMEM, TG_E_RANDOM, TG_E_CRYPTO; *out keeps its
 * length.
 */
TG_API TG_MUST_USE enum tg_err tg_payload_seal(struct tg_span secret,
                                               struct tg_span plain,
                                               struct tg_buf *out);

/* Append what was sealed.
 *
 *   type     the payload's `type` as the relay gave it
 *
 * Errors: TG_E_UNKNOWN when `type` is no algorithm known here; TG_E_AUTH when
 * secret, type and bytes do not fit together; TG_E_FORMAT (length of the
 * secret), TG_E_LIMIT, TG_E_NOMEM, TG_E_CRYPTO. Nothing is then appended.
 */
TG_API TG_MUST_USE enum tg_err
tg_payload_open(struct tg_span secret, const char *type,
                struct tg_span sealed, struct tg_buf *out);

#ifdef __cplusplus
}
#endif
#endif

/* See <tigress/payload.h>. */
#include <tigress/payload.h>

#include <string.h>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/random.h"

static const struct {
    enum tg_algorithm algorithm;
    const char *name;
    size_t secret_len;
} algorithms[] = {
    {TG_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", TG_SECRET_LEN_128},
    {TG_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", TG_SECRET_LEN_256},
};

enum { ALGORITHM_COUNT = sizeof(algorithms) / sizeof(algorithms[0]) };

const char *
tg_algorithm_name(enum tg_algorithm algorithm)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (algorithms[i].algorithm == algorithm)
            return algorithms[i].name;
    return "";
}

/* The length of the secret that goes with a payload type, or 0. */
static size_t
secret_len_of(const char *type)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++)
        if (strcmp(algorithms[i].name, type) == 0)
            return algorithms[i].secret_len;
    return 0;
}

enum tg_err
tg_payload_draw_secret(enum tg_algorithm algorithm, struct tg_buf *out)
{
    size_t len = secret_len_of(tg_algorithm_name(algorithm));
    enum tg_err err;

    if (len == 0)
        return TG_E_UNKNOWN;
    if ((err = tg_buf_reserve(out, len)) != TG_OK)
        return err;
    if ((err = random_bytes(out->ptr + out->len, len)) != TG_OK)
        return err;
    out->len += len;
    return TG_OK;
}

static enum tg_err
make_key(struct tg_span secret, struct aead_key *key)
{
    if (secret.len != TG_SECRET_LEN_128 && secret.len != TG_SECRET_LEN_256)
        return TG_E_FORMAT;
    memcpy(key->bytes, secret.ptr, secret.len);
    key->len = secret.len;
    return TG_OK;
}

enum tg_err
tg_payload_seal(struct tg_span secret, struct tg_span plain,
                struct tg_buf *out)
{
    TG_WIPED(struct aead_key, key);
    enum tg_err err;

    if ((err = make_key(secret, &key)) != TG_OK)
        return err;
    if (plain.len > TG_PAYLOAD_MAX - TG_PAYLOAD_OVERHEAD)
        return TG_E_LIMIT;
    return aead_seal(&key, TG_SPAN_EMPTY, plain, out);
}

enum tg_err
tg_payload_open(struct tg_span secret, const char *type, struct tg_span sealed,
                struct tg_buf *out)
{
    TG_WIPED(struct aead_key, key);
    enum tg_err err;

    if ((err = make_key(secret, &key)) != TG_OK)
        return err;
    if (secret_len_of(type) == 0)
        return TG_E_UNKNOWN;
    /* A relay must not make us use a 32-byte secret as a shorter key. */
    if (secret_len_of(type) != secret.len)
        return TG_E_AUTH;
    if (sealed.len > TG_PAYLOAD_MAX)
        return TG_E_LIMIT;
    return aead_open(&key, TG_SPAN_EMPTY, sealed, out);
}

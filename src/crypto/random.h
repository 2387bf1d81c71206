/* Random bytes of the operating system, fit for keys and identifiers. */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/bytes.h"
#include "base/uuid.h"

/* Fill `len` bytes. TG_E_RANDOM: nothing usable in `out`. Thread-safe. */
TG_MUST_USE enum tg_err random_bytes(void *out, size_t len);

/* A version 4 UUID. As random_bytes(). */
TG_MUST_USE enum tg_err random_uuid(struct tg_uuid *out);

#endif

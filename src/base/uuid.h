/* UUIDs as 16 bytes (RFC 9562 §4). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { TG_UUID_LEN = 16, TG_UUID_TEXT_LEN = 36 };

struct tg_uuid {
    uint8_t bytes[TG_UUID_LEN];
};

/* Parse the 36-character form, in either letter case, of any version.
 *
 * TG_E_FORMAT for anything else, the nil UUID included; *out is then
 * untouched. Source: PROTOCOL §3, D1.
 */
TG_MUST_USE enum tg_err tg_uuid_parse(struct tg_span text,
                                      struct tg_uuid *out);

/* Write the lower-case form and a NUL. */
void tg_uuid_format(const struct tg_uuid *id, char out[TG_UUID_TEXT_LEN + 1]);

/* Make 16 random bytes a version 4 UUID (RFC 9562 §5.4). */
void tg_uuid_v4(const uint8_t random[TG_UUID_LEN], struct tg_uuid *out);

/* In constant time: claims and mailbox identifiers are secrets. */
bool tg_uuid_equal(const struct tg_uuid *a, const struct tg_uuid *b);

#endif

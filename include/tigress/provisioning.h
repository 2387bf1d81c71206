/* Provisioning information: what the two devices tell each other.
 *
 * JSON {`format`: text, `content`: object}; other members are allowed and
 * ignored. Content crosses this API as JSON text. Source: PROTOCOL §11.
 */
#ifndef TIGRESS_PROVISIONING_H
#define TIGRESS_PROVISIONING_H

#include <stdbool.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The formats that every wallet knows. */
#define TG_FORMAT_CAR_KEY "digitalwallet.carkey.ccc"
#define TG_FORMAT_TOKEN "digitalwallet.generic.authorizationToken"

enum { TG_FORMAT_MAX = 128 }; /* bytes of a format's name */

/* One message, as parsed. */
struct tg_provisioning;

/* Parse a plaintext.
 *
 *   *out   set on TG_OK; released with tg_provisioning_free()
 *
 * Its place in the conversation is not judged here: tg_order_accept().
 * Errors: TG_E_FORMAT (not JSON, a member missing or of another kind, also
 * inside the member `tigress`), TG_E_LIMIT, TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err
tg_provisioning_parse(struct tg_span text, struct tg_provisioning **out);

/* Wipes what it held. Accepts NULL. */
TG_API void tg_provisioning_free(struct tg_provisioning *message);

/* The parts, borrowed from `message`: the format's name; the content as
 * compact JSON text, with a NUL behind it; the whole plaintext as it came. */
TG_API const char *
tg_provisioning_format_name(const struct tg_provisioning *message);
TG_API struct tg_span
tg_provisioning_content(const struct tg_provisioning *message);
TG_API struct tg_span
tg_provisioning_text(const struct tg_provisioning *message);

/* The sequence number that the other side gave the message, or 0 when it
 * carries none (a foreign implementation, see tg_order_accept()). */
TG_API int64_t
tg_provisioning_sequence(const struct tg_provisioning *message);

#ifdef __cplusplus
}
#endif
#endif

/* See challenge.h. */
#include "challenge/challenge.h"

/* The parts before the type have a fixed length, and no type has a NUL in it,
 * so that two creates never give the same bytes. */
enum tg_err
challenge_make(const struct tg_uuid *claim, const struct tg_uuid *request_id,
               struct tg_span payload_type, struct tg_span payload_data,
               uint8_t out[CHALLENGE_LEN])
{
    const struct tg_span parts[] = {
        TG_SPAN_LITERAL("tigress-create-v1"),
        TG_SPAN_ARRAY(claim->bytes),
        TG_SPAN_ARRAY(request_id->bytes),
        payload_type,
        TG_SPAN_LITERAL("\0"),
        payload_data,
    };

    return hash_sha256(parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* clientDataJSON (WebAuthn Level 3 §5.8.1): type, challenge, origin. */
#ifndef ATTEST_CLIENT_DATA_H
#define ATTEST_CLIENT_DATA_H

#include "attest/attest.h"

/* §7.1 steps 5 to 11: type is webauthn.create, the challenge is this one, the
 * origin is configured, and so is that of the page in whose frame it was, if
 * that is told. Members that are not known are ignored. ATTEST_MALFORMED,
 * ATTEST_TYPE, ATTEST_CHALLENGE, ATTEST_ORIGIN, ATTEST_UNAVAILABLE. */
TG_MUST_USE enum attest_reason
client_data_check(struct tg_span json, const struct attest_policy *policy,
                  const uint8_t challenge[ATTEST_HASH_LEN]);

#endif

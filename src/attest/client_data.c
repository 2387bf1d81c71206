/* See client_data.h. The numbers of steps are those of WebAuthn Level 3 §7.1
 * (Registering a New Credential). */
#include "attest/client_data.h"

#include "attest/encoding.h"

/* Step 8. In constant time: whoever measures how far a guess was right would
 * learn of a claim and a request that are not theirs. */
static enum attest_reason
check_challenge(const struct tg_json *json,
                const uint8_t challenge[ATTEST_HASH_LEN])
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    enum attest_reason reason = ATTEST_CHALLENGE;
    struct tg_span text;

    if (!tg_json_text(tg_json_member(json, "challenge"), &text))
        goto out;
    if ((reason = encoding_base64url(text, &bytes)) == ATTEST_UNAVAILABLE)
        goto out;
    if (reason != ATTEST_FINE || bytes.len != ATTEST_HASH_LEN ||
        !tg_equal_secret(bytes.ptr, challenge, ATTEST_HASH_LEN))
        reason = ATTEST_CHALLENGE;
out:
    tg_buf_free(&bytes);
    return reason;
}

static bool
is_configured(const struct attest_policy *policy, struct tg_span origin)
{
    for (size_t i = 0; i < policy->origin_count; i++)
        if (tg_span_equal(policy->origins[i], origin))
            return true;
    return false;
}

/* Steps 9 to 11. A page of ours may be in the frame of another (crossOrigin):
 * what is attested is the device, and no session of a user is at stake. Whose
 * frame it is must be configured, if it is told (topOrigin). */
static enum attest_reason
check_origins(const struct tg_json *json, const struct attest_policy *policy)
{
    const struct tg_json *cross = tg_json_member(json, "crossOrigin");
    const struct tg_json *top = tg_json_member(json, "topOrigin");
    bool is_cross = false;
    struct tg_span origin;

    if (!tg_json_text(tg_json_member(json, "origin"), &origin) ||
        (cross != NULL && !tg_json_bool(cross, &is_cross)))
        return ATTEST_MALFORMED;
    if (!is_configured(policy, origin))
        return ATTEST_ORIGIN;
    if (top == NULL)
        return ATTEST_FINE;
    if (!tg_json_text(top, &origin))
        return ATTEST_MALFORMED;
    /* §5.8.1: without crossOrigin there is no topOrigin. */
    if (!is_cross || !is_configured(policy, origin))
        return ATTEST_ORIGIN;
    return ATTEST_FINE;
}

enum attest_reason
client_data_check(struct tg_span json, const struct attest_policy *policy,
                  const uint8_t challenge[ATTEST_HASH_LEN])
{
    struct tg_json *client_data = NULL;
    enum attest_reason reason;
    struct tg_span type;

    /* Steps 5 and 6. Members that are not known are ignored (§5.8.1.1). */
    if ((reason = encoding_object(json, &client_data)) != ATTEST_FINE)
        return reason;
    /* Step 7 */
    reason = ATTEST_TYPE;
    if (!tg_json_text(tg_json_member(client_data, "type"), &type) ||
        !tg_span_is(type, "webauthn.create"))
        goto out;
    if ((reason = check_challenge(client_data, challenge)) != ATTEST_FINE)
        goto out;
    reason = check_origins(client_data, policy);
out:
    tg_json_free(client_data);
    return reason;
}
